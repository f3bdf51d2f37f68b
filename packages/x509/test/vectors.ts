// Reads the vector files of this repository, and finds the folder of foreign ones.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The cases of one file below /vectors. */
export function casesOf<Case>(path: string): readonly Case[] {
  const file = new URL(`../../../vectors/${path}`, import.meta.url)
  // The shape of a file is its test's business: a wrong one fails there.
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }).cases
}

/** The folder of vectors that others made, `undefined` where there is none: COUNTERSIGN_VECTORS, or beside the repository. */
export function foreignVectors(): string | undefined {
  const beside = fileURLToPath(new URL('../../../../shared/vectors', import.meta.url))
  const folder = process.env['COUNTERSIGN_VECTORS'] ?? beside
  return existsSync(folder) ? folder : undefined
}
