// The machine of a sign-in, over all pairs of what is awaited and what comes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  beginSignIn,
  SIGN_IN_STEPS,
  type SignInEvent,
  type SignInState,
  type SignInStep,
  stepSignIn,
} from '../../src/signin/core.ts'

const AT = '2026-11-27T12:00:00Z'
const EVENTS: readonly SignInEvent[] = [
  { type: 'started', account: 'carol', opaque: 'state', address: '198.51.100.9' },
  { type: 'proved', at: AT, number: '42' },
  { type: 'unproved', number: '42' },
  { type: 'confirmed' },
  { type: 'unfinished' },
  { type: 'denied', record: '{}' },
  { type: 'late', record: '{}' },
  { type: 'recovering' },
  { type: 'ready' },
  { type: 'lacking' },
  { type: 'equipped', made: { id: 'key', name: 'New key', publicKey: 'AA', counter: 0 } },
  { type: 'tried' },
  { type: 'coded' },
  { type: 'passkey', account: 'carol' },
]
/** As it is at a step, with the password right. */
const at = (step: SignInStep, isKnown: boolean): SignInState => ({
  ...beginSignIn(isKnown, 'carol'),
  step,
  guesses: 1,
  passwordAt: AT,
})

/** docs/protocols/login.md, "The six steps": every way on; whatever is not here is refused. */
const KNOWN = [
  'start started finish',
  'start passkey done',
  'finish proved code',
  'finish unproved over',
  'finish unfinished over',
  'finish passkey done',
  'code tried code',
  'code coded done',
  'code passkey done',
]
const UNKNOWN = [
  'start started finish',
  'start passkey done',
  'finish proved confirm',
  'finish unproved confirm',
  'finish unfinished over',
  'finish passkey done',
  'confirm confirmed code',
  'confirm denied over',
  'confirm tried confirm',
  'confirm recovering wait',
  'confirm passkey done',
  'confirm late over',
  'code tried code',
  'code coded done',
  'code denied over',
  'code passkey done',
  'wait ready done',
  'wait lacking restore',
  'wait denied over',
  'wait passkey done',
  'wait late over',
  'restore ready done',
  'restore equipped restore',
  'restore tried restore',
  'restore coded done',
  'restore denied over',
  'restore passkey done',
  'restore late over',
]

