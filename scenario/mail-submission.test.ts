// The mail door in a whole house: swaks hands in mail by certificate, rules say who may write where, and the next server gets it by TLS.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { SMTPServer } from 'smtp-server'
import { needs } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'

const POLICY = `
meet:
  - rule: staff hands in mail
    who: group:staff
    what: service:mail
  - rule: sales writes to partners
    who: group:sales
    what: service:partners
`

suite('the mail door', needs('swaks', 'swaks'), () => {
  let scratch: string
  let relay: Awaited<ReturnType<typeof openRelay>>
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  let carol: PartyFiles

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-'))
    relay = await openRelay(scratch)
    await writeFile(join(scratch, 'policy.yaml'), POLICY)
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: join(scratch, 'policy.yaml'),
        parties: {
          alice: { labels: ['group:staff', 'group:sales'] },
          bob: { labels: ['group:staff'] },
        },
        doors: [
          {
            name: 'mail',
            kind: 'mail',
            host: 'mail.localhost',
            listen: '127.0.0.1:0',
            next: { address: `127.0.0.1:${relay.port}`, name: 'relay.acme.example', anchors: relay.anchors },
            recipients: [{ to: '@partner.example', service: 'partners' }],
          },
        ],
      },
    })
    const invite = (name: string) =>
      enrolled(house, name, ['--profile', 'person', '--san', `email:${name}@acme.example`])
    alice = await invite('alice')
    bob = await invite('bob')
    carol = await invite('carol')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await relay?.close()
    await rm(scratch, { recursive: true, force: true })
  })

  const swaks = (party: PartyFiles | undefined, more: readonly string[]) => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    const own = party ? ['--tls-cert', party.certificate, '--tls-key', party.key] : []
    // biome-ignore format: options beside their values
    return runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
      '--tls-sni', 'mail.localhost', '--helo', 'client.example', ...own, ...more])
  }
  const letter = (from: string, to: string, subject: string) => [
    '--from',
    from,
    '--to',
    to,
    '--header',
    `Subject: ${subject}`,
  ]

  test('a person hands in mail, and the next server has it', async () => {
    const said = await swaks(alice, letter('alice@acme.example', 'dave@partner.example', 'offer'))
    assert.equal(said.code, 0, said.stdout + said.stderr)
    assert.match(said.stdout, /<~\s+250 /)
    const met = await house.event(
      ({ event, caller, door }) => event === 'meeting' && caller === 'alice' && door === 'mail',
    )
    const got = await relay.letter('offer')
    assert.deepEqual([got.from, got.to], ['alice@acme.example', ['dave@partner.example']])
    assert.ok(got.text.includes(`(${met['reference']})`), 'its trace names the meeting')
    assert.equal(got.isSecure, true)
  })

  test('who has proved another address is refused, with the reference of the record', async () => {
    const said = await swaks(bob, letter('alice@acme.example', 'dave@acme.example', 'forged'))
    assert.notEqual(said.code, 0)
    const [, reference] = /550 5\.7\.1 .*\(ERR_MAIL_SENDER, (M-[^)]+)\)/.exec(said.stdout) ?? []
    assert.ok(reference, said.stdout)
    await house.event(({ event, reference: told }) => event === 'request.refused' && told === reference)
    const why = await house.run(['why', reference])
    assert.match(why.stdout, /ERR_MAIL_SENDER/)
    // The envelope is right, and the header is not.
    const header = await swaks(bob, [
      ...letter('bob@acme.example', 'dave@acme.example', 'forged'),
      '--header',
      'From: alice@acme.example',
    ])
    assert.match(header.stdout, /550 5\.7\.1 .*ERR_MAIL_SENDER/)
    assert.equal(
      relay.letters.some(({ text }) => text.includes('forged')),
      false,
    )
  })

  test('who may hand in mail, and not to there, is refused for that recipient', async () => {
    const said = await swaks(bob, letter('bob@acme.example', 'dave@partner.example', 'not for bob'))
    assert.match(said.stdout, /550 5\.7\.1 .*\(ERR_POLICY_NOT_ALLOWED, M-/)
    const inside = await swaks(bob, letter('bob@acme.example', 'dave@acme.example', 'for bob'))
    assert.equal(inside.code, 0, inside.stdout)
    await relay.letter('for bob')
  })

  test('whom no rule lets in, and who shows no certificate, hear why in place of a greeting', async () => {
    const [who, nobody] = [
      await swaks(carol, letter('carol@acme.example', 'dave@acme.example', 'x')),
      await swaks(undefined, letter('alice@acme.example', 'dave@acme.example', 'x')),
    ]
    assert.match(who.stdout, /554 5\.7\.1 .*\(ERR_POLICY_NOT_ALLOWED, M-/)
    assert.match(nobody.stdout, /554 5\.7\.1 .*\(ERR_CALLER_NO_CERTIFICATE, M-/)
    await house.event(
      ({ event, caller, code }) => event === 'meeting' && caller === 'carol' && code === 'ERR_POLICY_NOT_ALLOWED',
    )
  })

  test('who was revoked hears so', async () => {
    const revoked = await house.run(['revoke', 'bob'])
    assert.equal(revoked.code, 0, revoked.stderr)
    const said = await swaks(bob, letter('bob@acme.example', 'dave@acme.example', 'too late'))
    assert.match(said.stdout, /554 5\.7\.1 .*\(ERR_CALLER_REVOKED, M-/)
  })
})

interface Letter {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly isSecure: boolean
}

/** A server that takes mail by STARTTLS alone, with a certificate of its own authority. */
async function openRelay(directory: string) {
  const root = createIssuer('Relay Root')
  const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
  const holder = issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth' })
  const anchors = join(directory, 'relay-root.pem')
  await writeFile(anchors, writePem('CERTIFICATE', root.certificate.der))
  const letters: Letter[] = []
  const waiting = new Set<() => void>()
  const server = new SMTPServer({
    ...pemOf(holder),
    authOptional: true,
    logger: false,
    disableReverseLookup: true,
    onData(stream, { envelope, secure }, done) {
      let text = ''
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        letters.push({ from, to: envelope.rcptTo.map(({ address }) => address), text, isSecure: secure })
        for (const look of [...waiting]) look()
        done()
      })
    },
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    anchors,
    letters,
    letter(subject: string): Promise<Letter> {
      const { promise, resolve } = Promise.withResolvers<Letter>()
      const look = () => {
        const found = letters.find(({ text }) => text.includes(`Subject: ${subject}\r\n`))
        if (found) resolve(found)
      }
      waiting.add(look)
      look()
      return promise.finally(() => waiting.delete(look))
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
