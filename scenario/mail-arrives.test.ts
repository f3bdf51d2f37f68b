// Mail that arrives in a whole house: brought by a server with a certificate, judged at the door, handed on to a real postfix, and
// judged again by who reads it, under one reference.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
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
  - rule: the server before brings mail
    who: party:mx
    what: service:mail-in
must:
  - be verified from *@acme.example
`

suite('mail that arrives', { ...needs('swaks', 'swaks'), ...NEEDS_POSTFIX }, () => {
  let scratch: string
  let mailboxes: Postfix
  let house: RunningHouse
  let mx: PartyFiles
  const people: Record<string, PartyFiles> = {}
  const path = (name: string) => join(scratch, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const swaks = async (file: string, party = mx) => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    // biome-ignore format: options beside their values
    return runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', mx.trust,
      '--tls-sni', 'in.localhost', '--helo', 'mx.acme.example', '--tls-cert', party.certificate, '--tls-key', party.key,
      '--from', 'bounces@elsewhere.example', '--to', 'bob@acme.example', '--data', `@${path(file)}`])
  }
  const letter = (from: string, subject: string) =>
    [`From: ${from}`, 'To: bob@acme.example', `Subject: ${subject}`, '', `of ${subject}`, ''].join('\n')
  const seal = async (subject: string, out: string, ...more: readonly string[]) => {
    await writeFile(path(`${out}.letter`), letter('alice@acme.example', subject))
    await run([
      'mail',
      'seal',
      path(`${out}.letter`),
      '--identity',
      people['alice']?.directory ?? '',
      '--out',
      path(out),
      ...more,
    ])
  }
  /** The message of bob's with this subject, or the last one; as dovecot reads it. */
  const got = async (messages: number) => (await mailboxes.mailbox('bob@acme.example', messages)).at(-1) ?? ''
  const resultsOf = (text: string) =>
    (/^Authentication-Results: in\.localhost;(?:.*\r?\n[ \t])*.*$/m.exec(text)?.[0] ?? '').replaceAll(
      /\r?\n[ \t]+/g,
      ' ',
    )
  const referenceOf = (text: string) => /M-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(text)?.[0] ?? assert.fail(text)
  const openAsBob = async (text: string, name: string, code: number) => {
    await writeFile(path(name), text)
    const { stdout } = await run(
      ['mail', 'open', path(name), '--identity', people['bob']?.directory ?? '', '--json'],
      code,
    )
    return JSON.parse(stdout) as { state: string; meeting: { reference: string } }
  }

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-arrives-'))
    const root = createIssuer('Mailboxes Root')
    await writeFile(path('root.pem'), writePem('CERTIFICATE', root.certificate.der))
    const names = [{ kind: 'dNSName', value: 'boxes.acme.example' }] as const
    mailboxes = await startPostfix({
      addresses: ['bob@acme.example'],
      certificate: pemOf(issueLeaf(root, 'boxes.acme.example', { names, purpose: 'serverAuth' })),
    })
    await writeFile(path('policy.yaml'), POLICY)
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: path('policy.yaml'),
        doors: [
          {
            name: 'mail-in',
            kind: 'mail',
            host: 'in.localhost',
            listen: '127.0.0.1:0',
            arrives: ['@acme.example'],
            next: { address: `127.0.0.1:${mailboxes.port}`, name: 'boxes.acme.example', anchors: path('root.pem') },
          },
        ],
      },
    })
    mx = await enrolled(house, 'mx', ['--profile', 'service', '--san', 'mx.acme.example'])
    for (const name of ['alice', 'bob']) {
      people[name] = await enrolled(house, name, ['--profile', 'person', '--san', `email:${name}@acme.example`])
      await run(['mail', 'key', '--identity', people[name]?.directory ?? ''])
    }
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await mailboxes?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  test('signed by who it says it is from: the door and the reader say so, under one reference', async () => {
    await seal('minutes', 'signed', '--sign-only')
    const said = await swaks('signed')
    assert.equal(said.code, 0, said.stdout)
    const text = await got(1)
    assert.match(resultsOf(text), /smime=pass \(verified; M-.*\) body\.smime-identifier=alice@acme\.example$/)
    const reference = referenceOf(resultsOf(text))
    const { state, meeting } = await openAsBob(text, 'got', 0)
    assert.deepEqual([state, meeting.reference], ['verified', reference])
    const why = await run(['why', reference])
    assert.match(why.stdout, /alice, issued by/)
    assert.match(why.stdout, /at mail-in/)
  })

  test('sealed, it passes unread, and its reader judges it', async () => {
    await seal('for bob alone', 'sealed')
    assert.equal((await swaks('sealed')).code, 0)
    const text = await got(2)
    assert.match(resultsOf(text), /smime=neutral \(encrypted to a key that is not here: the reader judges; M-/)
    assert.equal((await openAsBob(text, 'got-sealed', 0)).state, 'verified')
  })

  test('what must be verified and is not is refused, with the reference of the record; forged results do not help', async () => {
    const forged = 'Authentication-Results: in.localhost; smime=pass\n'
    await writeFile(path('forged'), `${forged}${letter('alice@acme.example', 'pay at once')}`)
    const said = await swaks('forged')
    assert.notEqual(said.code, 0)
    assert.match(said.stdout, /550 5\.7\.1 .*\(ERR_MAIL_NOT_SIGNED, M-/)
    const why = await run(['why', referenceOf(/550 5\.7\.1 .*/.exec(said.stdout)?.[0] ?? '')])
    assert.match(why.stdout, /ERR_MAIL_NOT_SIGNED/)
    assert.match(why.stdout, /must be verified from \*@acme\.example/)
    await seal('ten', 'changed', '--sign-only')
    const { stdout } = await runProgram('sed', ['s/of ten/of two/', path('changed')])
    await writeFile(path('changed'), stdout)
    assert.match((await swaks('changed')).stdout, /550 5\.7\.1 .*\(ERR_MAIL_SIGNATURE, M-/)
    // Of others no rule speaks, and nothing is claimed of them.
    await writeFile(path('others'), `${forged}${letter('eve@elsewhere.example', 'hello')}`)
    assert.equal((await swaks('others')).code, 0)
    const text = await got(3)
    assert.match(text, /of hello/)
    assert.match(resultsOf(text), /smime=none reason="ERR_MAIL_NOT_SIGNED"/)
    assert.doesNotMatch(text, /smime=pass/)
  })

  test('signed with OpenPGP, by a key that the authority certified, it is judged as any other', async () => {
    await run(['mail', 'key', '--openpgp', '--identity', people['alice']?.directory ?? ''])
    await seal('by the other kind', 'pgp', '--sign-only', '--openpgp')
    const said = await swaks('pgp')
    assert.equal(said.code, 0, said.stdout)
    const text = await got(4)
    assert.match(resultsOf(text), /x-openpgp=pass \(verified; M-.*\) body\.x-openpgp=alice@acme\.example$/)
    const { state, meeting } = await openAsBob(text, 'got-pgp', 0)
    assert.deepEqual([state, meeting.reference], ['verified', referenceOf(resultsOf(text))])
    const { stdout } = await runProgram('sed', ['s/of by/of no/', path('pgp')])
    await writeFile(path('pgp-changed'), stdout)
    assert.match((await swaks('pgp-changed')).stdout, /550 5\.7\.1 .*\(ERR_MAIL_SIGNATURE, M-/)
  })

  test('since its signer was revoked it is refused', async () => {
    await run(['revoke', 'alice'])
    // Who has the key still signs, and the authority puts no time beside it.
    await seal('too late', 'late', '--sign-only')
    assert.match((await swaks('late')).stdout, /550 5\.7\.1 .*\(ERR_CALLER_REVOKED, M-/)
    assert.match((await swaks('pgp')).stdout, /550 5\.7\.1 .*\(ERR_CALLER_REVOKED, M-/)
  })

  test('who is no server before this one brings nothing', async () => {
    const said = await swaks('signed', people['bob'])
    assert.match(said.stdout, /554 5\.7\.1 .*\(ERR_POLICY_NOT_ALLOWED, M-/)
  })
})
