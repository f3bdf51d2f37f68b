// The requests of one connection, one after another.

/** More than any browser or program pipelines; each waiting request holds its head in memory. */
const MAX_WAITING = 32

/** Runs exchanges in their order, the next when the one before is over. */
export interface Turns {
  readonly idle: boolean
  /** Runs `exchange` in its turn; it calls `over` when it is done. False where too many wait already. */
  take(exchange: (over: () => void) => void): boolean
}

/**
 * Node hands over pipelined requests as soon as they are read, although an answer to one before is still under way.
 * RFC 9112 §9.3.2 allows that only for safe methods; and a POST must not overtake the one before it.
 */
export function createTurns(): Turns {
  const waiting: ((over: () => void) => void)[] = []
  let running = false
  const next = () => {
    const exchange = waiting.shift()
    running = exchange !== undefined
    if (exchange === undefined) return
    let isOver = false
    exchange(() => {
      if (isOver) return
      isOver = true
      next()
    })
  }
  return {
    get idle() {
      return !running
    },
    take(exchange) {
      if (waiting.length >= MAX_WAITING) return false
      waiting.push(exchange)
      if (!running) next()
      return true
    },
  }
}
