// From what the packages and the system throw to what, where and what to do.
import { EXIT, type ExitCode, Failure } from './command.ts'
import { plainText } from './output/plain-text.ts'

type Known = readonly [exit: Exclude<ExitCode, 0 | 70>, text: string, next: string]

/** Errors of the operating system that a person can mend. */
const SYSTEM: Readonly<Record<string, Known>> = {
  ENOENT: [EXIT.input, 'is not there', 'check the path'],
  ENOTDIR: [EXIT.input, 'has a file where a directory must be', 'check the path'],
  EISDIR: [EXIT.input, 'is a directory', 'name a file'],
  EEXIST: [EXIT.input, 'is there already', 'choose another path, or move it away'],
  EACCES: [EXIT.input, 'may not be opened by this user', 'check owner and mode'],
  EPERM: [EXIT.input, 'may not be changed by this user', 'check owner and mode'],
  EROFS: [EXIT.input, 'is on a read-only file system', 'choose a place that can be written'],
  ENOSPC: [EXIT.input, 'is on a full disk', 'free space there, then try again; nothing was lost'],
  EDQUOT: [EXIT.input, 'is over the disk quota', 'free space there, then try again; nothing was lost'],
  EMFILE: [EXIT.input, 'is one open file too many', 'raise the limit of open files (ulimit -n)'],
  EADDRINUSE: [EXIT.unreachable, 'is taken by another process', 'stop that process, or choose another port'],
  EADDRNOTAVAIL: [EXIT.unreachable, 'is not an address of this machine', 'choose another address'],
  ECONNREFUSED: [EXIT.unreachable, 'does not answer', 'check the address and that the server runs'],
  ECONNRESET: [EXIT.unreachable, 'ended the connection', 'see what the server reported'],
  EHOSTUNREACH: [EXIT.unreachable, 'cannot be reached', 'check the address and the network'],
  ENETUNREACH: [EXIT.unreachable, 'cannot be reached', 'check the address and the network'],
  ETIMEDOUT: [EXIT.unreachable, 'does not answer', 'check the address and that the server runs'],
  ENOTFOUND: [EXIT.unreachable, 'is not a name that this machine knows', 'check the address'],
  EAI_AGAIN: [EXIT.unreachable, 'cannot be looked up now', 'check the network'],
}

/** The failure that an error is, or undefined where it is a bug of ours. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (!(error instanceof Error)) return undefined
  return systemFailure(error)
}

function systemFailure(error: Error): Failure | undefined {
  const { code, path, address, port, hostname }: SystemFields = error
  const known = code === undefined ? undefined : SYSTEM[code]
  if (known === undefined) return undefined
  const [exit, text, next] = known
  const where = path ?? (port === undefined ? (address ?? hostname) : `${address ?? hostname ?? ''}:${port}`)
  const message = where === undefined ? plainText(error.message) : `${where} ${text}`
  return new Failure(exit, message, { code, next, cause: error })
}

interface SystemFields extends Error {
  readonly code?: string
  readonly path?: string
  readonly address?: string
  readonly hostname?: string
  readonly port?: number
}
