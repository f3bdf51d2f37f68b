// The vector files of this repository.
import { readFileSync } from 'node:fs'

/** The cases of one file below /vectors/ssh. */
export function casesOf<Case>(name: string): readonly Case[] {
  const file = new URL(`../../../vectors/ssh/${name}`, import.meta.url)
  // The shape of a file is its test's business: a wrong one fails there.
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }).cases
}
