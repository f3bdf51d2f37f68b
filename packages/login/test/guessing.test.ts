// How often somebody may guess: docs/protocols/login.md, "Guessing".
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createAccountAllowance, createAddressAllowance } from '../src/address-allowance.ts'
import {
  ALL_PER_DAY,
  type Counted,
  type Counts,
  countGuess,
  decideGuess,
  FREE_PER_HOUR,
  forgetGuesses,
  type Guesser,
  giveBackGuesses,
  UNKNOWN_PER_DAY,
} from '../src/guessing.ts'
import { PersonRefusal } from '../src/refusal.ts'
import { race } from './support/rival.ts'
import { testFiles } from './support/secret.ts'
import { type TestStore, testStore } from './support/store.ts'

const START = Temporal.Instant.from('2026-11-27T12:00:00Z').epochMilliseconds
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const none: Counted = { count: 0, firstAt: START, lastAt: START }
const counts = (changed: {
  readonly known?: Partial<Counts['known']>
  readonly unknown?: Partial<Counts['known']>
}): Counts => ({
  known: { hour: none, day: none, ...changed.known },
  unknown: { hour: none, day: none, ...changed.unknown },
})
const of = (count: number, firstAt = START, lastAt = firstAt): Counted => ({ count, firstAt, lastAt })
const retry = (verdict: ReturnType<typeof decideGuess>) => (verdict.ok ? 0 : verdict.retryAfterSeconds)

suite('one more guess', () => {
  test('is free up to the tenth of an hour', () => {
    for (const who of ['known', 'unknown'] as const) {
      assert.ok(decideGuess(counts({ [who]: { hour: of(9), day: of(9) } }), who, START).ok)
      assert.ok(!decideGuess(counts({ [who]: { hour: of(10), day: of(10) } }), who, START).ok)
    }
  })

  test('then waits: strangers for the hour, known devices a minute more for each', () => {
    const unknown = counts({ unknown: { hour: of(10, START, START + 30 * MINUTE), day: of(10) } })
    assert.equal(retry(decideGuess(unknown, 'unknown', START + 40 * MINUTE)), 20 * 60)
    assert.ok(decideGuess(unknown, 'unknown', START + HOUR).ok)
    // What strangers do is nothing to known devices.
    assert.ok(decideGuess(unknown, 'known', START + 40 * MINUTE).ok)
    for (const [count, minutes] of [
      [10, 1],
      [11, 2],
      [15, 6],
    ] as const) {
      const known = counts({ known: { hour: of(count, START, START), day: of(count) } })
      assert.equal(retry(decideGuess(known, 'known', START)), minutes * 60)
      assert.ok(!decideGuess(known, 'known', START + minutes * MINUTE - 1).ok)
      assert.ok(decideGuess(known, 'known', START + minutes * MINUTE).ok)
    }
  })

  test('rests for the day after a hundred, of which strangers can use up fifty', () => {
    const strangers = counts({ unknown: { day: of(UNKNOWN_PER_DAY) } })
    assert.equal(retry(decideGuess(strangers, 'unknown', START + HOUR)), 23 * 3600)
    assert.ok(decideGuess(strangers, 'known', START).ok)
    const both = counts({ unknown: { day: of(50) }, known: { day: of(50) } })
    assert.ok(!decideGuess(both, 'known', START).ok)
    assert.ok(!decideGuess(both, 'unknown', START).ok)
    assert.ok(decideGuess(counts({ unknown: { day: of(50) }, known: { day: of(49) } }), 'known', START).ok)
    assert.ok(decideGuess(both, 'known', START + DAY).ok)
  })

  test('under a clock that steps: nothing rests for ever, and what was counted a moment ago still is', () => {
    const resting = counts({ known: { hour: of(10), day: of(100) }, unknown: { hour: of(10), day: of(50) } })
    for (const who of ['known', 'unknown'] as const) {
      assert.ok(!decideGuess(resting, who, START - MINUTE).ok)
      assert.ok(decideGuess(resting, who, START - DAY).ok)
      assert.ok(decideGuess(resting, who, START + DAY).ok)
    }
    const waiting = counts({ known: { hour: of(12), day: of(12) } })
    assert.ok(!decideGuess(waiting, 'known', START - MINUTE).ok)
    assert.ok(decideGuess(waiting, 'known', START - 3 * MINUTE).ok)
  })
})

const guess = async (store: TestStore, who: Guesser, at: number, account = 'carol') => {
  try {
    return await store.commit((tx) => countGuess(tx, account, who, Temporal.Instant.fromEpochMilliseconds(at)))
  } catch (error) {
    assert.ok(error instanceof PersonRefusal && error.code === 'ERR_PERSON_RESTING')
    assert.ok((error.circumstances.retryAfterSeconds ?? 0) > 0)
    return 'refused'
  }
}

