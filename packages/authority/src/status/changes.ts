// Those who wait for something new, on a request each.
import { setTimeout as delay } from 'node:timers/promises'

/** Who waits. */
export interface Changes {
  /** Nobody waits any more. */
  readonly isClosed: boolean
  /**
   * Resolves when `isNew` after a change, when `gone` has, when the time is over, or when it closes. False where too many
   * wait already, at once.
   */
  wait(isNew: () => boolean, gone: Promise<void>): Promise<boolean>
  /** Something may be new. */
  tell(): void
  /** Lets everybody go, and nobody wait any more. */
  close(): void
}

/** Each holds a connection, of 900 that the authority has for those it does not know. */
const MAX_WAITING = 512
/** Shorter than what a firewall between forgets a silent connection after. */
const WAIT_MILLISECONDS = 50_000

/** Makes a place to wait. */
export function createChanges({
  mostWaiting = MAX_WAITING,
  waitMs = WAIT_MILLISECONDS,
}: {
  readonly mostWaiting?: number
  readonly waitMs?: number
} = {}): Changes {
  const waiting = new Set<() => void>()
  let isClosed = false
  return {
    get isClosed() {
      return isClosed
    },
    async wait(isNew, gone) {
      if (isClosed) return true
      if (waiting.size >= mostWaiting) return false
      const over = new AbortController()
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (isClosed || isNew()) resolve()
      }
      waiting.add(look)
      const time = delay(waitMs, undefined, { signal: over.signal }).catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'AbortError')) throw error
      })
      await Promise.race([promise, gone, time])
      over.abort()
      waiting.delete(look)
      return true
    },
    tell() {
      for (const look of [...waiting]) look()
    },
    close() {
      isClosed = true
      this.tell()
    },
  }
}
