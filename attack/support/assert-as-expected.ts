// One attack as a test.
import assert from 'node:assert/strict'
import { runAll } from '../run-all.ts'
import type { AttackedHouse } from './house.ts'

/** Runs it: every row as the table has it, every control found vulnerable. */
export async function assertAsExpected(house: AttackedHouse, attack: string): Promise<void> {
  const { results } = await runAll(house, attack)
  assert.ok(results.length > 0)
  for (const { way, door, seen, expected, control, ok, defect } of results) {
    assert.ok(control === 'found' || control.startsWith('impossible: '), `${way}, ${door}: the control ${control}`)
    if (defect === undefined) assert.deepEqual(seen, expected, `${way}, ${door}`)
    if (defect === undefined) assert.ok(ok, `${way}, ${door}: the attacker got what it wanted`)
  }
}
