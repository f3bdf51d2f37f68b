// Parts of the store that other programs of the house bring: their tables are made and led on in the transaction of the
// store's own, so that there is never one without the other, and a copy of the store has them.
import { AuthorityError } from '../error.ts'
import type { Words } from './words.ts'

/** Tables of a program that is no part of the authority. */
export interface StorePart {
  /** As in `login`; each of its tables begins with it, as in `login_account`. */
  readonly name: string
  /** From 1. */
  readonly version: number
  /** The tables in the words of either database, as of `version`. */
  schemaIn(words: Words): string
  /** What a store lacks, by the version that it leads on from. What was released never changes. */
  readonly upgrades: Readonly<Record<number, (words: Words) => string>>
  /** Ends what may have been ended since a backup was made; absent where nothing is. @param version Of the part in the store. */
  readonly restored?: (version: number) => string
  /** Each table with its primary key; what others refer to comes before them. A copy goes by this. */
  readonly primaryKeys: Readonly<Record<string, readonly string[]>>
}

/** Which parts a store has, each with its version. */
export const PARTS = ({ integer, text, withoutRowid }: Words): string => `
CREATE TABLE store_part (
  name ${text} PRIMARY KEY,
  version ${integer} NOT NULL
) ${withoutRowid};
`

/** A row of `store_part`. */
export interface FoundPart {
  readonly name: string
  readonly version: number
}

/** @throws {AuthorityError} where two have one name, or one has tables that could be another's. */
export function checkParts(parts: readonly StorePart[]): void {
  const fault = (message: string) => new AuthorityError('ERR_AUTHORITY_OPTION', 'parts', message)
  const names = new Set<string>()
  for (const { name, version, primaryKeys } of parts) {
    if (!/^[a-z]{1,32}$/.test(name)) throw fault(`${JSON.stringify(name)} is no name of a part of the store`)
    if (names.has(name)) throw fault(`two parts of the store are called ${name}`)
    names.add(name)
    if (!Number.isSafeInteger(version) || version < 1) throw fault(`the part ${name} of the store has no version`)
    for (const table of Object.keys(primaryKeys))
      if (!/^[a-z_]{1,63}$/.test(table) || !table.startsWith(`${name}_`))
        throw fault(`the table ${JSON.stringify(table)} of the part ${name} does not begin with ${name}_`)
  }
}

/**
 * What a part lacks, in the order in which it must be run; nothing where it is as this program knows it.
 * @param where For the error's text.
 * @throws {AuthorityError} where the store has a newer one.
 */
export function decideUpgrade(
  { name, version, schemaIn, upgrades }: StorePart,
  { found, words, where }: { readonly found: readonly FoundPart[]; readonly words: Words; readonly where: string },
): readonly string[] {
  const before = found.find((part) => part.name === name)?.version
  if (before === undefined) return [schemaIn(words)]
  if (before > version)
    throw new AuthorityError(
      'ERR_AUTHORITY_STORE_NEWER',
      where,
      `its part ${name} was written by a newer version (${before}; this program knows ${version})`,
    )
  return Array.from({ length: version - before }, (_, index) => {
    const upgrade = upgrades[before + index]
    if (upgrade === undefined)
      throw new AuthorityError('ERR_AUTHORITY_STORE', where, `nothing leads its part ${name} on from ${before + index}`)
    return upgrade(words)
  })
}
