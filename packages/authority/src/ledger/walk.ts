// A whole tree, from its entries up, against what its files say. What two files say differently is decided by the one above.
import { sameOctets } from '../octets.ts'
import { rootOf } from './edge.ts'
import { LedgerError } from './error.ts'
import { finding, type LedgerFinding } from './finding.ts'
import { HashedTile } from './hashed-tile.ts'
import { type ReadFile, readBundleFile, readTileFile } from './prove.ts'
import {
  edgeTiles,
  MAX_LEVEL,
  readTile,
  TILE_HEIGHT,
  TILE_WIDTH,
  type TileName,
  tileIn,
  tilePath,
  writeTile,
} from './tile.ts'
import { hashLeaf, type Range } from './tree.ts'

/** The hashes of one tile; those that nothing readable says are undefined. */
type Hashes = readonly (Uint8Array | undefined)[]

/** Who is told. */
export interface Walker {
  /** False when no more is wanted. */
  readonly find: (finding: LedgerFinding) => boolean
  readonly progress?: (entries: number, of: number) => void
}

/**
 * Looks at every entry and every tile of the tree that has this head, once, in order.
 * @returns How many entries it looked at: fewer than all where no more findings were wanted.
 */
export async function walkTree(
  read: ReadFile,
  head: { readonly size: number; readonly root: Uint8Array },
  { find: tell, progress }: Walker,
): Promise<number> {
  const { size, root } = head
  let wanted = true
  /** For each level, what became of the tiles below since its last full tile. */
  const waiting: (Uint8Array | undefined)[][] = Array.from({ length: MAX_LEVEL + 2 }, () => [])

  for (let index = 0; index * TILE_WIDTH < size; index++) {
    const bundle = nameIn(size, 'entries', index)
    const leaves = await leavesOf(bundle)
    if (bundle.width < TILE_WIDTH) waiting[0] = [...leaves]
    else await rise(0, index, leaves)
    const looked = Math.min((index + 1) * TILE_WIDTH, size)
    progress?.(looked, size)
    if (!wanted) return looked
  }
  await settleEdge()
  return size

  function find(each: LedgerFinding): void {
    wanted = tell(each) && wanted
  }

  /** Takes the hashes of a full tile, as found below it, to the level above. */
  async function rise(level: number, index: number, below: Hashes): Promise<void> {
    const settled = await settle(nameIn(size, level, index), below, async (hashes) => {
      const above = await quiet(nameIn(size, level + 1, Math.floor(index / TILE_WIDTH)))
      const recorded = above?.[index % TILE_WIDTH]
      return recorded !== undefined && sameOctets(tileRoot(hashes), recorded)
    })
    const above = waiting[level + 1] ?? []
    above.push(isWhole(settled) ? tileRoot(settled) : undefined)
    if (above.length < TILE_WIDTH) return
    waiting[level + 1] = []
    await rise(level + 1, Math.floor(index / TILE_WIDTH), above)
  }

  /** The partial tiles, all of which the signed root has in it at once. */
  async function settleEdge(): Promise<void> {
    const below = waiting.slice(0, MAX_LEVEL + 1)
    const isSigned = (levels: readonly Hashes[]) =>
      levels.every(isWhole) && sameOctets(rootOf({ size, levels, entries: [] }), root)
    const entriesHold = isSigned(below)
    const settled: Hashes[] = [...below]
    for (const name of edgeTiles(size)) {
      const { level } = name
      settled[level] = await settle(name, below[level] ?? [], async (hashes) => {
        if (entriesHold) return true
        const others = await Promise.all(below.map((_, each) => (each === level ? hashes : stored(each))))
        return isSigned(others)
      })
    }
    if (settled.every(isWhole) && !isSigned(settled))
      find(finding('ERR_LEDGER_ROOT', 'checkpoint', `entries 0 to ${size - 1}`, { entries: { start: 0, end: size } }))
  }

  async function stored(level: number): Promise<Hashes> {
    const name = edgeTiles(size).find((each) => each.level === level)
    return name === undefined ? [] : ((await quiet(name)) ?? [undefined])
  }

  /** What a tile's hashes are, by its file and by what is `below`; `isRecorded` says what the level above has of them. */
  async function settle(
    name: TileName & { readonly level: number },
    below: Hashes,
    isRecorded: (hashes: readonly Uint8Array[]) => Promise<boolean>,
  ): Promise<Hashes> {
    const path = tilePath(name)
    const written = await loud(path, () => tileOf(name))
    if (written === undefined) return below
    const others = written.flatMap((hash, at) => (below[at] === undefined || sameOctets(below[at], hash) ? [] : [at]))
    if (others.length === 0) return written
    if (isWhole(below) && (await isRecorded(below))) {
      const entries = rangeOf(name, others[0] ?? 0, (others.at(-1) ?? 0) + 1)
      find(finding('ERR_LEDGER_TILE_CHANGED', path, `hash ${others.join(', ')} of the tile`, { entries }))
      return below
    }
    for (const at of others) find(changed(name, at, written[at], below[at]))
    return written
  }

  /** The leaf hashes of a bundle, undefined where it cannot be read or has not as many as the tree. */
  async function leavesOf(name: TileName): Promise<Hashes> {
    const path = tilePath(name)
    const entries = await loud(path, () => readBundleFile(read, name))
    const leaves = entries?.map(hashLeaf)
    if (leaves?.length === name.width) return leaves
    if (leaves !== undefined) {
      const recorded = (await quiet({ ...name, level: 0 })) ?? []
      const differs = leaves.findIndex((hash, at) => recorded[at] === undefined || !sameOctets(hash, recorded[at]))
      const entry = name.index * TILE_WIDTH + (differs < 0 ? leaves.length : differs)
      const detail = `${leaves.length} entries where the tree has ${name.width}; they differ from entry ${entry} on`
      find(finding('ERR_LEDGER_ENTRY_COUNT', path, detail, { entries: { start: entry, end: entry + 1 } }))
    }
    return Array.from({ length: name.width }, () => undefined)
  }

  async function tileOf(name: TileName): Promise<readonly Uint8Array[]> {
    return readTile(await readTileFile(read, name), name.width)
  }

  /** Reads; what cannot be read is a finding. */
  async function loud<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      const absent = error.code === 'ERR_LEDGER_TILE_MISSING'
      find(finding(absent ? 'ERR_LEDGER_FILE_ABSENT' : 'ERR_LEDGER_FILE_MALFORMED', path, error.message))
      return undefined
    }
  }

  /** Reads what is a finding elsewhere where it cannot be read. */
  async function quiet(name: TileName): Promise<readonly Uint8Array[] | undefined> {
    try {
      return await tileOf(name)
    } catch (error) {
      if (error instanceof LedgerError) return undefined
      throw error
    }
  }
}

