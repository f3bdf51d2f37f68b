// The graph of RFC 9618 against the tree of RFC 5280 on random paths: the same verdict, and the same policies.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyParsedPath } from '@countersign/verify'
import { OID, type Oid } from '@countersign/x509'
import { bare } from '../../../../interop/chains/chain.ts'
import { anchorOf, codesOf, contextOf, type Holder } from '../../../../interop/chains/house.ts'
import { pathThatSays, randomInputs, randomPolicies } from '../../../../interop/differ/policies.ts'
import { type PolicyInputs, type PolicySay, policiesByTree } from '../../../../interop/differ/policy-tree.ts'
import { randomFrom } from '../../../../interop/differ/random.ts'

/** For a longer run: COUNTERSIGN_FUZZ_ROUNDS and COUNTERSIGN_FUZZ_SEED. */
const ROUNDS = Number(process.env['COUNTERSIGN_FUZZ_ROUNDS'] ?? 1_200)
const SEED = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_126)

/** Our policies, or undefined where the path is refused, which must be for its policies alone. */
function ours(holders: readonly Holder[], inputs: PolicyInputs, anchor: ReturnType<typeof bare>) {
  const certificates = holders.map(({ certificate }) => certificate).toReversed()
  const [leaf, ...bag] = certificates.slice(0, -1)
  assert.ok(leaf !== undefined)
  const verdict = verifyParsedPath(leaf, bag, contextOf([anchor], { policy: inputs }))
  if (verdict.ok) return verdict.policies
  for (const code of codesOf(verdict)) assert.match(code, /^ERR_VERIFY_POLICY(_MAPPING)?$/)
  return undefined
}

const sorted = (policies: readonly Oid[] | undefined) => policies?.toSorted()

suite('policies by the graph and by the tree', () => {
  test(`${ROUNDS} random paths`, () => {
    const outcomes = new Map<string, number>()
    for (let round = 0; round < ROUNDS; round++) {
      const random = randomFrom(SEED + round)
      const says = randomPolicies(random)
      const inputs = randomInputs(random)
      const holders = pathThatSays(says)
      const expected = sorted(policiesByTree(says, inputs))
      const anchor = random.once(2) ? bare(holders[0] as Holder) : anchorOf(holders[0] as Holder)
      const got = sorted(ours(holders, inputs, anchor))
      assert.deepEqual(got, expected, `seed ${SEED + round}: ${JSON.stringify({ says, inputs })}`)
      const outcome = expected === undefined ? 'refused' : expected.length === 0 ? 'none' : 'some'
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    // A generator that only made one kind of path would prove little.
    for (const outcome of ['refused', 'none', 'some'])
      assert.ok((outcomes.get(outcome) ?? 0) > ROUNDS / 20, `${outcome}: ${outcomes.get(outcome)} of ${ROUNDS}`)
  })

  test(`${ROUNDS / 4} random paths below an anchor of its own policies`, () => {
    for (let round = 0; round < ROUNDS / 4; round++) {
      const random = randomFrom(SEED - 1 - round)
      const says = randomPolicies(random)
      const inputs = randomInputs(random)
      const named = random.some([...new Set([...says.flatMap(({ policies = [] }) => policies), OID.anyPolicy])], 1, 3)
      const anchor: PolicySay = {
        ...(random.once(2) && { policies: named }),
        ...(random.once(4) && { requireExplicitPolicy: random.below(3) }),
        ...(random.once(4) && { inhibitPolicyMapping: random.below(3) }),
        ...(random.once(4) && { inhibitAnyPolicy: random.below(3) }),
      }
      const holders = pathThatSays(says, anchor)
      const expected = sorted(policiesByTree(says, below(anchor, inputs)))
      const got = sorted(ours(holders, inputs, anchorOf(holders[0] as Holder)))
      assert.deepEqual(got, expected, `seed ${SEED - 1 - round}: ${JSON.stringify({ anchor, says, inputs })}`)
    }
  })
})

/** RFC 5937 §3: the anchor's policies and those that are asked for are intersected, and what it inhibits is inhibited from the start. */
function below(anchor: PolicySay, inputs: PolicyInputs): PolicyInputs {
  const { policies = [OID.anyPolicy] } = anchor
  const asked = inputs.initialPolicySet
  const isAny = (set: readonly Oid[]) => set.includes(OID.anyPolicy)
  const both = asked.filter((policy) => policies.includes(policy))
  return {
    initialPolicySet: isAny(policies) ? asked : isAny(asked) ? policies : both,
    initialExplicitPolicy: inputs.initialExplicitPolicy || anchor.requireExplicitPolicy !== undefined,
    initialPolicyMappingInhibit: inputs.initialPolicyMappingInhibit || anchor.inhibitPolicyMapping !== undefined,
    initialAnyPolicyInhibit: inputs.initialAnyPolicyInhibit || anchor.inhibitAnyPolicy !== undefined,
  }
}
