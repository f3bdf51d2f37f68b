import type { SshErrorCode } from '@countersign/ssh'

/** What is refused, how it is tried, and the code. */
export type Refusal = readonly [what: string, attempt: () => unknown, code: SshErrorCode]
