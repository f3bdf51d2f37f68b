// What an attack is, and how one is asked about.
import type { FindingCode, PathContext } from '@countersign/verify'
import { anchorOf, contextOf, type Holder } from './house.ts'

export interface Attack {
  readonly what: string
  readonly by: 'stranger' | 'insider'
  /** DER, the leaf first. */
  readonly peer: readonly Uint8Array[]
  readonly context: PathContext
  /** What it is refused with; `undefined` is an acceptance. */
  readonly code: FindingCode | undefined
}

/** Makes one of what is sent. */
export function attack(
  by: Attack['by'],
  sent: readonly Holder[],
  anchors: readonly Holder[],
  code: FindingCode | undefined,
): Omit<Attack, 'what'> {
  return { by, peer: sent.map(({ certificate }) => certificate.der), context: contextOf(anchors.map(anchorOf)), code }
}
