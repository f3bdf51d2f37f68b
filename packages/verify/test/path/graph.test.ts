// Building: in any graph of authorities a valid path is found exactly where there is one, within the budget.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEFAULT_BUDGET, type Verdict, verifyParsedPath } from '@countersign/verify'
import { contextOf, hours } from '../../../../interop/chains/house.ts'
import { drawGraph, type Graph } from './graph.ts'

/** More by command: `GRAPHS=from-to`. */
const [from = 0, to = 300] = (process.env['GRAPHS'] ?? '').split('-').filter(Boolean).map(Number)

function ask({ leaf, bag, anchors, isRevoked }: Graph): Verdict {
  const announced = (_: unknown, serialNumber: bigint) => (isRevoked(serialNumber) ? { at: hours(-2) } : undefined)
  // What is more than a peer may send is known from elsewhere.
  const sent = bag.slice(0, DEFAULT_BUDGET.maxCertificates - 1)
  const issuers = bag.slice(sent.length)
  return verifyParsedPath(leaf, sent, contextOf(anchors, { issuers, status: { mode: 'prefer', crls: [], announced } }))
}

suite('graphs of authorities', () => {
  test(`${from} to ${to}: what is found is what there is`, () => {
    let found = 0
    for (let seed = from; seed < to; seed++) {
      const graph = drawGraph(seed)
      const verdict = ask(graph)
      const codes = verdict.ok ? [] : verdict.findings.map(({ code }) => code)
      assert.equal(verdict.ok, graph.hasPath(DEFAULT_BUDGET.maxDepth), `graph ${seed}: ${codes.join(', ')}`)
      assert.ok(verdict.ok || codes.length > 0, `graph ${seed} is refused without a reason`)
      assert.ok(verdict.ok || verdict.tried.length > 0, `graph ${seed}`)
      if (verdict.ok) found++
    }
    // Neither answer is rare.
    assert.ok(found > (to - from) / 4 && found < ((to - from) * 3) / 4, `${found} have a path`)
  })
})
