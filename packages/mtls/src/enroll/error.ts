// Why an enrollment, a renewal or the fetching of lists did not come to its end.
import { REFUSALS, type Reference, type RefusalCode, ShapeError } from '@countersign/protocol'
import { readToldRefusal } from '../client/door-refused.ts'

/** What this side holds against an answer. A released code keeps its meaning and is never reused. */
export const ENROLLMENT_ERRORS = {
  ERR_ENROLL_CONNECTION: [
    'the connection ended before the answer came',
    'do the same once more: where the answer was lost, it is given again',
  ],
  ERR_ENROLL_ANSWER: ['the answer is not as expected', 'check that both sides are of the same version'],
  ERR_ENROLL_ANSWER_CERTIFICATE: [
    'the certificate that came is not the one that was asked for',
    'do not use it; tell the operator of the authority',
  ],
  ERR_ENROLL_ANSWER_STATUS: [
    'by the revocation lists that came the authority cannot be believed',
    'check the clock of this machine; where it is right, do not go on, and tell the operator of the authority',
  ],
  ERR_ENROLL_AUTHORITY_FILE: ['it does not name an authority', 'restore it, or enroll again'],
} as const
/** One reason of {@link ENROLLMENT_ERRORS}. */
export type EnrollmentErrorCode = keyof typeof ENROLLMENT_ERRORS

/** Says why the authority did not give, or we did not take, what was asked for. */
export class EnrollmentError extends Error {
  override readonly name = 'EnrollmentError'
  readonly code: RefusalCode | EnrollmentErrorCode
  /** What to do next, as an imperative. */
  readonly next: string
  /** Of the meeting, as the authority knows it too; absent where none was held. */
  readonly reference: Reference | undefined
  constructor(
    code: RefusalCode | EnrollmentErrorCode,
    about: { readonly detail?: string; readonly reference?: Reference | undefined },
    options?: ErrorOptions,
  ) {
    const [text, next] = isOwn(code) ? ENROLLMENT_ERRORS[code] : [REFUSALS[code].public, REFUSALS[code].next]
    super(about.detail === undefined ? text : `${text}: ${about.detail}`, options)
    this.code = code
    this.next = next
    this.reference = about.reference
  }
}

/**
 * Reads a refusal of the authority, RFC 9457. What has no code that we know is an answer that we did not expect.
 * @param own The reference of the meeting as this side knows it.
 */
export function readProblem(status: number, json: unknown, own: Reference): EnrollmentError {
  try {
    const { code, detail, reference = own } = readToldRefusal(json)
    return new EnrollmentError(code, { ...(detail !== undefined && { detail }), reference })
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause
    return new EnrollmentError('ERR_ENROLL_ANSWER', { detail: `HTTP status ${status}`, reference: own }, { cause })
  }
}

function isOwn(code: RefusalCode | EnrollmentErrorCode): code is EnrollmentErrorCode {
  return Object.hasOwn(ENROLLMENT_ERRORS, code)
}
