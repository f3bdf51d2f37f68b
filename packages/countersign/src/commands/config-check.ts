import { resolve } from 'node:path'
import { readToldRules } from '@countersign/mtls'
import { checkExpectations, idleLocks, idleRules, repeatedDuties } from '@countersign/policy'
import { rulesOf } from '../asking/rules-of.ts'
import { EXIT, type Run } from '../command.ts'
import { readConfig } from '../config/read-config.ts'
import { TOLD } from '../house/rules.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign config check`: reads everything, runs the tests beside the policy; exit 1 where one does not hold, 3 where a file has faults. */
export const configCheck: Run = async (given, around) => {
  const file = resolve(around.cwd, given.text('config') ?? 'countersign.yaml')
  const config = readConfig(await around.readFile(file), file)
  const { doors, policy: policyFile = TOLD } = config
  const told = 'join' in config ? await readToldRules(config.join) : undefined
  if (config.policy === undefined && told?.policy === undefined) {
    if (given.flag('json'))
      around.out(JSON.stringify({ ok: true, doors: doors.length, unexpected: [], idle: [], idleLocks: [] }))
    else around.out(`${plainText(file)}: ${counted(doors.length, 'door')}, no policy`)
    return EXIT.ok
  }
  const {
    rulebook: { policy, directory },
  } = await rulesOf(given, around)
  const now = around.clock()
  const unexpected = checkExpectations(directory, policy, now)
  const idle = idleRules(directory, policy, now)
  const idleLock = idleLocks(directory, policy)
  const { meet, must, lock, expect } = policy.rules
  const repeated = repeatedDuties(must)
  const ok = unexpected.length === 0
  if (given.flag('json')) {
    around.out(
      JSON.stringify({
        ok,
        doors: doors.length,
        rules: meet.length,
        ...(must.length > 0 && {
          musts: must.length,
          repeated: repeated.map(({ line, name }) => ({ line, rule: name })),
        }),
        locks: lock.length,
        expectations: expect.length,
        unexpected,
        idle,
        idleLocks: idleLock.map(({ line, reason }) => ({ line, reason })),
      }),
    )
    return ok ? EXIT.ok : EXIT.refused
  }
  for (const { line, text, why } of unexpected)
    around.err(`${policyFile}:${line}: ${plainText(text)}: ${plainText(why)}`)
  for (const { line, rule, why } of idle)
    around.out(
      `${policyFile}:${line}: ${plainText(rule)}: ${why === 'dead' ? 'lets nobody in whom the house knows' : 'others let in everybody whom it does'}`,
    )
  for (const { line, name } of repeated)
    around.out(`${policyFile}:${line}: ${plainText(name)}: another rule asks for it already`)
  for (const { line, reason } of idleLock)
    around.out(`${policyFile}:${line}: ${plainText(reason)}: this lock means nobody whom the house knows`)
  const held = `${expect.length - unexpected.length} of ${counted(expect.length, 'expectation')} hold`
  const counts = [
    counted(doors.length, 'door'),
    counted(meet.length + must.length, 'rule'),
    counted(lock.length, 'lock'),
  ]
  around.out(`${counts.join(', ')}; ${expect.length === 0 ? 'no expectations' : held}`)
  return ok ? EXIT.ok : EXIT.refused
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
