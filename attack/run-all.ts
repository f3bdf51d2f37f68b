// The whole suite, or a part of it, against a house.
import { ATTACKS } from './attacks.ts'
import type { Target } from './model.ts'
import type { Report } from './report.ts'
import { type Result, runAttack } from './run-attack.ts'
import { ownAttackers } from './support/elsewhere.ts'
import type { AttackedHouse, Records } from './support/house.ts'

/** Runs every attack whose name has `only` in it at every target of the house. */
export async function runAll(house: AttackedHouse, only = ''): Promise<Report> {
  const around = { records: house.records, controls: new Map() }
  const results: Result[] = []
  for (const attack of ATTACKS.filter(({ name }) => name.includes(only))) {
    const atEach = house.targets.map((target) => runAttack(attack, target, around))
    results.push(...(await Promise.all(atEach)).flat())
  }
  return reportOf(results)
}

/** Runs what needs no house of ours at doors that somebody runs; `records` are those of their house, where it can be asked. */
export async function runElsewhere(
  targets: readonly Target[],
  { only = '', records }: { readonly only?: string; readonly records?: Records } = {},
): Promise<Report> {
  const around = { controls: new Map(), inControls: ownAttackers(), ...(records && { records }) }
  const results: Result[] = []
  const possible = ATTACKS.map((attack) => ({
    ...attack,
    cases: attack.cases.filter(({ anywhere }) => anywhere ?? attack.anywhere),
  }))
  for (const attack of possible.filter(({ name }) => name.includes(only)))
    for (const target of targets) results.push(...(await runAttack(attack, target, around)))
  return reportOf(results)
}

function reportOf(results: readonly Result[]): Report {
  const { node, openssl } = process.versions
  return { date: Temporal.Now.plainDateISO().toString(), node, openssl: openssl ?? '', results }
}
