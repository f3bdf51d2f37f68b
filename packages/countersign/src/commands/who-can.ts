import { resolve } from 'node:path'
import { whoCan as admissionsTo } from '@countersign/policy'
import { rulesOf, serviceNamed } from '../asking/rules-of.ts'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { readConfig } from '../config/read-config.ts'
import { serviceOf } from '../house/policy.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** What lets somebody in, and what it asks for. */
interface Admission {
  readonly who: string
  readonly rule: string
  readonly conditions: readonly string[]
}

/** `countersign who-can`: every party that the rules let meet a service, with what each rule asks for; exit 1 for nobody. */
export const whoCan: Run = async (given, around) => {
  const { service, admissions } = (await byList(given, around)) ?? (await byPolicy(given, around))
  if (given.flag('json')) around.out(JSON.stringify({ what: service, who: admissions }))
  else if (admissions.length === 0) around.err(`nobody can meet ${service}`)
  else {
    const rows = admissions.map(({ who, rule, conditions }) => [who, rule, conditions.join(', ')].map(plainText))
    for (const line of tableLines([{ head: 'who' }, { head: 'rule' }, { head: 'when' }], rows)) around.out(line)
  }
  return admissions.length > 0 ? EXIT.ok : EXIT.refused
}

interface Answered {
  readonly service: string
  readonly admissions: readonly Admission[]
}

async function byPolicy(given: Arguments, around: Around): Promise<Answered> {
  const asked = await rulesOf(given, around)
  const service = serviceNamed(given.text('WHAT') ?? '', asked)
  const { policy, directory } = asked.rulebook
  return { service, admissions: admissionsTo(service, directory, policy, around.clock()) }
}

/** A door with a list goes by that, whether there is a policy or not; undefined where it has none. */
async function byList(given: Arguments, around: Around): Promise<Answered | undefined> {
  const file = resolve(around.cwd, given.text('config') ?? 'countersign.yaml')
  const { doors } = readConfig(await around.readFile(file), file)
  const word = given.text('WHAT') ?? ''
  const door = doors.find(({ name }) => [name, serviceOf(name)].includes(word))
  if (door?.allow === undefined) return undefined
  const admissions = door.allow.map((entry) => ({ who: entry, rule: `allow ${entry}`, conditions: [] }))
  return { service: serviceOf(door.name), admissions }
}
