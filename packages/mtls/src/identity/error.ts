/** Why a directory cannot serve as an identity. A released code keeps its meaning and is never reused. */
export const IDENTITY_ERRORS = {
  ERR_IDENTITY_MISSING: ['it is not there', 'enroll first'],
  ERR_IDENTITY_UNFINISHED: ['the enrollment did not come to its end', 'enroll again with the same directory'],
  ERR_IDENTITY_EXISTS: [
    'an identity is already here',
    'choose another directory, or keep this one renewed with `countersign enroll --keep`',
  ],
  ERR_IDENTITY_UNREADABLE: ['it cannot be read', 'check that it is what it should be, and its permissions'],
  ERR_IDENTITY_MODE: ['others may read it', 'take their permissions away (0700 for the directory, 0600 for the key)'],
  ERR_IDENTITY_OWNER: ['it belongs to another user', 'run as that user, or give it to this one'],
  ERR_IDENTITY_MALFORMED: ['it does not hold what it should', 'restore it, or enroll again'],
  ERR_IDENTITY_DAMAGED: ['it does not hold what was written to it', 'restore it, or delete it: it is then made anew'],
  ERR_IDENTITY_KEY_MISMATCH: ['the key and the certificate do not fit', 'restore both together, or enroll again'],
  ERR_IDENTITY_PURPOSE: [
    'its certificate is not for servers, so that every caller would refuse it',
    'enroll by an invitation for one: countersign invite NAME --profile server --san HOST',
  ],
  ERR_IDENTITY_NAMES: [
    'its certificate does not prove every name that it is for',
    'ask its authority for a certificate with these names',
  ],
  ERR_IDENTITY_NOT_NOW: ['its certificate is not good at this time', 'renew it, and check the clock'],
  ERR_IDENTITY_CHAIN: [
    'its certificates do not lead from one to the next',
    'put the leaf first, then the certificate of each issuer',
  ],
  ERR_IDENTITY_WRITE: ['it cannot be written', 'check that nothing else is at that path, the disk and the permissions'],
  ERR_IDENTITY_NO_SPACE: ['the disk is full', 'free some space, then try again'],
  ERR_IDENTITY_IN_USE: ['another process is changing it', 'wait until that has ended'],
} as const
/** One reason of {@link IDENTITY_ERRORS}. */
export type IdentityErrorCode = keyof typeof IDENTITY_ERRORS

/** Says which file of an identity cannot be used, why, and what to do. Never with a piece of a key. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError'
  readonly code: IdentityErrorCode
  readonly file: string
  /** What to do next, as an imperative. */
  readonly next: string
  constructor(code: IdentityErrorCode, file: string, detail?: string, options?: ErrorOptions) {
    const [text, next] = IDENTITY_ERRORS[code]
    super(`${file}: ${detail === undefined ? text : `${text}: ${detail}`}`, options)
    this.code = code
    this.file = file
    this.next = next
  }
}

/** The system's word for what went wrong, as in `ENOENT`; undefined where it is not the system's error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && 'syscall' in error ? String(error.code) : undefined
}
