import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readMeasurement } from '../measurement.ts'
import { formatTable, median, spread } from '../table.ts'

suite('formatTable', () => {
  test('the ratio is that of the medians, and numbers stand to the right', () => {
    const table = formatTable([
      { program: 'gate', measurement: { name: 'bare', unit: 'per s', values: [1000, 2000, 3000] } },
      { program: 'gate', measurement: { name: 'ours', unit: 'per s', values: [1500, 1500], baseline: 'bare' } },
      { program: 'gate', measurement: { name: 'nginx', skipped: 'nginx is not installed' } },
    ])
    assert.equal(
      table,
      `
| program | what  | unit                                 | median | spread |  ratio |
|---------|-------|--------------------------------------|-------:|-------:|-------:|
| gate    | bare  | per s                                |  2,000 |  100 % |        |
| gate    | ours  | per s                                |  1,500 |    0 % | 0.75 × |
| gate    | nginx | not measured: nginx is not installed |        |        |        |`.trim(),
    )
  })
  test('a baseline of another program, or of none, is refused', () => {
    assert.throws(
      () =>
        formatTable([
          { program: 'a', measurement: { name: 'bare', unit: 'ms', values: [1] } },
          { program: 'b', measurement: { name: 'ours', unit: 'ms', values: [1], baseline: 'bare' } },
        ]),
      /b: "ours" is compared with "bare", which was not measured/,
    )
  })
})

test('median', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.equal(median([7]), 7)
})

test('spread', () => {
  assert.equal(spread([90, 100, 110]), 0.2)
  assert.equal(spread([0, 0]), 0)
})

suite('readMeasurement', () => {
  for (const line of [
    '{}',
    '{"name":"x","unit":"ms"}',
    '{"name":"x","unit":"ms","values":[]}',
    '{"name":"x","unit":"ms","values":[null]}',
    '{"name":"x","values":[1]}',
    'ready',
  ]) {
    test(`refuses ${line}`, () => {
      assert.throws(() => readMeasurement(line))
    })
  }
  test('reads what print writes', () => {
    const line = '{"name":"x","unit":"ms","values":[1.5,2],"baseline":"y"}'
    assert.deepEqual(readMeasurement(line), { name: 'x', unit: 'ms', values: [1.5, 2], baseline: 'y' })
  })
})