suite('a sign-in', () => {
  for (const [isKnown, arrows] of [
    [true, KNOWN],
    [false, UNKNOWN],
  ] as const)
    for (const step of SIGN_IN_STEPS)
      for (const event of EVENTS)
        test(`${isKnown ? 'known' : 'unknown'} device: ${event.type} at ${step}`, () => {
          const moved = stepSignIn(at(step, isKnown), event)
          const arrow = arrows.find((one) => one.startsWith(`${step} ${event.type} `))
          assert.equal(moved.ok ? `${step} ${event.type} ${moved.state.step}` : undefined, arrow)
        })

  test('of a known device with a password that is wrong is over', () => {
    const moved = stepSignIn(at('finish', true), { type: 'unproved', number: '42' })
    assert.ok(moved.ok)
    for (const event of EVENTS) assert.equal(stepSignIn(moved.state, event).ok, false)
  })

  test('of an unknown device looks the same whatever the password was, and leads to nothing where it was wrong', () => {
    const { passwordAt: _, ...unproved } = at('finish', false)
    const wrong = stepSignIn(unproved, { type: 'unproved', number: '42' })
    const right = stepSignIn(unproved, { type: 'proved', at: AT, number: '42' })
    assert.ok(wrong.ok && right.ok)
    assert.deepEqual([wrong.state.step, wrong.state.number], [right.state.step, right.state.number])
    assert.deepEqual([wrong.effects.length, right.effects.map(({ type }) => type)], [0, ['ask']])
    for (const type of ['lacking', 'ready'] as const)
      assert.equal(stepSignIn({ ...wrong.state, step: 'wait' }, { type }).ok, false)
    for (const type of ['confirmed', 'recovering'] as const) {
      assert.equal(stepSignIn(wrong.state, { type }).ok, false)
      assert.equal(stepSignIn(right.state, { type }).ok, true)
    }
    for (const step of ['code', 'wait', 'restore'] as const)
      for (const type of ['coded', 'ready'] as const)
        assert.equal(stepSignIn({ ...wrong.state, step }, { type }).ok, false)
  })

  test('of a known device is of the account that it was told of', () => {
    const begun = beginSignIn(true, 'carol')
    assert.equal(
      stepSignIn(begun, { type: 'started', account: 'dave', opaque: 'x', address: '198.51.100.9' }).ok,
      false,
    )
    assert.equal(stepSignIn(begun, { type: 'passkey', account: 'dave' }).ok, false)
    assert.equal(stepSignIn(beginSignIn(false), { type: 'passkey', account: 'dave' }).ok, true)
  })

  test('gives guesses back when all is proved, from an unknown device as soon as a known one has said yes', () => {
    const back = (state: SignInState, event: SignInEvent) => {
      const moved = stepSignIn(state, event)
      assert.ok(moved.ok)
      return moved.effects.flatMap((effect) => (effect.type === 'giveBack' ? [effect.guesses] : []))
    }
    assert.deepEqual(back(at('finish', true), { type: 'proved', at: AT, number: '1' }), [1])
    assert.deepEqual(back(at('finish', false), { type: 'proved', at: AT, number: '1' }), [])
    assert.deepEqual(back(at('confirm', false), { type: 'confirmed' }), [1])
    assert.deepEqual(back(at('confirm', false), { type: 'denied', record: '{}' }), [])
    assert.deepEqual(back({ ...at('code', false), guesses: 3 }, { type: 'coded' }), [3])
    assert.deepEqual(back(at('finish', false), { type: 'passkey', account: 'carol' }), [1])
    assert.deepEqual(back({ ...beginSignIn(false) }, { type: 'passkey', account: 'carol' }), [])
  })

  test('counts as a stranger until a known device has said yes, and as a known device after it', () => {
    const whose = (state: SignInState, event: SignInEvent) => {
      const moved = stepSignIn(state, event)
      assert.ok(moved.ok)
      return moved.effects.flatMap((effect) =>
        effect.type === 'count' || effect.type === 'giveBack' ? [effect.who] : [],
      )
    }
    assert.deepEqual(whose(at('confirm', false), { type: 'tried' }), ['unknown'])
    assert.deepEqual(whose(at('confirm', false), { type: 'confirmed' }), ['unknown'])
    assert.deepEqual(whose({ ...at('code', false), by: 'confirmation' }, { type: 'tried' }), ['known'])
    assert.deepEqual(whose({ ...at('code', false), by: 'confirmation' }, { type: 'coded' }), ['known'])
    assert.deepEqual(whose(at('code', true), { type: 'tried' }), ['known'])
  })

  test('ends a recovery with whatever lets in after it, and nothing else', () => {
    const ends = (step: SignInStep, event: SignInEvent) => {
      const moved = stepSignIn({ ...at(step, false), by: 'recovery' }, event)
      assert.ok(moved.ok)
      return moved.effects.flatMap((effect) => (effect.type === 'endRecovery' ? [effect.how] : []))
    }
    assert.deepEqual(ends('wait', { type: 'ready' }), ['its time has passed'])
    assert.deepEqual(ends('wait', { type: 'passkey', account: 'carol' }), ['a passkey was shown'])
    assert.deepEqual(ends('restore', { type: 'coded' }), ['its time has passed, and a code was shown'])
    assert.deepEqual(ends('restore', { type: 'passkey', account: 'carol' }), ['a passkey was shown'])
    for (const event of [{ type: 'lacking' }, { type: 'denied', record: '{}' }] as const)
      assert.deepEqual(ends('wait', event), [])
    assert.deepEqual(ends('restore', { type: 'tried' }), [])
    assert.deepEqual(ends('code', { type: 'coded' }), [])
  })

  test('forgets the state of OPAQUE with the step that it was for', () => {
    const started = stepSignIn(beginSignIn(false), {
      type: 'started',
      account: 'carol',
      opaque: 'secret',
      address: '198.51.100.9',
    })
    assert.ok(started.ok)
    assert.equal(started.state.opaque, 'secret')
    const proved = stepSignIn(started.state, { type: 'proved', at: AT, number: '42' })
    assert.ok(proved.ok)
    assert.ok(!('opaque' in proved.state))
  })
})
