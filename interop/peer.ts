/** Foreign programs that the interop and scenario tests meet: found on this machine, or named when they are not. */
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ABSENT_SET } from '../tools/testing/outcome.ts'

/**
 * The test options that skip a test where `program` is not installed: `test('…', needs('curl', 'curl'), …)`.
 * For two programs: `{ ...needs('curl', 'curl'), ...needs('nginx', 'nginx-light') }`.
 * @param aptPackage The Debian package that brings it; `tools/install-peers` must install it.
 * @throws {Error} when the program is missing and COUNTERSIGN_NO_SKIPS=1, so that the file fails.
 */
export function needs(program: string, aptPackage: string): { readonly skip?: string } {
  if (findProgram(program) !== undefined) return {}
  return absent(`${program} is not installed (Debian package ${aptPackage})`)
}

/**
 * The test options that skip a test where an extra is not installed: a package that operators add by hand, since it
 * compiles. `tools/add-pkcs11` must add it, and CI runs that.
 * @throws {Error} as {@link needs}
 */
export function needsExtra(name: 'pkcs11js'): { readonly skip?: string } {
  if (existsSync(join(import.meta.dirname, '..', 'node_modules', name, 'build', 'Release'))) return {}
  return absent(`${name} is not installed (tools/add-pkcs11)`)
}

/**
 * The test options that skip a test where a file of a large vector set is absent. The sets are named in
 * `vectors/SOURCES.md`, not part of the project, and looked for in the folder that COUNTERSIGN_VECTORS names;
 * this skip alone is no failure in CI.
 */
export function needsVectors(path: string): { readonly skip?: string } {
  const folder = process.env['COUNTERSIGN_VECTORS']
  return folder !== undefined && existsSync(join(folder, path)) ? {} : { skip: `${path} ${ABSENT_SET}` }
}

/** The absolute path of `program`; daemons are found too although a user's PATH often lacks the `sbin` folders. */
export function findProgram(program: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/lib/gnupg',
  ]
  return folders.map((folder) => join(folder, program)).find(executable)
}

/** The absolute path of a program that the test has declared by `needs`. @throws {Error} when it is not installed. */
export function programPath(program: string): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is not installed: declare it with needs()`)
  return path
}

function absent(reason: string): { readonly skip: string } {
  if (process.env['COUNTERSIGN_NO_SKIPS'] === '1') throw new Error(`${reason}, and COUNTERSIGN_NO_SKIPS=1`)
  return { skip: reason }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
