// kill -9 at every failpoint, then the next start, which is ended at the next one. What must hold: no certificate is out that
// the store does not know, what was answered is not forgotten, serial numbers are one certificate's, a list's number is one
// list's, one root.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { FAILPOINTS, type FailpointName } from '../../src/failpoints.ts'
import { temporaryDirectory } from '../support/core.ts'
import { type Answer, askLocally } from '../support/house.ts'
import { checkLedger, checkRunning, checkStore, untilInLedger } from './check.ts'
import { type Child, startAuthority } from './child.ts'
import {
  type Act,
  account,
  backup,
  certify,
  certifySsh,
  enroll,
  invite,
  label,
  nothingSeen,
  type Reach,
  readStatus,
  renew,
  revoke,
  roll,
  type Seen,
  setLock,
  timestamp,
} from './load.ts'

/** At which occurrence to end: the enrollment's signature and the renewal's, the lock and the end of it. */
const TIMES: Readonly<Record<string, readonly number[]>> = { issue: [1, 2], lock: [1, 2] }
/** These come at the first start alone; the scenario of a house's first start has its first certificates and lists. */
const FIRST: readonly string[] = ['start', 'ssh-issuer', 'ledger-key', 'profiles', 'own-identity', 'krl']
const AT_FIRST_TOO: readonly string[] = ['ledger']

/** What is done after a while, and here sooner. */
const LATE: readonly string[] = ['sightings', 'expiry', 'erase']

interface Moment {
  readonly failpoint: FailpointName
  readonly time: number
}

const operationOf = (failpoint: FailpointName) => failpoint.slice(0, failpoint.indexOf('.'))

const AT_FIRST: readonly Moment[] = FAILPOINTS.filter((failpoint) =>
  [...FIRST, ...AT_FIRST_TOO].includes(operationOf(failpoint)),
).map((failpoint) => ({ failpoint, time: 1 }))
const LATER: readonly Moment[] = FAILPOINTS.filter((failpoint) => !FIRST.includes(operationOf(failpoint))).flatMap(
  (failpoint) => (TIMES[operationOf(failpoint)] ?? [1]).map((time) => ({ failpoint, time })),
)

/** What one directory goes through, start after start. */
interface House {
  readonly directory: string
  readonly seen: Seen
  /** What was asked for when it was ended, and when that was; until it was looked after. */
  readonly open: { readonly act: Act; readonly party: string; readonly failpoint: FailpointName }[]
  starts: number
}

const newHouse = (t: TestContext): House => ({
  directory: temporaryDirectory(t),
  seen: nothingSeen(),
  open: [],
  starts: 0,
})

/** Everything that callers do, once, for a party that is new. */
async function live(reach: Reach, party: string): Promise<void> {
  await invite(reach, party)
  const held = await enroll(reach, party)
  await renew(reach, party, held)
  await timestamp(reach, party, held)
  await certifySsh(reach, party, held)
  await certify(reach, party)
  await label(reach, party, 'group:ops')
  await setLock(reach, party, true)
  await setLock(reach, party, false)
  await account(reach, party, true)
  await account(reach, party, false)
  await revoke(reach, party)
  await roll(reach, party)
  await readStatus(reach)
  await backup(reach, join(reach.directory, `backup-${party}`))
}

/** Of which operation an act is, and by which question it is seen to be done. */
const DONE: Readonly<
  Partial<Record<Act, readonly [operation: RegExp, isDone: (directory: string, party: string) => Promise<boolean>]>>
> = {
  revoke: [
    /^(?:revoke|crl)\./,
    async (at, party) => (await found(at, `certificates?party=${party}&state=revoked`)).certificates.length > 0,
  ],
  party: [/^party\./, async (at, party) => (await found(at, `parties/${party}`)).labels.length > 0],
  lock: [/^lock\./, async (at, party) => (await found(at, `parties/${party}`)).lock !== undefined],
  unlock: [/^lock\./, async (at, party) => (await found(at, `parties/${party}`)).lock === undefined],
  // Whole, or not there.
  backup: [/^backup\./, async (_, target) => existsSync(join(target, 'backup.json'))],
}

