// C2SP tlog-tiles: where tiles are, and what is in them.
import { LedgerError } from './error.ts'
import { HASH_OCTETS } from './tree.ts'

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256
/** The tree that a tile stands for has 2^8 leaves. */
export const TILE_HEIGHT = 8
/** Entries are counted by numbers up to 2^53: levels above this one stay empty. */
export const MAX_LEVEL = 6

/** One tile, or with `entries` one bundle; a partial one is less than 256 wide. */
export interface TileName {
  readonly level: number | 'entries'
  readonly index: number
  readonly width: number
}

/** The path of a tile below the prefix of the ledger, as in `tile/0/x001/x234/067.p/8`. */
export function tilePath(name: TileName): string {
  const { level, width } = name
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH) throw new RangeError(`no tile is ${width} wide`)
  if (level !== 'entries' && (!Number.isInteger(level) || level < 0 || level > 63))
    throw new RangeError(`there is no level ${level}`)
  return width === TILE_WIDTH ? `tile/${level}/${indexPath(name.index)}` : `${partialsPath(name)}/${width}`
}

/** The folder of all partial tiles that become this one. */
export function partialsPath({ level, index }: Pick<TileName, 'level' | 'index'>): string {
  return `tile/${level}/${indexPath(index)}.p`
}

function indexPath(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`${index} is no index of a tile`)
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/')
}

/** How many hashes the level has in a tree of `size` entries: one for each whole tile below. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** The tile as it is in a tree of `size` entries. Undefined where that has none, as an empty tile is never there. */
export function tileIn(size: number, level: number | 'entries', index: number): TileName | undefined {
  const beyond = hashesAtLevel(level === 'entries' ? 0 : level, size) - index * TILE_WIDTH
  return beyond <= 0 ? undefined : { level, index, width: Math.min(beyond, TILE_WIDTH) }
}

/** The tiles at the right edge of a tree of `size` entries, which are partial, from level 0 up; there is one per level at most. */
export function edgeTiles(size: number): readonly (TileName & { readonly level: number })[] {
  return Array.from({ length: MAX_LEVEL + 1 }, (_, level) => {
    const hashes = hashesAtLevel(level, size)
    return { level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH }
  }).filter(({ width }) => width > 0)
}

/** The octets of a tile. */
export function writeTile(hashes: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(hashes.length * HASH_OCTETS)
  for (const [index, each] of hashes.entries()) octets.set(each, index * HASH_OCTETS)
  return octets
}

/** The hashes of a tile that is `width` wide; views, not copies. @throws {LedgerError} */
export function readTile(octets: Uint8Array, width: number): readonly Uint8Array[] {
  if (octets.length !== width * HASH_OCTETS) throw new LedgerError('ERR_LEDGER_TILE_LENGTH')
  return Array.from({ length: width }, (_, index) => octets.subarray(index * HASH_OCTETS, (index + 1) * HASH_OCTETS))
}
