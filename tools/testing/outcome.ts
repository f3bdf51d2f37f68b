/** What a run of the tests showed beyond node's own summary: what was skipped and why, and which files held no test. */
import { relative } from 'node:path'

/** One test that did not run, or was allowed to fail. */
export interface NotRun {
  readonly file: string
  readonly name: string
  /** As the test gave it; empty when it gave none. */
  readonly reason: string
}

/** The counts are of tests, not of suites; paths are absolute. */
export interface Outcome {
  readonly tests: number
  readonly skipped: readonly NotRun[]
  readonly todo: readonly NotRun[]
  /** Files in which at least one test or suite was declared. */
  readonly filesWithTests: readonly string[]
}

/** A skip whose reason ends so stays a skip in CI: the large vector sets are named in the project, not part of it. */
export const ABSENT_SET = 'is not present'

/** Lists what was skipped, one line a test, grouped by reason; says so too when nothing was. */
export function report(outcome: Outcome, root: string): string {
  if (outcome.skipped.length === 0) return 'nothing was skipped'
  const lines = [`${outcome.skipped.length} skipped:`]
  for (const [reason, tests] of Map.groupBy(outcome.skipped, (test) => test.reason)) {
    lines.push(`  ${reason || 'without a reason'}`)
    for (const { file, name } of tests) lines.push(`    ${relative(root, file)}: ${name}`)
  }
  return lines.join('\n')
}

/** Why a run that node calls good is not: no tests, a file without one, a `todo`, or a skip where none is allowed. */
export function objections(
  outcome: Outcome,
  files: readonly string[],
  { noSkips, root }: { noSkips: boolean; root: string },
): string[] {
  const reasons = files
    .filter((file) => !outcome.filesWithTests.includes(file))
    .map((file) => `${relative(root, file)} holds no test`)
  if (outcome.tests === outcome.skipped.length) reasons.push('no test ran')
  for (const { file, name } of outcome.todo) reasons.push(`${relative(root, file)}: "${name}" is a todo`)
  if (noSkips) {
    for (const { file, name, reason } of outcome.skipped) {
      if (!reason.endsWith(ABSENT_SET)) reasons.push(`${relative(root, file)}: "${name}" was skipped (${reason})`)
    }
  }
  return reasons
}
