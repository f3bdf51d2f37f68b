// A next server that is away for a day, and one that says for days that it is not now: a whole house whose clock is set, before a real
// postfix. No mail is lost, none comes twice, none goes in clear, and its sender hears what there is to hear.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { needs } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { freePort } from '../tools/testing/ports.ts'
import { enrolledNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { type PartyFiles, runProgram } from './support/peers.ts'
import { NEEDS_POSTFIX, type Postfix, startPostfix } from './support/postfix.ts'
import { type MovableClock, movableClock } from './support/wrong-clock.ts'

const POLICY = `
meet:
  - rule: staff hands in mail
    who: group:staff
    what: service:mail
must:
  - encrypt to *@partner.example
`
const MINUTES = 60_000
const HOURS = 60 * MINUTES
/** Answers for one recipient alone. */
const FULL = 'check_recipient_access inline:{ {full@elsewhere.example = 452 4.2.2 the mailbox is full} }'

const peers = { ...needs('swaks', 'swaks'), ...needs('faketime', 'faketime'), ...NEEDS_POSTFIX }

suite('a next server that does not take mail', peers, () => {
  let scratch: string
  let clock: MovableClock
  let house: RunningHouse
  let relay: Postfix | undefined
  let port: number
  let alice: PartyFiles
  let bob: PartyFiles
  let certificate: { cert: string; key: string }
  const path = (name: string) => join(scratch, name)
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args, { env: clock.env })
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  const config = () => ({
    authority: { listen: '127.0.0.1:0' },
    policy: path('policy.yaml'),
    parties: { alice: { labels: ['group:staff'] } },
    doors: [
      {
        name: 'mail',
        kind: 'mail',
        host: 'mail.localhost',
        listen: '127.0.0.1:0',
        next: { address: `127.0.0.1:${port}`, name: 'relay.acme.example', anchors: path('relay-root.pem') },
      },
    ],
  })
  const start = (directory?: string) =>
    startHouse({ config: config(), env: clock.env, ...(directory !== undefined && { directory }) })
  const startRelay = async () => {
    relay = await startPostfix({
      addresses: ['alice@acme.example', 'bob@partner.example', 'erin@elsewhere.example', 'full@elsewhere.example'],
      certificate,
      port,
      settings: { smtpd_recipient_restrictions: `${FULL}, permit_mynetworks, reject` },
    })
    return relay
  }
  /** Alice writes, while her clock and the house's are one. */
  const write = async (to: readonly string[], subject: string) => {
    const door = new URL(house.ready.doors[0]?.url ?? '')
    // biome-ignore format: options beside their values
    const said = await runProgram('swaks', ['--server', '127.0.0.1', '--port', door.port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
      '--tls-sni', 'mail.localhost', '--helo', 'client.example', '--tls-cert', alice.certificate, '--tls-key', alice.key,
      '--from', 'alice@acme.example', '--to', to.join(','), '--header', `Subject: ${subject}`, '--body', `of ${subject}: 4,200`])
    assert.equal(said.code, 0, said.stdout + said.stderr)
  }
  interface Queued {
    id: string
    recipients: readonly { address: string; state: string; attempts: number; nextAt: string; code?: string }[]
  }
  const queued = async () =>
    (JSON.parse((await run(['mail', 'queue', '--json'])).stdout) as { messages: Queued[] }).messages
  const told = (event: string) => house.events.filter((one) => one['event'] === event).length
  /** Waits until it was told so often. */
  const until = async (event: string, times: number) =>
    void (await house.event((one) => one['event'] === event && told(event) >= times, 20_000))

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-next-hop-'))
    clock = await movableClock(scratch)
    port = await freePort()
    const root = createIssuer('Relay Root')
    await writeFile(path('relay-root.pem'), writePem('CERTIFICATE', root.certificate.der))
    const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
    certificate = pemOf(issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth', to: 24 * 30 }))
    await writeFile(path('policy.yaml'), POLICY)
    house = await start()
    alice = await enrolledNow(house, 'alice', { profile: 'person', san: ['email:alice@acme.example'] })
    bob = await enrolledNow(house, 'bob', { profile: 'person', san: ['email:bob@partner.example'] })
    await run(['mail', 'key', '--identity', bob.directory])
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await relay?.[Symbol.asyncDispose]()
    await rm(house.directory, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  test('away for a day, through a kill -9 and restarts: all of it waits, and comes once', async () => {
    await write(['bob@partner.example'], 'for bob')
    await until('mail.later', 1)
    await write(['erin@elsewhere.example'], 'for erin')
    // Within the first hour twice, then every three hours (RFC 5321 §4.5.4.1).
    for (const [minutes, attempts, signal] of [
      [31, 2, 'SIGKILL'],
      [62, 3, 'SIGTERM'],
      [23 * 60, 4, 'SIGKILL'],
    ] as const) {
      await house.stop(signal)
      await clock.setAhead(minutes * MINUTES)
      house = await start(house.directory)
      await until('mail.later', 1)
      const found = (await queued()).flatMap(({ recipients }) => recipients)
      assert.deepEqual(
        found.map(({ address, state }) => [address, state]),
        [
          ['bob@partner.example', 'waiting'],
          ['erin@elsewhere.example', 'waiting'],
        ],
      )
      const [first] = found
      assert.deepEqual([first?.attempts, first?.code], [attempts, 'ERR_MAIL_NEXT_HOP'])
    }
    // It is found as soon as it is there, and nobody waits for the three hours to pass.
    const there = await startRelay()
    const [bobs = ''] = await there.mailbox('bob@partner.example', 1)
    const [erins = ''] = await there.mailbox('erin@elsewhere.example', 1)
    await until('mail.sent', 2)
    assert.deepEqual(await queued(), [])
    assert.doesNotMatch(bobs, /for bob|4,200/)
    await writeFile(path('bobs'), bobs)
    const opened = JSON.parse(
      (await run(['mail', 'open', path('bobs'), '--identity', bob.directory, '--json'], 1)).stdout,
    ) as { code: string; encrypted: boolean }
    assert.deepEqual([opened.code, opened.encrypted], ['ERR_MAIL_NOT_SIGNED', true])
    assert.match(erins, /of for erin: 4,200/)
    // It never came to an end that is not known.
    for (const text of [bobs, erins]) assert.doesNotMatch(text, /Countersign-Possible-Duplicate/)
  })

  test('that says for five days that it is not now: one gets it at once, the sender hears of the other twice', async () => {
    const there = relay ?? assert.fail()
    await house.stop()
    await clock.setAhead(0)
    house = await start(house.directory)
    await write(['erin@elsewhere.example', 'full@elsewhere.example'], 'for two')
    await there.mailbox('erin@elsewhere.example', 2)
    await until('mail.later', 1)
    // As it is due, and later by days, so that there are eight attempts.
    const times = [31, 62, 245, 26 * 60, 50 * 60, 74 * 60, 98 * 60]
    for (const [index, minutes] of times.entries()) {
      await clock.setAhead(minutes * MINUTES)
      await until('mail.later', index + 2)
    }
    const delayed = (await there.mailbox('alice@acme.example', 1)).map(reportOf)
    assert.deepEqual(delayed, [['delayed', '4.2.2', 'rfc822; full@elsewhere.example']])
    await clock.setAhead(121 * HOURS)
    await until('mail.failed', 1)
    const reports = await there.mailbox('alice@acme.example', 2)
    assert.deepEqual(reports.map(reportOf).toSorted(), [
      ['delayed', '4.2.2', 'rfc822; full@elsewhere.example'],
      ['failed', '5.2.2', 'rfc822; full@elsewhere.example'],
    ])
    for (const text of reports) {
      // RFC 3464 §2, RFC 5321 §4.5.5: from nobody, and which message it was, not what it said.
      assert.match(text, /^Return-Path: <>\r?$/m)
      assert.match(text, /^Content-Type: multipart\/report; report-type=delivery-status;/m)
      assert.match(text, /^Reporting-MTA: dns; mail\.localhost\r?$/m)
      assert.match(text, /^Diagnostic-Code: smtp; 452 4\.2\.2 .*the mailbox is full/m)
      assert.doesNotMatch(text, /for two|4,200/)
    }
    await until('mail.sent', 3)
    assert.deepEqual(await queued(), [])
    assert.equal((await there.mailbox('erin@elsewhere.example', 2)).length, 2, 'nothing more came')
  })
})

/** What a report says of its one recipient: RFC 3464 §2.3. */
function reportOf(text: string): readonly string[] {
  return ['Action', 'Status', 'Final-Recipient'].map(
    (name) => new RegExp(`^${name}: (.*?)\\r?$`, 'm').exec(text)?.[1] ?? '',
  )
}
