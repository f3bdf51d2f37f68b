// What a rule says must be encrypted, in a whole house before a real postfix: the sender's side by swaks and reports, the
// recipient's by what dovecot reads and `mail open` says.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { needs } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'
import { NEEDS_POSTFIX, type Postfix, startPostfix } from './support/postfix.ts'

const POLICY = `
meet:
  - rule: staff hands in mail
    who: group:staff
    what: service:mail
must:
  - encrypt to *@partner.example
expect:
  - mail to bob@partner.example must be encrypted
`
const PEOPLE = ['bob', 'carol', 'dora', 'gil', 'late', 'pia'] as const

const NEEDS = { ...needs('swaks', 'swaks'), ...needs('gpg', 'gpg'), ...needs('gpgconf', 'gpgconf'), ...NEEDS_POSTFIX }

suite('mail that must be encrypted', NEEDS, () => {
  let scratch: string
  let relay: Postfix
  let house: RunningHouse
  let alice: PartyFiles
  const people: Record<string, PartyFiles> = {}
  let opens = 0
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const config = () => ({
    authority: { listen: '127.0.0.1:0' },
    policy: join(scratch, 'policy.yaml'),
    parties: { alice: { labels: ['group:staff'] } },
    doors: [
      {
        name: 'mail',
        kind: 'mail',
        host: 'mail.localhost',
        listen: '127.0.0.1:0',
        partnerKeys: join(scratch, 'partners'),
        next: {
          address: `127.0.0.1:${relay.port}`,
          name: 'relay.acme.example',
          anchors: join(scratch, 'relay-root.pem'),
        },
      },
    ],
  })
  const swaks = async (to: readonly string[], more: readonly string[], input?: string) => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    // biome-ignore format: options beside their values
    const said = await runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
      '--tls-sni', 'mail.localhost', '--helo', 'client.example', '--tls-cert', alice.certificate, '--tls-key', alice.key,
      '--from', 'alice@acme.example', '--to', to.join(','), ...more], { ...(input !== undefined && { input, timeoutMs: 20_000 }) })
    assert.equal(said.code, 0, said.stdout + said.stderr)
  }
  const letter = (to: string, subject: string) => [
    '--header',
    `Subject: ${subject}`,
    '--h-To',
    to,
    '--body',
    `of ${subject}: 4,200`,
  ]
  interface Opened {
    state: string
    code?: string
    encrypted: boolean
    cipher?: string
    meeting: { reference: string }
  }
  const open = async (text: string, who: string, code: number): Promise<{ opened: Opened; inside: string }> => {
    const file = join(scratch, `${who}-${++opens}`)
    await writeFile(file, text)
    const ran = await run(
      ['mail', 'open', file, '--identity', people[who]?.directory ?? '', '--out', `${file}.clear`, '--json'],
      code,
    )
    const opened = JSON.parse(ran.stdout) as Opened
    const inside = opened.state === 'not opened' ? '' : (await runProgram('cat', [`${file}.clear`])).stdout
    return { opened, inside }
  }
  const gpg = (args: readonly string[], input: string | Uint8Array = '') => {
    const fixed = ['--homedir', join(scratch, 'gnupg'), '--batch', '--no-tty', '--yes', '--pinentry-mode', 'loopback']
    return spawnSync('gpg', [...fixed, '--passphrase', '', ...args], { input, encoding: 'utf8' })
  }
  /** What GnuPG reads of a message that is encrypted to its key. */
  const readByGpg = (text: string) => {
    const armored = /-----BEGIN PGP MESSAGE[\s\S]*-----END PGP MESSAGE-----/.exec(text)?.[0]
    const { status, stdout, stderr } = gpg(['--decrypt'], armored)
    assert.equal(status, 0, stderr)
    return stdout
  }
  interface Queued {
    id: string
    recipients: readonly { address: string; state: string; code?: string; note?: string; next?: string }[]
  }
  const queued = async () =>
    (JSON.parse((await run(['mail', 'queue', '--json'])).stdout) as { messages: Queued[] }).messages
  /** Held, and its sender has been told: the report has left. */
  const heldFor = async (address: string) => {
    await house.event(({ event }) => event === 'mail.held')
    for (let i = 0; i < 100; i++) {
      const found = (await queued()).find(({ recipients }) =>
        recipients.some((one) => one.address === address && one.state === 'held'),
      )
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return assert.fail(`nothing is held for ${address}: ${JSON.stringify(await queued())}`)
  }

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-rules-'))
    const root = createIssuer('Relay Root')
    await writeFile(join(scratch, 'relay-root.pem'), writePem('CERTIFICATE', root.certificate.der))
    const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
    relay = await startPostfix({
      addresses: [
        'alice@acme.example',
        'erin@elsewhere.example',
        'zoe@partner.example',
        ...PEOPLE.map((name) => `${name}@partner.example`),
      ],
      certificate: pemOf(issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth' })),
    })
    await writeFile(join(scratch, 'policy.yaml'), POLICY)
    house = await startHouse({ config: config() })
    const invite = (name: string, domain: string) =>
      enrolled(house, name, ['--profile', 'person', '--san', `email:${name}@${domain}`])
    alice = await invite('alice', 'acme.example')
    for (const name of PEOPLE) people[name] = await invite(name, 'partner.example')
    await mkdir(join(scratch, 'gnupg'), { mode: 0o700 })
    for (const name of ['bob', 'carol', 'dora']) await run(['mail', 'key', '--identity', people[name]?.directory ?? ''])
  })
  after(async () => {
    spawnSync('gpgconf', ['--homedir', join(scratch, 'gnupg'), '--kill', 'all'])
    await house?.[Symbol.asyncDispose]()
    await relay?.[Symbol.asyncDispose]()
    // It was started again in it, and so is left to us.
    await rm(house.directory, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  test('what nobody sealed is sealed at the door: the next server has nothing to read, the recipient all of it', async () => {
    await swaks(['bob@partner.example'], letter('bob@partner.example', 'the offer'))
    const [got = ''] = await relay.mailbox('bob@partner.example', 1)
    assert.doesNotMatch(got, /the offer|4,200/)
    assert.match(got, /^Subject: \[\.\.\.\]\r?$/m)
    const { opened, inside } = await open(got, 'bob', 1)
    // It is nobody's word but the door's that alice wrote it, and the door gives none.
    assert.deepEqual(
      [opened.state, opened.code, opened.encrypted, opened.cipher],
      ['not verified', 'ERR_MAIL_NOT_SIGNED', true, 'AES-256-GCM'],
    )
    assert.match(inside, /^Subject: the offer\r?$/m)
    assert.match(inside, /of the offer: 4,200/)
    await house.event(({ event, rule }) => event === 'mail.sealed' && rule === 'must encrypt to *@partner.example')
    assert.deepEqual(await queued(), [])
  })

  test('what its sender sealed goes as it is, and is verified', async () => {
    const lines = [
      'From: alice@acme.example',
      'To: carol@partner.example',
      'Subject: sealed by hand',
      '',
      'by alice',
      '',
    ]
    await writeFile(join(scratch, 'letter'), lines.join('\n'))
    await run([
      'mail',
      'seal',
      join(scratch, 'letter'),
      '--identity',
      alice.directory,
      '--out',
      join(scratch, 'sealed'),
    ])
    await swaks(['carol@partner.example'], ['--data', `@${join(scratch, 'sealed')}`])
    const [got = ''] = await relay.mailbox('carol@partner.example', 1)
    const { opened, inside } = await open(got, 'carol', 0)
    assert.equal(opened.state, 'verified')
    assert.match(inside, /^Subject: sealed by hand\r?$/m)
  })

  test('what its sender sealed with OpenPGP goes as it is, too', async () => {
    await run(['mail', 'key', '--openpgp', '--identity', people['pia']?.directory ?? ''])
    await run(['mail', 'key', '--openpgp', '--identity', alice.directory])
    const lines = [
      'From: alice@acme.example',
      'To: pia@partner.example',
      'Subject: of the other kind',
      '',
      'by alice',
      '',
    ]
    await writeFile(join(scratch, 'pgp-letter'), lines.join('\n'))
    await run([
      'mail',
      'seal',
      join(scratch, 'pgp-letter'),
      '--identity',
      alice.directory,
      '--out',
      join(scratch, 'pgp'),
    ])
    await swaks(['pia@partner.example'], ['--data', `@${join(scratch, 'pgp')}`])
    const [got = ''] = await relay.mailbox('pia@partner.example', 1)
    const { opened, inside } = await open(got, 'pia', 0)
    assert.equal(opened.state, 'verified')
    assert.match(inside, /^Subject: of the other kind\r?$/m)
  })

  test('who has only a key of OpenPGP reads what the door has sealed to it, GnuPG too, beside who has a certificate', async () => {
    const gil = people['gil']?.directory ?? ''
    await run(['mail', 'key', '--openpgp', '--legacy', '--identity', gil])
    const [own = ''] = (await readdir(join(gil, 'mail'))).filter((name) => /^[0-9a-f]{40}\.secret\.asc$/.test(name))
    assert.equal(gpg(['--import', join(gil, 'mail', own)]).status, 0)
    const to = ['pia@partner.example', 'gil@partner.example', 'bob@partner.example']
    await swaks(to, letter(to.join(', '), 'for three'))
    const [, pias = ''] = await relay.mailbox('pia@partner.example', 2)
    const [gils = ''] = await relay.mailbox('gil@partner.example', 1)
    const [, bobs = ''] = await relay.mailbox('bob@partner.example', 2)
    for (const text of [pias, gils, bobs]) {
      assert.match(text, /^Subject: \[\.\.\.\]\r?$/m)
      assert.doesNotMatch(text, /for three|4,200/)
    }
    const { opened, inside } = await open(pias, 'pia', 1)
    assert.deepEqual(
      [opened.state, opened.code, opened.encrypted, opened.cipher],
      ['not verified', 'ERR_MAIL_NOT_SIGNED', true, 'AES-256-GCM'],
    )
    assert.match(inside, /^Subject: for three\r?$/m)
    assert.match(readByGpg(gils), /^Subject: for three\r?\n[\s\S]*of for three: 4,200/m)
    assert.match((await open(bobs, 'bob', 1)).inside, /of for three: 4,200/)
    assert.equal((await open(gils, 'pia', 1)).opened.code, 'ERR_MAIL_NO_KEY')
  })

  test('in Bcc by OpenPGP nobody else’s copy says so', async () => {
    await swaks(['pia@partner.example', 'gil@partner.example'], letter('pia@partner.example', 'between two'))
    const [, , pias = ''] = await relay.mailbox('pia@partner.example', 3)
    const [, gils = ''] = await relay.mailbox('gil@partner.example', 2)
    assert.match(readByGpg(gils), /of between two: 4,200/)
    assert.match((await open(pias, 'pia', 1)).inside, /of between two: 4,200/)
    for (const text of [pias, gils]) assert.doesNotMatch(text.replace(/^[\s\S]*?\r?\nDate:/, ''), /gil/)
    assert.equal((await open(gils, 'pia', 1)).opened.code, 'ERR_MAIL_NO_KEY')
  })

  test('what was sealed with OpenPGP for another than its recipient is sealed to them, around', async () => {
    const sealed = await readFile(join(scratch, 'pgp'), 'utf8')
    await swaks(['gil@partner.example'], ['--data', '-'], sealed.replace('pia@partner.example', 'gil@partner.example'))
    const [, , gils = ''] = await relay.mailbox('gil@partner.example', 3)
    assert.match(readByGpg(gils), /BEGIN PGP MESSAGE/)
  })

  test('a partner whom the authority does not know is held, until an operator has accepted their key', async () => {
    await swaks(['zoe@partner.example'], letter('zoe@partner.example', 'to a partner'))
    const { id, recipients } = await heldFor('zoe@partner.example')
    assert.match(recipients[0]?.note ?? '', /no key of zoe@partner\.example is known/)
    gpg(['--quick-generate-key', '--', 'Zoe <zoe@partner.example>', 'ed25519', 'sign,cert', '1y'])
    const listed = gpg(['--with-colons', '--list-keys', 'zoe@partner.example']).stdout
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? assert.fail()
    gpg(['--quick-add-key', fingerprint, 'cv25519', 'encrypt', '1y'])
    const file = join(scratch, 'zoe.asc')
    await writeFile(file, gpg(['--armor', '--export', fingerprint]).stdout)
    const accept = ['mail', 'keys', 'accept', 'zoe@partner.example', file, '--identity', join(scratch, 'partners')]
    await run(accept, 1)
    assert.deepEqual((await relay.mailbox('zoe@partner.example', 0)).length, 0)
    await run([...accept, '--fingerprint', fingerprint])
    await run(['mail', 'queue', 'retry', id])
    const [got = ''] = await relay.mailbox('zoe@partner.example', 1)
    assert.doesNotMatch(got, /to a partner|4,200/)
    assert.match(readByGpg(got), /of to a partner: 4,200/)
  })

  test('a key of OpenPGP whose person was revoked is none', async () => {
    await run(['revoke', 'pia'])
    await swaks(['pia@partner.example'], letter('pia@partner.example', 'in clear'))
    const held = await heldFor('pia@partner.example')
    assert.match(held.recipients[0]?.note ?? '', /no key of pia@partner\.example is known/)
    await run(['mail', 'queue', 'drop', held.id, '--reason', 'pia has left'])
    const reports = await relay.mailbox('alice@acme.example', 3)
    assert.equal(reports.length, 3, 'zoe held, pia held, and given up')
    assert.equal((await relay.mailbox('pia@partner.example', 3)).length, 3)
  })

  test('who is in Bcc has a copy that no other can open, and stands in none', async () => {
    await swaks(
      ['bob@partner.example', 'dora@partner.example', 'erin@elsewhere.example'],
      letter('bob@partner.example', 'between us'),
    )
    const [, , bobs = ''] = await relay.mailbox('bob@partner.example', 3)
    const [doras = ''] = await relay.mailbox('dora@partner.example', 1)
    assert.match((await open(bobs, 'bob', 1)).inside, /between us/)
    assert.match((await open(doras, 'dora', 1)).inside, /between us/)
    assert.equal((await open(bobs, 'dora', 1)).opened.code, 'ERR_MAIL_NO_KEY')
    assert.equal((await open(doras, 'bob', 1)).opened.code, 'ERR_MAIL_NO_KEY')
    assert.doesNotMatch(bobs.replace(/^[\s\S]*?\r?\nDate:/, ''), /dora/)
    // Of whom no rule speaks, that one has it as it was handed in.
    const [erins = ''] = await relay.mailbox('erin@elsewhere.example', 1)
    assert.match(erins, /of between us: 4,200/)
  })

  test('without a key it is held and its sender told; it leaves, sealed, when a key has come, after kill -9 too', async () => {
    await swaks(['late@partner.example'], letter('late@partner.example', 'too early'))
    const { id, recipients } = await heldFor('late@partner.example')
    assert.equal(recipients[0]?.code, 'ERR_MAIL_MUST_ENCRYPT')
    assert.match(
      recipients[0]?.note ?? '',
      /^must encrypt to \*@partner\.example: no key of late@partner\.example is known$/,
    )
    const reports = await relay.mailbox('alice@acme.example', 4)
    const [report = ''] = reports.filter((text) => text.includes('late@partner.example'))
    assert.match(report, /^Subject: Held, and not delivered yet\r?$/m)
    assert.match(report, /ERR_MAIL_MUST_ENCRYPT[\s\S]*next: get the key of the recipient/)
    assert.doesNotMatch(report, /too early|4,200/)
    const shown = await run(['mail', 'queue', 'show', id])
    assert.match(shown.stdout, /late@partner\.example: held, 1 attempts, tried again in/)
    assert.doesNotMatch(shown.stdout, /too early|4,200/)
    // Whoever holds it starts again, and knows the rule.
    await house.stop('SIGKILL')
    const { directory } = house
    house = await startHouse({ config: config(), directory })
    assert.equal((await run(['mail', 'queue', 'retry', 'all'])).code, 0)
    await house.event(({ event }) => event === 'mail.held')
    await run(['mail', 'key', '--identity', people['late']?.directory ?? ''])
    const retried = await run(['mail', 'queue', 'retry', id, '--json'])
    assert.deepEqual(JSON.parse(retried.stdout), { retried: ['late@partner.example'] })
    const [got = ''] = await relay.mailbox('late@partner.example', 1)
    assert.doesNotMatch(got, /too early|4,200/)
    assert.match((await open(got, 'late', 1)).inside, /of too early: 4,200/)
  })

  test('a key that was revoked is none', async () => {
    await run(['revoke', 'dora'])
    await swaks(['dora@partner.example'], letter('dora@partner.example', 'to a thief'))
    const held = await heldFor('dora@partner.example')
    const dropped = await run(['mail', 'queue', 'drop', held.id, '--reason', 'dora has left'])
    assert.match(dropped.stdout, /given up, and its sender is told, for dora@partner\.example/)
    const reports = await relay.mailbox('alice@acme.example', 6)
    const [last = ''] = reports.filter((text) => text.includes('dora has left'))
    assert.match(last, /ERR_MAIL_DROPPED/)
    assert.match(last, /^Subject: Not delivered\r?$/m)
    assert.equal((await relay.mailbox('dora@partner.example', 1)).length, 1, 'nothing more came')
    for (const text of reports) assert.doesNotMatch(text, /to a thief|4,200/)
  })

  test('an operator is told what is not there', async () => {
    await run(['mail', 'queue', 'show', 'nothing'], 3)
    await run(['mail', 'queue', 'drop', 'nothing', '--reason', 'x'], 3)
    await run(['mail', 'queue', 'drop', 'nothing'], 2)
    await run(['mail', 'queue', '--door', 'web'], 3)
    await run(['mail', 'queue', 'retry', 'all'], 1)
    assert.match((await run(['mail', 'queue'])).stdout, /^nothing waits$/m)
  })
})
