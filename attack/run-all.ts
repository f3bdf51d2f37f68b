// The whole suite, or a part of it, against a house.
import { ATTACKS } from './attacks.ts'
import type { Case } from './model.ts'
import type { Report } from './report.ts'
import { type Result, runAttack } from './run-attack.ts'
import type { AttackedHouse } from './support/house.ts'

/** Runs every attack whose name has `only` in it at every target of the house. */
export async function runAll(house: AttackedHouse, only = ''): Promise<Report> {
  const controls = new Map<Case, string>()
  const results: Result[] = []
  for (const attack of ATTACKS.filter(({ name }) => name.includes(only)))
    for (const target of house.targets) results.push(...(await runAttack(attack, target, house.records, controls)))
  const { node, openssl } = process.versions
  return { date: Temporal.Now.plainDateISO().toString(), node, openssl: openssl ?? '', results }
}
