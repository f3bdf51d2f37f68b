// The data directory: ours alone, or not used.
import { accessSync, constants, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { AuthorityError } from './error.ts'
import { guarded } from './keys/files.ts'
import { errnoOf } from './store/fault.ts'

/**
 * Makes `directory` where it is absent, and refuses one that others own, can enter, or that cannot be written.
 * @throws {AuthorityError}
 */
export function openDirectory(directory: string): void {
  const stats = statOf(directory) ?? make(directory)
  if (!stats.isDirectory()) throw new AuthorityError('ERR_AUTHORITY_DIRECTORY', directory, 'this is not a directory')
  checkMode(directory, stats)
  // A file system that is read-only shows in no mode.
  guarded(directory, () => accessSync(directory, constants.W_OK))
}

function checkMode(directory: string, stats: Stats): void {
  // Windows has no owners of this kind; there the directory's own access list decides.
  const self = process.getuid?.()
  if (self !== undefined && stats.uid !== self)
    throw new AuthorityError(
      'ERR_AUTHORITY_DIRECTORY_OWNER',
      directory,
      `the data directory belongs to user ${stats.uid}, and this process runs as user ${self}`,
    )
  if (self === undefined) return
  const mode = stats.mode & 0o777
  if ((mode & 0o077) !== 0)
    throw new AuthorityError(
      'ERR_AUTHORITY_DIRECTORY_MODE',
      directory,
      `others can enter the data directory (mode ${mode.toString(8).padStart(3, '0')})`,
    )
  if ((mode & 0o700) !== 0o700)
    throw new AuthorityError('ERR_AUTHORITY_DIRECTORY_READ_ONLY', directory, 'the data directory is read-only')
}

function statOf(directory: string): Stats | undefined {
  try {
    return lstatSync(directory)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw new AuthorityError('ERR_AUTHORITY_DIRECTORY', directory, `it cannot be read (${errnoOf(cause)})`, { cause })
  }
}

function make(directory: string): Stats {
  guarded(directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }))
  return lstatSync(directory)
}
