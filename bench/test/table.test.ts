import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readMeasurement } from '../measurement.ts'
import { formatTable, median, spread } from '../table.ts'

suite('formatTable', () => {
  test('the ratio is that of the runs side by side, and numbers stand to the right', () => {
    const table = formatTable([
      { program: 'gate', measurement: { name: 'bare', unit: 'per s', values: [1000, 2000, 4000] } },
      {
        program: 'gate',
        measurement: {
          name: 'ours',
          unit: 'per s',
          values: [900, 1000, 3000],
          baselines: ['bare', 'nginx'],
          goal: '≥ 0.8 × bare',
        },
      },
      { program: 'gate', measurement: { name: 'nginx', skipped: 'nginx is not installed' } },
    ])
    assert.equal(
      table,
      `
| program | what  | unit                                 | median | spread | ratio       | goal         |
|---------|-------|--------------------------------------|-------:|-------:|-------------|--------------|
| gate    | bare  | per s                                |  2,000 |  150 % |             |              |
| gate    | ours  | per s                                |  1,000 |  210 % | 0.75 × bare | ≥ 0.8 × bare |
| gate    | nginx | not measured: nginx is not installed |        |        |             |              |`.trim(),
    )
  })
  test('the ratio is that of the medians where the numbers of runs differ', () => {
    const table = formatTable([
      { program: 'gate', measurement: { name: 'bare', unit: 'per s', values: [1000, 2000, 3000] } },
      { program: 'gate', measurement: { name: 'ours', unit: 'per s', values: [500, 500], baselines: ['bare'] } },
    ])
    assert.match(table, /\| 0\.25 × bare \|/)
  })
  test('a baseline of another program, or of none, is refused', () => {
    assert.throws(
      () =>
        formatTable([
          { program: 'a', measurement: { name: 'bare', unit: 'ms', values: [1] } },
          { program: 'b', measurement: { name: 'ours', unit: 'ms', values: [1], baselines: ['bare'] } },
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
    const line = '{"name":"x","unit":"ms","values":[1.5,2],"baselines":["y"],"goal":"< 3"}'
    assert.deepEqual(readMeasurement(line), { name: 'x', unit: 'ms', values: [1.5, 2], baselines: ['y'], goal: '< 3' })
  })
})
