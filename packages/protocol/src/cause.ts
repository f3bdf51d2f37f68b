// Which refusal a verdict of the verifier is: of many findings, one cause is told.
import type { FindingCode } from '@countersign/verify'
import type { CredentialCause, RefusalCode } from './refusals.ts'

/** Which cause a finding of the verifier is, in the words of people. */
export const CAUSE_OF_FINDING: Readonly<Record<FindingCode, CredentialCause>> = {
  ERR_VERIFY_MALFORMED: 'MALFORMED',
  ERR_VERIFY_EMPTY: 'MALFORMED',
  ERR_VERIFY_NO_ANCHOR: 'UNKNOWN_ISSUER',
  ERR_VERIFY_ISSUER_NOT_FOUND: 'UNKNOWN_ISSUER',
  ERR_VERIFY_BAD_SIGNATURE: 'BAD_SIGNATURE',
  ERR_VERIFY_ALGORITHM: 'WEAK',
  ERR_VERIFY_ALGORITHM_MISMATCH: 'MALFORMED',
  ERR_VERIFY_WEAK_KEY: 'WEAK',
  ERR_VERIFY_EXPIRED: 'EXPIRED',
  ERR_VERIFY_NOT_YET_VALID: 'NOT_YET_VALID',
  ERR_VERIFY_VERSION: 'MALFORMED',
  ERR_VERIFY_SERIAL: 'MALFORMED',
  ERR_VERIFY_COMMON_NAME: 'MALFORMED',
  ERR_VERIFY_PUBLIC_SUFFIX: 'MALFORMED',
  ERR_VERIFY_SUBJECT: 'INVALID_PATH',
  ERR_VERIFY_NAME_CHAINING: 'INVALID_PATH',
  ERR_VERIFY_NOT_A_CA: 'INVALID_PATH',
  ERR_VERIFY_CA_AS_LEAF: 'WRONG_PURPOSE',
  ERR_VERIFY_PATH_LENGTH: 'INVALID_PATH',
  ERR_VERIFY_KEY_USAGE: 'WRONG_PURPOSE',
  ERR_VERIFY_EXTENDED_KEY_USAGE: 'WRONG_PURPOSE',
  ERR_VERIFY_CRITICAL_EXTENSION: 'INVALID_PATH',
  ERR_VERIFY_UNSUPPORTED: 'INVALID_PATH',
  ERR_VERIFY_KEY_IDENTIFIER: 'INVALID_PATH',
  ERR_VERIFY_NAME_CONSTRAINTS: 'INVALID_PATH',
  ERR_VERIFY_POLICY: 'INVALID_PATH',
  ERR_VERIFY_POLICY_MAPPING: 'INVALID_PATH',
  ERR_VERIFY_NAME: 'WRONG_NAME',
  ERR_VERIFY_NAME_ABSENT: 'WRONG_NAME',
  ERR_VERIFY_SPIFFE: 'INVALID_PATH',
  ERR_VERIFY_NO_REV_AVAIL: 'INVALID_PATH',
  ERR_VERIFY_REVOKED: 'REVOKED',
  ERR_VERIFY_STATUS_UNKNOWN: 'STATUS_UNKNOWN',
  ERR_VERIFY_STATUS_EXPIRED: 'STATUS_UNKNOWN',
  ERR_VERIFY_BUDGET: 'BUDGET',
}

/**
 * The order in which one cause is chosen when a verdict has many findings: what makes the others moot comes first.
 * Revocation and status come after whatever says that the path is not one of ours: they may be told only to a proved
 * key under our anchors.
 */
const CAUSE_ORDER: readonly CredentialCause[] = [
  'BUDGET',
  'MALFORMED',
  'UNKNOWN_ISSUER',
  'BAD_SIGNATURE',
  'WEAK',
  'INVALID_PATH',
  'REVOKED',
  'EXPIRED',
  'NOT_YET_VALID',
  'WRONG_PURPOSE',
  'WRONG_NAME',
  'STATUS_UNKNOWN',
]

/** Chooses the one finding to tell from a refused verdict, and its refusal code for the side that presented the path. */
export function refusalOfFindings<F extends { readonly code: FindingCode }>(
  presenter: 'caller' | 'callee',
  findings: readonly F[],
): { readonly code: RefusalCode; readonly detail?: F } {
  for (const cause of CAUSE_ORDER) {
    const detail = findings.find((finding) => CAUSE_OF_FINDING[finding.code] === cause)
    if (detail) return { code: `ERR_${presenter === 'caller' ? 'CALLER' : 'CALLEE'}_${cause}`, detail }
  }
  return { code: presenter === 'caller' ? 'ERR_CALLER_INVALID_PATH' : 'ERR_CALLEE_INVALID_PATH' }
}
