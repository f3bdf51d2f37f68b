// `countersign why WHO WHAT`: what the rules say, and what single change would admit.
import { type Change, formatRequirement, PROOF_KINDS, whyNot } from '@countersign/policy'
import { formatWhen, REFUSALS } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, type ExitCode } from '../command.ts'
import type { Config } from '../config/model.ts'
import { provedBy, servicesOf } from '../house/policy.ts'
import { plainText } from '../output/plain-text.ts'
import { shellWord } from '../output/shell-word.ts'
import { styleOf } from '../output/style.ts'
import { type Asked, callerNamed, partyNamed, rulesOf, serviceNamed } from './rules-of.ts'
import { type Standing, standingOf } from './standing.ts'

/** Asks the rules for a party with a certificate, now; exit 0 where they let it in, and nothing else that the authority knows is in its way. */
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
  const party = partyNamed(who, asked)
  const standing = await standingHere({ party, service }, given, around, asked)
  const code = decision.ok && standing?.obstacle === undefined ? EXIT.ok : EXIT.refused
  if (given.flag('json')) {
    around.out(JSON.stringify({ who, what: service, decision, changes, ...(standing && { standing }) }))
    return code
  }
  const style = styleOf(around.color.out)
  if (decision.ok) {
    const rule = policy.rules.meet.find(({ name }) => name === decision.rule)
    around.out(`${style.proved('✔')} ${plainText(who)} can meet ${service}, by “${plainText(decision.rule)}”`)
    if (rule) around.out(`  proof: ${rule.proof.map(formatRequirement).join(', ')}`)
    if (decision.recheckAt) around.out(`  asked again at ${decision.recheckAt}`)
    for (const line of standingLines({ who, party }, standing, around)) around.out(line)
    return code
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
  for (const line of standingLines({ who, party }, standing, around)) around.out(line)
  return code
}

/** Of a party of this authority, where the house has one of its own or the arguments name it. */
async function standingHere(
  { party, service }: { readonly party: string | undefined; readonly service: string },
  given: Arguments,
  around: Around,
  { config }: Asked,
): Promise<Standing | undefined> {
  const hasAuthority = 'authority' in config || given.text('authority') !== undefined
  if (party === undefined || !hasAuthority) return undefined
  const bySsh = doorsOf(service, config).some(({ kind }) => kind === 'ssh')
  return standingOf({ party, bySsh }, given, around)
}

/** What else there is to say than the rules do. */
function standingLines(
  { who, party = who }: { readonly who: string; readonly party: string | undefined },
  standing: Standing | undefined,
  around: Around,
): readonly string[] {
  if (standing === undefined) return []
  if (!standing.known) return ['  of the rules alone: no authority answers here that knows of locks and revocations']
  if (standing.isNew === true)
    return [plainText(`  it has no certificate to show there yet: countersign invite ${shellWord(party)}`)]
  if (standing.obstacle === undefined) return []
  const { code, note, at } = standing.obstacle
  const { clause, cause } = REFUSALS[code]
  const since = at === undefined ? '' : `, ${formatWhen(at, around.clock())}`
  const said = plainText(`${cause.replaceAll('{name}', () => who)}: ${note}${since}`)
  // Who signs in without one may come in still.
  const way = code === 'ERR_POLICY_LOCKED' ? '' : ' by a certificate'
  return [
    `${styleOf(around.color.out).refused('✘')} whatever the rules say, no door lets it in${way}: ${said}`,
    `  ${code} (${clause})`,
  ]
}

/** What each door of a service proves to whoever meets it there. */
function provedAt(service: string, { config, holder }: Asked): readonly (readonly string[])[] {
  return doorsOf(service, config).map((door) => provedBy(door, config, holder))
}

function doorsOf(service: string, { doors }: Config): Config['doors'] {
  return doors.filter((door) => servicesOf([door]).some(({ id }) => id === service))
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
