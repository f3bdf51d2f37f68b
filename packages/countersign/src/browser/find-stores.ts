// Which stores this machine has.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Around } from '../command.ts'
import type { Store } from './model.ts'
import { type NssTools, nssStore } from './nss.ts'
import { systemStore } from './system-store.ts'
import { findTool } from './tool.ts'

/** The tools that this machine has; where one is missing, it is undefined. */
export interface Tools {
  readonly nss: NssTools | undefined
  /** update-ca-certificates. */
  readonly updater: string | undefined
}

/** Looks for the tools. */
export function findTools({ env }: Pick<Around, 'env'>): Tools {
  const [certutil, pk12util, updater] = ['certutil', 'pk12util', 'update-ca-certificates'].map((name) =>
    findTool(name, env['PATH']),
  )
  return { nss: certutil === undefined || pk12util === undefined ? undefined : { certutil, pk12util }, updater }
}

/** The system's store. Undefined where this machine has none that we know how to change. */
export function findSystemStore({ updater }: Tools): Store | undefined {
  return updater === undefined ? undefined : systemStore(updater)
}

/**
 * The store that Chromium and Chrome on Linux read: the older place where it is there, else the one of the XDG base
 * directories; measured with Chromium 156.
 */
export async function chromiumStore(nss: NssTools, { env }: Pick<Around, 'env'>): Promise<Store> {
  const home = env['HOME'] ?? '/'
  const older = join(home, '.pki/nssdb')
  const newer = join(env['XDG_DATA_HOME'] ?? join(home, '.local/share'), 'pki/nssdb')
  return nssStore('Chromium', (await isDirectory(older)) || !(await isDirectory(newer)) ? older : newer, nss)
}

const FIREFOX = [
  '.mozilla/firefox',
  '.config/mozilla/firefox',
  'snap/firefox/common/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/.mozilla/firefox',
]
const CHROMIUM = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'brave-browser',
]

/** Every NSS store that a browser of this user has: each Firefox profile, and Chromium's, which may be still to make. */
export async function findNssStores(nss: NssTools, around: Pick<Around, 'env'>): Promise<readonly Store[]> {
  const home = around.env['HOME'] ?? '/'
  const stores: Store[] = []
  const chromium = await chromiumStore(nss, around)
  const snap = join(home, 'snap/chromium/current/.pki/nssdb')
  if (await isDirectory(snap)) stores.push(nssStore('Chromium', snap, nss))
  if ((await isDirectory(chromium.path)) || CHROMIUM.some((name) => findTool(name, around.env['PATH'])))
    stores.push(chromium)
  for (const folder of FIREFOX)
    for (const profile of await namesIn(join(home, folder)))
      if ((await namesIn(join(home, folder, profile))).includes('cert9.db'))
        stores.push(nssStore('Firefox', join(home, folder, profile), nss))
  return stores
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

/** What is a file, or not ours to look into, is no store of ours. */
function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(error.code))
}
