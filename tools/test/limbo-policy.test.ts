// The keys for policies that a case in limbo's format may carry, on random chains: what the tree of RFC 5280 §6.1 says comes out.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { NOW } from '../../interop/chains/house.ts'
import { pathThatSays, randomInputs, randomPolicies } from '../../interop/differ/policies.ts'
import { policiesByTree } from '../../interop/differ/policy-tree.ts'
import { randomFrom } from '../../interop/differ/random.ts'
import { runCase } from '../limbo/harness.ts'

suite('policies in limbo’s format', () => {
  test('200 random cases', () => {
    const results: string[] = []
    for (let seed = 1; seed <= 200; seed++) {
      const random = randomFrom(seed)
      const says = randomPolicies(random)
      const policy = randomInputs(random)
      const pems = pathThatSays(says).map(({ certificate }) => writePem('CERTIFICATE', certificate.der))
      const [anchor, ...path] = pems as [string, ...string[]]
      const expected_result = policiesByTree(says, policy) === undefined ? 'FAILURE' : 'SUCCESS'
      const one = {
        id: `policies::${seed}`,
        expected_result,
        validation_kind: 'CLIENT',
        validation_time: NOW.toString(),
        trusted_certs: [anchor],
        untrusted_intermediates: path.slice(0, -1),
        peer_certificate: path.at(-1) as string,
        policy,
      } as const
      const { actual_result, context } = runCase(one, NOW)
      assert.equal(actual_result, expected_result, `${seed}: ${context}; ${JSON.stringify({ says, policy })}`)
      results.push(actual_result)
    }
    for (const result of ['SUCCESS', 'FAILURE'])
      assert.ok(results.filter((each) => each === result).length > 20, result)
  })
})
