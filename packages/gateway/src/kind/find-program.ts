import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { EngineError } from './engine-error.ts'

/** Where daemons are; the PATH of a user often lacks them. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']

/**
 * Finds a program that a door cannot do without.
 * @throws {EngineError} (rejects) naming the Debian package that brings it.
 */
export async function findProgram(program: string, debianPackage: string): Promise<string> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), ...SYSTEM_FOLDERS]
  for (const folder of folders) {
    const path = join(folder, program)
    if (await isExecutable(path)) return path
  }
  throw new EngineError(
    'ERR_ENGINE_MISSING',
    `${program} is not installed`,
    `install it (on Debian: apt install ${debianPackage}), or take the door out of the configuration`,
  )
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
