// From what the packages and the system throw to what, where and what to do.
import type { AuthorityErrorCode } from '@countersign/authority'
import type { EnrollmentErrorCode, TrustFileErrorCode } from '@countersign/mtls'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import { EXIT, Failure } from './command.ts'

type Exit = Failure['exit']

/** Errors of the operating system that a person can mend. */
const SYSTEM: Readonly<Record<string, readonly [exit: Exit, text: string, next: string]>> = {
  ENOENT: [EXIT.input, 'is not there', 'check the path'],
  ENOTDIR: [EXIT.input, 'has a file where a directory must be', 'check the path'],
  EISDIR: [EXIT.input, 'is a directory', 'name a file'],
  EEXIST: [EXIT.input, 'is there already', 'choose another path, or move it away'],
  EACCES: [EXIT.input, 'may not be opened by this user', 'check owner and mode'],
  EPERM: [EXIT.input, 'may not be changed by this user', 'check owner and mode'],
  EROFS: [EXIT.input, 'is on a read-only file system', 'choose a place that can be written'],
  ENOSPC: [EXIT.input, 'is on a full disk', 'free space there, then try again'],
  EDQUOT: [EXIT.input, 'is over the disk quota', 'free space there, then try again'],
  EMFILE: [EXIT.input, 'is one open file too many', 'raise the limit of open files (ulimit -n)'],
  EMSGSIZE: [EXIT.unreachable, 'sent more than this command reads', 'check what answers at that address'],
  EADDRINUSE: [
    EXIT.unreachable,
    'is taken by another process',
    'stop that process, or choose another port (listen, in the file that --config names)',
  ],
  EADDRNOTAVAIL: [EXIT.unreachable, 'is not an address of this machine', 'choose another address'],
  ECONNREFUSED: [EXIT.unreachable, 'does not answer', 'check the address and that the server runs'],
  ECONNRESET: [EXIT.unreachable, 'ended the connection', 'see what the server reported'],
  EPIPE: [EXIT.unreachable, 'ended the connection', 'see what the server reported'],
  EHOSTUNREACH: [EXIT.unreachable, 'cannot be reached', 'check the address and the network'],
  ENETUNREACH: [EXIT.unreachable, 'cannot be reached', 'check the address and the network'],
  ETIMEDOUT: [EXIT.unreachable, 'does not answer', 'check the address and that the server runs'],
  ENOTFOUND: [EXIT.unreachable, 'is not a name that this machine knows', 'check the address'],
  EAI_AGAIN: [EXIT.unreachable, 'cannot be looked up now', 'check the network'],
}

/** What the authority cannot start with is bad input, but for an address that it cannot have and a verdict of its own. */
const AUTHORITY_EXITS: Partial<Record<AuthorityErrorCode, Exit>> = {
  ERR_AUTHORITY_LISTEN: EXIT.unreachable,
  ERR_AUTHORITY_REFUSED: EXIT.refused,
}

/** Where a command knows better what to do than the package. */
const AUTHORITY_NEXT: Partial<Record<AuthorityErrorCode, string>> = {
  ERR_AUTHORITY_IN_USE: 'stop the other process, or name another data directory with --data',
  ERR_AUTHORITY_LISTEN: 'stop what uses that address, or choose another one (listen, in the file that --config names)',
}

/** What the authority refuses is a verdict; what did not come, or is not as it must be, is none. */
const ENROLLMENT_EXITS: Readonly<Partial<Record<string, Exit>> & Record<EnrollmentErrorCode, Exit>> = {
  ERR_ENROLL_TOKEN_FORM: EXIT.input,
  ERR_ENROLL_CONNECTION: EXIT.unreachable,
  ERR_ENROLL_ANSWER: EXIT.unreachable,
  ERR_ENROLL_ANSWER_CERTIFICATE: EXIT.refused,
  ERR_ENROLL_ANSWER_STATUS: EXIT.refused,
  ERR_ENROLL_AUTHORITY_FILE: EXIT.input,
}

