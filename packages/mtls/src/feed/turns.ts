// Work that is done again and again: one time after the other, whoever asks for it however often.

/** When it is done. */
export interface Turns {
  /** In so many milliseconds, or before, where that was asked for. What is under way then ends first. */
  in(milliseconds: number): void
  /** Never again. Answers when what is under way has ended. */
  end(): Promise<void>
}

export function createTurns(work: () => Promise<void>): Turns {
  let turn = Promise.resolve()
  let due = Infinity
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const begin = () => {
    turn = turn.then(() => {
      due = Infinity
      return work()
    })
  }
  return {
    in(milliseconds) {
      const at = performance.now() + milliseconds
      if (ended || at >= due) return
      due = at
      clearTimeout(timer)
      if (milliseconds > 0) timer = setTimeout(begin, milliseconds).unref()
      else begin()
    },
    async end() {
      ended = true
      clearTimeout(timer)
      await turn
    },
  }
}
