// Random things to say of policies along a path, and the certificates that say them.
import {
  type Certificate,
  type Extension,
  inhibitAnyPolicyExtension,
  namesEqual,
  OID,
  type Oid,
  policyConstraintsExtension,
} from '@countersign/x509'
import { type Different, type Holder, intermediate, type Keys, leaf, name, p256, root } from '../chains/house.ts'
import { mapped, policies as policiesExtension } from '../chains/policy-words.ts'
import type { PolicyInputs, PolicySay } from './policy-tree.ts'
import type { Random } from './random.ts'

const NAMED: readonly Oid[] = [1, 2, 3].map((last) => `1.3.6.1.4.1.32473.20.${last}`)
const EVERY: readonly Oid[] = [...NAMED, OID.anyPolicy]

/** A path of up to four certificates; what the anchor issued first. */
export function randomPolicies(random: Random): readonly PolicySay[] {
  const length = 2 + random.below(3)
  return Array.from({ length }, (_, i) => randomSay(random, i < length - 1))
}

/** What one certificate says. An issuer says more than a leaf. */
export function randomSay(random: Random, isIssuer: boolean): PolicySay {
  const skip = (times: number) => random.once(times) && { requireExplicitPolicy: random.below(3) }
  return {
    ...(random.once(6) && { selfIssued: true }),
    ...(!random.once(8) && { policies: random.some(EVERY, 1, 3) }),
    ...skip(6),
    ...(isIssuer && random.once(2) && { mappings: randomMappings(random) }),
    ...(isIssuer && random.once(6) && { inhibitPolicyMapping: random.below(3) }),
    ...(isIssuer && random.once(6) && { inhibitAnyPolicy: random.below(3) }),
  }
}

function randomMappings(random: Random): NonNullable<PolicySay['mappings']> {
  const domains = random.once(20) ? EVERY : NAMED
  const pairs = domains.flatMap((from) => domains.map((to) => [from, to] as const))
  return random.some(pairs, 1, 3)
}

export function randomInputs(random: Random): PolicyInputs {
  return {
    initialPolicySet: random.once(2) ? [OID.anyPolicy] : random.some(NAMED, 1, 2),
    initialExplicitPolicy: !random.once(3),
    initialPolicyMappingInhibit: random.once(6),
    initialAnyPolicyInhibit: random.once(6),
  }
}

/** The extensions of a certificate that says so. */
export function policyExtensions(say: PolicySay): readonly Extension[] {
  const { policies, mappings, requireExplicitPolicy, inhibitPolicyMapping, inhibitAnyPolicy } = say
  const isConstrained = requireExplicitPolicy !== undefined || inhibitPolicyMapping !== undefined
  return [
    ...(policies === undefined ? [] : [policiesExtension(...policies)]),
    ...(mappings === undefined ? [] : [mapped(...mappings.map(([from, to]): [Oid, Oid] => [from, to]))]),
    ...(isConstrained
      ? [
          policyConstraintsExtension({
            ...(requireExplicitPolicy !== undefined && { requireExplicitPolicy }),
            ...(inhibitPolicyMapping !== undefined && { inhibitPolicyMapping }),
          }),
        ]
      : []),
    ...(inhibitAnyPolicy === undefined ? [] : [inhibitAnyPolicyExtension(inhibitAnyPolicy)]),
  ]
}

// A key for each place: by its key identifier, a self-issued certificate leads to the right one of its namesakes.
const KEYS: readonly Keys[] = Array.from({ length: 5 }, p256)

/** The certificates that say so: the anchor first, the leaf last. `anchor` is what the anchor's own certificate says. */
export function pathThatSays(says: readonly PolicySay[], anchor: PolicySay = {}): readonly Holder[] {
  const holders = [root({ keys: KEYS[0] as Keys, more: policyExtensions(anchor) })]
  for (const [i, say] of says.entries()) {
    const issuer = holders[i] as Holder
    const subject = say.selfIssued ? issuer.certificate.subject : name(`Place ${i + 1}`)
    const different: Different = { keys: KEYS[i + 1] as Keys, subject, more: policyExtensions(say) }
    holders.push(i === says.length - 1 ? leaf(issuer, different) : intermediate(issuer, different))
  }
  return holders
}

/** What the certificates of a path say, the leaf last. */
export function saysOf(path: readonly Certificate[]): readonly PolicySay[] {
  return path.map(({ subject, issuer, certificatePolicies, policyMappings, policyConstraints, inhibitAnyPolicy }) => ({
    selfIssued: namesEqual(subject, issuer),
    ...(certificatePolicies && { policies: certificatePolicies.map(({ policyIdentifier }) => policyIdentifier) }),
    ...(policyMappings && {
      mappings: policyMappings.map(
        ({ issuerDomainPolicy, subjectDomainPolicy }) => [issuerDomainPolicy, subjectDomainPolicy] as const,
      ),
    }),
    ...policyConstraints,
    ...(inhibitAnyPolicy !== undefined && { inhibitAnyPolicy }),
  }))
}
