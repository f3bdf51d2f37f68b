// A house that joins an authority goes by its policy and its parties: what changes there ends what is open here.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { readToldRules } from '@countersign/mtls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

const RULES = `
meet:
  - {rule: ops shop, who: group:ops, what: service:shop}
  - {rule: all read, who: any, what: service:library, sees: spiffe://house.localhost/door/gate-1}
`
const PARTIES = {
  alice: { kind: 'person', labels: ['group:ops'] },
  bob: { kind: 'person', labels: ['group:ops'] },
  carol: { labels: ['group:guests'] },
}
const DOORS = ['shop', 'library'].map((name) => ({
  name,
  kind: 'web',
  host: [`${name}.localhost`],
  listen: '127.0.0.1:0',
  upstream: 'demo',
}))

suite('a house that goes by the rules of the authority that it joins', needs('curl', 'curl'), () => {
  let home: string
  let scratch: string
  let identity: string
  let authority: RunningHouse
  let gate: RunningHouse
  const people: Record<string, PartyFiles> = {}

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    scratch = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
    await writeFile(join(home, 'policy.yaml'), RULES)
    authority = await startHouse({ config: configOf(PARTIES), directory: home })
    for (const party of ['alice', 'bob', 'carol']) people[party] = await enrolled(authority, party)
    const sans = ['--san', 'shop.localhost', '--san', 'library.localhost']
    identity = (await enrolled(authority, 'door/gate-1', ['--profile', 'service', ...sans])).directory
    gate = await startHouse({ config: { join: identity, doors: DOORS }, directory: scratch })
  })
  after(async () => {
    await gate?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    await rm(home, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  const configOf = (parties: object) => ({
    authority: { listen: '127.0.0.1:0' },
    policy: 'policy.yaml',
    parties,
    doors: [],
  })
  const portOf = (door: string) => Number(new URL(gate.ready.doors.find(({ name }) => name === door)?.url ?? '').port)
  /** The code of the refusal; `in` where there is none. */
  async function visit(party: string, door: string): Promise<string> {
    const port = portOf(door)
    const seen = await curl(people[party] as PartyFiles, ['--resolve', `${door}.localhost:${port}:127.0.0.1`], {
      url: `https://${door}.localhost:${port}/`,
    })
    return seen.status === 200 ? 'in' : (JSON.parse(seen.body) as { code: string }).code
  }
  /** An open connection, idle after its handshake. */
  async function open(party: string, door: string): Promise<TLSSocket> {
    const { key, certificate, trust } = people[party] as PartyFiles
    const socket = connect({
      host: '127.0.0.1',
      port: portOf(door),
      servername: `${door}.localhost`,
      key: readFileSync(key),
      cert: readFileSync(certificate),
      ca: readFileSync(trust),
    })
    socket.on('error', () => socket.destroy())
    const known = gate.events.length
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    await gate.event(
      (event) =>
        gate.events.indexOf(event) >= known &&
        event['event'] === 'meeting' &&
        event['caller'] === party &&
        event['ok'] === true,
    )
    return socket
  }
  const closed = (socket: TLSSocket) =>
    new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
  /** What the authority's files say from now on. */
  async function change({ rules = RULES, parties = PARTIES }: { rules?: string; parties?: object }): Promise<void> {
    await writeFile(join(home, 'policy.yaml'), rules)
    await writeFile(join(home, 'countersign.yaml'), JSON.stringify(configOf(parties)))
    authority.process.kill('SIGHUP')
  }
  const sinceNow = (house: RunningHouse, name: string) => {
    const known = house.events.length
    return () => house.event((event) => event['event'] === name && house.events.indexOf(event) >= known)
  }

  test('lets in whom the rules of the authority let in, and nobody else', async () => {
    assert.equal(await visit('alice', 'shop'), 'in')
    assert.equal(await visit('carol', 'shop'), 'ERR_POLICY_NOT_ALLOWED')
    assert.equal(await visit('carol', 'library'), 'in')
  })

  test('the questions are answered by what was told', async () => {
    assert.equal((await gate.run(['why', 'alice', 'shop'])).code, 0)
    assert.equal((await gate.run(['why', 'carol', 'shop'])).code, 1)
    // By what the identity that it joins by proves.
    assert.equal((await gate.run(['why', 'carol', 'library'])).code, 0)
    const checked = await gate.run(['config', 'check', '--json'])
    assert.equal((JSON.parse(checked.stdout) as { rules: number }).rules, 2)
  })

  test('a label that the authority takes from a party cuts its open session here within a second, and no other', async () => {
    const [alice, bob] = [await open('alice', 'shop'), await open('bob', 'shop')]
    const told = sinceNow(authority, 'policy.told')
    const start = performance.now()
    await change({ parties: { ...PARTIES, bob: { kind: 'person', labels: [] } } })
    await closed(bob)
    const took = performance.now() - start
    assert.ok(took < 1_000, `${took} ms`)
    const { confirmed, sha256 } = await told()
    assert.deepEqual(confirmed, ['authority', 'door/gate-1'])
    // The version is the one that sha256sum tells of the file.
    assert.equal(sha256, hash('sha256', RULES, 'hex'))
    assert.equal((await gate.event(({ event }) => event === 'policy.followed'))['sha256'], sha256)
    assert.equal(alice.destroyed, false)
    assert.equal(await visit('bob', 'shop'), 'ERR_POLICY_NOT_ALLOWED')
    assert.equal(await visit('bob', 'library'), 'in')
    alice.destroy()
  })

  test('a lock in the policy of the authority cuts an open session here within a second', async () => {
    const [alice, carol] = [await open('alice', 'shop'), await open('carol', 'library')]
    const start = performance.now()
    await change({ rules: `${RULES}lock:\n  - {who: party:alice, reason: on leave}\n` })
    await closed(alice)
    const took = performance.now() - start
    assert.ok(took < 1_000, `${took} ms`)
    assert.equal(carol.destroyed, false)
    assert.equal(await visit('alice', 'library'), 'ERR_POLICY_LOCKED')
    carol.destroy()
  })

  test('a policy with faults is told nobody: what was told stays', async () => {
    const refused = sinceNow(authority, 'config.reload-failed')
    await change({ rules: RULES.replace('who: group:ops', 'who: group:ops &') })
    await refused()
    assert.equal(await visit('alice', 'library'), 'ERR_POLICY_LOCKED')
  })

  test('what changed while the house was away holds when it is back, and before, what it knew', async () => {
    // In force first, and then kept.
    while (!JSON.stringify(await readToldRules(identity)).includes('on leave')) await delay(20)
    await gate.stop('SIGKILL')
    const told = sinceNow(authority, 'policy.told')
    await change({ rules: RULES.replace('who: any', 'who: group:guests') })
    await told()
    await authority.stop('SIGKILL')
    gate = await startHouse({ config: { join: identity, doors: DOORS }, directory: scratch })
    assert.equal(await visit('alice', 'library'), 'ERR_POLICY_LOCKED', 'the lock was kept before it was killed')
    const replaced = sinceNow(gate, 'policy.replaced')
    authority = await startHouse({
      config: JSON.parse(await readFile(join(home, 'countersign.yaml'), 'utf8')) as object,
      directory: home,
    })
    await replaced()
    assert.equal(await visit('alice', 'shop'), 'in')
    assert.equal(await visit('alice', 'library'), 'ERR_POLICY_NOT_ALLOWED')
  })

  test('its own policy counts where it has one, with the parties of the authority', async () => {
    await gate.stop('SIGKILL')
    await writeFile(join(scratch, 'own.yaml'), 'meet: [{rule: guests shop, who: group:guests, what: service:shop}]\n')
    gate = await startHouse({ config: { join: identity, policy: 'own.yaml', doors: DOORS }, directory: scratch })
    assert.equal(await visit('carol', 'shop'), 'in')
    assert.equal(await visit('alice', 'shop'), 'ERR_POLICY_NOT_ALLOWED')
    const carol = await open('carol', 'shop')
    await change({ parties: { ...PARTIES, carol: { labels: [] } } })
    await closed(carol)
    assert.equal(await visit('carol', 'shop'), 'ERR_POLICY_NOT_ALLOWED')
  })

  test('a newcomer whose authority is away does not start with doors that nobody has given rules', async () => {
    const sans = ['--san', 'shop.localhost', '--san', 'library.localhost']
    const { directory } = await enrolled(authority, 'door/gate-2', ['--profile', 'service', ...sans])
    await authority.stop('SIGKILL')
    await assert.rejects(
      startHouse({ config: { join: directory, doors: DOORS } }),
      /doors go by the rules of the authority \(shop, library\), and it has told none yet/,
    )
  })
})
