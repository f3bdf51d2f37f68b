// Roots and proofs out of tiles: a few reads at once, whatever the size.
import { readBundle } from './bundle.ts'
import { LedgerError } from './error.ts'
import { HashedTile } from './hashed-tile.ts'
import { TILE_HEIGHT, TILE_WIDTH, type TileName, tileIn, tilePath } from './tile.ts'
import {
  consistencyRanges,
  HASH_OCTETS,
  inclusionRanges,
  joinSubtrees,
  type Range,
  type Subtree,
  subtreesOf,
} from './tree.ts'

/** Reads one file of a ledger; undefined where it is not there. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>

/** Proves what is in the tree that tiles stand for. */
export interface Prover {
  /** `MTH(D[0:size])`, in the tree of `within` entries (`size`). */
  root(size: number, within?: number): Promise<Uint8Array>
  /** `MTH(D[start:end])` of each, in the tree of `size` entries. @throws {LedgerError} when a tile is missing or not as wide. */
  hashes(ranges: readonly Range[], size: number): Promise<readonly Uint8Array[]>
  /** `PATH(index, D[0:size])`, RFC 6962 §2.1.1. */
  inclusion(index: number, size: number): Promise<readonly Uint8Array[]>
  /** `PROOF(first, D[0:second])`, RFC 6962 §2.1.2. */
  consistency(first: number, second: number): Promise<readonly Uint8Array[]>
}

/** Hashed tiles that stay in memory, 16 KiB each: those near the root are in every proof. */
const KEPT_TILES = 64

/** A prover over what `read` finds. What it finds must not change: that of a size is asked for after its checkpoint. */
export function createProver(read: ReadFile): Prover {
  const kept = new Map<string, HashedTile>()

  async function tileOf(name: TileName): Promise<HashedTile> {
    const path = tilePath(name)
    const tile = kept.get(path) ?? new HashedTile(await readTileFile(read, name), name.width)
    // What was asked for last stands last.
    kept.delete(path)
    kept.set(path, tile)
    const [oldest] = kept.keys()
    if (kept.size > KEPT_TILES && oldest !== undefined) kept.delete(oldest)
    return tile
  }

  async function hashes(ranges: readonly Range[], size: number): Promise<readonly Uint8Array[]> {
    const wanted = ranges.map((range) => subtreesOf(range).map((subtree) => placeOf(subtree, size)))
    const names = new Map(wanted.flat().map(({ name }) => [tilePath(name), name]))
    const read = await Promise.all([...names].map(async ([path, name]) => [path, await tileOf(name)] as const))
    const tiles = new Map(read)
    return wanted.map((places) =>
      joinSubtrees(places.flatMap(({ name, height, index }) => tiles.get(tilePath(name))?.hashOf(height, index) ?? [])),
    )
  }

  return {
    hashes,
    async root(size, within = size) {
      const [root] = await hashes([{ start: 0, end: size }], within)
      return root ?? joinSubtrees([])
    },
    inclusion: async (index, size) => hashes(inclusionRanges(index, size), size),
    consistency: async (first, second) => hashes(consistencyRanges(first, second), second),
  }
}

/** The octets of a tile as wide as `name` says; of a partial one that is gone, out of the full tile that it became. */
export async function readTileFile(read: ReadFile, name: TileName): Promise<Uint8Array> {
  const octets = await read(tilePath(name))
  if (octets !== undefined) return octets
  return (await readFull(read, name)).subarray(0, name.width * HASH_OCTETS)
}

/** The entries of a bundle as wide as `name` says, as {@link readTileFile} finds it. @throws {LedgerError} */
export async function readBundleFile(read: ReadFile, name: TileName): Promise<readonly Uint8Array[]> {
  const octets = await read(tilePath(name))
  return octets === undefined ? readBundle(await readFull(read, name)).slice(0, name.width) : readBundle(octets)
}

async function readFull(read: ReadFile, name: TileName): Promise<Uint8Array> {
  const full = name.width < TILE_WIDTH ? await read(tilePath({ ...name, width: TILE_WIDTH })) : undefined
  if (full === undefined) throw new LedgerError('ERR_LEDGER_TILE_MISSING', tilePath(name))
  return full
}

/** Which tile has the hash of a subtree, or those below it, and where in the tile it is. */
function placeOf({ height, index }: Subtree, size: number): { name: TileName; height: number; index: number } {
  const level = Math.floor(height / TILE_HEIGHT)
  const within = height % TILE_HEIGHT
  const perTile = TILE_WIDTH / 2 ** within
  const tile = Math.floor(index / perTile)
  const name = tileIn(size, level, tile)
  if (name === undefined) throw new RangeError(`a tree of ${size} entries has no tile ${tile} at level ${level}`)
  return { name, height: within, index: index - tile * perTile }
}
