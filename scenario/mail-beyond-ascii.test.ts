// Addresses beyond ASCII, RFC 9598 and RFC 6531, in a whole house before a real postfix: the certificate of one, letters to and from
// it by the command line, and through both doors by curl with SMTPUTF8.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { needs } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'
import { NEEDS_POSTFIX, type Postfix, startPostfix } from './support/postfix.ts'

const JÖRG = 'jörg@bücher.example'
/** RFC 9598 §3: A-labels in the certificate. */
const CERTIFIED = 'jörg@xn--bcher-kva.example'
/** The same letters to the eye, and another address: RFC 9598 §5 compares octets. */
const DECOMPOSED = 'jo\u0308rg@bücher.example'

const POLICY = `
meet:
  - rule: staff hands in mail
    who: group:staff
    what: service:mail
  - rule: the server before brings mail
    who: party:mx
    what: service:mail-in
must:
  - encrypt to ${CERTIFIED}
  - be verified from *@xn--bcher-kva.example
`

suite('addresses beyond ASCII', { ...needs('curl', 'curl'), ...needs('openssl', 'openssl'), ...NEEDS_POSTFIX }, () => {
  let scratch: string
  let relay: Postfix
  let house: RunningHouse
  let mx: PartyFiles
  const people: Record<string, PartyFiles> = {}
  const path = (name: string) => join(scratch, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const letter = (from: string, to: string, subject: string) =>
    [`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, '', `of ${subject}: 4,200`, ''].join('\n')
  const seal = async (who: string, text: string, out: string, code = 0, ...more: readonly string[]) => {
    await writeFile(path(`${out}.letter`), text)
    const files = [path(`${out}.letter`), '--identity', people[who]?.directory ?? '', '--out', path(out)]
    return run(['mail', 'seal', ...files, ...more], code)
  }
  interface Opened {
    state: string
    code?: string
    from?: string
    encrypted: boolean
    meeting: { reference: string }
  }
  const open = async (file: string, who: string, code: number): Promise<Opened> =>
    JSON.parse(
      (await run(['mail', 'open', path(file), '--identity', people[who]?.directory ?? '', '--json'], code)).stdout,
    ) as Opened
  /** Hands a file in at a door; answers what curl said of it. */
  const submit = async (door: 'mail' | 'mail-in', from: string, to: string, file: string, as: PartyFiles) => {
    const { port } = new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '')
    // curl sends a file as it is, and lines end with CRLF in mail.
    const text = await readFile(path(file), 'utf8')
    await writeFile(path(`${file}.crlf`), text.replaceAll(/\r?\n/g, '\r\n'))
    // biome-ignore format: options beside their values
    return runProgram('curl', ['--silent', '--verbose', '--cacert', as.trust, '--cert', as.certificate, '--key', as.key,
      '--mail-from', from, '--mail-rcpt', to, '--upload-file', path(`${file}.crlf`), `smtps://${door}.localhost:${port}/client.example`],
      { env: { LC_ALL: 'C.UTF-8' } })
  }
  const keysOf = async (address: string, code: number) =>
    (
      JSON.parse(
        (await run(['mail', 'keys', address, '--identity', people['alice']?.directory ?? '', '--json'], code)).stdout,
      ) as { keys: readonly { addresses: readonly string[]; ok: boolean }[] }
    ).keys

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-beyond-'))
    const root = createIssuer('Relay Root')
    await writeFile(path('relay-root.pem'), writePem('CERTIFICATE', root.certificate.der))
    const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
    relay = await startPostfix({
      addresses: ['alice@acme.example', CERTIFIED],
      certificate: pemOf(issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth' })),
    })
    await writeFile(path('policy.yaml'), POLICY)
    const door = (name: string, more: object = {}) => ({
      name,
      kind: 'mail',
      host: `${name}.localhost`,
      listen: '127.0.0.1:0',
      next: { address: `127.0.0.1:${relay.port}`, name: 'relay.acme.example', anchors: path('relay-root.pem') },
      ...more,
    })
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: path('policy.yaml'),
        parties: { joerg: { labels: ['group:staff'] }, alice: { labels: ['group:staff'] } },
        doors: [door('mail'), door('mail-in', { arrives: ['@acme.example', '@xn--bcher-kva.example'] })],
      },
    })
    mx = await enrolled(house, 'mx', ['--profile', 'service', '--san', 'mx.acme.example'])
    for (const [name, address] of [
      ['joerg', JÖRG],
      ['alice', 'alice@acme.example'],
    ] as const) {
      people[name] = await enrolled(house, name, ['--profile', 'person', '--san', `email:${address}`])
      await run(['mail', 'key', '--identity', people[name].directory])
    }
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await relay?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  test('stand in certificates as RFC 9598 writes them, which OpenSSL reads', async () => {
    const { stdout } = await runProgram('openssl', [
      'x509',
      '-in',
      people['joerg']?.certificate ?? '',
      '-noout',
      '-ext',
      'subjectAltName',
      '-nameopt',
      'utf8',
    ])
    assert.match(stdout, /othername: SmtpUTF8Mailbox:+jörg@xn--bcher-kva\.example/)
    assert.doesNotMatch(stdout, /email:/)
    // With a local part of ASCII "rfc822Name … MUST be used".
    const heinz = await enrolled(house, 'heinz', ['--profile', 'person', '--san', 'email:heinz@Bücher.example'])
    const second = await runProgram('openssl', ['x509', '-in', heinz.certificate, '-noout', '-ext', 'subjectAltName'])
    assert.match(second.stdout, /email:heinz@xn--bcher-kva\.example/)
    assert.doesNotMatch(second.stdout, /othername/)
  })

  test('are not granted where no mail can be for them, or where they hide a letter', async () => {
    const refused = async (address: string, code: number) =>
      (await run(['invite', 'nobody', '--profile', 'person', '--san', `email:${address}`], code)).stderr
    assert.match(await refused('jörg@bü cher.example', 2), /is no domain name/)
    for (const address of ['jö\u200brg@acme.example', 'jörg@ab--c.example'])
      assert.match(await refused(address, 3), /ERR_ADMIN_REQUEST/)
  })

  test('are found by domains in any writing, and by no other local part', async () => {
    for (const address of [JÖRG, CERTIFIED, 'jörg@BÜCHER.Example']) {
      const keys = await keysOf(address, 0)
      assert.deepEqual(
        keys.map(({ addresses, ok }) => [addresses, ok]),
        [[[CERTIFIED], true]],
        address,
      )
    }
    for (const address of [DECOMPOSED, 'JÖRG@bücher.example']) assert.deepEqual(await keysOf(address, 1), [], address)
  })

  test('jörg seals to alice, and alice to jörg: verified, with the domain in either writing', async () => {
    for (const [name, from] of [
      ['unicode', `Jörg <${JÖRG}>`],
      ['ascii', `<jörg@XN--BCHER-KVA.example>`],
    ] as const) {
      await seal('joerg', letter(from, 'alice@acme.example', 'die Bücher'), name)
      const { state, from: by, encrypted } = await open(name, 'alice', 0)
      assert.deepEqual([state, by, encrypted], ['verified', CERTIFIED, true])
    }
    await seal('alice', letter('alice@acme.example', `Jörg <${JÖRG}>`, 'the books'), 'back')
    const { state, from } = await open('back', 'joerg', 0)
    assert.deepEqual([state, from], ['verified', 'alice@acme.example'])
    assert.equal((await open('back', 'alice', 0)).state, 'verified', 'alice keeps a copy that she reads')
  })

  test('and so with OpenPGP', async () => {
    for (const name of ['joerg', 'alice'])
      await run(['mail', 'key', '--openpgp', '--identity', people[name]?.directory ?? ''])
    await seal('joerg', letter(JÖRG, 'alice@acme.example', 'by OpenPGP'), 'pgp', 0, '--openpgp')
    assert.match(await readFile(path('pgp'), 'utf8'), /BEGIN PGP MESSAGE/)
    const { state, from } = await open('pgp', 'alice', 0)
    assert.deepEqual([state, from], ['verified', CERTIFIED])
    await seal('alice', letter('alice@acme.example', JÖRG, 'by OpenPGP'), 'pgp-back', 0, '--openpgp')
    assert.equal((await open('pgp-back', 'joerg', 0)).state, 'verified')
  })

  test('another address to the octet is another person: not signed for, and not believed', async () => {
    for (const from of [DECOMPOSED, 'jorg@bücher.example']) {
      const { stderr } = await seal('joerg', letter(from, 'alice@acme.example', 'x'), 'other', 1)
      assert.match(stderr, /ERR_MAIL_FROM_DIFFERS/)
    }
    for (const to of ['JÖRG@bücher.example'])
      assert.match(
        (await seal('alice', letter('alice@acme.example', to, 'x'), 'other', 1)).stderr,
        /ERR_MAIL_RECIPIENT_KEY/,
      )
    await seal('joerg', letter(JÖRG, 'alice@acme.example', 'mine'), 'mine', 0, '--sign-only')
    const signed = await readFile(path('mine'), 'utf8')
    await writeFile(path('renamed'), signed.replace(JÖRG, DECOMPOSED))
    assert.notEqual(await readFile(path('renamed'), 'utf8'), signed)
    const { state, code } = await open('renamed', 'alice', 1)
    assert.deepEqual([state, code], ['not verified', 'ERR_MAIL_HEADER_DIFFERS'])
  })

  test('jörg hands in mail at the door by curl, and alice has it, verified', async () => {
    await seal('joerg', letter(JÖRG, 'alice@acme.example', 'by the door'), 'to-door')
    const said = await submit('mail', JÖRG, 'alice@acme.example', 'to-door', people['joerg'] as PartyFiles)
    assert.equal(said.code, 0, said.stderr)
    assert.match(said.stderr, /> MAIL FROM:<jörg@\S+> .*SMTPUTF8/)
    const [got = ''] = await relay.mailbox('alice@acme.example', 1)
    assert.match(got, /with UTF8SMTPS/)
    await writeFile(path('alices'), got)
    const { state, from } = await open('alices', 'alice', 0)
    assert.deepEqual([state, from], ['verified', CERTIFIED])
  })

  test('alice writes to jörg in clear, and the door seals it to his certificate', async () => {
    await writeFile(path('clear'), letter('alice@acme.example', JÖRG, 'in clear'))
    const said = await submit('mail', 'alice@acme.example', JÖRG, 'clear', people['alice'] as PartyFiles)
    assert.equal(said.code, 0, said.stderr)
    const [got = ''] = await relay.mailbox(CERTIFIED, 1)
    assert.doesNotMatch(got, /in clear|4,200/)
    await writeFile(path('jörgs'), got)
    const { state, code, encrypted } = await open('jörgs', 'joerg', 1)
    assert.deepEqual([state, code, encrypted], ['not verified', 'ERR_MAIL_NOT_SIGNED', true])
    await house.event(({ event, rule }) => event === 'mail.sealed' && rule === `must encrypt to ${CERTIFIED}`)
  })

  test('an address that jörg has not proved is not taken, nor one beyond ASCII without the word for it', async () => {
    await writeFile(path('forged'), letter(DECOMPOSED, 'alice@acme.example', 'forged'))
    const forged = await submit('mail', JÖRG, 'alice@acme.example', 'forged', people['joerg'] as PartyFiles)
    assert.match(forged.stderr, /550 5\.7\.1 .*ERR_MAIL_SENDER/)
    const envelope = await submit('mail', DECOMPOSED, 'alice@acme.example', 'forged', people['joerg'] as PartyFiles)
    assert.match(envelope.stderr, /550 5\.7\.1 .*ERR_MAIL_SENDER/)
    // The envelope needs no word, and the header does.
    await writeFile(path('unsaid'), letter('alice@acme.example', JÖRG, 'unsaid'))
    const unsaid = await submit(
      'mail',
      'alice@acme.example',
      'alice@acme.example',
      'unsaid',
      people['alice'] as PartyFiles,
    )
    assert.match(unsaid.stderr, /553 5\.6\.7 .*ERR_MAIL_NOT_ASCII/)
  })

  test('mail of his that arrives is judged by his address, and his mailbox has it; in his name and not signed it is refused', async () => {
    await seal('joerg', letter(JÖRG, 'alice@acme.example', 'arrives'), 'arriving', 0, '--sign-only')
    const said = await submit('mail-in', 'bounces@elsewhere.example', CERTIFIED, 'arriving', mx)
    assert.equal(said.code, 0, said.stderr)
    const [, got = ''] = await relay.mailbox(CERTIFIED, 2)
    assert.match(
      got.replaceAll(/\r?\n[ \t]+/g, ' '),
      /^Authentication-Results: mail-in\.localhost; smime=pass \(verified; M-.*\) body\.smime-identifier=jörg@xn--bcher-kva\.example\r?$/m,
    )
    await writeFile(path('unsigned'), letter(JÖRG, 'alice@acme.example', 'in his name'))
    const refused = await submit('mail-in', 'bounces@elsewhere.example', CERTIFIED, 'unsigned', mx)
    assert.match(refused.stderr, /550 .*ERR_MAIL_NOT_SIGNED/)
  })
})
