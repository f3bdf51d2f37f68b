// Files that must be whole or absent after a crash.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AuthorityError } from '../error.ts'
import { errnoOf } from '../store/fault.ts'

/** Writes a new file that is on the disk when this returns; the name itself is durable after {@link syncDirectory}. */
export function writeNewFile(path: string, contents: string, mode: number): void {
  guarded(path, () => writeWhole(path, 'wx', contents, mode))
}

/** Puts `contents` at `path` in one step: after a crash there is the old file or the new one, whole. */
export function replaceFile(path: string, contents: string, mode: number): void {
  const temporary = `${path}.new`
  guarded(path, () => {
    writeWhole(temporary, 'w', contents, mode)
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  })
}

function writeWhole(path: string, flags: 'w' | 'wx', contents: string, mode: number): void {
  const file = openSync(path, flags, mode)
  try {
    writeFileSync(file, contents)
    fsyncSync(file)
  } catch (cause) {
    rmSync(path)
    throw cause
  } finally {
    closeSync(file)
  }
}

/** Makes the names in `directory` durable. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Runs `work` on files; what the operating system refuses becomes an {@link AuthorityError}. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const errno = errnoOf(cause)
    if (cause instanceof AuthorityError || errno === undefined) throw cause
    const full = errno === 'ENOSPC' || errno === 'EDQUOT'
    const readOnly = errno === 'EACCES' || errno === 'EROFS' || errno === 'EPERM'
    throw new AuthorityError(
      full ? 'ERR_AUTHORITY_STORE_FULL' : readOnly ? 'ERR_AUTHORITY_DIRECTORY_READ_ONLY' : 'ERR_AUTHORITY_DIRECTORY',
      path,
      full ? 'no room to write this file' : `this cannot be written (${errno})`,
      { cause },
    )
  }
}