const TRUST_NEXT: Readonly<Record<TrustFileErrorCode, string>> = {
  ERR_TRUST_FILE_MISSING: 'check the path, or enroll again',
  ERR_TRUST_FILE_UNREADABLE: 'check owner and mode',
  ERR_TRUST_FILE_EMPTY: 'restore it, or enroll again',
  ERR_TRUST_FILE_LIMIT: 'check that it is the right file',
  ERR_TRUST_FILE_MALFORMED: 'restore it, or enroll again',
  ERR_TRUST_NO_STATUS: 'enroll again, or name the folder of the revocation lists',
}

/** What the errors of our packages have; where a field is missing it is undefined. */
interface OwnError extends Error {
  readonly code?: string
  readonly next?: string
  /** Of an AuthorityError: the file, directory or address at fault. */
  readonly path?: string
}

/** Errors of our packages by their name: whoever throws one has loaded its package, and nobody else shall have to. */
const OURS: Readonly<Record<string, (error: OwnError) => Failure>> = {
  AuthorityError: (error) =>
    // The table is of the codes that this class has.
    failure(error, AUTHORITY_EXITS[error.code as AuthorityErrorCode] ?? EXIT.input, {
      message: `${error.path}: ${error.message}`,
      next: AUTHORITY_NEXT[error.code as AuthorityErrorCode] ?? error.next,
    }),
  IdentityError: (error) => failure(error, EXIT.input),
  EngineError: (error) => failure(error, EXIT.input),
  TrustFileError: (error) => failure(error, EXIT.input, { next: TRUST_NEXT[error.code as TrustFileErrorCode] }),
  MeetingRefusedError: (error) =>
    failure(error, error.code === 'ERR_CALLEE_UNREACHABLE' ? EXIT.unreachable : EXIT.refused),
  EnrollmentError: (error) => failure(error, ENROLLMENT_EXITS[error.code ?? ''] ?? EXIT.refused),
  TokenError: (error) => failure(error, EXIT.input, { next: 'copy the whole token, or ask for a new invitation' }),
  LoginSecretError: (error) =>
    failure(error, EXIT.input, { next: 'put the copy of that file where it was; docs/operations.md says what it is' }),
  MailFormError: (error) => failure(error, EXIT.input, { next: 'write the message again, with another program' }),
  MailError: mailFailure,
  LedgerError: (error) =>
    failure(error, EXIT.input, { next: 'name a directory with a ledger in it, or a copy of one' }),
  ShapeError: (error) =>
    failure(error, EXIT.unreachable, {
      message: `the answer is not as expected: ${error.message}`,
      next: 'check that both sides are of the same version',
    }),
}

/** Why a message is not sealed; what to do next, the table of refusals says. */
function mailFailure(error: OwnError): Failure {
  // Its message ends in the code, which is told beside it.
  const message = error.message.replace(` (${error.code})`, '')
  return failure(error, EXIT.refused, { message, next: REFUSALS[error.code as RefusalCode]?.next })
}

/** The failure that an error is, or undefined where it is a bug of ours. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return undefined
  const own = Object.hasOwn(OURS, error.name) ? OURS[error.name] : undefined
  return own === undefined ? systemFailure(error) : own(error)
}

function failure(
  error: OwnError,
  exit: Exit,
  more: { readonly message?: string; readonly next?: string | undefined } = {},
): Failure {
  const { message = error.message, next = error.next } = more
  return new Failure(exit, message, { code: error.code, next, cause: error })
}

function systemFailure(error: SystemError): Failure | undefined {
  const { code, path, address, port, hostname } = error
  const known = code === undefined ? undefined : SYSTEM[code]
  if (known === undefined) return undefined
  const [exit, text, next] = known
  const where = path ?? (port === undefined ? (address ?? hostname) : `${address ?? hostname ?? ''}:${port}`)
  return new Failure(exit, where === undefined ? error.message : `${where} ${text}`, { code, next, cause: error })
}

/** What Node gives the errors of system calls. */
interface SystemError extends Error {
  readonly code?: string
  readonly path?: string
  readonly address?: string
  readonly hostname?: string
  readonly port?: number
}
