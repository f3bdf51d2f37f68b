// NeoMutt with its own set-up of S/MIME and OpenPGP (GPGME over gpgsm and gpg 2.2): it shows our mail as signed by who wrote it,
// and shows nothing good of what was changed; what it sends we open as verified.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createSmimeOpener, type LayerOpener, octetsOf, openMessage, sourceOf } from '@countersign/mail'
import { createOpenPgpOpener } from '@countersign/openpgp'
import { writePem } from '@countersign/x509'
import { house, NOW, opened, sealed, TEXT, trust, verdict } from '../tools/testing/mail-people.ts'
import { PgpHouse, sealedBy } from '../tools/testing/pgp-people.ts'
import { needs } from './peer.ts'

const peers = {
  ...needs('neomutt', 'neomutt'),
  ...needs('script', 'bsdutils'),
  ...needs('gpgsm', 'gpgsm'),
  ...needs('gpg', 'gpg'),
  ...needs('gpgconf', 'gpgconf'),
  ...needs('openssl', 'openssl'),
}
const home = mkdtempSync(join(tmpdir(), 'countersign-neomutt-'))
const env = { ...process.env, HOME: home, GNUPGHOME: join(home, 'g'), TERM: 'xterm', LC_ALL: 'C.UTF-8' }
after(() => {
  if (peers.skip === undefined) spawnSync('gpgconf', ['--kill', 'all'], { env })
  rmSync(home, { recursive: true, force: true })
})

function file(name: string, contents: string | Uint8Array, mode = 0o600): string {
  const path = join(home, name)
  writeFileSync(path, contents, { mode })
  return path
}

function run(program: string, args: readonly string[], input: string | Uint8Array = 'secret\n'): Buffer {
  const { status, stdout, stderr } = spawnSync(program, args, { env, input })
  assert.equal(status, 0, `${program} ${args.join(' ')}\n${stderr}`)
  return stdout
}

/** A person at their desk: the passphrase is typed by a program. */
const PINENTRY = [
  '#!/bin/sh',
  'echo OK',
  'while read -r line; do',
  '  case "$line" in GETPIN*) echo "D secret" ;; esac',
  '  echo OK',
  '  case "$line" in BYE*) exit ;; esac',
  'done',
  '',
].join('\n')

function setUp(): void {
  for (const name of ['g', 'Mail']) mkdirSync(join(home, name), { mode: 0o700 })
  file('g/gpg-agent.conf', `allow-loopback-pinentry\npinentry-program ${file('pinentry', PINENTRY, 0o700)}\n`)
  // Certificates of tests are of one year.
  file('g/gpgsm.conf', 'disable-crl-checks\ndisable-dirmngr\nfaked-system-time 20260601T120000\n')
  const root = createHash('sha1').update(house.certificate.der).digest('hex').toUpperCase()
  file('g/trustlist.txt', `${root} S relax\n`)
  const settings = ['crypt_use_gpgme', 'crypt_verify_sig = yes', 'wait_key = no', 'pipe_decode = yes', 'sleep_time = 0']
  file('rc', [...settings, `tmpdir = "${home}"`].map((setting) => `set ${setting}\n`).join(''))
}

interface Shown {
  /** What stood on the screen. */
  readonly screen: string
  /** The message as it was decoded for a program beside it; empty where it is not. */
  readonly text: string
}

