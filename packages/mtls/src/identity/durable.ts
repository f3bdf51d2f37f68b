// Files that are whole or as before, whatever happens in between.
import { mkdir, open, rename, rm } from 'node:fs/promises'
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

async function writeBeside({ path, octets, mode }: NewFile): Promise<void> {
  const beside = besideOf(path)
  await naming(path, async () => {
    // What a killed process left there is void; `wx` follows no link and takes no mode from it.
    await rm(beside, { force: true })
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
