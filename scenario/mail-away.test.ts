// A mail door of a house that joins: while its authority is away it seals by what that has said within a day, after a kill and a new
// start too; of whom it has said nothing, what must be encrypted stays. When the authority is back it leaves, sealed.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { enrolled, type PartyFiles, runProgram } from './support/peers.ts'

const RULES = `
meet: [{rule: staff hands in mail, who: group:staff, what: service:mail}]
must: [encrypt to *@partner.example]
`

suite('mail while the authority is away', needs('swaks', 'swaks'), () => {
  let home: string
  let scratch: string
  let authority: RunningHouse
  let gate: RunningHouse
  let relay: Mailbox
  let alice: PartyFiles
  let identity: string
  const startAuthority = () =>
    startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { alice: { labels: ['group:staff'] } },
        doors: [],
      },
      directory: home,
    })
  const startGate = () => {
    const { port } = new URL(relay.mail.url)
    const next = { address: `127.0.0.1:${port}`, tls: 'none' }
    const door = { name: 'mail', kind: 'mail', host: 'mail.localhost', listen: '127.0.0.1:0', next }
    return startHouse({ config: { join: identity, doors: [door] }, directory: scratch })
  }
  const handIn = async (subject: string, to = 'bob@partner.example', more: readonly string[] = []) => {
    const { port } = new URL(gate.ready.doors[0]?.url ?? '')
    // biome-ignore format: options beside their values
    const said = await runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
      '--tls-sni', 'mail.localhost', '--helo', 'client.example', '--tls-cert', alice.certificate, '--tls-key', alice.key,
      '--from', 'alice@acme.example', '--to', to, ...(more.length > 0 ? more : ['--h-To', to, '--header', `Subject: ${subject}`, '--body', `of ${subject}`])])
    assert.equal(said.code, 0, said.stdout + said.stderr)
  }
  const sealed = () => relay.letters.filter(({ text }) => text.includes('smime-type=authEnveloped-data'))
  /** Waits for as many events of this name since the house was started. */
  const times = async (house: RunningHouse, name: string, wanted: number) => {
    const seen = () => house.events.filter(({ event }) => event === name).length
    await house.event(({ event }) => event === name && seen() >= wanted)
  }

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    scratch = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
    relay = await openMailbox()
    await writeFile(join(home, 'policy.yaml'), RULES)
    authority = await startAuthority()
    const invite = (name: string, address: string) =>
      enrolled(authority, name, ['--profile', 'person', '--san', `email:${address}`])
    alice = await invite('alice', 'alice@acme.example')
    for (const name of ['bob', 'carol']) {
      const { directory } = await invite(name, `${name}@partner.example`)
      assert.equal((await authority.run(['mail', 'key', '--identity', directory])).code, 0)
    }
    const own = ['--profile', 'service', '--san', 'mail.localhost']
    identity = (await enrolled(authority, 'door/gate-1', own)).directory
    gate = await startGate()
  })
  after(async () => {
    await gate?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    await relay?.[Symbol.asyncDispose]()
    await rm(home, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  test('what its authority tells counts here: it leaves sealed', async () => {
    await handIn('first')
    await times(gate, 'mail.sent', 1)
    assert.equal(sealed().length, 1)
    assert.doesNotMatch(relay.letters[0]?.text ?? '', /first/)
  })

  test('the authority away, it goes on by what that has said, which is told', async () => {
    await writeFile(
      join(scratch, 'letter'),
      'From: alice@acme.example\nTo: bob@partner.example\nSubject: by hand\n\nby hand\n',
    )
    const out = join(scratch, 'by-hand')
    const seal = ['mail', 'seal', join(scratch, 'letter'), '--identity', alice.directory, '--out', out]
    assert.equal((await authority.run(seal)).code, 0)
    await authority.stop('SIGKILL')
    await handIn('second')
    await times(gate, 'mail.sent', 2)
    await gate.event(({ event }) => event === 'mail.keys-kept')
    assert.equal(sealed().length, 2)
    // What its sender sealed for bob is known to be for bob, and goes as it is.
    await handIn('by hand', 'bob@partner.example', ['--data', `@${out}`])
    await times(gate, 'mail.sent', 3)
    const lines = (await readFile(out, 'latin1')).split(/\r?\n/).filter((line) => /^[A-Za-z0-9+/]{60,}$/.test(line))
    assert.ok(lines.length > 5)
    const { text = '' } = sealed().at(-1) ?? {}
    for (const line of lines) assert.ok(text.includes(line))
  })

  test('of whom it has said nothing, mail is held, and the sender is told so', async () => {
    await handIn('third', 'carol@partner.example')
    const { text, to } = await relay.letter('Held, and not delivered yet')
    assert.deepEqual(to, ['alice@acme.example'])
    assert.match(text, /ERR_MAIL_MUST_ENCRYPT[\s\S]*cannot be asked now/)
    assert.equal(sealed().length, 3)
  })

  test('killed and started again without it, rule and keys are still known', async () => {
    await gate.stop('SIGKILL')
    gate = await startGate()
    await handIn('fourth')
    await gate.event(({ event }) => event === 'mail.sent' && sealed().length === 4)
    await handIn('fifth', 'carol@partner.example')
    await times(gate, 'mail.held', 1)
    const { stdout } = await gate.run(['mail', 'queue', '--json'])
    const { messages } = JSON.parse(stdout) as { messages: { recipients: { address: string; state: string }[] }[] }
    const waiting = messages
      .flatMap(({ recipients }) => recipients)
      .filter(({ address }) => address === 'carol@partner.example')
    assert.deepEqual(
      waiting.map(({ state }) => state),
      ['held', 'held'],
    )
  })

  test('the authority back, both leave, sealed; nothing ever left in clear', async () => {
    authority = await startAuthority()
    const retried = await gate.run(['mail', 'queue', 'retry', 'all'])
    assert.equal(retried.code, 0, retried.stderr)
    await gate.event(() => sealed().length === 6)
    for (const { text } of relay.letters) assert.doesNotMatch(text, /first|second|third|fourth|fifth|by hand/)
  })
})
