import { whoCan as admissionsTo } from '@countersign/policy'
import { rulesOf, serviceNamed } from '../asking/rules-of.ts'
import { EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** `countersign who-can`: every party that the rules let meet a service, with what each rule asks for; exit 1 for nobody. */
export const whoCan: Run = async (given, around) => {
  const asked = await rulesOf(given, around)
  const service = serviceNamed(given.text('WHAT') ?? '', asked)
  const { policy, directory } = asked.rulebook
  const admissions = admissionsTo(service, directory, policy, around.clock())
  if (given.flag('json')) around.out(JSON.stringify({ what: service, who: admissions }))
  else if (admissions.length === 0) around.err(`nobody can meet ${service}`)
  else {
    const rows = admissions.map(({ who, rule, conditions }) => [who, rule, conditions.join(', ')].map(plainText))
    for (const line of tableLines([{ head: 'who' }, { head: 'rule' }, { head: 'when' }], rows)) around.out(line)
  }
  return admissions.length > 0 ? EXIT.ok : EXIT.refused
}
