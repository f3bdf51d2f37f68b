// The named bits of RFC 5280: KeyUsage (§4.2.1.3) and ReasonFlags (§4.2.1.13), bit 0 first.
import type { KeyUsageBit, ReasonFlag } from '../model.ts'

/** RFC 5280 §4.2.1.3. */
export const KEY_USAGE_BITS: readonly KeyUsageBit[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

/** RFC 5280 §4.2.1.13. */
export const REASON_FLAGS: readonly ReasonFlag[] = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
]

/** The names of the bits that are set in `bits`; `undefined` where there is none, or one without a name. */
export function bitsToNames<T>(bits: number, names: readonly T[]): ReadonlySet<T> | undefined {
  if (bits === 0 || bits >>> names.length !== 0) return undefined
  const set = new Set<T>()
  for (let i = 0; i < names.length; i++) if (bits & (1 << i)) set.add(names[i] as T)
  return set
}

/** The bits of `set`. */
export function namesToBits<T>(set: ReadonlySet<T>, names: readonly T[]): number {
  return names.reduce((bits, name, i) => (set.has(name) ? bits | (1 << i) : bits), 0)
}
