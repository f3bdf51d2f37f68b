// Tests beside a policy.
import { alternativesOf, type Expression, fulfils, labelsOf } from './expression.ts'
import { authorityIn, canShow, type Directory, identityNamed, NOBODY, partyIn, spiffeIdOf } from './labels.ts'
import { type Caller, PROOF_KINDS } from './model.ts'
import { dutyOf } from './must.ts'
import { peopleOf } from './people.ts'
import { decide, type Policy } from './policy.ts'
import type { Expectation, MailExpectation } from './rule.ts'

/** An expectation that does not hold. */
export interface Unexpected {
  readonly line: number
  readonly text: string
  /** In words. */
  readonly why: string
}

/**
 * Tries each expectation with every party and service that it speaks of, every proof shown just now and every name proved
 * that a rule asks for; hours count as of `now`. Where no party is meant, and where it names nobody, another authority or a
 * name that others prove, one that has just the labels that stand there.
 */
export function checkExpectations(directory: Directory, policy: Policy, now: Temporal.Instant): readonly Unexpected[] {
  return policy.rules.expect.flatMap((expectation) =>
    'act' in expectation ? checkMail(expectation, policy) : checkOne(expectation, directory, policy, now),
  )
}

function checkMail({ act, address, must, text, line }: MailExpectation, policy: Policy): readonly Unexpected[] {
  const duty = dutyOf(policy.rules.must, act, address)
  if ((duty !== undefined) === must) return []
  return [{ line, text, why: duty ? `it must, by the rule ${duty.name}` : 'no rule asks for it' }]
}

function checkOne(
  { who, what, can, text, line }: Expectation,
  directory: Directory,
  policy: Policy,
  now: Temporal.Instant,
): readonly Unexpected[] {
  const callers = callersMeant(who, directory, policy)
  if (callers.length === 0) return [{ line, text, why: 'nobody can be so' }]
  const services = policy.services.filter(({ id, labels }) => fulfils(new Set([id, ...labels]), what))
  if (services.length === 0) return [{ line, text, why: 'there is no such service' }]
  const everyProof = PROOF_KINDS.map((kind) => ({ kind, at: now }))
  const seen = policy.rules.meet.flatMap(({ sees }) => sees)
  for (const caller of callers) {
    const proofs = everyProof.filter(({ kind }) => canShow(caller.labels, kind))
    for (const { id } of services) {
      const decision = decide({ who: caller, what: id, proofs, seen, now }, policy)
      if (decision.ok === can) continue
      const why = decision.ok
        ? `${caller.name} can meet ${id}, by the rule ${decision.rule}`
        : `${caller.name} cannot meet ${id}: ${decision.lock ?? decision.missing.join('; ')}`
      return [{ line, text, why }]
    }
  }
  return []
}

function callersMeant(who: Expression, directory: Directory, policy: Policy): readonly Caller[] {
  const { base } = peopleOf([directory], [policy], { named: labelsOf(who) })
  const known = base
    .filter(({ listed }) => listed)
    .map(({ presented }) => ({ name: presented.name, labels: directory.callerOf(presented).labels }))
    .filter(({ labels }) => fulfils(labels, who))
  const supposed = alternativesOf(who).map((labels) => supposedBy(labels, directory))
  return [
    ...known,
    ...supposed.filter(({ isListed }) => known.length === 0 || !isListed).map(({ caller }) => caller),
  ].filter(({ labels }) => fulfils(labels, who))
}

const SUCH_A_PARTY = 'such a party'

/** Somebody with the labels that are asked for, and those without which nobody has them. Is it of those whom lists can name? */
function supposedBy(
  labels: readonly string[],
  { callerOf, domain }: Directory,
): { readonly caller: Caller; readonly isListed: boolean } {
  const identities = labels.flatMap((label) => identityNamed(label) ?? [])
  const authority = labels.map(authorityIn).find((found) => found !== undefined)
  const party = labels.map((label) => partyIn(label, domain)).find((found) => found !== undefined)
  const isNobody = labels.includes(NOBODY)
  // Whoever proves a name is none of ours by that alone.
  const isOnlyNamed = party === undefined && identities.length > 0 && identities.length === labels.length
  const isOwn = !isNobody && authority === undefined && !isOnlyNamed
  const ownNames = party === undefined || domain === undefined ? [] : [spiffeIdOf(domain, party)]
  const presented = isOwn
    ? { party: party ?? SUCH_A_PARTY, identities: [...ownNames, ...identities] }
    : { identities, ...(authority !== undefined && { authority }) }
  const caller = callerOf({ name: SUCH_A_PARTY, ...presented })
  return { caller: { name: caller.name, labels: new Set([...caller.labels, ...labels]) }, isListed: isOwn }
}
