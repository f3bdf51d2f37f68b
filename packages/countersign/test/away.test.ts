// An hour without the authority, by a clock that the test moves: real doors that follow it, and parties that renew themselves.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import {
  type Connected,
  connect,
  createIdentity,
  createTrust,
  type DirectoryIdentity,
  enroll,
  type Log,
  type OwnIdentity,
  openIdentity,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { type OpenHouse, openHouse } from '../src/house/open-house.ts'
import { type PassingTime, takeTime } from './support/passing-time.ts'

const LISTEN = { host: '127.0.0.1', port: 0 }
const HOUR_MS = 3_600_000
const MACHINES = Array.from({ length: 16 }, (_, i) => `machine-${i}`)

/** What somebody logged, and when. */
interface Told {
  readonly at: Temporal.Instant
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

suite('an hour without the authority', () => {
  let time: PassingTime
  let place: string
  let home: OpenHouse
  let gate: OpenHouse
  let trust: ReturnType<typeof createTrust>
  const met: Meeting[] = []
  const gateTold: Told[] = []
  const machineTold = new Map<string, Told[]>()
  const machines = new Map<string, DirectoryIdentity>()
  const people: Record<'alice' | 'carol' | 'mallory', OwnIdentity> = Object.create(null)
  const open: Connected[] = []

  const noting =
    (told: Told[]): Log =>
    (event, fields = {}) =>
      void told.push({ at: time.now(), event, fields })
  const authority = (): Authority => home.authority ?? assert.fail('the authority is away')
  const around = { clock: () => time.now(), failpoint: undefined }

  const openHome = async () => {
    home = await openHouse({
      ...around,
      config: {
        standard: false,
        authority: {
          name: 'authority.localhost',
          domain: 'house.localhost',
          organization: 'Acme',
          listen: LISTEN,
        },
        anchors: [],
        parties: [],
        doors: [],
      },
      data: join(place, 'home'),
      log: () => undefined,
      onMeeting: () => undefined,
    })
  }
  const openGate = async () => {
    const door = { kind: 'web', host: ['127.0.0.1'], listen: LISTEN, upstream: 'demo', allow: ['*'] } as const
    gate = await openHouse({
      ...around,
      config: {
        standard: false,
        join: join(place, 'door'),
        anchors: [],
        parties: [],
        doors: [
          { ...door, name: 'strict', revocation: 'require' },
          { ...door, name: 'lenient', revocation: 'prefer' },
        ],
      },
      data: join(place, 'gate'),
      log: noting(gateTold),
      onMeeting: (meeting) => met.push(meeting),
    })
  }
  const invited = async (party: string, more: object = {}) => {
    const done = await authority().invite({ party, ...more })
    assert.ok(done.ok)
    return done.token
  }
  const issued = async (party: string): Promise<OwnIdentity> => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
    const certificates = await authority().issueLocal({ party, profile: 'client', publicKey: spki })
    return createIdentity({ certificates, privateKey })
  }
  const revoke = async (subject: string) => {
    const done = await authority().revoke({ subject, reason: 'keyCompromise' })
    assert.ok(done.ok)
  }

  /** Meets a door, and answers what it made of that. */
  const meet = async (name: string, identity: OwnIdentity): Promise<string> => {
    const url = new URL(gate.doors.find((door) => door.name === name)?.url ?? assert.fail(name))
    const { hostname: host, port } = url
    const connected = await connect({ host, port: Number(port), identity, trust, clock: around.clock })
    connected.socket.on('error', () => undefined).resume()
    open.push(connected)
    const { reference } = connected.meeting
    await until(() => met.some((meeting) => meeting.reference === reference), `the record of ${reference}`)
    const { outcome } = met.find((meeting) => meeting.reference === reference) ?? assert.fail()
    return outcome.ok ? 'accepted' : outcome.refusal.code
  }
  const stay = async (name: string, identity: OwnIdentity) => {
    assert.equal(await meet(name, identity), 'accepted')
    return open.at(-1)?.socket ?? assert.fail()
  }
  const sessionsOf = (name: string) => gate.doors.find((door) => door.name === name)?.sessions ?? assert.fail(name)
  const toldSince = (at: Temporal.Instant, event: string, told: readonly Told[] = gateTold) =>
    told.filter((each) => each.event === event && Temporal.Instant.compare(each.at, at) >= 0)
  /**
   * At most 30 seconds and a half of that lie between two attempts. Time goes in small steps, each of which leaves an
   * attempt that is under way the time of this machine that it needs before its own clock runs out.
   */
  const isFollowedAgain = async (since: Temporal.Instant) => {
    const isHere = () => toldSince(since, 'feed.connected').length > 0
    for (let step = 0; !isHere() && step < 60; step++) {
      await time.pass({ seconds: 3 })
      for (let waited = 0; !isHere() && waited < 100; waited += 5)
        await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(isHere, 'the feed')
  }

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'countersign-away-'))
    time = takeTime(Temporal.Now.instant().round('second'))
    await openHome()
    for (const party of MACHINES)
      await enroll(await invited(party), { directory: join(place, party), clock: around.clock })
    await home.close(0)
    // A certificate of a month is renewed after two thirds of it, and a twelfth later at the latest.
    await time.sleep({ hours: 24 * 23 })
    await openHome()
    const { root } = authority()
    trust = createTrust({ anchors: [root], revocation: 'prefer', asOf: time.now() })
    const asDoor = { profile: 'service', san: ['ip:127.0.0.1'] }
    await enroll(await invited('door/gate', asDoor), { directory: join(place, 'door'), clock: around.clock })
    await openGate()
    await until(() => gateTold.some(({ event }) => event === 'feed.connected'), 'the feed')
    for (const party of ['alice', 'carol', 'mallory'] as const) people[party] = await issued(party)
  })
  after(async () => {
    for (const { socket } of open) socket.destroy()
    for (const machine of machines.values()) machine.close()
    await gate?.close(0)
    await home?.close(0)
    time?.[Symbol.dispose]()
    await rm(place, { recursive: true, force: true })
  })

  test('doors go on by what they know, and say until when they can', async () => {
    const carols = await stay('strict', people.carol)
    await revoke('mallory')
    await until(() => gateTold.length > 0 && sessionsOf('strict').size === 1, 'carol alone is here')
    const lists = authority().trust.crls.flatMap(({ crl }) => crl.nextUpdate ?? [])
    const [firstEnd] = lists.sort(Temporal.Instant.compare)
    const left = time.now()
    await home.close(0)
    for (const party of MACHINES) {
      const told: Told[] = []
      machineTold.set(party, told)
      machines.set(party, await openIdentity(join(place, party), { clock: around.clock, log: noting(told) }))
    }
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await time.pass({ minutes: 10 })
      for (const name of ['strict', 'lenient']) {
        assert.equal(await meet(name, people.alice), 'accepted')
        assert.equal(await meet(name, people.mallory), 'ERR_CALLER_REVOKED')
      }
    }
    assert.equal(carols.destroyed, false)
    const away = toldSince(left, 'feed.away')
    assert.deepEqual(new Set(away.map(({ fields }) => fields['statusHoldsUntil'])), new Set([String(firstEnd)]))
    assert.ok(firstEnd && firstEnd.since(time.now()).total('hours') > 22)
    // From 15 to 45 seconds between two attempts, at the beginning less.
    assert.ok(away.length >= 80 && away.length <= 250, `${away.length} attempts`)
  })

  test('renewals wait: each asks less and less often, and what is in hand stays good', async () => {
    for (const [party, told] of machineTold) {
      assert.equal(told.filter(({ event }) => event === 'identity.renewed').length, 0)
      const failed = told.filter(({ event }) => event === 'identity.renewal-failed')
      // Half a minute, twice as long each time, three quarters to five quarters of it.
      assert.ok(failed.length >= 7 && failed.length <= 8, `${party} asked ${failed.length} times in an hour`)
      assert.deepEqual(new Set(failed.map(({ fields }) => fields['code'])), new Set(['ERR_CALLEE_UNREACHABLE']))
      for (const { fields } of failed) assert.ok(Number(fields['retryInSeconds']) > 0)
    }
    for (const machine of machines.values()) assert.equal(await meet('strict', machine), 'accepted')
  })

  test('when it is back, doors know at once what it says now, and renewals catch up one by one', async () => {
    const carols = [...open].reverse().find(({ meeting }) => meeting.caller.party === 'carol')?.socket ?? assert.fail()
    const before = new Map([...machines].map(([party, { current }]) => [party, current().certificates[0].validity]))
    const back = time.now()
    await openHome()
    await revoke('carol')
    assert.equal(carols.destroyed, false)
    await isFollowedAgain(back)
    await until(() => carols.destroyed, 'carol is cut')
    assert.equal(await meet('lenient', people.carol), 'ERR_CALLER_REVOKED')
    assert.equal(await meet('strict', people.alice), 'accepted')
    // The longest rest that began in the hour: 64 minutes, and a quarter of it.
    await time.pass({ minutes: 80 })
    const renewed = [...machineTold.values()].map((told) => {
      const [first, ...more] = toldSince(back, 'identity.renewed', told)
      assert.deepEqual(more, [])
      return first?.at ?? assert.fail('it is not renewed')
    })
    for (const [party, { current }] of machines) {
      const { notAfter } = current().certificates[0].validity
      assert.ok(notAfter.since(before.get(party)?.notAfter ?? assert.fail()).total('hours') > 0, party)
    }
    const minutes = Map.groupBy(renewed, (at) => Math.floor(at.since(back).total('minutes')))
    const most = Math.max(...[...minutes.values()].map((each) => each.length))
    assert.ok(minutes.size >= 4 && most <= MACHINES.length / 2, `${most} in one minute, ${minutes.size} minutes in all`)
  })

  test('when what they know has run out, each does what its revocation setting says, until the authority is back', async () => {
    const [strict, lenient] = [await stay('strict', people.alice), await stay('lenient', people.alice)]
    await home.close(0)
    await time.sleep({ milliseconds: 25 * HOUR_MS })
    await until(() => strict.destroyed, 'who is here without a status leaves')
    assert.ok(
      gateTold.some(({ event, fields }) => event === 'session.ended' && fields['code'] === 'ERR_CALLER_STATUS_UNKNOWN'),
    )
    assert.equal(lenient.destroyed, false)
    assert.equal(await meet('strict', people.alice), 'ERR_CALLER_STATUS_UNKNOWN')
    assert.equal(await meet('lenient', people.alice), 'accepted')
    for (const name of ['strict', 'lenient']) assert.equal(await meet(name, people.mallory), 'ERR_CALLER_REVOKED')
    const back = time.now()
    await openHome()
    await isFollowedAgain(back)
    await until(async () => (await meet('strict', people.alice)) === 'accepted', 'a status of now')
    for (const name of ['strict', 'lenient']) {
      assert.equal(await meet(name, people.alice), 'accepted')
      assert.equal(await meet(name, people.carol), 'ERR_CALLER_REVOKED')
    }
  })
})

async function until(fits: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; !(await fits()); waited += 5) {
    if (waited > 30_000) assert.fail(`${what} does not come`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
