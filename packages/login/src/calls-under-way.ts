// The calls that are being done: a process ends after them, and not in their middle, where the store is closed under them.

/** Those of one process. */
export interface CallsUnderWay {
  /** Does one. */
  run<Result>(call: () => Promise<Result>): Promise<Result>
  /** Resolves when none is left. */
  done(): Promise<void>
}

/** Makes it. */
export function createCallsUnderWay(): CallsUnderWay {
  const running = new Set<Promise<unknown>>()
  return {
    async run(call) {
      const one = call()
      running.add(one)
      try {
        return await one
      } finally {
        running.delete(one)
      }
    },
    async done() {
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}
