// One process at a time changes an identity's directory.
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { IdentityError, systemCode } from './error.ts'

// No change takes as long: each step of it has its own time limit. Numbers of processes are used again after a restart.
const MAX_AGE_MS = 600_000

/** The locks that this process holds: in a container the one before it may have had the same number. */
const held = new Set<string>()

/**
 * Runs `work` while no other process does so with the same lock file. A lock whose process has ended is taken over.
 * @throws {IdentityError} ERR_IDENTITY_IN_USE when another living process holds it.
 */
export async function withLock<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  if (held.has(path)) throw new IdentityError('ERR_IDENTITY_IN_USE', path, 'this process itself')
  held.add(path)
  try {
    await take(path)
    try {
      await sweep(path)
      return await work()
    } finally {
      await rm(path, { force: true })
    }
  } finally {
    held.delete(path)
  }
}

async function take(path: string): Promise<void> {
  const mine = `${path}.${process.pid}`
  try {
    await writeFile(mine, `${process.pid}\n`, { mode: 0o600 })
    // A link is made whole or not at all, so nobody reads a lock without its number.
    if (await linked(mine, path)) return
    await moveAwayIfDead(path, mine)
    if (!(await linked(mine, path))) throw new IdentityError('ERR_IDENTITY_IN_USE', path)
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new IdentityError(full ? 'ERR_IDENTITY_NO_SPACE' : 'ERR_IDENTITY_WRITE', path, code, { cause: error })
  } finally {
    await rm(mine, { force: true })
  }
}

/** Removes what processes that were killed while they took this lock have left. */
async function sweep(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  for (const name of await readdir(dirname(path))) {
    const [pid = '', ...dead] = name.startsWith(prefix) ? name.slice(prefix.length).split('.') : []
    if (!/^[0-9]+$/.test(pid) || Number(pid) === process.pid || isAlive(Number(pid))) continue
    if (dead.join() === '' || dead.join() === 'dead') await rm(join(dirname(path), name), { force: true })
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

async function moveAwayIfDead(path: string, mine: string): Promise<void> {
  const aside = `${mine}.dead`
  try {
    const [lock, own] = [await stat(path), await stat(mine)]
    const holder = Number(await readFile(path, 'utf8'))
    const old = own.mtimeMs - lock.mtimeMs > MAX_AGE_MS
    if (!old && holder !== process.pid && isAlive(holder)) return
    await rename(path, aside)
    // Another may have taken it over since we looked: then what was moved away is a living lock, and goes back.
    if ((await stat(aside)).ino !== lock.ino) await linked(aside, path)
    await rm(aside, { force: true })
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return systemCode(error) !== 'ESRCH'
  }
}
