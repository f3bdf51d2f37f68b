import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { type Meeting, parseReference, readMeeting } from '@countersign/protocol'
import { type MeetingStore, openMeetings } from '../../src/store/meetings.ts'
import { START, temporaryDirectory } from '../support/core.ts'
import { PLACES } from '../support/stores.ts'

const REFERENCE = parseReference('M-7F3K-92QD')!
const OTHER = parseReference('M-0000-0001')!

async function open(t: TestContext, place: string, maxRows?: number): Promise<MeetingStore> {
  const meetings = await openMeetings(place, () => undefined, maxRows)
  t.after(() => meetings.close())
  return meetings
}

function meeting(fields: Partial<Meeting> = {}): Meeting {
  const step = { by: 'caller', outcome: 'proved' } as const
  return {
    reference: REFERENCE,
    door: 'web',
    seenBy: 'callee',
    at: START,
    resumed: false,
    caller: { name: 'alice', party: 'alice', identities: [] },
    callee: { name: 'web', identities: [] },
    steps: [step, step, step, step, step, step],
    outcome: { ok: true, decision: { ok: true, rule: 'everyone' } },
    ...fields,
  }
}

const doors = (found: readonly string[]) => found.map((json) => readMeeting(JSON.parse(json)).door)

for (const [what, placeOf, options] of PLACES)
  suite(`the memory of meetings in ${what}`, options, () => {
    test('what was recorded is found at once by its reference, and after a restart', async (t) => {
      const place = await placeOf(t)
      const meetings = await openMeetings(place, () => undefined)
      meetings.record(meeting())
      meetings.record(meeting({ door: 'tcp', reference: OTHER }))
      assert.deepEqual(readMeeting(JSON.parse((await meetings.byReference(REFERENCE))[0]!)), meeting())
      await meetings.close()
      assert.deepEqual(doors(await (await open(t, place)).byReference(OTHER)), ['tcp'])
    })

    test('one reference may name several; the newest comes first', async (t) => {
      const meetings = await open(t, await placeOf(t))
      meetings.record(meeting())
      meetings.record(meeting({ door: 'tcp' }))
      assert.deepEqual(doors(await meetings.byReference(REFERENCE)), ['tcp', 'web'])
      assert.deepEqual(await meetings.byReference(OTHER), [])
    })

    test('the same meeting told again takes the place of the first telling', async (t) => {
      const meetings = await open(t, await placeOf(t))
      meetings.record(meeting())
      await meetings.byReference(REFERENCE)
      meetings.record(meeting({ resumed: true }))
      const found = (await meetings.byReference(REFERENCE)).map((json) => readMeeting(JSON.parse(json)))
      assert.deepEqual(
        found.map(({ resumed }) => resumed),
        [true],
      )
    })

    test('who repeats the hello of another at the same moment takes nothing away', async (t) => {
      const meetings = await open(t, await placeOf(t))
      meetings.record(meeting({ address: '192.0.2.1:50000' }))
      meetings.record(meeting({ address: '192.0.2.66:50000', caller: { name: '192.0.2.66:50000', identities: [] } }))
      assert.equal((await meetings.byReference(REFERENCE)).length, 2)
    })

    test('nor does who repeats it a hundred times afterwards', async (t) => {
      const meetings = await open(t, await placeOf(t))
      meetings.record(meeting({ door: 'before' }))
      for (let i = 1; i <= 100; i++) meetings.record(meeting({ at: START.add({ seconds: i }) }))
      const found = doors(await meetings.byReference(REFERENCE))
      assert.deepEqual([found.length, found.at(-1)], [20, 'before'])
    })

    test('nor does who reports it, as its caller, before the door has told it', async (t) => {
      const meetings = await open(t, await placeOf(t))
      for (let i = 1; i <= 60; i++)
        meetings.record(meeting({ seenBy: 'caller', door: `d${i}`, at: START.add({ seconds: i }) }))
      meetings.record(meeting())
      const found = doors(await meetings.byReference(REFERENCE))
      assert.deepEqual([found.length, found[0]], [21, 'web'])
    })

    test('what is claimed at length is kept briefly', async (t) => {
      const place = await placeOf(t)
      const meetings = await open(t, place)
      const identities = Array.from(
        { length: 256 },
        () => ({ kind: 'uniformResourceIdentifier', value: 'x'.repeat(2_048) }) as const,
      )
      meetings.record(meeting({ caller: { name: 'mallory', identities } }))
      const [json = ''] = await meetings.byReference(REFERENCE)
      assert.ok(json.length < 8_192, String(json.length))
      assert.equal(readMeeting(JSON.parse(json)).caller.name, 'mallory')
    })

    test('it is bounded: the oldest go', async (t) => {
      const meetings = await open(t, await placeOf(t), 10)
      for (let i = 0; i < 25; i++) meetings.record(meeting({ at: START.add({ seconds: i }), door: `d${i}` }))
      const found = doors(await meetings.byReference(REFERENCE))
      assert.deepEqual(
        found,
        Array.from({ length: 10 }, (_, i) => `d${24 - i}`),
      )
    })

    test('whoever is refused again and again does not wash away who was let in', async (t) => {
      const meetings = await open(t, await placeOf(t), 10)
      meetings.record(meeting({ door: 'let in' }))
      for (let i = 1; i <= 50; i++)
        meetings.record(
          meeting({
            at: START.add({ seconds: i }),
            outcome: { ok: false, refusal: { code: 'ERR_CALLER_NO_CERTIFICATE' } },
          }),
        )
      const found = doors(await meetings.byReference(REFERENCE))
      assert.deepEqual([found.length, found.at(-1)], [11, 'let in'])
    })
  })

test('one of an older version is begun anew', async (t) => {
  const path = join(temporaryDirectory(t), 'meetings.db')
  const old = new DatabaseSync(path)
  old.exec('CREATE TABLE meeting (id INTEGER PRIMARY KEY, reference TEXT NOT NULL) STRICT; PRAGMA user_version = 1')
  old.close()
  const meetings = await open(t, path)
  meetings.record(meeting())
  assert.equal((await meetings.byReference(REFERENCE)).length, 1)
})
