// Letters in OpenPGP by the command line, among people with keys of every kind, and with GnuPG at the other end.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { encryptedByPgp } from './support/letters.ts'

const letterTo = (...fields: readonly string[]) =>
  [
    'From: Alice <alice@acme.example>',
    ...fields,
    'Subject: The price is 4,200',
    'Date: Fri, 27 Nov 2026 12:00:00 +0000',
    'Message-ID: <1@acme.example>',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'We take it.',
    '',
  ].join('\n')

const withGpg = { ...needs('gpg', 'gpg'), ...needs('gpgconf', 'gpgconf') }

interface Sealed {
  readonly file: string
  readonly recipients: readonly string[]
  readonly bcc: boolean
  readonly format: string
  readonly profile: string
}

interface Opened {
  readonly state: string
  readonly code?: string
  readonly since?: string
  readonly from?: string
  readonly cipher?: string
  readonly remarks: readonly string[]
  readonly meeting: { readonly steps: readonly { readonly outcome: string }[] }
}

suite('a letter in OpenPGP', () => {
  let house: RunningHouse
  /** Of each sealing, standard error. */
  const said: string[] = []
  const path = (name: string) => join(house.directory, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const key = (party: string, ...options: readonly string[]) => run(['mail', 'key', ...options, '--identity', party])
  const seal = async (letter: string, out: string, ...more: readonly string[]) => {
    await writeFile(path(`${out}.letter`), letter)
    const { stdout, stderr } = await run([
      'mail',
      'seal',
      `${out}.letter`,
      '--identity',
      'alice',
      '--out',
      out,
      '--json',
      ...more,
    ])
    said.push(stderr)
    return (JSON.parse(stdout) as { sealed: readonly Sealed[] }).sealed
  }
  const refused = async (letter: string, code: string, ...more: readonly string[]) => {
    await writeFile(path('bad.letter'), letter)
    const { stderr } = await run(['mail', 'seal', 'bad.letter', '--identity', 'alice', '--out', 'bad', ...more], 1)
    assert.match(stderr, new RegExp(code))
    await assert.rejects(readFile(path('bad')), { code: 'ENOENT' })
    return stderr
  }
  const open = async (file: string, who: string, code = 0, ...more: readonly string[]) =>
    JSON.parse((await run(['mail', 'open', file, '--identity', who, '--json', ...more], code)).stdout) as Opened
  const change = async (from: string, to: string, edit: (text: string) => string) => {
    const text = await readFile(path(from), 'latin1')
    assert.notEqual(edit(text), text)
    await writeFile(path(to), edit(text), 'latin1')
  }

  before(async () => {
    house = await startHouse()
    for (const party of ['alice', 'bob', 'carol', 'dave', 'erin', 'mallory']) {
      const san = `email:${party}@acme.example`
      const { stdout } = await run(['invite', party, '--profile', 'person', '--san', san, '--json'])
      await run(['enroll', (JSON.parse(stdout) as { token: string }).token, '--out', party])
    }
    await key('alice')
    await key('alice', '--openpgp')
    await key('bob', '--openpgp')
    await key('carol')
    await key('dave', '--openpgp', '--legacy')
    await key('erin')
    await key('erin', '--openpgp')
    await key('mallory', '--openpgp')
  })
  after(() => house[Symbol.asyncDispose]())

  test('shows its carrier nothing, is verified by whom it is for, and is read by its sender again', async () => {
    const sealed = await seal(letterTo('To: bob@acme.example'), 'one')
    assert.deepEqual(
      sealed.map(({ recipients, bcc, format, profile }) => [recipients, bcc, format, profile]),
      [[['bob@acme.example'], false, 'openpgp', 'modern']],
    )
    const carried = await readFile(path('one'), 'latin1')
    assert.match(carried, /^Subject: \[\.\.\.\]\r$/m)
    assert.match(carried, /^Content-Type: multipart\/encrypted; protocol="application\/pgp-encrypted"/m)
    assert.doesNotMatch(carried, /4,200|We take it/)
    const opened = await open('one', 'bob', 0, '--out', 'one.clear')
    assert.deepEqual([opened.state, opened.from, opened.cipher], ['verified', 'alice@acme.example', 'AES-256-GCM'])
    assert.deepEqual(
      opened.meeting.steps.map(({ outcome }) => outcome),
      Array(6).fill('proved'),
    )
    assert.match(
      await readFile(path('one.clear'), 'utf8'),
      /^Subject: The price is 4,200\r$[\s\S]*\r\n\r\nWe take it\.\r\n$/m,
    )
    assert.equal((await open('one', 'alice')).state, 'verified')
    const { stdout } = await run(['mail', 'open', 'one', '--identity', 'bob'])
    assert.match(stdout, /6 channel {3}✔ OpenPGP · AES-256-GCM/)
    assert.match(stdout, /^verified: from alice@acme\.example$/m)
  })

  test('is for nobody else; changed on its way it is not opened, and renamed not verified', async () => {
    const other = await open('one', 'mallory', 1, '--out', 'one.mallory')
    assert.deepEqual([other.state, other.code], ['not opened', 'ERR_MAIL_NO_KEY'])
    await change('one', 'one.edited', (text) => {
      const at = text.indexOf('\r\n-----END PGP MESSAGE') - 30
      return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
    })
    const edited = await open('one.edited', 'bob', 1, '--out', 'one.edited.clear')
    assert.deepEqual([edited.state, edited.code], ['not opened', 'ERR_MAIL_DECRYPT'])
    for (const file of ['one.mallory', 'one.edited.clear'])
      await assert.rejects(readFile(path(file)), { code: 'ENOENT' })
    await change('one', 'one.renamed', (text) => text.replace('<alice@', '<mallory@'))
    const renamed = await open('one.renamed', 'bob', 1)
    assert.deepEqual([renamed.state, renamed.code], ['not verified', 'ERR_MAIL_SIGNER'])
  })

  test('to people with keys of every kind is a copy for each kind, and one for each in Bcc, in which nobody else’s key stands', async () => {
    const letter = letterTo(
      'To: bob@acme.example, carol@acme.example',
      'Cc: dave@acme.example',
      'Bcc: erin@acme.example',
    )
    // GnuPG 2.2, which reads what is for dave, knows no signature of version 6.
    assert.match(await refused(letter, 'ERR_MAIL_NO_KEY'), /countersign mail key --openpgp --legacy/)
    await key('alice', '--openpgp', '--legacy')
    const sealed = await seal(letter, 'four')
    assert.deepEqual(
      sealed.map(({ recipients, bcc, format, profile }) => [recipients.join(), bcc, format, profile]),
      [
        ['bob@acme.example', false, 'openpgp', 'modern'],
        ['carol@acme.example', false, 'smime', 'modern'],
        ['dave@acme.example', false, 'openpgp', 'legacy'],
        ['erin@acme.example', true, 'smime', 'modern'],
      ],
    )
    for (const [file, who] of [
      ['four', 'bob'],
      ['four.1', 'carol'],
      ['four.2', 'dave'],
    ] as const) {
      const { state, remarks } = await open(file, who)
      assert.deepEqual([state, remarks], ['verified', []], who)
      assert.equal((await open(file, 'alice')).state, 'verified')
      assert.equal((await open(file, 'erin', 1)).code, 'ERR_MAIL_NO_KEY')
    }
    // She has a key of each version: neither is another one in place of the other.
    for (const file of ['four', 'four.2', 'four'])
      assert.equal((await run(['mail', 'open', file, '--identity', 'alice'])).stderr, '')
    const { state, remarks } = await open('four.3', 'erin')
    assert.deepEqual([state, remarks], ['verified', ['not-addressed']])
    for (const who of ['alice', 'bob', 'carol', 'dave'])
      assert.equal((await open('four.3', who, 1)).code, 'ERR_MAIL_NO_KEY', who)
    for (const { file } of sealed) assert.doesNotMatch(await readFile(file, 'latin1'), /erin/)
    const { stdout } = await run(['mail', 'seal', 'four.letter', '--identity', 'alice', '--out', 'said'])
    assert.match(stdout, /said\.2: signed and encrypted \(OpenPGP as GnuPG 2\.2 reads it\), for dave@acme\.example/)
  })

  test('goes by OpenPGP to whom has both, where that is wished; who is in Bcc is alone in their copy there too', async () => {
    const sealed = await seal(letterTo('To: bob@acme.example', 'Bcc: erin@acme.example'), 'both', '--openpgp')
    assert.deepEqual(
      sealed.map(({ format }) => format),
      ['openpgp', 'openpgp'],
    )
    assert.equal((await open('both.1', 'erin')).state, 'verified')
    for (const who of ['alice', 'bob']) assert.equal((await open('both.1', who, 1)).code, 'ERR_MAIL_NO_KEY')
    assert.equal((await open('both', 'erin', 1)).code, 'ERR_MAIL_NO_KEY')
  })

  test('signed alone is readable by anybody; edited it is not verified', async () => {
    await seal(letterTo('To: bob@acme.example'), 'signed', '--sign-only', '--openpgp')
    assert.match(await readFile(path('signed'), 'latin1'), /protocol="application\/pgp-signature"[\s\S]*We take it/)
    const { state, remarks } = await open('signed', 'mallory')
    assert.deepEqual([state, remarks], ['verified', ['not-addressed']])
    await change('signed', 'signed.edited', (text) => text.replace('We take it', 'We leave it'))
    assert.equal((await open('signed.edited', 'bob', 1)).code, 'ERR_MAIL_SIGNATURE')
  })

  test('for an old key is read with it, and new mail is for the new one', async () => {
    await key('bob', '--openpgp')
    assert.equal((await open('one', 'bob')).state, 'verified')
    const { openPgp } = JSON.parse((await run(['mail', 'keys', '--identity', 'bob', '--json'])).stdout) as {
      openPgp: readonly { fingerprint: string }[]
    }
    const [newest, old] = openPgp.map(({ fingerprint }) => fingerprint)
    await seal(letterTo('To: bob@acme.example'), 'newer')
    assert.ok(
      said.at(-1)?.includes(`another one than before (${old}); the authority vouches for the new one (${newest})`),
    )
    const folder = join(house.directory, 'bob', 'mail')
    const secret = await readFile(join(folder, `${newest}.secret.asc`))
    // Without the new key it cannot be read, and the old one is still there.
    const kept = (await readdir(folder)).filter((name) => name.includes(old ?? '-'))
    assert.equal(kept.length, 2)
    assert.equal((await open('newer', 'bob')).state, 'verified')
    await writeFile(join(folder, `${newest}.secret.asc`), await readFile(join(folder, `${old}.secret.asc`)))
    assert.equal((await open('newer', 'bob', 1)).code, 'ERR_MAIL_NO_KEY')
    await writeFile(join(folder, `${newest}.secret.asc`), secret)
  })

  test('is exchanged with GnuPG: it reads ours and believes the authority, we read its own', withGpg, async () => {
    const home = mkdtempSync(join(tmpdir(), 'countersign-gpg-'))
    const env = { ...process.env, GNUPGHOME: home }
    const gpg = (args: readonly string[], input: string | Uint8Array = '') => {
      const fixed = [
        '--batch',
        '--no-tty',
        '--yes',
        '--status-fd',
        '2',
        '--pinentry-mode',
        'loopback',
        '--passphrase',
        '',
      ]
      const { status, stdout, stderr } = spawnSync('gpg', [...fixed, ...args], { env, input })
      return { status, text: `${stdout}`, said: `${stderr}` }
    }
    try {
      // Dave goes over to GnuPG with the key that he has.
      const daves = join(house.directory, 'dave', 'mail')
      for (const name of (await readdir(daves)).filter((each) =>
        /^(?:[0-9a-f]{40}(?:\.secret)?|authority\.4)\.asc$/.test(each),
      ))
        assert.equal(gpg(['--import', join(daves, name)]).status, 0, name)
      const alices = (await readdir(join(house.directory, 'alice', 'mail'))).find((each) =>
        /^[0-9a-f]{40}\.asc$/.test(each),
      )
      assert.equal(gpg(['--import', join(house.directory, 'alice', 'mail', alices ?? '')]).status, 0)
      const [, authority = ''] =
        /^fpr:+([0-9A-F]{40}):/m.exec(gpg(['--with-colons', '--list-keys', 'openpgp@']).text) ?? []
      assert.equal(gpg(['--import-ownertrust'], `${authority}:6:\n`).status, 0)
      const message = await readFile(path('four.2'), 'latin1')
      const armored = /-----BEGIN PGP MESSAGE[\s\S]*-----END PGP MESSAGE-----/.exec(message)?.[0] ?? ''
      const read = gpg(['--decrypt'], armored)
      assert.match(read.text, /^Subject: The price is 4,200\r$[\s\S]*We take it/m)
      assert.match(read.said, /GOODSIG.*<alice@acme\.example>[\s\S]*TRUST_FULLY/)
      // And answers, as a mail program that knows RFC 3156.
      const answer = 'Content-Type: text/plain\r\n\r\nGood.\r\n'
      const options = ['--armor', '--trust-model', 'always', '-u', 'dave@acme.example', '-r', 'alice@acme.example']
      const sealed = gpg([...options, '--sign', '--encrypt'], answer)
      assert.equal(sealed.status, 0, sealed.said)
      writeFileSync(path('answer'), encryptedByPgp('dave@acme.example', sealed.text))
      const opened = await open('answer', 'alice', 0, '--out', 'answer.clear')
      assert.deepEqual([opened.state, opened.from], ['verified', 'dave@acme.example'])
      assert.match(await readFile(path('answer.clear'), 'utf8'), /Good\./)
      // The same from somebody else's address, and with a signature left away, is not verified.
      writeFileSync(
        path('answer.other'),
        encryptedByPgp('dave@acme.example', sealed.text).replace('From: dave', 'From: carol'),
      )
      assert.equal((await open('answer.other', 'alice', 1)).state, 'not verified')
      const unsigned = gpg([...options, '--encrypt'], answer)
      writeFileSync(path('answer.unsigned'), encryptedByPgp('dave@acme.example', unsigned.text))
      assert.equal((await open('answer.unsigned', 'alice', 1)).code, 'ERR_MAIL_NOT_SIGNED')
    } finally {
      spawnSync('gpgconf', ['--kill', 'all'], { env })
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('is not sealed for who has no key, nor signed without one', async () => {
    const stderr = await refused(letterTo('To: frank@acme.example'), 'ERR_MAIL_RECIPIENT_KEY')
    assert.match(stderr, /frank@acme\.example/)
    await writeFile(path('carols.letter'), letterTo('To: bob@acme.example').replace('alice@', 'carol@'))
    const ran = await run(['mail', 'seal', 'carols.letter', '--identity', 'carol', '--out', 'bad'], 1)
    assert.match(ran.stderr, /ERR_MAIL_NO_KEY/)
    assert.match(ran.stderr, /countersign mail key --openpgp/)
  })

  test('of a sender who was revoked is not verified, since when; to one nothing is sealed', async () => {
    await run(['revoke', 'alice', '--reason', 'keyCompromise'])
    const later = await open('one', 'bob', 1)
    assert.deepEqual([later.state, later.code], ['not verified', 'ERR_CALLER_REVOKED'])
    assert.ok(later.since)
    await run(['revoke', 'bob'])
    await writeFile(path('late.letter'), letterTo('To: bob@acme.example').replace('alice@', 'dave@'))
    const { stderr } = await run(['mail', 'seal', 'late.letter', '--identity', 'dave', '--out', 'late'], 1)
    assert.match(stderr, /ERR_MAIL_RECIPIENT_KEY/)
  })

  test('with the authority away is judged by the key that is remembered, and that is said', async () => {
    await house.stop()
    const ran = await run(['mail', 'open', 'four.2', '--identity', 'dave', '--json'])
    assert.match(ran.stderr, /remembered here, as the authority was not met/)
    assert.equal((JSON.parse(ran.stdout) as Opened).state, 'verified')
    // Bob has heard that she was revoked.
    const heard = await run(['mail', 'open', 'one', '--identity', 'bob', '--json'], 1)
    assert.equal((JSON.parse(heard.stdout) as Opened).code, 'ERR_CALLER_REVOKED')
    // Nothing of hers is remembered where no mail of hers was verified.
    const never = await run(['mail', 'open', 'signed', '--identity', 'carol', '--json'], 1)
    assert.equal((JSON.parse(never.stdout) as Opened).code, 'ERR_MAIL_SIGNER')
  })
})
