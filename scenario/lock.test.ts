// A lock stops a party at every door at once, in this house and in those that join it; its certificate stays as it is.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

interface Answer {
  readonly party: { readonly name: string; readonly lock?: { readonly reason?: string } }
  readonly cuts: readonly { readonly door: string; readonly party?: string }[]
  readonly confirmed: readonly string[]
  readonly unconfirmed: readonly string[]
}

suite('a party that is locked', needs('curl', 'curl'), () => {
  let home: string
  let scratch: string
  let authority: RunningHouse
  let gate: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  const door = { kind: 'web', listen: '127.0.0.1:0', upstream: 'demo', allow: ['*'] }
  let joined: object

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    scratch = await mkdtemp(join(tmpdir(), 'countersign-gate-'))
    const doors = [{ ...door, name: 'hello', host: 'hello.localhost' }]
    authority = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors }, directory: home })
    alice = await enrolled(authority, 'alice')
    bob = await enrolled(authority, 'bob')
    const { directory } = await enrolled(authority, 'door/gate-1', ['--profile', 'service', '--san', 'shop.localhost'])
    joined = { join: directory, doors: [{ ...door, name: 'shop', host: 'shop.localhost' }] }
    gate = await startHouse({ config: joined, directory: scratch })
    await gate.event(({ event }) => event === 'feed.connected')
  })
  after(async () => {
    await gate?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    await rm(home, { recursive: true, force: true })
    await rm(scratch, { recursive: true, force: true })
  })

  const portOf = (house: RunningHouse) => Number(new URL(house.ready.doors[0]?.url ?? '').port)
  const places = (): readonly (readonly [string, RunningHouse])[] => [
    ['hello.localhost', authority],
    ['shop.localhost', gate],
  ]
  const visit = (party: PartyFiles, host: string, house: RunningHouse) => {
    const port = portOf(house)
    return curl(party, ['--resolve', `${host}:${port}:127.0.0.1`, '--header', 'accept: application/json'], {
      url: `https://${host}:${port}/`,
    })
  }

  /** An open connection of alice's, idle after its handshake. */
  async function open(host: string, house: RunningHouse): Promise<TLSSocket> {
    const [key, cert, ca] = [alice.key, alice.certificate, alice.trust].map((file) => readFileSync(file))
    const socket = connect({ host: '127.0.0.1', port: portOf(house), servername: host, key, cert, ca })
    socket.on('error', () => socket.destroy())
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    await house.event((event) => event['event'] === 'meeting' && event['caller'] === 'alice' && event['ok'] === true)
    return socket
  }
  const closed = (socket: TLSSocket) =>
    new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))

  test('is cut at every door and let in at none, and nobody else is', async () => {
    const sockets = await Promise.all(places().map((place) => open(...place)))
    const done = await authority.run(['lock', 'alice', '--reason', 'lost on the train', '--json'])
    assert.equal(done.code, 0, done.stderr)
    const answer = JSON.parse(done.stdout) as Answer
    assert.equal(answer.party.lock?.reason, 'lost on the train')
    assert.deepEqual(answer.cuts.map(({ door, party }) => [door, party]).sort(), [
      ['door/gate-1:shop', 'alice'],
      ['hello', 'alice'],
    ])
    assert.deepEqual([[...answer.confirmed].sort(), answer.unconfirmed], [['authority', 'door/gate-1', 'hello'], []])
    await Promise.all(sockets.map(closed))
    for (const place of places()) {
      const refused = await visit(alice, ...place)
      assert.equal(refused.status, 403, place[0])
      assert.match(refused.body, /ERR_POLICY_LOCKED/)
      assert.equal((await visit(bob, ...place)).status, 200, place[0])
    }
  })

  test('keeps its certificate, which is shown with the lock; and does not get another', async () => {
    const shown = await authority.run(['show', 'alice'])
    assert.match(shown.stdout, /^state +valid$/m)
    assert.match(shown.stdout, /^locked +.+ \(lost on the train\)$/m)
    const { stdout: token } = await authority.run(['invite', 'alice'])
    const refused = await authority.run(['enroll', token.trim(), '--out', 'alice-again'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /ERR_ENROLL_PARTY_LOCKED/)
  })

  test('is kept out by a house that starts again while its authority is away', async () => {
    await gate.stop('SIGTERM')
    await authority.stop('SIGTERM')
    gate = await startHouse({ config: joined, directory: scratch })
    const refused = await visit(alice, 'shop.localhost', gate)
    assert.equal(refused.status, 403)
    assert.match(refused.body, /ERR_POLICY_LOCKED/)
    assert.equal((await visit(bob, 'shop.localhost', gate)).status, 200)
  })

  test('comes in again everywhere when it is unlocked', async () => {
    const listen = new URL(authority.ready.authority.url).port
    const doors = [{ ...door, name: 'hello', host: 'hello.localhost' }]
    authority = await startHouse({ config: { authority: { listen: `127.0.0.1:${listen}` }, doors }, directory: home })
    await gate.event(({ event }) => event === 'feed.connected')
    assert.equal((await visit(alice, 'hello.localhost', authority)).status, 403, 'after a restart too')
    const done = await authority.run(['unlock', 'alice'])
    assert.deepEqual([done.code, done.stdout.split('\n')[0]], [0, 'unlocked  alice'], done.stderr)
    for (const place of places()) assert.equal((await visit(alice, ...place)).status, 200, place[0])
    const again = await authority.run(['unlock', 'alice'])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /not locked.*\[ERR_ADMIN_CONFLICT\]/)
  })

  test('is no party that nobody knows, nor the authority; and a lock does not end before it begins', async () => {
    for (const [words, code, why] of [
      [['lock', 'nobody-here'], 1, /ERR_ADMIN_NOT_FOUND/],
      [['lock', 'authority'], 3, /this is the authority itself/],
      [['lock', 'bob', '--until', '2020-01-01T00:00:00Z'], 3, /until: this is over/],
      [['lock', 'bob', '--until', 'tonight'], 3, /until: not a time/],
      [['lock'], 2, /PARTY is missing/],
    ] as const) {
      const done = await authority.run([...words])
      assert.equal(done.code, code, done.stderr)
      assert.match(done.stderr, why)
    }
    assert.equal((await visit(bob, 'hello.localhost', authority)).status, 200)
  })
})
