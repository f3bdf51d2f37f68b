// Name constraints: RFC 5280 §4.2.1.10, §6.1.3 (b) and (c), §6.1.4 (g).
import {
  type Certificate,
  formatGeneralName,
  type GeneralName,
  type GeneralSubtree,
  isEmptyName,
  type NameConstraints,
  OID,
} from '@countersign/x509'
import { isMailboxName } from '../names/mailbox.ts'
import type { Meter } from '../path/budget.ts'
import type { Fault, FaultFacts } from '../path/fault.ts'
import { selfIssued } from '../path/issuer.ts'
import { shown } from '../text.ts'
import { type Bases, KINDS, type Kind } from './bases.ts'

/** What one certificate allows to the names of all below it. The lists of a path are kept apart: a name must satisfy each. */
export interface Constraints {
  readonly kinds: ReadonlyMap<GeneralName['kind'], KindConstraints>
  /** What is wrong with them themselves. */
  readonly meaningless: readonly string[]
}

interface KindConstraints {
  readonly permitted?: Bases
  readonly excluded?: Bases
  /** Why no name of this kind can be accepted at all. */
  readonly unsupported?: string
}

/** A certificate, or an anchor on whose names the relying party put limits. */
type Constraining = Pick<Certificate, 'nameConstraints'>

type NameFault = readonly ['ERR_VERIFY_NAME_CONSTRAINTS' | 'ERR_VERIFY_UNSUPPORTED', string, FaultFacts?]

/** Judges names by constraints; one per search, as it remembers what it has made ready and what it has judged. */
export interface NameJudge {
  /** The constraints of a certificate, or those put on an anchor, with those above, for all below; what has no meaning is a fault. */
  add(from: Constraining, above: readonly Constraints[], fault: Fault): readonly Constraints[]
  /** Judges the names of a certificate; one finding for each constraining certificate at most. */
  judge(certificate: Certificate, isLeaf: boolean, above: readonly Constraints[], fault: Fault): void
}

/** Starts to judge names, for one search. */
export function startNameJudge(meter: Meter): NameJudge {
  const prepared = new Map<Constraining, Constraints>()
  const judged = new Map<Certificate, Map<Constraints, NameFault | undefined>>()
  return {
    add(from, above, fault) {
      if (from.nameConstraints === undefined) return above
      const constraints = prepared.get(from) ?? prepareConstraints(from.nameConstraints, meter)
      prepared.set(from, constraints)
      for (const detail of constraints.meaningless) fault('ERR_VERIFY_NAME_CONSTRAINTS', detail)
      return [...above, constraints]
    },
    judge(certificate, isLeaf, above, fault) {
      // "Name constraints are not applied to self-issued certificates (unless the certificate is the final certificate in the path)."
      if (above.length === 0 || (!isLeaf && selfIssued(certificate))) return
      const known = judged.get(certificate) ?? new Map<Constraints, NameFault | undefined>()
      judged.set(certificate, known)
      const names = constrainedNames(certificate)
      for (const constraints of above) {
        if (!known.has(constraints)) {
          if (!meter.names(names.length)) return
          known.set(constraints, firstFault(names, constraints))
        }
        const found = known.get(constraints)
        if (found !== undefined) fault(...found)
      }
    },
  }
}

function prepareConstraints(constraints: NameConstraints, meter: Meter): Constraints {
  const { permittedSubtrees = [], excludedSubtrees = [] } = constraints
  const kinds = new Map<GeneralName['kind'], KindConstraints>()
  const meaningless: string[] = []
  if (!meter.names(permittedSubtrees.length + excludedSubtrees.length)) return { kinds, meaningless }
  for (const [list, subtrees] of [
    ['permitted', permittedSubtrees],
    ['excluded', excludedSubtrees],
  ] as const)
    for (const [kind, ofKind] of Map.groupBy(subtrees, ({ base }) => base.kind))
      kinds.set(kind, { ...kinds.get(kind), ...prepareKind(kind, list, ofKind, meaningless) })
  return { kinds, meaningless }
}

function prepareKind(
  kind: GeneralName['kind'],
  list: 'permitted' | 'excluded',
  subtrees: readonly GeneralSubtree[],
  meaningless: string[],
): KindConstraints {
  const known = KINDS[kind]
  if (known === undefined) return { unsupported: `constraints on ${kind} are not processed` }
  // "the minimum MUST be zero, and maximum MUST be absent"
  if (subtrees.some(({ minimum, maximum }) => minimum !== 0 || maximum !== undefined))
    return { unsupported: `constraints with a minimum or a maximum are not processed` }
  const bases = known.makeBases(subtrees.map(({ base }) => base))
  if (bases !== undefined) return { [list]: bases }
  const wrong = subtrees.find(({ base }) => known.makeBases([base]) === undefined)
  const text = wrong === undefined ? kind : shown(formatGeneralName(wrong.base))
  meaningless.push(`the ${list} subtree ${text} has no meaning`)
  return { unsupported: 'its constraints have no meaning' }
}

function firstFault(names: readonly GeneralName[], { kinds }: Constraints): NameFault | undefined {
  for (const name of names) {
    // RFC 9598 §6: the constraints on rfc822Name bind "both forms of subject alternative names".
    const kindsOfName: readonly GeneralName['kind'][] =
      name.kind === 'otherName' && isMailboxName(name) ? ['otherName', 'rfc822Name'] : [name.kind]
    const why = kindsOfName
      .map((kind) => whyNotName(name, kinds.get(kind), KINDS[kind]))
      .find((each) => each !== undefined)
    if (why !== undefined) {
      const text = shown(formatGeneralName(name))
      return [why[0], `${text} ${why[1]}`, { found: [text] }]
    }
  }
  return undefined
}

function whyNotName(
  name: GeneralName,
  constraints: KindConstraints | undefined,
  kind: Kind | undefined,
): NameFault | undefined {
  if (constraints === undefined) return undefined
  const { permitted, excluded, unsupported } = constraints
  if (unsupported !== undefined) return ['ERR_VERIFY_UNSUPPORTED', `cannot be judged: ${unsupported}`]
  if (kind?.isComparable(name) !== true)
    return ['ERR_VERIFY_NAME_CONSTRAINTS', 'cannot be held against the constraints on its kind']
  if (excluded?.touches(name)) return ['ERR_VERIFY_NAME_CONSTRAINTS', 'is excluded by an issuer above']
  if (permitted?.covers(name) === false)
    return ['ERR_VERIFY_NAME_CONSTRAINTS', 'is outside of what an issuer above permits']
  return undefined
}

/** "Restrictions apply to the subject distinguished name and apply to subject alternative names." */
function constrainedNames({ subject, subjectAltName }: Certificate): readonly GeneralName[] {
  const names: GeneralName[] = isEmptyName(subject) ? [] : [{ kind: 'directoryName', value: subject }]
  if (subjectAltName !== undefined) return [...names, ...subjectAltName]
  // "the rfc822Name constraint MUST be applied to the attribute of type emailAddress in the subject distinguished name"
  const mailboxes = subject.rdnSequence.flat().filter(({ type }) => type === OID.emailAddress)
  return [...names, ...mailboxes.map(({ text = '' }): GeneralName => ({ kind: 'rfc822Name', value: text }))]
}
