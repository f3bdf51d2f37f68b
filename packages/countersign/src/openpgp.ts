// OpenPGP is a package that a house may leave out, for its licence: loaded where it is needed, and told about where it is not.
import type { StorePart } from '@countersign/authority'
import { EXIT, Failure } from './command.ts'

/** The package, or undefined where it is not installed. */
export async function openPgpIfThere(): Promise<typeof import('@countersign/openpgp') | undefined> {
  return orUndefined(import('@countersign/openpgp'))
}

/** The package. @throws {Failure} (rejects) where it is not installed */
export async function openPgpOrFail(): Promise<typeof import('@countersign/openpgp')> {
  const there = await openPgpIfThere()
  if (there === undefined)
    throw new Failure(EXIT.input, 'OpenPGP is a package of its own, and is not installed here', {
      code: 'ERR_CLI_NO_OPENPGP',
      next: 'npm install @countersign/openpgp, beside countersign; without it there is S/MIME',
    })
  return there
}

/** What the store keeps of it; nothing of the library is loaded. */
export async function openPgpParts(): Promise<readonly StorePart[]> {
  const there = await orUndefined(import('@countersign/openpgp/store'))
  return there === undefined ? [] : [there.OPENPGP_PART]
}

async function orUndefined<Module>(loading: Promise<Module>): Promise<Module | undefined> {
  try {
    return await loading
  } catch (error) {
    // Not there: the package, or the library without which it is nothing.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}
