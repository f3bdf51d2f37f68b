// What a door elsewhere met while its authority was away: it is told in the end, once, whoever was killed and whatever disk was full.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { needs } from '../interop/peer.ts'
import { makeSmallDisk, NEEDS_MOUNT } from '../tools/testing/small-disk.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

const AUTHORITY = { authority: { listen: '127.0.0.1:0' }, doors: [] }
const FILE = 'meetings.waiting'
/** Attempts to connect are up to some seconds apart, and the machine may be busy. */
const LONG_MS = 30_000

suite('what was met while the authority was away', needs('curl', 'curl'), () => {
  let home: string
  let authority: RunningHouse
  let alice: PartyFiles
  let identity: string
  const scratch: string[] = []

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    authority = await startHouse({ config: AUTHORITY, directory: home })
    alice = await enrolled(authority, 'alice')
    const { directory } = await enrolled(authority, 'door/gate-1', ['--profile', 'service', '--san', 'shop.localhost'])
    identity = directory
  })
  after(async () => {
    await authority?.stop('SIGKILL')
    for (const directory of [home, ...scratch]) await rm(directory, { recursive: true, force: true })
  })

  const configOf = (directory: string) => ({
    join: directory,
    doors: [
      { name: 'shop', kind: 'web', host: ['shop.localhost'], listen: '127.0.0.1:0', upstream: 'demo', allow: ['*'] },
    ],
  })
  async function startGate(directory = identity, place?: string): Promise<RunningHouse> {
    const own = place ?? (await mkdtemp(join(tmpdir(), 'countersign-gate-')))
    if (place === undefined) scratch.push(own)
    return startHouse({ config: configOf(directory), directory: own })
  }
  const startAuthority = async () => {
    authority = await startHouse({ config: AUTHORITY, directory: home })
  }
  /** Meets the door as nobody, who is refused; answers the reference. */
  async function refusedAt(gate: RunningHouse): Promise<string> {
    const { port } = new URL(gate.ready.doors[0]?.url ?? '')
    const resolve = ['--resolve', `shop.localhost:${port}:127.0.0.1`]
    const { body } = await curl({ trust: alice.trust }, resolve, { url: `https://shop.localhost:${port}/` })
    return (JSON.parse(body) as { reference: string }).reference
  }
  /** How often the authority has it, which may still be on its way. */
  async function tellings(reference: string): Promise<number> {
    for (let i = 0; ; i++) {
      const why = await authority.run(['why', reference, '--json'])
      if (why.code === 0) return (JSON.parse(why.stdout) as { meetings: unknown[] }).meetings.length
      if (i === 40) assert.fail(`${reference} is not known: ${why.stderr}`)
    }
  }

  test('the door is killed twice before the authority is back: each meeting is told, and once', async () => {
    await using first = await startGate()
    await first.event(({ event }) => event === 'feed.connected', LONG_MS)
    await authority.stop('SIGKILL')
    await first.event(({ event }) => event === 'feed.away', LONG_MS)
    const references = [await refusedAt(first), await refusedAt(first)]
    await pause(100)
    await first.stop('SIGKILL')
    await using second = await startGate()
    references.push(await refusedAt(second))
    await pause(100)
    await second.stop('SIGKILL')
    await using third = await startGate()
    await startAuthority()
    for (const reference of references) assert.equal(await tellings(reference), 1)
    // What is kept there need not be kept here.
    for (let i = 0; i < 100 && (await readdir(identity)).includes(FILE); i++) await pause(50)
    assert.ok(!(await readdir(identity)).includes(FILE))
    assert.deepEqual(await third.stop(), { code: 0, signal: null })
  })

  test('a door that ends in good order while the authority is away keeps it too', async () => {
    await using gate = await startGate()
    await gate.event(({ event }) => event === 'feed.connected', LONG_MS)
    await authority.stop('SIGKILL')
    const reference = await refusedAt(gate)
    assert.deepEqual(await gate.stop(), { code: 0, signal: null })
    await startAuthority()
    await using again = await startGate()
    assert.equal(await tellings(reference), 1)
    await again.stop()
  })

  test('the authority is killed as soon as it was told: it is told again', async () => {
    await using gate = await startGate()
    await gate.event(({ event }) => event === 'feed.connected', LONG_MS)
    const reference = await refusedAt(gate)
    // It gathers what it is told for a tenth of a second.
    await authority.stop('SIGKILL')
    await startAuthority()
    assert.equal(await tellings(reference), 1)
    await gate.stop()
  })

  test('the disk of the door is full: it goes on, says so, and tells what it met', NEEDS_MOUNT, async () => {
    using disk = makeSmallDisk(512)
    const directory = join(disk.directory, 'identity')
    await cp(identity, directory, { recursive: true })
    await using gate = await startGate(directory)
    await gate.event(({ event }) => event === 'feed.connected', LONG_MS)
    await authority.stop('SIGKILL')
    await gate.event(({ event }) => event === 'feed.away', LONG_MS)
    disk.fill(0)
    const references = [await refusedAt(gate)]
    const told = await gate.event(({ event }) => event === 'meetings.unwritten', LONG_MS)
    assert.match(String(told['cause']), /ENOSPC/)
    assert.match(String(told['file']), /identity\/meetings\.waiting$/)
    references.push(await refusedAt(gate))
    disk.empty()
    await gate.event(({ event }) => event === 'meetings.written', LONG_MS)
    await gate.stop('SIGKILL')
    assert.equal(gate.events.filter(({ event }) => event === 'meetings.unwritten').length, 1)
    await startAuthority()
    await using again = await startGate(directory)
    for (const reference of references) assert.equal(await tellings(reference), 1)
    await again.stop()
  })

  test('the disk of the authority is full: what it could not keep is sent again when it can', NEEDS_MOUNT, async () => {
    using disk = makeSmallDisk(4096)
    await authority.stop()
    const place = join(disk.directory, 'authority')
    // The socket of one that was killed is no file.
    await cp(home, place, { recursive: true, filter: (from) => !from.endsWith('.sock') })
    await using elsewhere = await startHouse({ config: AUTHORITY, directory: place })
    authority = elsewhere
    await using gate = await startGate()
    await gate.event(({ event }) => event === 'feed.connected', LONG_MS)
    // What it recorded of itself, as of this connection, is on the disk when this is.
    assert.equal(await tellings(await refusedAt(gate)), 1)
    disk.fill(0)
    const references: string[] = []
    // Its write-ahead log may have room for some.
    for (let i = 0; i < 60 && !elsewhere.events.some(({ event }) => event === 'meetings.lost'); i++)
      references.push(await refusedAt(gate))
    assert.ok(elsewhere.events.some(({ event }) => event === 'meetings.lost'))
    disk.empty()
    references.push(await refusedAt(gate))
    const left = await elsewhere.event(({ event }) => event === 'feed.left', LONG_MS)
    assert.equal(left['cause'], 'it is to send again what could not be kept')
    for (const reference of references) assert.equal(await tellings(reference), 1)
    await gate.stop()
    await elsewhere.stop()
    await startAuthority()
  })
})
