import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ABSENT_SET, type Outcome, objections, report } from '../testing/outcome.ts'

const root = '/house'
const file = '/house/interop/nginx.interop.ts'
const skip = { file, name: 'nginx verifies us', reason: 'nginx is not installed' }
const good: Outcome = { tests: 3, skipped: [], todo: [], filesWithTests: [file] }

suite('objections', () => {
  const noSkips = true
  test('a run in which every file held tests and all of them ran is accepted', () => {
    assert.deepEqual(objections(good, [file], { noSkips, root }), [])
  })
  test('a skip is accepted where skips are allowed', () => {
    assert.deepEqual(objections({ ...good, skipped: [skip] }, [file], { noSkips: false, root }), [])
  })
  test('a skip is refused by name where they are not', () => {
    assert.deepEqual(objections({ ...good, skipped: [skip] }, [file], { noSkips, root }), [
      'interop/nginx.interop.ts: "nginx verifies us" was skipped (nginx is not installed)',
    ])
  })
  test('an absent vector set is accepted even where skips are not', () => {
    const skipped = [{ ...skip, reason: `wycheproof/ed25519_test.json ${ABSENT_SET}` }]
    assert.deepEqual(objections({ ...good, skipped }, [file], { noSkips, root }), [])
  })
  test('a file without a test is refused', () => {
    assert.deepEqual(objections(good, [file, '/house/scenario/empty.ts'], { noSkips: false, root }), [
      'scenario/empty.ts holds no test',
    ])
  })
  test('a run in which everything was skipped is refused', () => {
    assert.deepEqual(objections({ ...good, tests: 1, skipped: [skip] }, [file], { noSkips: false, root }), [
      'no test ran',
    ])
  })
  test('a todo is refused', () => {
    assert.deepEqual(objections({ ...good, todo: [skip] }, [file], { noSkips: false, root }), [
      'interop/nginx.interop.ts: "nginx verifies us" is a todo',
    ])
  })
})

test('the report names each skipped test under its reason', () => {
  const skipped = [skip, { ...skip, name: 'nginx refuses us' }]
  assert.equal(
    report({ ...good, skipped }, root),
    '2 skipped:\n  nginx is not installed\n    interop/nginx.interop.ts: nginx verifies us\n    interop/nginx.interop.ts: nginx refuses us',
  )
})
