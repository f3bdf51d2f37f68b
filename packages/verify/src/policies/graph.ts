// The valid policy graph of RFC 9618 §5: one node for each policy and depth, so that no path can make it explode.
import { OID, type Oid, type PolicyInformation, type PolicyMapping } from '@countersign/x509'

interface Node {
  readonly validPolicy: Oid
  readonly parents: readonly Node[]
  /** Policies of the next certificate that satisfy this one. */
  readonly expected: ReadonlySet<Oid>
}

/**
 * The nodes of each depth by policy, the deepest last. The graph is NULL where the deepest is empty: nodes without children
 * are not deleted as the text does it, but left out of the answer, which comes to the same.
 */
export type PolicyGraph = readonly [...above: readonly Level[], deepest: Level]
type Level = ReadonlyMap<Oid, Node>

const ROOT: Node = { validPolicy: OID.anyPolicy, parents: [], expected: new Set([OID.anyPolicy]) }

/** The initial graph, §5.2. */
export const INITIAL_GRAPH: PolicyGraph = [new Map([[OID.anyPolicy, ROOT]])]
/** "Once the graph is set to NULL, policy processing ceases." */
export const NULL_GRAPH: PolicyGraph = [new Map()]

/** Whether no policy is valid any more. */
export function isNull(graph: PolicyGraph): boolean {
  return deepestOf(graph).size === 0
}

/** §5.3 (d): the next depth, by the policies of a certificate. `takesAny` says whether its anyPolicy counts. */
export function addPolicies(
  graph: PolicyGraph,
  policies: readonly PolicyInformation[],
  takesAny: boolean,
): PolicyGraph {
  const above = deepestOf(graph)
  const expecting = new Map<Oid, Node[]>()
  for (const node of above.values())
    for (const policy of node.expected) {
      const nodes = expecting.get(policy)
      if (nodes === undefined) expecting.set(policy, [node])
      else nodes.push(node)
    }
  const level = new Map<Oid, Node>()
  const add = (policy: Oid, parents: readonly Node[]) =>
    level.set(policy, { validPolicy: policy, parents, expected: new Set([policy]) })
  const any = above.get(OID.anyPolicy)
  for (const { policyIdentifier: policy } of policies) {
    if (policy === OID.anyPolicy) continue
    // (1) (i), and (ii) where there was no match.
    const parents = expecting.get(policy) ?? (any === undefined ? undefined : [any])
    if (parents !== undefined) add(policy, parents)
  }
  // (2)
  if (takesAny && policies.some(({ policyIdentifier }) => policyIdentifier === OID.anyPolicy))
    for (const [policy, parents] of expecting) if (!level.has(policy)) add(policy, parents)
  return level.size === 0 ? NULL_GRAPH : [...graph, level]
}

/** §5.4 (b): what the policies of the deepest nodes are called below. */
export function mapPolicies(graph: PolicyGraph, mappings: readonly PolicyMapping[], allowed: boolean): PolicyGraph {
  if (isNull(graph)) return graph
  const level = new Map(deepestOf(graph))
  const any = level.get(OID.anyPolicy)
  for (const [policy, pairs] of Map.groupBy(mappings, ({ issuerDomainPolicy }) => issuerDomainPolicy)) {
    if (!allowed) {
      level.delete(policy)
      continue
    }
    const node = level.get(policy)
    // (2): as a child of the anyPolicy above, which is the one parent of the anyPolicy beside it.
    const parents = node?.parents ?? any?.parents
    if (parents === undefined) continue
    const expected = new Set(pairs.map(({ subjectDomainPolicy }) => subjectDomainPolicy))
    level.set(policy, { validPolicy: policy, parents, expected })
  }
  return level.size === 0 ? NULL_GRAPH : [...graph.slice(0, -1), level]
}

/** §5.5 (g) (1) to (4): the policies under which the path stands, in the terms of its first certificate. */
export function authorityConstrainedPolicies(graph: PolicyGraph): ReadonlySet<Oid> {
  const policies = new Set<Oid>()
  let level: ReadonlySet<Node> = new Set(deepestOf(graph).values())
  // (3)
  if (deepestOf(graph).has(OID.anyPolicy)) policies.add(OID.anyPolicy)
  while (level.size > 0) {
    const above = new Set<Node>()
    for (const { validPolicy, parents } of level) {
      for (const parent of parents) above.add(parent)
      if (validPolicy !== OID.anyPolicy && parents[0]?.validPolicy === OID.anyPolicy) policies.add(validPolicy)
    }
    level = above
  }
  return policies
}

/** (5) and (6). `initial` absent is anyPolicy. */
export function userConstrainedPolicies(graph: PolicyGraph, initial: ReadonlySet<Oid> | undefined): readonly Oid[] {
  const policies = authorityConstrainedPolicies(graph)
  if (initial === undefined || initial.has(OID.anyPolicy)) return [...policies]
  return policies.has(OID.anyPolicy) ? [...initial] : [...policies].filter((policy) => initial.has(policy))
}

function deepestOf(graph: PolicyGraph): Level {
  return graph.at(-1) as Level
}
