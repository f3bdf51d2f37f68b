// A ledger in a directory: the files that a web server would serve, as they are.
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { guarded } from '../keys/files.ts'
import { errnoOf } from '../store/fault.ts'
import { MAX_BUNDLE_OCTETS } from './bundle.ts'
import { LedgerError } from './error.ts'
import type { LedgerStore } from './ledger.ts'
import type { ReadFile } from './prove.ts'

/** Anyone may read them: a ledger has no secrets from those who can enter the directory that it is in. */
const MODE = 0o644
const ABSENT: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']

/** Where files are written before they have their names; what a crash left there goes with the next write. */
const UNFINISHED = 'new'

/** The files of a ledger in `directory`, which is made at the first write. One process writes at a time. */
export function openLedgerDirectory(directory: string): LedgerStore {
  const unfinished = join(directory, UNFINISHED)
  let begun: Promise<void> | undefined
  return {
    read: readLedgerDirectory(directory),
    async write(path, octets) {
      const file = join(directory, path)
      try {
        begun ??= begin(directory, unfinished)
        await begun
        await writeDurably(file, join(unfinished, path.replaceAll('/', '-')), octets)
      } catch (cause) {
        begun = undefined
        guarded(file, () => {
          throw cause
        })
      }
    },
    remove: (path) => rm(join(directory, path), { recursive: true, force: true }),
  }
}

/** Reads the files of a ledger that anybody may have written. @throws {LedgerError} when it is no file, or too large. */
export function readLedgerDirectory(directory: string): ReadFile {
  return async (path) => {
    const file = await openFile(join(directory, path))
    if (file === undefined) return undefined
    try {
      const stats = await file.stat()
      if (!stats.isFile() || stats.size > MAX_BUNDLE_OCTETS) throw new LedgerError('ERR_LEDGER_FILE', path)
      return new Uint8Array(await file.readFile())
    } finally {
      await file.close()
    }
  }
}

async function openFile(path: string): Promise<Awaited<ReturnType<typeof open>> | undefined> {
  try {
    // A pipe that stands there shall not make anyone wait.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    if (ABSENT.includes(errnoOf(cause))) return undefined
    throw cause
  }
}

/** After a crash there is the old file or the new one, whole; when this resolves, the new one. */
async function writeDurably(path: string, temporary: string, octets: Uint8Array): Promise<void> {
  const directory = dirname(path)
  const made = await mkdir(directory, { recursive: true, mode: 0o755 })
  const file = await open(temporary, 'w', MODE)
  try {
    await file.writeFile(octets)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  // The names are durable too: that of the file, and those of the directories that were made for it.
  const last = made === undefined ? directory : dirname(made)
  for (let each = directory; ; each = dirname(each)) {
    await syncDirectory(each)
    if (each === last) return
  }
}

/** Makes the directory of the ledger; not those above it, which are gone for a reason. */
async function begin(root: string, unfinished: string): Promise<void> {
  try {
    await mkdir(root, { mode: 0o755 })
    await syncDirectory(dirname(root))
  } catch (cause) {
    if (errnoOf(cause) !== 'EEXIST') throw cause
  }
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o755 })
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
