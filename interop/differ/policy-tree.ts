// Certificate policies by the tree of RFC 5280 §6.1, word by word: what our graph of RFC 9618 must come to. It can explode, so
// that it is for short paths alone.
import { OID, type Oid } from '@countersign/x509'

/** What one certificate of a path says of policies. */
export interface PolicySay {
  readonly selfIssued?: boolean
  readonly policies?: readonly Oid[]
  readonly mappings?: readonly (readonly [issuerDomainPolicy: Oid, subjectDomainPolicy: Oid])[]
  readonly requireExplicitPolicy?: number
  readonly inhibitPolicyMapping?: number
  readonly inhibitAnyPolicy?: number
}

/** RFC 5280 §6.1.1 (c), (e), (f) and (g). */
export interface PolicyInputs {
  readonly initialPolicySet: readonly Oid[]
  readonly initialExplicitPolicy: boolean
  readonly initialPolicyMappingInhibit: boolean
  readonly initialAnyPolicyInhibit: boolean
}

interface Node {
  readonly validPolicy: Oid
  expectedPolicySet: readonly Oid[]
  readonly children: Node[]
}

const ANY = OID.anyPolicy

/**
 * Answers the policies under which the path stands, undefined where it does not stand.
 * @param path What the anchor issued first, the leaf last.
 */
export function policiesByTree(path: readonly PolicySay[], inputs: PolicyInputs): readonly Oid[] | undefined {
  const n = path.length
  // §6.1.2
  let tree: Node | undefined = { validPolicy: ANY, expectedPolicySet: [ANY], children: [] }
  let explicitPolicy = inputs.initialExplicitPolicy ? 0 : n + 1
  let inhibitAnyPolicy = inputs.initialAnyPolicyInhibit ? 0 : n + 1
  let policyMapping = inputs.initialPolicyMappingInhibit ? 0 : n + 1
  for (const [index, say] of path.entries()) {
    const i = index + 1
    // §6.1.3 (d) and (e)
    if (say.policies === undefined) tree = undefined
    else if (tree !== undefined) {
      addLevel(tree, i, say.policies, inhibitAnyPolicy > 0 || (i < n && say.selfIssued === true))
      tree = pruned(tree, i)
    }
    // (f)
    if (explicitPolicy === 0 && tree === undefined) return undefined
    if (i === n) {
      // §6.1.5 (a) and (b)
      if (explicitPolicy !== 0) explicitPolicy--
      if (say.requireExplicitPolicy === 0) explicitPolicy = 0
      break
    }
    // §6.1.4 (a) and (b)
    const mappings = say.mappings ?? []
    if (mappings.flat().includes(ANY)) return undefined
    for (const policy of new Set(mappings.map(([issuerDomainPolicy]) => issuerDomainPolicy))) {
      if (tree === undefined) break
      const subjectDomainPolicies = mappings.filter(([from]) => from === policy).map(([, to]) => to)
      if (policyMapping > 0) mapAt(tree, i, policy, subjectDomainPolicies)
      else {
        for (const parent of nodesAt(tree, i - 1))
          for (const node of parent.children.filter(({ validPolicy }) => validPolicy === policy))
            parent.children.splice(parent.children.indexOf(node), 1)
        tree = pruned(tree, i)
      }
    }
    // (h)
    if (say.selfIssued !== true) {
      if (explicitPolicy !== 0) explicitPolicy--
      if (policyMapping !== 0) policyMapping--
      if (inhibitAnyPolicy !== 0) inhibitAnyPolicy--
    }
    // (i) and (j)
    explicitPolicy = Math.min(explicitPolicy, say.requireExplicitPolicy ?? explicitPolicy)
    policyMapping = Math.min(policyMapping, say.inhibitPolicyMapping ?? policyMapping)
    inhibitAnyPolicy = Math.min(inhibitAnyPolicy, say.inhibitAnyPolicy ?? inhibitAnyPolicy)
  }
  const policies = tree === undefined ? [] : intersected(tree, n, inputs.initialPolicySet)
  return explicitPolicy > 0 || policies.length > 0 ? policies : undefined
}

/** §6.1.3 (d) (1) and (2). */
function addLevel(tree: Node, i: number, policies: readonly Oid[], takesAny: boolean): void {
  const above = nodesAt(tree, i - 1)
  const child = (parent: Node, policy: Oid) =>
    parent.children.push({ validPolicy: policy, expectedPolicySet: [policy], children: [] })
  for (const policy of policies.filter((each) => each !== ANY)) {
    const matching = above.filter(({ expectedPolicySet }) => expectedPolicySet.includes(policy))
    const any = above.filter(({ validPolicy }) => validPolicy === ANY)
    for (const parent of matching.length > 0 ? matching : any) child(parent, policy)
  }
  if (!policies.includes(ANY) || !takesAny) return
  for (const parent of above)
    for (const policy of parent.expectedPolicySet)
      if (!parent.children.some(({ validPolicy }) => validPolicy === policy)) child(parent, policy)
}

/** §6.1.4 (b) (1). */
function mapAt(tree: Node, i: number, policy: Oid, subjectDomainPolicies: readonly Oid[]): void {
  const nodes = nodesAt(tree, i).filter(({ validPolicy }) => validPolicy === policy)
  for (const node of nodes) node.expectedPolicySet = subjectDomainPolicies
  if (nodes.length > 0 || !nodesAt(tree, i).some(({ validPolicy }) => validPolicy === ANY)) return
  for (const parent of nodesAt(tree, i - 1).filter(({ validPolicy }) => validPolicy === ANY))
    parent.children.push({ validPolicy: policy, expectedPolicySet: subjectDomainPolicies, children: [] })
}

/** §6.1.5 (g) (iii): the policies of the valid_policy_node_set after the intersection. */
function intersected(tree: Node, n: number, initialPolicySet: readonly Oid[]): readonly Oid[] {
  const nodeSet: Node[] = []
  for (let depth = 0; depth < n; depth++)
    for (const { validPolicy, children } of nodesAt(tree, depth)) if (validPolicy === ANY) nodeSet.push(...children)
  const isAnyAtEnd = nodesAt(tree, n).some(({ validPolicy }) => validPolicy === ANY)
  const named = nodeSet.map(({ validPolicy }) => validPolicy).filter((policy) => policy !== ANY)
  if (initialPolicySet.includes(ANY)) return [...new Set([...named, ...(isAnyAtEnd ? [ANY] : [])])]
  return isAnyAtEnd ? initialPolicySet : [...new Set(named.filter((policy) => initialPolicySet.includes(policy)))]
}

function nodesAt(node: Node, depth: number): readonly Node[] {
  return depth === 0 ? [node] : node.children.flatMap((child) => nodesAt(child, depth - 1))
}

/** Without the nodes above depth `i` that have no children; undefined where none is left at that depth. */
function pruned(tree: Node, i: number): Node | undefined {
  const prune = (node: Node, left: number): boolean => {
    if (left === 0) return true
    const kept = node.children.filter((child) => prune(child, left - 1))
    node.children.splice(0, node.children.length, ...kept)
    return kept.length > 0
  }
  return prune(tree, i) ? tree : undefined
}
