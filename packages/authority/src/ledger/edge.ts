// The growing end of a ledger: its partial tiles and its partial bundle, and what a batch of entries makes of them.
import { InvariantError } from '../error.ts'
import { sameOctets } from '../octets.ts'
import { writeBundle } from './bundle.ts'
import { LedgerError } from './error.ts'
import { HashedTile } from './hashed-tile.ts'
import { type ReadFile, readBundleFile, readTileFile } from './prove.ts'
import {
  edgeTiles,
  hashesAtLevel,
  MAX_LEVEL,
  partialsPath,
  readTile,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileName,
  tileIn,
  tilePath,
  writeTile,
} from './tile.ts'
import { hashLeaf, joinSubtrees, subtreesOf } from './tree.ts'

/** What is needed to go on: at most 255 hashes for each level, and 255 entries. Never changed; a batch makes another. */
export interface Edge {
  readonly size: number
  /** Hashes of the partial tile of each level. */
  readonly levels: readonly (readonly Uint8Array[])[]
  /** Entries of the partial bundle. */
  readonly entries: readonly Uint8Array[]
}

/** One file of the ledger. */
export interface LedgerFile {
  readonly path: string
  readonly octets: Uint8Array
}

/** What a batch makes: the next edge, the files that its checkpoint needs, and folders of partial tiles that became full. */
export interface Grown {
  readonly edge: Edge
  readonly files: readonly LedgerFile[]
  readonly outgrown: readonly string[]
}

/** The end of a ledger without entries. */
export const EMPTY_EDGE: Edge = { size: 0, levels: Array.from({ length: MAX_LEVEL + 1 }, () => []), entries: [] }

/** The edge after `batch`. Pure; the same edge and batch make the same octets. @throws {LedgerError} when an entry is too long. */
export function growEdge(edge: Edge, batch: readonly Uint8Array[]): Grown {
  const levels = edge.levels.map((hashes) => [...hashes])
  const files: LedgerFile[] = []
  const written: TileName[] = []
  let entries = [...edge.entries]
  let size = edge.size

  function file(name: TileName, octets: Uint8Array): void {
    files.push({ path: tilePath(name), octets })
    written.push(name)
  }

  function addHash(level: number, index: number, hash: Uint8Array): void {
    const hashes = levels[level]
    if (hashes === undefined) throw new InvariantError(`a ledger has no level ${level}`)
    hashes.push(hash)
    if (hashes.length < TILE_WIDTH) return
    const [tile, octets] = [Math.floor(index / TILE_WIDTH), writeTile(hashes)]
    file({ level, index: tile, width: TILE_WIDTH }, octets)
    levels[level] = []
    addHash(level + 1, tile, new HashedTile(octets, TILE_WIDTH).hashOf(TILE_HEIGHT, 0))
  }

  for (const entry of batch) {
    entries.push(entry)
    if (entries.length === TILE_WIDTH) {
      file({ level: 'entries', index: Math.floor(size / TILE_WIDTH), width: TILE_WIDTH }, writeBundle(entries))
      entries = []
    }
    addHash(0, size, hashLeaf(entry))
    size++
  }
  if (entries.length > 0)
    file({ level: 'entries', index: Math.floor(size / TILE_WIDTH), width: entries.length }, writeBundle(entries))
  for (const name of edgeTiles(size)) {
    // A level that has as many hashes as before has its file already.
    if (hashesAtLevel(name.level, size) === hashesAtLevel(name.level, edge.size)) continue
    file(name, writeTile(levels[name.level] ?? []))
  }
  const outgrown = written.filter(({ width }) => width === TILE_WIDTH).map(partialsPath)
  return { edge: { size, levels, entries }, files, outgrown }
}

/** `MTH` of the whole: each hash of an edge tile is a whole subtree, so that no other tile is needed. */
export function rootOf({ size, levels }: Edge): Uint8Array {
  // From the top level down: what is higher is further left, and larger.
  const subtrees = edgeTiles(size)
    .toReversed()
    .flatMap(({ level, width }) => {
      const tile = new HashedTile(writeTile(levels[level] ?? []), width)
      return subtreesOf({ start: 0, end: width }).map(({ height, index }) => tile.hashOf(height, index))
    })
  return joinSubtrees(subtrees)
}

/** Reads the edge of a ledger with this head. @throws {LedgerError} when its files are missing, or not of that tree. */
export async function readEdge(read: ReadFile, { size, root }: { size: number; root: Uint8Array }): Promise<Edge> {
  const levels: (readonly Uint8Array[])[] = Array.from({ length: MAX_LEVEL + 1 }, () => [])
  for (const name of edgeTiles(size)) levels[name.level] = readTile(await readTileFile(read, name), name.width)
  const name = tileIn(size, 'entries', Math.floor(size / TILE_WIDTH))
  const entries = name === undefined ? [] : await readBundleFile(read, name)
  const edge = { size, levels, entries }
  const leaves = entries.map(hashLeaf)
  if (!sameOctets(writeTile(leaves), writeTile(levels[0] ?? [])) || !sameOctets(rootOf(edge), root))
    throw new LedgerError('ERR_LEDGER_EDGE')
  return edge
}
