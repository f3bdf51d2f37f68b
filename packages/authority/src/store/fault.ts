// What SQLite says went wrong, in the words of the authority.
import { AuthorityError } from '../error.ts'

/** Primary result codes of SQLite that mean something of their own here. */
const RESULT = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const

/** Faults of making the file itself, as the result codes that say the same. */
const FILE_FAULTS: Readonly<Record<string, number>> = {
  EACCES: RESULT.readOnly,
  EPERM: RESULT.readOnly,
  EROFS: RESULT.readOnly,
  ENOSPC: RESULT.full,
  EDQUOT: RESULT.full,
}

/** The name of the operating system's error, as in `ENOSPC`. */
export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

/** The primary result code, where `cause` is an error of SQLite. */
function primaryCode(cause: unknown): number | undefined {
  if (!(cause instanceof Error) || !('errcode' in cause) || typeof cause.errcode !== 'number') return undefined
  return cause.errcode & 0xff
}

/** Whether `cause` is about the storage itself, so that nothing of the transaction can be relied on. */
export function isStorageFault(cause: unknown): boolean {
  const code = primaryCode(cause)
  return code !== undefined && [RESULT.readOnly, RESULT.ioError, RESULT.corrupt, RESULT.full].some((c) => c === code)
}

/** SASL: what the client says where it has no password, or the server none of its own. */
const LOST_CONNECTION = /^Connection (?:terminated|ended)|^timeout exceeded|is not queryable|read timeout|^SASL: /i

/** Whether `cause` is what PostgreSQL said, or what became of a connection to it. */
export function isPostgresqlFault(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  // What its client throws for each word of the server has a severity; of its connection, texts alone.
  return 'severity' in cause || 'syscall' in cause || LOST_CONNECTION.test(cause.message)
}

/** What to do where a password is missing, wrong, or where it should not be. */
export const PASSWORD_PLACE =
  'put it into a file of mode 0600 that PGPASSFILE names, or ~/.pgpass: host:port:database:user:password'

/** Wraps an error of PostgreSQL. Its documentation, appendix A: SQLSTATE 53100 is a full disk, 25006 a standby. */
export function postgresqlError(where: string, cause: unknown): AuthorityError {
  if (cause instanceof AuthorityError) return cause
  const state = errnoOf(cause)
  if (state === '53100')
    return new AuthorityError('ERR_AUTHORITY_STORE_FULL', where, 'no room to record this, so it was not done', {
      cause,
      next: 'free disk space where PostgreSQL keeps its data, then try again',
    })
  if (state === '25006')
    return new AuthorityError('ERR_AUTHORITY_STORE', where, 'PostgreSQL takes no writes, so it was not done', {
      cause,
      next: 'name the primary, and not a standby',
    })
  const said = cause instanceof Error ? cause.message : String(cause)
  if (state === '28P01' || state === '28000' || said.startsWith('SASL: '))
    return new AuthorityError('ERR_AUTHORITY_STORE', where, `PostgreSQL lets nobody in: ${said}`, {
      cause,
      next: PASSWORD_PLACE,
    })
  return new AuthorityError('ERR_AUTHORITY_STORE', where, `PostgreSQL did not do this: ${said}`, {
    cause,
    next: 'see that PostgreSQL runs, and that `store` names it as psql would',
  })
}

/** Wraps an error of SQLite on the database at `path`. */
export function storeError(path: string, cause: unknown): AuthorityError {
  if (cause instanceof AuthorityError) return cause
  switch (primaryCode(cause) ?? FILE_FAULTS[errnoOf(cause) ?? '']) {
    case RESULT.busy:
      return new AuthorityError('ERR_AUTHORITY_IN_USE', path, 'another process uses this data directory', { cause })
    case RESULT.readOnly:
      return new AuthorityError('ERR_AUTHORITY_DIRECTORY_READ_ONLY', path, 'the database cannot be written', { cause })
    case RESULT.corrupt:
    case RESULT.notADatabase:
      return new AuthorityError('ERR_AUTHORITY_STORE_MALFORMED', path, 'this is not a whole database', { cause })
    case RESULT.full:
      return new AuthorityError('ERR_AUTHORITY_STORE_FULL', path, 'no room to record this, so it was not done', {
        cause,
      })
    case RESULT.ioError:
      return new AuthorityError('ERR_AUTHORITY_STORE', path, 'the disk did not take this, so it was not done', {
        cause,
      })
    default:
      return new AuthorityError('ERR_AUTHORITY_STORE', path, 'the database cannot be used', { cause })
  }
}