/** Opens a mailbox of one message in a terminal, looks at it, and has it decoded into a file. */
async function shown(message: string): Promise<Shown> {
  const name = randomBytes(6).toString('hex')
  const mailbox = file(`${name}.mbox`, `From - Mon Jun  1 12:00:00 2026\n${message.replaceAll('\r\n', '\n')}\n`)
  const out = join(home, `${name}.text`)
  const keys = file(`${name}.keys`, 'push "<display-message>"\n')
  const line = `stty rows 100 cols 160; neomutt -n -F ${join(home, 'rc')} -f ${mailbox} -e 'source ${keys}'`
  const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const ended = once(child, 'exit')
  let seen = ''
  child.stdout.on('data', (octets: Buffer) => {
    seen += octets.toString('utf8')
  })
  const screen = () => screenOf(seen)
  const until = async (isThere: () => boolean, what: string) => {
    for (const end = performance.now() + 40_000; !isThere(); await delay(50))
      assert.ok(performance.now() < end, `${what}: ${screen()}`)
  }
  try {
    // The pager's own line.
    await until(() => /-- \(\w+%?\)|Could not decrypt/.test(screen()), 'the message is shown')
    const first = screen()
    if (first.includes('Could not decrypt')) return { screen: first, text: '' }
    child.stdin.write(`|cat > ${out}.new && mv ${out}.new ${out}\r`)
    await until(() => existsSync(out), 'the message is decoded')
    return { screen: first, text: readFileSync(out, 'utf8') }
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** What NeoMutt hands to its `sendmail`: a letter from the one to the other, signed and encrypted as its own set-up does it. */
async function sent(from: string, to: string, settings: readonly string[]): Promise<Buffer> {
  const out = join(home, `${randomBytes(6).toString('hex')}.sent`)
  const sendmail = file('sendmail', `#!/bin/sh\ncat > ${out}.new && mv ${out}.new ${out}\n`, 0o700)
  const lines = [
    ...['crypt_use_gpgme', 'crypt_auto_sign', 'crypt_auto_encrypt', `from = "${from}"`, 'copy = no', 'postpone = no'],
    // A person who writes, and looks at what will be sent, and sends it.
    ...['editor = "true"', 'auto_edit', 'abort_unmodified = no', 'fast_reply', 'send_charset = utf-8'],
    ...[
      `sendmail = "${sendmail}"`,
      'sendmail_wait = 0',
      'hostname = "acme.example"',
      `tmpdir = "${home}"`,
      ...settings,
    ],
  ].map((setting) => `set ${setting}\n`)
  const rc = file('rc.send', lines.join(''))
  const line = `stty rows 100 cols 160; neomutt -n -F ${rc} -s 'The price' -i ${file('body', `${BODY}\n`)} ${to}`
  const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const ended = once(child, 'exit')
  let seen = ''
  child.stdout.on('data', (octets: Buffer) => {
    seen += octets.toString('utf8')
  })
  const until = async (isSo: () => boolean, what: string) => {
    for (const end = performance.now() + 40_000; !isSo(); await delay(50))
      assert.ok(performance.now() < end, `${what}: ${screenOf(seen)}`)
  }
  try {
    await until(
      () => /Security: Sign, Encrypt .*NeoMutt: Compose/.test(screenOf(seen)),
      'NeoMutt would sign and encrypt',
    )
    child.stdin.write('y')
    await until(() => existsSync(out), 'NeoMutt sends')
    return readFileSync(out)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** What stood on a terminal, without what moves its cursor. */
function screenOf(seen: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those of a terminal
  return seen.replaceAll(/\u001b(?:\[[0-9;?]*[a-zA-Z]|\([A-Z0-9])/g, ' ').replaceAll(/\s+/g, ' ')
}

const BODY = 'We take it, für 4,200.'
/** In whatever encoding NeoMutt chose. */
const WRITTEN = /We take it, (?:für|f=C3=BCr) 4,200\./

/** What our opener says of a whole message. */
async function openedBy(message: Uint8Array, opener: LayerOpener, now: Temporal.Instant) {
  await using opened = await openMessage(sourceOf(message), { openers: [opener], now, spoolDirectory: home })
  const { payload, verdict: found } = opened
  const { source, entity } = payload ?? {}
  const body = source && entity && (await octetsOf(source, entity.bodyStart, entity.end))
  return { found, text: body === undefined ? '' : Buffer.from(body).toString('utf8') }
}

const letter = (from: string, to: string, entity: string) =>
  `From: ${from}\r\nTo: ${to}\r\nSubject: [...]\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\nMessage-ID: <1@acme.example>\r\nMIME-Version: 1.0\r\n${entity}`

/** One character of the longest run of base64, in the middle of it. */
function changed(message: string): string {
  const lines = message.split('\r\n')
  const middle = Math.floor(lines.length / 2)
  const at = lines.findIndex((line, index) => index >= middle && /^[A-Za-z0-9+/]{60,}$/.test(line))
  assert.ok(at > 0)
  lines[at] = lines[at]!.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
  return lines.join('\r\n')
}

suite('NeoMutt, S/MIME', peers, () => {
  if (peers.skip === undefined) setUp()
  const [alice, bob] = [
    house.holder('alice@acme.example', { kind: 'RSA' }),
    house.holder('bob@acme.example', { kind: 'RSA' }),
  ]
  const batch = ['--batch', '--no-tty', '--yes', '--pinentry-mode', 'loopback', '--passphrase-fd', '0']
  if (peers.skip === undefined) {
    run('gpgsm', [...batch, '--import', file('anchor.der', house.certificate.der)])
    run('gpgsm', [...batch, '--import', file('alice.der', alice.certificate.der)])
    const pem = file('bob.pem', writePem('CERTIFICATE', bob.certificate.der))
    const key = file('bob.key', bob.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const p12 = join(home, 'bob.p12')
    const old = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', '-passout', 'pass:secret']
    run('openssl', ['pkcs12', '-export', '-in', pem, '-inkey', key, '-out', p12, ...old])
    run('gpgsm', [...batch, '--import', p12])
  }

  test('shows what we seal in the legacy profile: who signed it, inside and outside, and its text', async () => {
    const entity = (await sealed(alice, [bob], { profile: 'legacy' })).toString('latin1')
    const { screen, text } = await shown(letter(alice.address, bob.address, entity))
    assert.equal(screen.match(/Good signature from: CN=alice aka: <alice@acme\.example>/g)?.length, 2, screen)
    assert.match(screen, /S\/MIME encrypted --\].*Both have proved themselves/)
    assert.match(text, /\n\nBoth have proved themselves\.\n/)
  })

  test('sends signed and encrypted what we open as verified, and not when it was changed or is said to be of another', async () => {
    const message = await sent(bob.address, alice.address, [
      ...['smime_is_default', 'crypt_auto_smime', 'crypt_auto_pgp = no', `smime_default_key = "${bob.address}"`],
    ])
    const carried = message.toString('latin1')
    assert.match(carried, /^Content-Type: application\/(?:x-)?pkcs7-mime/m)
    assert.doesNotMatch(carried, /4,200/)
    const opener = (...keys: readonly (typeof alice)[]) => createSmimeOpener({ keys, trust })
    const { found, text } = await openedBy(message, opener(alice), NOW)
    assert.deepEqual([found.state, found.refusal?.code, found.from?.address], ['verified', undefined, bob.address])
    assert.match(text, WRITTEN)
    const codeOf = async (octets: Uint8Array, of = opener(alice)) =>
      (await openedBy(octets, of, NOW)).found.refusal?.code
    assert.equal(await codeOf(message, opener(bob)), undefined, 'its sender has a copy')
    assert.equal(await codeOf(message, opener(house.holder('carol@acme.example'))), 'ERR_MAIL_NO_KEY')
    const others = carried.replace(/^From: .*$/m, 'From: alice@acme.example')
    // It is of CBC: only the signature of who it is from says that nobody changed it.
    assert.equal(await codeOf(Buffer.from(others, 'latin1')), 'ERR_MAIL_UNAUTHENTICATED')
    const edited = await openedBy(
      Buffer.from(changed(carried.replaceAll(/\r?\n/g, '\r\n')), 'latin1'),
      opener(alice),
      NOW,
    )
    assert.notEqual(edited.found.state, 'verified')
    assert.doesNotMatch(edited.text, /4,200/)
  })

  test('calls what was changed bad, though it shows the text; we do not open it', async () => {
    const entity = changed((await sealed(alice, [bob], { profile: 'legacy' })).toString('latin1'))
    const { screen } = await shown(letter(alice.address, bob.address, entity))
    assert.doesNotMatch(screen, /Good signature/)
    assert.match(screen, /\*BAD\* signature/)
    const result = await opened(Buffer.from(entity, 'latin1'), [bob])
    assert.equal(verdict(result, alice.address).state, 'not opened')
  })
})

suite('NeoMutt, OpenPGP', peers, () => {
  test('shows what we seal in the legacy profile, calls nothing good that was changed; and sends what we open as verified', async () => {
    const acme = await PgpHouse.make('legacy')
    const alice = await acme.person('alice@acme.example')
    const gpg = (args: readonly string[], input?: Uint8Array) =>
      run('gpg', ['--batch', '--no-tty', '--yes', '--pinentry-mode', 'loopback', '--passphrase', '', ...args], input)
    gpg(['--quick-generate-key', 'Bob <bob@peer.example>', 'ed25519', 'sign,cert', '1y'])
    const [, fingerprint = ''] =
      /^fpr:+([0-9A-F]{40}):/m.exec(`${gpg(['--with-colons', '--list-keys', 'bob@peer.example'])}`) ?? []
    gpg(['--quick-add-key', fingerprint, 'cv25519', 'encrypt', '1y'])
    const bob = await acme.certified(gpg(['--export', 'bob@peer.example']), 'bob@peer.example')
    gpg(['--import'], acme.authorityPublic)
    gpg(['--import-ownertrust'], Buffer.from(`${acme.fingerprint.toUpperCase()}:6:\n`))
    gpg(['--import'], alice.publicKey)

    const entity = await sealedBy(acme, alice, TEXT, 'legacy', [bob])
    const { screen, text } = await shown(letter(alice.address, bob.address, entity))
    assert.match(screen, /Good signature from: Somebody <alice@acme\.example>/)
    assert.match(text, /\n\nBoth have proved themselves\.\n/)
    const bad = await shown(letter(alice.address, bob.address, changed(entity)))
    assert.match(bad.screen, /Could not decrypt PGP message/)
    assert.doesNotMatch(bad.screen, /Good signature|Both have proved/)

    const message = await sent(bob.address, alice.address, [
      ...['crypt_auto_pgp', 'crypt_auto_smime = no', `pgp_default_key = "${fingerprint}"`],
    ])
    const carried = message.toString('latin1')
    assert.match(carried, /^Content-Type: multipart\/encrypted/m)
    const opener = await createOpenPgpOpener({
      keys: [alice.privateKey],
      known: { find: async () => [bob.publicKey] },
      trust: acme.trust,
    })
    const open = (text: string) => openedBy(Buffer.from(text, 'latin1'), opener, acme.now)
    const { found, text: written } = await open(carried)
    assert.deepEqual([found.state, found.refusal?.code, found.from?.address], ['verified', undefined, bob.address])
    assert.match(written, WRITTEN)
    const others = await open(carried.replace(/^From: .*$/m, 'From: alice@acme.example'))
    assert.equal(others.found.refusal?.code, 'ERR_MAIL_FROM_DIFFERS')
    const edited = await open(changed(carried.replaceAll(/\r?\n/g, '\r\n')))
    assert.deepEqual([edited.found.state, edited.text], ['not opened', ''])
  })
})
