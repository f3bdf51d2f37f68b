// Roots and proofs that others made, RFC 6962 §2.1.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { verifyConsistency, verifyInclusion } from '../../src/ledger/check-proof.ts'
import { EMPTY_EDGE, growEdge, rootOf } from '../../src/ledger/edge.ts'
import { createProver } from '../../src/ledger/prove.ts'
import { hashLeaf } from '../../src/ledger/tree.ts'

interface Vectors {
  readonly entries: readonly string[]
  readonly roots: readonly string[]
  readonly inclusion: readonly {
    readonly id: string
    readonly comment: string
    readonly index: number
    readonly size: number
    readonly leafHash: string
    readonly root: string
    readonly proof: readonly string[]
    readonly valid: boolean
  }[]
  readonly consistency: readonly {
    readonly id: string
    readonly comment: string
    readonly first: number
    readonly second: number
    readonly firstRoot: string
    readonly secondRoot: string
    readonly proof: readonly string[]
    readonly valid: boolean
  }[]
}

const file = new URL('../../../../vectors/ledger/rfc6962.json', import.meta.url)
const { entries, roots, inclusion, consistency } = JSON.parse(readFileSync(file, 'utf8')) as Vectors

suite('trees of RFC 6962 that others made', () => {
  const grown = roots.map((_, size) => growEdge(EMPTY_EDGE, entries.slice(0, size).map(Uint8Array.fromHex)))
  const proverOf = (size: number) => {
    const files = new Map(grown[size]!.files.map(({ path, octets }) => [path, octets]))
    return createProver(async (path) => files.get(path))
  }

  for (const [size, root] of roots.entries())
    test(`the root of ${size} entries`, async () => {
      assert.equal(rootOf(grown[size]!.edge).toHex(), root)
      assert.equal((await proverOf(size).root(size)).toHex(), root)
    })

  for (const { id, comment, index, size, leafHash, root, proof, valid } of inclusion)
    test(`${id}: ${comment}`, async () => {
      const [leaf, head] = [Uint8Array.fromHex(leafHash), { size, root: Uint8Array.fromHex(root) }]
      assert.equal(verifyInclusion(leaf, index, head, proof.map(Uint8Array.fromHex)), valid)
      if (!valid || root !== roots[size]) return
      const made = await proverOf(size).inclusion(index, size)
      assert.deepEqual(
        made.map((each) => each.toHex()),
        proof,
      )
      assert.equal(hashLeaf(Uint8Array.fromHex(entries[index]!)).toHex(), leafHash)
    })

  for (const { id, comment, first, second, firstRoot, secondRoot, proof, valid } of consistency)
    test(`${id}: ${comment}`, async () => {
      const one = { size: first, root: Uint8Array.fromHex(firstRoot) }
      const other = { size: second, root: Uint8Array.fromHex(secondRoot) }
      assert.equal(verifyConsistency(one, other, proof.map(Uint8Array.fromHex)), valid)
      if (!valid || secondRoot !== roots[second]) return
      const made = await proverOf(second).consistency(first, second)
      assert.deepEqual(
        made.map((each) => each.toHex()),
        proof,
      )
    })

  test('valid proofs of trees that we made were among them', () => {
    assert.equal(inclusion.filter(({ valid, size, root }) => valid && roots[size] === root).length, 5)
    assert.equal(consistency.filter(({ valid, second, secondRoot }) => valid && roots[second] === secondRoot).length, 5)
  })
})
