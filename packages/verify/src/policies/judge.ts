// Certificate policies along a path: RFC 5280 §6.1.2 to §6.1.5 as RFC 9618 updates them, and RFC 5937 §3 for anchors.
import { type Certificate, OID, type Oid } from '@countersign/x509'
import type { AnyPathContext, Finding, TrustAnchor } from '../model.ts'
import type { Meter } from '../path/budget.ts'
import { faultsOf } from '../path/fault.ts'
import { selfIssued } from '../path/issuer.ts'
import { fewOf } from '../text.ts'
import { addPolicies, INITIAL_GRAPH, isNull, mapPolicies, NULL_GRAPH, userConstrainedPolicies } from './graph.ts'

/**
 * Judges the policies of a path and answers the valid ones, the user-constrained-policy-set; `findings` is added to.
 * @param path The leaf first, without the anchor.
 */
export function judgePolicies(
  path: readonly Certificate[],
  { certificate: anchor }: TrustAnchor,
  { policy = {} }: AnyPathContext,
  meter: Meter,
  findings: Finding[],
): readonly Oid[] {
  // §6.1.2: n + 1 is never reached.
  const never = path.length + 1
  let explicit = policy.initialExplicitPolicy ? 0 : never
  let mapping = policy.initialPolicyMappingInhibit ? 0 : never
  let inhibitAny = policy.initialAnyPolicyInhibit ? 0 : never
  let graph = INITIAL_GRAPH
  const initial = initialPolicies(policy.initialPolicySet, anchor)
  if (anchor !== undefined) {
    // RFC 5937 §2: whatever number stands in the constraints of an anchor, they bind from the first certificate on.
    if (anchor.policyConstraints?.requireExplicitPolicy !== undefined) explicit = 0
    if (anchor.policyConstraints?.inhibitPolicyMapping !== undefined) mapping = 0
    if (anchor.inhibitAnyPolicy !== undefined) inhibitAny = 0
  }
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const certificate = path[depth] as Certificate
    const { certificatePolicies, policyMappings, policyConstraints } = certificate
    const fault = faultsOf(findings, depth, certificate)
    if (!meter.names((certificatePolicies?.length ?? 0) + (policyMappings?.length ?? 0))) return []
    // §6.1.3 (d) and (e)
    graph =
      certificatePolicies === undefined
        ? NULL_GRAPH
        : addPolicies(graph, certificatePolicies, inhibitAny > 0 || (depth > 0 && selfIssued(certificate)))
    // (f); for the leaf the question comes again, and is told once.
    if (explicit === 0 && isNull(graph) && depth > 0) {
      fault('ERR_VERIFY_POLICY', 'an explicit policy is required, and none is valid up to here')
      return []
    }
    if (depth === 0) {
      // §6.1.5 (a) and (b)
      if (explicit > 0) explicit--
      if (policyConstraints?.requireExplicitPolicy === 0) explicit = 0
      const policies = userConstrainedPolicies(graph, initial)
      if (explicit === 0 && policies.length === 0)
        fault(
          'ERR_VERIFY_POLICY',
          'an explicit policy is required, and none that is asked for is valid',
          fewOf(policy.initialPolicySet ?? []),
        )
      return policies
    }
    // §6.1.4 (a) and (b)
    if (policyMappings !== undefined) {
      if (policyMappings.some((pair) => Object.values(pair).includes(OID.anyPolicy)))
        fault('ERR_VERIFY_POLICY_MAPPING', 'anyPolicy is mapped')
      graph = mapPolicies(graph, policyMappings, mapping > 0)
    }
    // (h)
    if (!selfIssued(certificate)) {
      explicit = Math.max(explicit - 1, 0)
      mapping = Math.max(mapping - 1, 0)
      inhibitAny = Math.max(inhibitAny - 1, 0)
    }
    // (i) and (j)
    explicit = Math.min(explicit, policyConstraints?.requireExplicitPolicy ?? explicit)
    mapping = Math.min(mapping, policyConstraints?.inhibitPolicyMapping ?? mapping)
    inhibitAny = Math.min(inhibitAny, certificate.inhibitAnyPolicy ?? inhibitAny)
  }
  return []
}

/** RFC 5937 §3.2: those that are asked for and that the anchor has too. Undefined is anyPolicy. The anchor's mappings have no part in it. */
function initialPolicies(
  asked: readonly Oid[] | undefined,
  anchor: Certificate | undefined,
): ReadonlySet<Oid> | undefined {
  const known = (oids: readonly Oid[] | undefined) =>
    oids?.includes(OID.anyPolicy) ? undefined : oids && new Set(oids)
  const user = known(asked)
  const authority = known(anchor?.certificatePolicies?.map(({ policyIdentifier }) => policyIdentifier))
  return user !== undefined && authority !== undefined ? user.intersection(authority) : (user ?? authority)
}
