// Two connections become one, at the pace of the slower side.
import { type Duplex, pipeline } from 'node:stream'

/** Carries one direction to its end, ends the other side, and says once how that went. */
export type Carry = (from: Duplex, to: Duplex, settled: (error?: Error | null) => void) => void

const MAX_LISTENERS = 32

/**
 * Carries everything both ways. A side that ends lets the other finish; a side that fails or is cut takes the other along.
 * @param back How what `far` says is carried, where there is a better way than `pipeline`.
 */
export function join(near: Duplex, far: Duplex, back: Carry = pipeline): void {
  const settled = (error?: Error | null) => {
    if (!error) return
    near.destroy()
    far.destroy()
  }
  // Each pipeline listens to the end of both, and the two together more often than Node finds usual.
  for (const side of [near, far]) side.setMaxListeners(MAX_LISTENERS)
  pipeline(near, far, settled)
  back(far, near, settled)
}
