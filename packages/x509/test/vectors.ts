// Reads the vector files of this repository, and finds the folder of foreign ones.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ABSENT_SET } from '../../../tools/testing/outcome.ts'

/** The cases of one file below /vectors. */
export function casesOf<Case>(path: string): readonly Case[] {
  return fileOf<{ readonly cases: readonly Case[] }>(path).cases
}

/** One file below /vectors, whole. */
export function fileOf<File>(path: string): File {
  const file = new URL(`../../../vectors/${path}`, import.meta.url)
  // The shape of a file is its test's business: a wrong one fails there.
  return JSON.parse(readFileSync(file, 'utf8')) as File
}

/** A folder of vectors that others made, or why its tests are skipped. */
export type ForeignVectors = { readonly folder: string; readonly skip: false } | { readonly skip: string }

/** Finds `path` in the folder that COUNTERSIGN_VECTORS names, or in `shared/vectors` beside the repository. */
export function foreignVectors(path: string): ForeignVectors {
  const beside = fileURLToPath(new URL('../../../../shared/vectors', import.meta.url))
  const folder = join(process.env['COUNTERSIGN_VECTORS'] ?? beside, path)
  return existsSync(folder) ? { folder, skip: false } : { skip: `${path} ${ABSENT_SET}` }
}
