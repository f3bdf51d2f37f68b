// Two connections become one, at the pace of the slower side.
import { type Duplex, pipeline } from 'node:stream'

const MAX_LISTENERS = 32

/**
 * Carries everything both ways. A side that ends lets the other finish; a side that fails or is cut takes the other along.
 * @param done Called once, when both directions have ended; with the first error, where one failed.
 */
export function join(near: Duplex, far: Duplex, done: (error?: Error) => void = () => undefined): void {
  let open = 2
  let failed = false
  const settled = (error: Error | null | undefined) => {
    open--
    if (failed) return
    if (error) {
      failed = true
      near.destroy()
      far.destroy()
      done(error)
    } else if (open === 0) done()
  }
  // Each pipeline listens to the end of both, and the two together more often than Node finds usual.
  for (const side of [near, far]) side.setMaxListeners(MAX_LISTENERS)
  pipeline(near, far, settled)
  pipeline(far, near, settled)
}
