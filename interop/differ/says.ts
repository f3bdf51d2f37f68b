// The words in which rows of a table say when they apply.
import type { Finding, FindingCode } from '@countersign/verify'
import type { Facts } from './model.ts'

/** Refused by us: a finding of `code` whose detail is like `detail`. */
export const says = (
  code: FindingCode,
  detail: RegExp,
  when: (facts: Facts) => boolean = () => true,
): { readonly refusedBy: 'us'; explains(finding: Finding, facts: Facts): boolean } => ({
  refusedBy: 'us',
  explains: (finding, facts) => finding.code === code && detail.test(finding.detail) && when(facts),
})

/** Whether a twist of the chain is like `pattern`. */
export const twisted =
  (pattern: RegExp) =>
  ({ twists }: Facts): boolean =>
    [...twists].some((twist) => pattern.test(twist))
