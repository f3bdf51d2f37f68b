// What came out of a suite against what it expects.
import type { LimboCase, LimboResult } from './harness.ts'

export interface Exception {
  readonly id: string
  /** Why we decide otherwise: a clause, and who else does. */
  readonly reason: string
}

/** Compares; `lines` are for people. An exception that came out as expected, or names no case, is stale and fails. */
export function score(
  cases: readonly Pick<LimboCase, 'id' | 'expected_result'>[],
  results: readonly LimboResult[],
  exceptions: readonly Exception[],
): { readonly lines: readonly string[]; readonly ok: boolean } {
  const reasons = new Map(exceptions.map(({ id, reason }) => [id, reason]))
  const got = new Map(results.map((result) => [result.id, result]))
  const lines: string[] = []
  let asExpected = 0
  let excepted = 0
  for (const { id, expected_result } of cases) {
    const result = got.get(id)
    const reason = reasons.get(id)
    reasons.delete(id)
    if (result?.actual_result === expected_result) {
      if (reason === undefined) asExpected++
      else lines.push(`stale exception: ${id} comes out as expected`)
    } else if (reason !== undefined && result !== undefined) excepted++
    else
      lines.push(
        `${expected_result === 'FAILURE' ? 'false accept' : 'false reject'}: ${id}${result?.context ? `: ${result.context}` : ''}`,
      )
  }
  for (const id of reasons.keys()) lines.push(`stale exception: ${id} is no case of the suite`)
  const ok = lines.length === 0
  return { lines: [...lines, `${asExpected} as expected, ${excepted} excepted, ${cases.length} in all`], ok }
}
