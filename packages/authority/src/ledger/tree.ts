// RFC 6962 §2.1: the hashes of a Merkle tree, and what its proofs are made of.
import { hash } from 'node:crypto'

/** Of SHA-256, the one hash of tlog-tiles. */
export const HASH_OCTETS = 32

/** Entries `D[start:end]` of a tree, as RFC 6962 §2.1 writes them. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A whole subtree of 2^height leaves, the `index`-th of those of its height. */
export interface Subtree {
  readonly height: number
  readonly index: number
}

/** `MTH({})`: the root of the tree without entries. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0))

/** `MTH({d(0)}) = SHA-256(0x00 || d(0))`. */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const octets = new Uint8Array(1 + entry.length)
  octets.set(entry, 1)
  return sha256(octets)
}

/** `SHA-256(0x01 || left || right)`. */
export function hashChildren(left: Uint8Array, right: Uint8Array): Uint8Array {
  const octets = new Uint8Array(1 + 2 * HASH_OCTETS)
  octets[0] = 1
  octets.set(left, 1)
  octets.set(right, 1 + HASH_OCTETS)
  return sha256(octets)
}

/**
 * RFC 6962 §2.1.1: what is hashed for the audit path of entry `index` in the tree of `size` entries, leaf's sibling first.
 * @throws {RangeError} when there is no such entry.
 */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!isSize(size) || !isSize(index) || index >= size)
    throw new RangeError(`there is no entry ${index} in ${size} entries`)
  const path: Range[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + leftSize(end - start)
    if (index < middle) {
      path.push({ start: middle, end })
      end = middle
    } else {
      path.push({ start, end: middle })
      start = middle
    }
  }
  return path.reverse()
}

/**
 * RFC 6962 §2.1.2: what is hashed for the proof that the tree of `first` entries is the beginning of that of `second`.
 * Nothing where both are one tree, or the first one is empty.
 * @throws {RangeError} when the first one is larger.
 */
export function consistencyRanges(first: number, second: number): readonly Range[] {
  if (!isSize(first) || !isSize(second) || first > second)
    throw new RangeError(`a tree of ${first} entries is no beginning of one of ${second}`)
  if (first === 0 || first === second) return []
  const path: Range[] = []
  let [start, end] = [0, second]
  while (end > first) {
    const middle = start + leftSize(end - start)
    if (first <= middle) {
      path.push({ start: middle, end })
      end = middle
    } else {
      path.push({ start, end: middle })
      start = middle
    }
  }
  // SUBPROOF(m, D[m], true) is empty: who asks has that hash.
  if (start > 0) path.push({ start, end })
  return path.reverse()
}

/**
 * The whole subtrees that a range is made of, from the left; each is smaller than the one before it. The range must
 * begin where a subtree of its size can, as all of RFC 6962 §2.1 do.
 */
export function subtreesOf({ start, end }: Range): readonly Subtree[] {
  const subtrees: Subtree[] = []
  for (let at = start; at < end; ) {
    let height = 0
    while (2 ** (height + 1) <= end - at) height++
    subtrees.push({ height, index: at / 2 ** height })
    at += 2 ** height
  }
  return subtrees
}

/** The hash of a range, out of those of its subtrees. */
export function joinSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => hashChildren(left, right))
}

/** Whether it is a size or an index that arithmetic on numbers keeps exact. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** `k`: the largest power of two smaller than `count`. */
function leftSize(count: number): number {
  let k = 1
  while (2 * k < count) k *= 2
  return k
}

function sha256(octets: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', octets, 'buffer'))
}
