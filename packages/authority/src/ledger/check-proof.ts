// RFC 9162 §2.1.3.2 and §2.1.4.2: what proofs prove. RFC 6962, whose proofs these are, has no such algorithm.
import { sameOctets } from '../octets.ts'
import { HASH_OCTETS, hashChildren, isSize } from './tree.ts'

/** Whether `proof` shows that the entry of this leaf hash is the `index`-th of the tree. @see RFC 9162 §2.1.3.2 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  tree: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(index) || !isSize(tree.size) || index >= tree.size || leafHash.length !== HASH_OCTETS) return false
  let [fn, sn] = [index, tree.size - 1]
  let r = leafHash
  for (const p of proof) {
    if (sn === 0 || p.length !== HASH_OCTETS) return false
    if (odd(fn) || fn === sn) {
      r = hashChildren(p, r)
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else r = hashChildren(r, p)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && sameOctets(r, tree.root)
}

/**
 * Whether `proof` shows that the first tree is the beginning of the second; of the empty tree nothing is shown.
 * @see RFC 9162 §2.1.4.2
 */
export function verifyConsistency(
  first: { readonly size: number; readonly root: Uint8Array },
  second: { readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(first.size) || !isSize(second.size) || first.size === 0 || first.size > second.size) return false
  // The RFC has no proof here; each tree is the beginning of itself.
  if (first.size === second.size) return proof.length === 0 && sameOctets(first.root, second.root)
  if (proof.length === 0 || proof.some((each) => each.length !== HASH_OCTETS)) return false

  const path = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof
  let [fn, sn] = [first.size - 1, second.size - 1]
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)]
  const [start = first.root, ...others] = path
  let [fr, sr] = [start, start]
  for (const c of others) {
    if (sn === 0) return false
    if (odd(fn) || fn === sn) {
      fr = hashChildren(c, fr)
      sr = hashChildren(c, sr)
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else sr = hashChildren(sr, c)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && sameOctets(fr, first.root) && sameOctets(sr, second.root)
}

// Shifts of JavaScript keep 32 bits, and sizes have up to 53.
function odd(n: number): boolean {
  return n % 2 === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}

function isPowerOfTwo(n: number): boolean {
  let power = 1
  while (power < n) power *= 2
  return power === n
}
