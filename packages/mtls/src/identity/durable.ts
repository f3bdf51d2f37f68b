// Files that are whole or as before, whatever happens in between.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { IdentityError, systemCode } from './error.ts'

/** One file as it shall stand. */
export interface NewFile {
  readonly path: string
  readonly octets: Uint8Array | string
  readonly mode: 0o600 | 0o644
}

/**
 * Replaces files, each whole: all are written beside their places and synced first, then renamed in the order given.
 * Where one cannot be written, none is replaced and nothing is left beside them.
 * @throws {IdentityError} ERR_IDENTITY_NO_SPACE or ERR_IDENTITY_WRITE.
 */
export async function replaceFiles(files: readonly NewFile[]): Promise<void> {
  try {
    for (const file of files) await writeBeside(file)
    // One by one: after a power failure no later name may stand without the ones before it.
    for (const { path } of files) await renameDurably(besideOf(path), path)
  } catch (error) {
    for (const { path } of files) await rm(besideOf(path), { force: true })
    throw error
  }
}

/**
 * Makes a file, whole, where none is; of several processes that do so at once, one makes it.
 * Answers false where one is there, which stays as it is.
 * @throws {IdentityError} ERR_IDENTITY_NO_SPACE or ERR_IDENTITY_WRITE.
 */
export async function createFile({ path, octets, mode }: NewFile): Promise<boolean> {
  // Of its own: another process must not take away what this one writes.
  const beside = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    await writeTo(beside, { path, octets, mode })
    // A name is given once; a rename would take the place of what another has made meanwhile.
    await naming(path, () => link(beside, path))
  } catch (error) {
    if (error instanceof IdentityError && systemCode(error.cause) === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
  await syncDirectory(dirname(path))
  return true
}

/** Renames durably. @throws {IdentityError} */
export async function renameDurably(from: string, to: string): Promise<void> {
  await naming(to, () => rename(from, to))
  await syncDirectory(dirname(to))
}

/** Removes durably what may be there. @throws {IdentityError} */
export async function removeDurably(path: string): Promise<void> {
  await naming(path, () => rm(path, { force: true }))
  await syncDirectory(dirname(path))
}

/** Makes a directory that only its owner may use; one that is there stays as it is. @throws {IdentityError} */
export async function makePrivateDirectory(directory: string): Promise<void> {
  const made = await naming(directory, () => mkdir(directory, { recursive: true, mode: 0o700 }))
  if (made !== undefined) await syncDirectory(dirname(directory))
}

async function writeBeside(file: NewFile): Promise<void> {
  const beside = besideOf(file.path)
  // What a killed process left there is void.
  await naming(file.path, () => rm(beside, { force: true }))
  await writeTo(beside, file)
}

async function writeTo(beside: string, { path, octets, mode }: NewFile): Promise<void> {
  await naming(path, async () => {
    // `wx` follows no link and takes no mode from what is there.
    const file = await open(beside, 'wx', mode)
    try {
      await file.writeFile(octets)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

function besideOf(path: string): string {
  return `${path}.tmp`
}

async function syncDirectory(directory: string): Promise<void> {
  await naming(directory, async () => {
    const handle = await open(directory, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  })
}

async function naming<Value>(path: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new IdentityError(full ? 'ERR_IDENTITY_NO_SPACE' : 'ERR_IDENTITY_WRITE', path, code, { cause: error })
  }
}
