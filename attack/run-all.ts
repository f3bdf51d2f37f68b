// The whole suite, or a part of it, against a house.
import { ATTACKS } from './attacks.ts'
import type { Report } from './report.ts'
import { type Controls, type Result, runAttack } from './run-attack.ts'
import type { AttackedHouse } from './support/house.ts'

/** Runs every attack whose name has `only` in it at every target of the house. */
export async function runAll(house: AttackedHouse, only = ''): Promise<Report> {
  const controls: Controls = new Map()
  const results: Result[] = []
  for (const attack of ATTACKS.filter(({ name }) => name.includes(only))) {
    const atEach = house.targets.map((target) => runAttack(attack, target, house.records, controls))
    results.push(...(await Promise.all(atEach)).flat())
  }
  const { node, openssl } = process.versions
  return { date: Temporal.Now.plainDateISO().toString(), node, openssl: openssl ?? '', results }
}
