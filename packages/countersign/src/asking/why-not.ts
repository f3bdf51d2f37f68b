// `countersign why WHO WHAT`: what the rules say, and what single change would admit.
import { type Change, formatRequirement, PROOF_KINDS, whyNot } from '@countersign/policy'
import { REFUSALS } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, type ExitCode } from '../command.ts'
import { provedBy, servicesOf } from '../house/policy.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'
import { type Asked, callerNamed, rulesOf, serviceNamed } from './rules-of.ts'

/** Asks the rules for a party with a certificate, now; exit 0 where they let it in. */
export async function explainRules(
  given: Arguments,
  around: Around,
  words: readonly [who: string, what: string],
): Promise<ExitCode> {
  const asked = await rulesOf(given, around)
  const [who, what] = words
  const service = serviceNamed(what, asked)
  const now = around.clock()
  const { policy } = asked.rulebook
  const question = {
    who: callerNamed(who, asked),
    what: service,
    proofs: [{ kind: PROOF_KINDS[0], at: now }],
    now,
  }
  // A route's service is asked for at each door that has it.
  const answers = provedAt(service, asked).map((seen) => whyNot({ ...question, seen }, policy))
  const { decision, changes } =
    answers.find((each) => each.decision.ok) ?? answers[0] ?? whyNot({ ...question, seen: [] }, policy)
  if (given.flag('json')) {
    around.out(JSON.stringify({ who, what: service, decision, changes }))
    return decision.ok ? EXIT.ok : EXIT.refused
  }
  const style = styleOf(around.color.out)
  if (decision.ok) {
    const rule = policy.rules.meet.find(({ name }) => name === decision.rule)
    around.out(`${style.proved('✔')} ${plainText(who)} can meet ${service}, by “${plainText(decision.rule)}”`)
    if (rule) around.out(`  proof: ${rule.proof.map(formatRequirement).join(', ')}`)
    if (decision.recheckAt) around.out(`  asked again at ${decision.recheckAt}`)
    return EXIT.ok
  }
  const { clause, cause } = REFUSALS[decision.code]
  around.out(
    `${style.refused('✘')} ${plainText(who)} cannot meet ${service}: ${plainText(cause.replaceAll('{name}', () => who))}`,
  )
  if (decision.lock !== undefined) around.out(`  locked: ${plainText(decision.lock)}`)
  for (const missing of decision.missing) around.out(`  missing: ${plainText(missing)}`)
  around.out(`  ${decision.code} (${clause})`)
  if (changes.length === 0) around.out('  no single change would admit')
  else around.out('  each of these alone would admit:')
  for (const change of changes) around.out(`    ${plainText(formatChange(change))}`)
  return EXIT.refused
}

/** What each door of a service proves to whoever meets it there. */
function provedAt(service: string, { config, holder }: Asked): readonly (readonly string[])[] {
  return config.doors
    .filter((door) => servicesOf([door]).some(({ id }) => id === service))
    .map((door) => provedBy(door, config, holder))
}

function formatChange(change: Change): string {
  const by = `by “${change.rule}”`
  switch (change.kind) {
    case 'add label':
      return `the label ${change.label}, ${by}`
    case 'remove label':
      return `without the label ${change.label}, ${by}`
    case 'show':
      return `a proof by ${change.proof}, ${by}`
    case 'callee proves':
      return `the door proves ${change.identity}, ${by}`
    case 'wait until':
      return `waiting until ${change.at}, ${by}`
    case 'end lock':
      return `an end of the lock (${change.reason}), ${by}`
  }
}
