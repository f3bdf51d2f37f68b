// The evening of the lost laptop: something is open at every door, one command ends it, and a relay on the side of the client
// has the last octet. COUNTERSIGN_EVENINGS plays it more often.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { needs } from '../interop/peer.ts'
import { withPostgresql } from '../interop/postgresql.ts'
import { withMosquitto } from '../tools/testing/mosquitto.ts'
import { COLLEAGUE, type Evening, openScene, type Scene } from './lost-laptop/evening.ts'
import { THINGS, type Thing } from './lost-laptop/model.ts'
import { openRelay } from './lost-laptop/relay.ts'
import { revokeNow } from './support/administer.ts'
import { startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'
import { withSshd } from './support/sshd.ts'
import { withVpn } from './support/vpn.ts'

const EVENINGS = Number(process.env['COUNTERSIGN_EVENINGS'] ?? 1)
const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/
/** A door of its own beside what each thing is called. */
const DOOR_OF: Readonly<Record<Thing, string>> = {
  download: 'files',
  WebSocket: 'files',
  psql: 'db',
  subscription: 'devices',
  bank: 'bank',
  ping: 'office',
  shell: 'host',
}
/** The goal is 1,000 for every door; by the relay's clock, which is the door's. */
const LAST_MS = 1_000

const peers = {
  ...withSshd,
  ...withPostgresql,
  ...withMosquitto,
  ...withVpn,
  ...needs('mosquitto_pub', 'mosquitto-clients'),
}

suite('the evening of the lost laptop', peers, () => {
  let scene: Scene
  before(async () => {
    scene = await openScene()
  })
  after(() => scene?.[Symbol.asyncDispose]())

  for (let number = 1; number <= EVENINGS; number++)
    test(`evening ${number}: all that is open ends, and nothing of anybody else’s`, async (t) => {
      const evening = await scene.play(THINGS)
      const { party, foreseen, receipt, owner } = evening
      const doors = THINGS.map((thing) => DOOR_OF[thing]).sort()
      assert.deepEqual(named(foreseen).sort(), doors, foreseen)
      assert.match(foreseen, new RegExp(`nothing was changed; ${THINGS.length} open sessions would be cut`))
      assert.deepEqual(receipt.cuts.map(({ door }) => door).sort(), doors)
      assert.deepEqual([...new Set(receipt.cuts.map((cut) => cut.party))], [party])
      assert.deepEqual(receipt.unconfirmed, [])
      for (const { thing, lastMs, ended } of owner) {
        assert.ok(ended !== undefined, `${thing} has ended`)
        assert.ok(lastMs < LAST_MS, `${thing}: something came ${lastMs} ms after`)
      }
      assert.equal(caught(evening), undefined)
      for (const { thing, lastAt, ended } of evening.colleague) {
        assert.equal(ended, undefined, thing)
        assert.ok(lastAt > evening.at + LAST_MS, `the colleague’s ${thing} goes on`)
      }
      await refusedEach(scene, evening)
      const { state, code } = await scene.letterOf(party)
      assert.deepEqual([state, code], ['not verified', 'ERR_CALLER_REVOKED'])
      assert.equal((await scene.letterOf(COLLEAGUE)).state, 'verified')
      t.diagnostic(owner.map(({ thing, lastMs }) => `${thing} ${Math.round(lastMs)} ms`).join(', '))
    })

  test('a door that confirms and goes on is caught by the relay', async () => {
    await using house = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    const liar = await enrolled(house, 'door/liar', ['--profile', 'service', '--san', 'liar.localhost'])
    const owner = await enrolled(house, 'owner')
    const door = spawn(
      process.execPath,
      [fileURLToPath(new URL('lost-laptop/lying-door.ts', import.meta.url)), liar.directory],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      const [port] = (await once(door.stdout, 'data')) as [Buffer]
      using relay = await openRelay({ host: '127.0.0.1', port: Number(port.toString()) })
      const [key, cert, ca] = [owner.key, owner.certificate, owner.trust].map((path) => readFileSync(path))
      const socket = connect({ host: '127.0.0.1', port: relay.port, servername: 'liar.localhost', key, cert, ca })
      socket.on('error', () => undefined)
      await once(socket, 'data')
      const receipt = await revokeNow(house, 'owner')
      const [cut] = receipt.cuts
      assert.equal(cut?.door, 'door/liar:liar')
      assert.ok(receipt.confirmed.includes('door/liar'))
      await delay(100)
      const at = receipt.at.epochMilliseconds
      const lie = {
        receipt: { cuts: [{ door: 'liar', lastMs: (cut?.lastOctetAt.epochMilliseconds ?? 0) - at }] },
        owner: [{ door: 'liar', lastMs: relay.lastOctetAt() - at }],
      }
      assert.match(lateBy(lie.receipt.cuts, lie.owner) ?? '', /liar/)
      socket.destroy()
    } finally {
      const gone = once(door, 'close')
      door.kill()
      await gone
    }
  })
})

/** The doors of the sessions that the command names. */
function named(lines: string): string[] {
  return [...lines.matchAll(/would be cut {2}the session of \S+ at (\S+)/g)].map(([, door = '']) => door)
}

/** What the door had sent is on its way for so long, at most, on one machine that is at work. */
const ON_ITS_WAY_MS = 50

/** The door of which more came than it says; undefined where none is. */
function caught({ receipt, owner }: Evening): string | undefined {
  return lateBy(
    receipt.cuts,
    owner.map(({ thing, lastMs }) => ({ door: DOOR_OF[thing], lastMs })),
  )
}

function lateBy(said: readonly DoorTime[], seen: readonly DoorTime[]): string | undefined {
  for (const { door, lastMs } of seen) {
    const latest = Math.max(...said.filter((one) => one.door === door).map((one) => one.lastMs))
    if (lastMs > latest + ON_ITS_WAY_MS) return `${door}: something came ${lastMs} ms after, and it says ${latest}`
  }
  return undefined
}

interface DoorTime {
  readonly door: string
  readonly lastMs: number
}

/** Every try is refused for what it is, and where its words have a reference, that leads to the record. */
async function refusedEach(scene: Scene, { party, returns }: Evening): Promise<void> {
  assert.deepEqual(
    returns.map(({ thing }) => thing),
    THINGS,
  )
  for (const { thing, isIn, words } of returns) {
    assert.equal(isIn, false, thing)
    // Stock `ssh` shows no reason, and its server asks nobody about what is on the list: the list is what it says.
    if (thing === 'shell') {
      assert.match(words, /Permission denied \(publickey\)/)
      assert.match(scene.hostLog(), /revoked/)
      continue
    }
    assert.match(words, thing === 'bank' ? /ERR_PERSON_REVOKED/ : /revoked/, thing)
    const reference = REFERENCE.exec(words)?.[0] ?? assert.fail(`${thing}: ${words}`)
    const why = await scene.house.run(['why', reference])
    assert.match(why.stdout, new RegExp(party), thing)
  }
}
