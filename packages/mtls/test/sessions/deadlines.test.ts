// When things are due, by a clock that steps.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createDeadlines } from '../../src/sessions/deadlines.ts'
import { NOW } from '../support/pki.ts'

function start({ mock }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] })
  let now = NOW
  const due: string[] = []
  let stepsBack = 0
  const deadlines = createDeadlines<{ readonly name: string }>(() => now, {
    onDue: (items) => due.push(items.map(({ name }) => name).join('+')),
    onStepBack: () => {
      stepsBack++
    },
  })
  return {
    deadlines,
    due,
    stepsBack: () => stepsBack,
    /** Both clocks go on. */
    pass(span: Temporal.DurationLike) {
      now = now.add(span)
      mock.timers.tick(Temporal.Duration.from(span).total('milliseconds'))
    },
    /** The clock of the machine is set. */
    step(span: Temporal.DurationLike) {
      now = now.add(span)
    },
  }
}
const item = (name: string) => ({ name })
const after = (span: Temporal.DurationLike) => NOW.add(span)

suite('createDeadlines', () => {
  test('each is told once, when its time is over and not before, those of one time together', (t) => {
    const { deadlines, due, pass } = start(t)
    deadlines.set(item('later'), after({ minutes: 90 }))
    deadlines.set(item('soon'), after({ seconds: 5 }))
    deadlines.set(item('too'), after({ seconds: 5 }))
    pass({ seconds: 5 })
    assert.deepEqual(due, [])
    pass({ milliseconds: 1 })
    assert.deepEqual(due, ['soon+too'])
    for (let i = 0; i < 89; i++) pass({ minutes: 1 })
    assert.deepEqual(due, ['soon+too'])
    pass({ minutes: 1 })
    assert.deepEqual(due, ['soon+too', 'later'])
    pass({ hours: 24 })
    assert.equal(due.length, 2)
  })

  test('what is set again is due at its new time alone, and what is deleted never', (t) => {
    const { deadlines, due, pass } = start(t)
    const [moved, gone] = [item('moved'), item('gone')]
    deadlines.set(moved, after({ seconds: 5 }))
    deadlines.set(gone, after({ seconds: 6 }))
    deadlines.set(moved, after({ seconds: 50 }))
    deadlines.delete(gone)
    pass({ seconds: 49 })
    assert.deepEqual(due, [])
    pass({ seconds: 2 })
    assert.deepEqual(due, ['moved'])
  })

  test('a clock that is set forward by a day is followed within a minute', (t) => {
    const { deadlines, due, pass, step, stepsBack } = start(t)
    deadlines.set(item('one'), after({ hours: 20 }))
    step({ hours: 24 })
    pass({ seconds: 59 })
    assert.deepEqual(due, [])
    pass({ seconds: 1 })
    assert.deepEqual(due, ['one'])
    assert.equal(stepsBack(), 0)
  })

  test('a clock that is set back by a day is noticed within a minute, though new deadlines keep coming', (t) => {
    const { deadlines, due, pass, step, stepsBack } = start(t)
    deadlines.set(item('one'), after({ hours: 1 }))
    step({ hours: -24 })
    for (let i = 0; i < 6; i++) {
      deadlines.set(item(`new ${i}`), after({ hours: 2 }))
      pass({ seconds: 10 })
    }
    assert.equal(stepsBack(), 1)
    assert.deepEqual(due, [])
    // Once: from then on it is the time.
    pass({ minutes: 5 })
    assert.equal(stepsBack(), 1)
    for (let i = 0; i < 25 * 60; i++) pass({ minutes: 1 })
    assert.equal(due[0], 'one')
  })
})
