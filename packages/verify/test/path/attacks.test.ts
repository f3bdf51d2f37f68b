// What an attacker can make us do with 64 kB of certificates: a decision, or the end of the budget. Counted; the time is held to
// what no machine takes for it, and a square of what was sent does (bench/worst-case.bench.ts has the goal).
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DEFAULT_BUDGET, verifyPath } from '@countersign/verify'
import { MAX_ATTACK_OCTETS, makeAttacks } from '../../../../interop/chains/attack-cases.ts'

const MAX_MICROSECONDS = 200_000

suite('attacks', () => {
  for (const { what, peer, context, code } of makeAttacks())
    test(`${what}: ${code ?? 'accepted'}`, () => {
      assert.ok(peer.length <= DEFAULT_BUDGET.maxCertificates)
      assert.ok(peer.reduce((sum, { length }) => sum + length, 0) <= MAX_ATTACK_OCTETS)
      let asked = 0
      const { checkSignature } = context
      const start = process.cpuUsage()
      const verdict = verifyPath(peer, {
        ...context,
        checkSignature: (...question) => {
          asked++
          return checkSignature(...question)
        },
      })
      const { user } = process.cpuUsage(start)
      assert.ok(user < MAX_MICROSECONDS, `${user} microseconds`)
      const codes = verdict.ok ? [] : verdict.findings.map((finding) => finding.code)
      assert.equal(verdict.ok, code === undefined, codes.join(', '))
      if (code !== undefined) assert.ok(codes.includes(code), codes.join(', '))
      // What is over budget without need would be a refusal that an attacker does not cause.
      if (code !== 'ERR_VERIFY_BUDGET') assert.ok(!codes.includes('ERR_VERIFY_BUDGET'), codes.join(', '))
      assert.ok(asked <= DEFAULT_BUDGET.maxSignatures)
      assert.ok(verdict.ok || verdict.tried.length <= 16)
    })
})
