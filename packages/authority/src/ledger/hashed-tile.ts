// The subtree of height 8 that a tile stands for.
import { InvariantError } from '../error.ts'
import { readTile, TILE_HEIGHT } from './tile.ts'
import { hashChildren } from './tree.ts'

/** A tile, and the hashes above its own, each made when it is first asked for. */
export class HashedTile {
  readonly #levels: readonly (Uint8Array | undefined)[][]

  /** @throws {LedgerError} when it is not `width` wide. */
  constructor(octets: Uint8Array, width: number) {
    this.#levels = [[...readTile(octets, width)], ...Array.from({ length: TILE_HEIGHT }, () => [])]
  }

  /** The hash of the `index`-th whole subtree of `height` (0 to 8) in this tile. */
  hashOf(height: number, index: number): Uint8Array {
    const level = this.#levels[height]
    const known = level?.[index]
    if (known !== undefined) return known
    if (level === undefined || height === 0) throw new InvariantError(`a tile has no hash ${index} at height ${height}`)
    const made = hashChildren(this.hashOf(height - 1, 2 * index), this.hashOf(height - 1, 2 * index + 1))
    level[index] = made
    return made
  }
}