/** What stands below place `at` of a tile is not what the tile has there. */
function changed(
  name: TileName & { readonly level: number },
  at: number,
  recorded: Uint8Array | undefined,
  found: Uint8Array | undefined,
): LedgerFinding {
  const entries = rangeOf(name, at, at + 1)
  const index = name.index * TILE_WIDTH + at
  if (name.level === 0) {
    const bundle = tilePath({ ...name, level: 'entries' })
    const hashes = { found: found?.toHex() ?? '', recorded: recorded?.toHex() ?? '' }
    return finding('ERR_LEDGER_ENTRY_CHANGED', bundle, `entry ${index}`, { entries, hashes })
  }
  const below = tilePath({ level: name.level - 1, index, width: TILE_WIDTH })
  const detail = `entries ${entries.start} to ${entries.end - 1}: ${tilePath(name)} has another hash for them`
  return finding('ERR_LEDGER_RANGE_CHANGED', below, detail, { entries })
}

/** The entries below some hashes of a tile. */
function rangeOf({ level, index }: TileName & { readonly level: number }, start: number, end: number): Range {
  const each = TILE_WIDTH ** level
  return { start: (index * TILE_WIDTH + start) * each, end: (index * TILE_WIDTH + end) * each }
}

function nameIn<L extends TileName['level']>(size: number, level: L, index: number): TileName & { readonly level: L } {
  const name = tileIn(size, level, index)
  if (name === undefined) throw new RangeError(`a tree of ${size} entries has no tile ${index} at level ${level}`)
  return { ...name, level }
}

function tileRoot(hashes: readonly Uint8Array[]): Uint8Array {
  return new HashedTile(writeTile(hashes), TILE_WIDTH).hashOf(TILE_HEIGHT, 0)
}

function isWhole(hashes: Hashes): hashes is readonly Uint8Array[] {
  return !hashes.includes(undefined)
}