suite('guesses in the store', () => {
  test('ten thousand from strangers over two days are a hundred', async (t) => {
    const store = testStore(t)
    let heard = 0
    // One each 17 seconds; from wherever.
    for (let i = 0; i < 10_000; i++) if ((await guess(store, 'unknown', START + i * 17_000)) !== 'refused') heard++
    assert.ok(heard <= 2 * UNKNOWN_PER_DAY, `${heard} were heard`)
    assert.ok(heard >= UNKNOWN_PER_DAY)
  })

  test('whatever a known device tries within a day is a hundred', async (t) => {
    const store = testStore(t)
    const told = []
    for (let i = 0; i < 1_400; i++) {
      const answer = await guess(store, 'known', START + i * MINUTE)
      if (answer !== 'refused') told.push(answer)
    }
    assert.equal(told.length, ALL_PER_DAY)
    // The customer is told once that the account rests.
    assert.deepEqual([told.indexOf(true), told.lastIndexOf(true)], [ALL_PER_DAY - 1, ALL_PER_DAY - 1])
  })

  test('raced by two processes: as many as may be', async (t) => {
    assert.equal(await race(testFiles(t).pathOf('store.db'), 'guess', 2, 20), FREE_PER_HOUR)
  })

  test('that were right come back, and those of a known device are forgotten after a sign-in', async (t) => {
    const store = testStore(t)
    for (let i = 0; i < FREE_PER_HOUR; i++) await guess(store, 'unknown', START)
    assert.equal(await guess(store, 'unknown', START), 'refused')
    await store.commit((tx) => giveBackGuesses(tx, 'carol', 'unknown', 3))
    for (let i = 0; i < 3; i++) assert.equal(await guess(store, 'unknown', START), false)
    assert.equal(await guess(store, 'unknown', START), 'refused')
    // Never more than none.
    await store.commit((tx) => giveBackGuesses(tx, 'carol', 'unknown', 1_000))
    const rows = await store.db.selectFrom('login_failure').select('count').execute()
    assert.ok(rows.every(({ count }) => count >= 0))

    for (let i = 0; i < FREE_PER_HOUR; i++) await guess(store, 'known', START)
    assert.equal(await guess(store, 'known', START), 'refused')
    await store.commit((tx) => forgetGuesses(tx, 'carol'))
    assert.equal(await guess(store, 'known', START), false)
  })

  test('of one name are nothing to another', async (t) => {
    const store = testStore(t)
    for (let i = 0; i < FREE_PER_HOUR; i++) await guess(store, 'unknown', START)
    assert.equal(await guess(store, 'unknown', START), 'refused')
    assert.equal(await guess(store, 'unknown', START, 'dave'), false)
  })

  test('that are refused are not counted', async (t) => {
    const store = testStore(t)
    for (let i = 0; i < 50; i++) await guess(store, 'unknown', START)
    const rows = await store.db.selectFrom('login_failure').selectAll().where('about', 'like', '%:unknown:%').execute()
    assert.deepEqual(
      rows.map(({ count }) => count),
      [FREE_PER_HOUR, FREE_PER_HOUR],
    )
  })
})

suite('an address', () => {
  const refused = (spend: () => void) => assert.throws(spend, { name: 'PersonRefusal', code: 'ERR_PERSON_TOO_OFTEN' })

  test('begins sixty at once, and one a second after that', () => {
    let now = 0
    const { spend } = createAddressAllowance(() => now)
    for (let i = 0; i < 60; i++) spend('192.0.2.1')
    refused(() => spend('192.0.2.1'))
    spend('192.0.2.2')
    now = 1_000
    spend('192.0.2.1')
    refused(() => spend('192.0.2.1'))
    now = 3_600_000
    for (let i = 0; i < 60; i++) spend('192.0.2.1')
    refused(() => spend('192.0.2.1'))
  })

  test('of IPv6 counts by its network, and one of IPv4 the same however it is written', () => {
    const { spend } = createAddressAllowance(() => 0)
    for (let i = 0; i < 60; i++) spend(`2001:db8:1:2:${i.toString(16)}::1`)
    for (const same of ['2001:db8:1:2::', '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff']) refused(() => spend(same))
    spend('2001:db8:1:3::1')
    spend('2001:db8::1')
    for (let i = 0; i < 60; i++) spend('192.0.2.7')
    refused(() => spend('::ffff:192.0.2.7'))
    for (let i = 0; i < 60; i++) spend('::1')
    refused(() => spend('::2'))
  })

  test('of IPv6 shares with all of its site, which has 65,536 networks, what sixteen of them may', () => {
    const { spend } = createAddressAllowance(() => 0)
    for (let i = 0; i < 60 * 16; i++) spend(`2001:db8:1:${i.toString(16)}::1`)
    refused(() => spend('2001:db8:1:ffff::1'))
    spend('2001:db8:2:1::1')
    spend('192.0.2.1')
  })

  test('is forgotten where there are too many', () => {
    const { spend } = createAddressAllowance(() => 0)
    for (let i = 0; i < 60; i++) spend('192.0.2.1')
    for (let i = 0; i < 10_000; i++) spend(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    spend('192.0.2.1')
  })
})

suite('an account with a session', () => {
  test('proves 1,200 things at once, and twenty a second after that; the others are not asked for it', () => {
    let now = 0
    const { spend } = createAccountAllowance(() => now)
    const refused = () => assert.throws(() => spend('carol'), { code: 'ERR_PERSON_TOO_OFTEN' })
    for (let i = 0; i < 1_200; i++) spend('carol')
    refused()
    spend('dave')
    now = 1_000
    for (let i = 0; i < 20; i++) spend('carol')
    refused()
  })
})