async function found(directory: string, path: string): Promise<Answer['body']> {
  return (await askLocally(directory, 'GET', `/v1/${path}`)).body
}

/** What was asked for when the authority ended is done from its commit on, answered or not; and not before. */
async function checkOpen({ directory, open, seen }: House, reach: Reach): Promise<void> {
  for (const { act, party, failpoint } of open) {
    const [operation, isDone] = DONE[act] ?? []
    // After a reply it is the next act that was cut off, wherever it was.
    if (operation?.test(failpoint) && isDone !== undefined && !failpoint.endsWith('.after-reply')) {
      const expected = !/^(?:revoke|party|lock)\.before-commit|^backup\.before-rename/.test(failpoint)
      assert.equal(await isDone(directory, party), expected, `${act} of ${party} at ${failpoint}`)
    }
    if (act === 'enroll' && seen.tokens.has(party)) await enroll(reach, party)
  }
  open.length = 0
}

async function start(t: TestContext, house: House, moment?: Moment): Promise<{ child: Child; reach?: Reach }> {
  const { directory, seen } = house
  const minuteMs = moment !== undefined && LATE.includes(operationOf(moment.failpoint)) ? 200 : undefined
  const options = { directory, generation: ++house.starts, ...moment, ...(minuteMs && { minuteMs }) }
  const child = await startAuthority(t, options)
  return { child, ...(child.place && { reach: { t, directory, place: child.place, seen } }) }
}

async function check(house: House, child: Child, reach: Reach): Promise<void> {
  await checkRunning(reach)
  await checkOpen(house, reach)
  await untilInLedger(child, house.directory, house.seen)
}

/** Starts it to be ended at the moment; what was before is looked after while it runs. */
async function crashAt(t: TestContext, house: House, moment: Moment): Promise<void> {
  const { directory, seen, open } = house
  const { child, reach } = await start(t, house, moment)
  // Whichever request the crash cuts off fails at its caller; what had arrived before is in `seen`.
  if (reach !== undefined)
    await check(house, child, reach)
      .then(() => live(reach, `p${house.starts}`))
      .catch((error: Error) => assert.notEqual(error.name, 'AssertionError', error.message))
  assert.equal(await child.ended, 'SIGKILL', 'the failpoint was reached')
  for (const one of seen.unanswered.splice(0)) open.push({ ...one, failpoint: moment.failpoint })
  await checkLedger(directory, seen)
  await checkStore({ t, directory, seen })
}

/** A last start that nothing ends, and what callers do. */
async function checkWhole(t: TestContext, house: House, does: (reach: Reach, party: string) => Promise<unknown>) {
  const { child, reach } = await start(t, house)
  assert.ok(reach, 'it starts again')
  await check(house, child, reach)
  await does(reach, 'last')
  await check(house, child, reach)
  child.process.kill('SIGTERM')
  await child.ended
}

suite('kill -9 at every failpoint', { concurrency: true }, () => {
  test('of the first start', async (t) => {
    for (const moment of AT_FIRST)
      await t.test(moment.failpoint, async () => {
        const house = newHouse(t)
        await crashAt(t, house, moment)
        await checkWhole(t, house, async (reach, party) => {
          await invite(reach, party)
          await enroll(reach, party)
        })
      })
    t.diagnostic(`${AT_FIRST.length} moments`)
  })

  test('of those after it, one start after the other', async (t) => {
    const house = newHouse(t)
    await crashAt(t, house, { failpoint: 'start.after-rename', time: 1 })
    for (const moment of LATER)
      await t.test(`${moment.failpoint}, time ${moment.time}`, () => crashAt(t, house, moment))
    await checkWhole(t, house, live)
    const { counts, certificates } = house.seen
    t.diagnostic(`${LATER.length} moments, ${certificates.size} certificates; answered ${JSON.stringify(counts)}`)
  })

  test('none is left out', () => {
    const walked = new Set([...AT_FIRST, ...LATER].map(({ failpoint }) => failpoint))
    assert.deepEqual(
      FAILPOINTS.filter((failpoint) => !walked.has(failpoint)),
      [],
    )
  })
})
