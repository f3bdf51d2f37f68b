// Runs one case against a door and against its control, and says whether both came out as the table has it.
import { DEFECTS, EXPECTED } from './expected.ts'
import type { Attack, Attackers, Attempt, Case, Expected, Target } from './model.ts'
import type { Records } from './support/house.ts'
import { outcomeOf } from './support/outcome.ts'

/** What came of one case at one door. */
export interface Result {
  readonly attack: string
  readonly way: string
  readonly door: string
  readonly expected: Expected
  readonly seen: Expected
  /** `found` where the door of plain Node options fell; else why there is none, or that it stood. */
  readonly control: string
  readonly ok: boolean
  /** Why a row that is not met is known not to be. */
  readonly defect?: string
}

/** What came of each control, which is tried once for all kinds of doors. */
export type Controls = Map<Case, Promise<string>>

/** What attacks are run with. */
export interface Around {
  /** Of the doors of the house; absent where it is somebody else's and cannot be asked: then the attacker's side alone is compared. */
  readonly records?: Records
  readonly controls: Controls
  /** Who attacks the controls: whoever attacks the door, unless those have no authority of their own. */
  readonly inControls?: Attackers
}

/** Runs every case that has a row for the target's kind. @throws {Error} where a case has no row at all. */
export async function runAttack(attack: Attack, target: Target, around: Around): Promise<readonly Result[]> {
  const runCase = (one: Case) => runOne(attack, one, target, around)
  if (attack.concurrent) return (await Promise.all(attack.cases.map(runCase))).flat()
  const results: Result[] = []
  for (const one of attack.cases) results.push(...(await runCase(one)))
  return results
}

async function runOne(
  attack: Attack,
  one: Case,
  target: Target,
  { records, controls, inControls = target.attackers }: Around,
): Promise<readonly Result[]> {
  const row = EXPECTED[attack.name]?.[one.name]
  if (row === undefined) throw new Error(`no row in the table: ${attack.name}, ${one.name}`)
  const expected = row[target.kind]
  if (expected === undefined || (target.isElsewhere && !canTell(attack, target, expected))) return []
  const tried = controls.get(one) ?? tryControl(one, inControls)
  controls.set(one, tried)
  const [control, attempt] = await Promise.all([tried, one.run(target)])
  const seen: Expected = [attempt.peer, records ? await recordOf(attempt, target, records) : NOT_ASKED]
  const ok =
    !attempt.won &&
    seen[0] === expected[0] &&
    (seen[1] === NOT_ASKED || seen[1] === expected[1]) &&
    (control === 'found' || control.startsWith('impossible'))
  const result = { attack: attack.name, way: one.name, door: target.kind, expected, seen, control, ok }
  return [{ ...result, ...defectOf(attack, one, ok) }]
}

/** @throws {Error} where a defect that is listed is none any more. */
function defectOf(attack: Attack, { name }: Case, ok: boolean): Pick<Result, 'defect'> {
  const defect = DEFECTS[`${attack.name}, ${name}`]
  if (defect !== undefined && ok) throw new Error(`${attack.name}, ${name}: is as expected now, strike it from DEFECTS`)
  return defect === undefined ? {} : { defect }
}

/** The record of a door whose house cannot be asked. */
export const NOT_ASKED = 'not asked'

/** A service that is not ours need not say a word, and does not tell what reached it. */
function canTell({ looksBehind }: Attack, { kind }: Target, [peer]: Expected): boolean {
  return peer !== 'passed' || (kind !== 'tcp' && !looksBehind)
}

async function tryControl({ control, run }: Case, attackers: Attackers): Promise<string> {
  if (typeof control !== 'function') return `impossible: ${control.impossible}`
  await using door = await control(attackers)
  const attempt = await run(door)
  return attempt.won ? 'found' : `stood: ${attempt.peer}`
}

/** The door's side, and that both sides mean the same meeting. */
async function recordOf(
  { reference, told, record, door }: Attempt,
  { name }: Target,
  records: Records,
): Promise<string> {
  if (record !== undefined) return record
  if (reference === undefined) return 'none'
  if (told !== undefined && told !== reference) return `told ${told} of ${reference}`
  const meeting = await records.under(reference, door ?? name)
  return meeting ? outcomeOf(meeting) : 'none'
}
