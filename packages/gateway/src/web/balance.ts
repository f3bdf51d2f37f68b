// One service at several addresses: each request goes where least is under way, and not where nobody could be reached of late.
import type { Dispatcher } from 'undici'

/** One address of a service. */
export interface Way {
  readonly dispatcher: Dispatcher
  /** Once for each time it was taken. Where an error says why nobody was there, it is left alone until it was tried. */
  release(how: 'reached' | 'not asked' | Error): void
}

/** An address, and how it is tried beside the requests. */
export interface Place {
  readonly dispatcher: Dispatcher
  readonly address: string
  /** @throws (rejects) what is wrong with it. Absent: the next request tries it. */
  readonly probe?: (() => Promise<void>) | undefined
}

/** The addresses of one service. */
export interface Balance {
  /** Requests under way, at all of them. */
  readonly busy: number
  /** Undefined where each is among `tried`. Where none was reached of late, the one that is due first. */
  take(tried: ReadonlySet<Way>): Way | undefined
  /** Which of them are left alone now. */
  states(): readonly { readonly address: string; readonly isUp: boolean }[]
  /** Tries none any more. */
  close(): void
}

/** Time, which tests hand in. */
export interface Time {
  /** In milliseconds, never back. */
  now(): number
  /** Answers how to call it off. */
  in(milliseconds: number, act: () => void): () => void
}

interface Address extends Way {
  readonly address: string
  readonly probe: (() => Promise<void>) | undefined
  busy: number
  /** It is left alone: for the so manieth time, and tried so often since. */
  isDown: boolean
  outages: number
  tries: number
  /** When it is tried next. */
  dueAt: number
  callOff: () => void
}

const FIRST_REST_MS = 1_000
const LAST_REST_MS = 30_000
const TIME: Time = {
  now: () => performance.now(),
  in(milliseconds, act) {
    const timer = setTimeout(act, milliseconds).unref()
    return () => clearTimeout(timer)
  },
}

/**
 * @param told Of an address that is left alone from now on, and of one that is there again.
 * @param everyMs How often each is tried, whether it is there or not; its word alone then counts for being there again.
 *   Absent: an address that is left alone is tried after a second, then after twice as long each time.
 */
export function createBalance(
  places: readonly Place[],
  told: (address: string, isDown: boolean, cause?: Error) => void,
  everyMs?: number,
  time: Time = TIME,
): Balance {
  let busy = 0
  // Where as much is under way at two, the one that was not asked last.
  let turn = 0
  let closed = false

  const goesUp = (own: Address) => {
    if (!own.isDown) return
    own.isDown = false
    if (everyMs === undefined) own.callOff()
    told(own.address, false)
  }
  const goesDown = (own: Address, cause: Error) => {
    // Of requests that failed at once, one counts: it is one outage.
    if (own.isDown) return
    own.isDown = true
    own.outages++
    own.tries = 0
    told(own.address, true, cause)
    if (everyMs === undefined) tryIn(own, FIRST_REST_MS)
  }
  const tryIn = (own: Address, milliseconds: number) => {
    const { probe } = own
    own.dueAt = time.now() + milliseconds
    if (probe && !closed) own.callOff = time.in(milliseconds, () => void trial(own, probe))
  }
  const trial = async (own: Address, probe: () => Promise<void>) => {
    const { outages } = own
    const failure = await probe().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    // What was found in one outage says nothing of the next, which has its own trials.
    if (closed || (everyMs === undefined && own.outages !== outages)) return
    if (failure === undefined) goesUp(own)
    else if (everyMs !== undefined) goesDown(own, failure)
    if (everyMs !== undefined) tryIn(own, everyMs)
    else if (own.isDown) tryIn(own, Math.min(FIRST_REST_MS * 2 ** ++own.tries, LAST_REST_MS))
  }

  const addresses = places.map(({ dispatcher, address, probe }): Address => {
    const own: Address = {
      dispatcher,
      address,
      probe,
      busy: 0,
      isDown: false,
      outages: 0,
      tries: 0,
      dueAt: 0,
      callOff: () => undefined,
      release(how) {
        busy--
        own.busy--
        if (how instanceof Error) goesDown(own, how)
        else if (how === 'reached' && everyMs === undefined) goesUp(own)
      },
    }
    return own
  })
  if (everyMs !== undefined) for (const own of addresses) tryIn(own, 0)

  const isBetter = (one: Address, than: Address | undefined): boolean => {
    if (than === undefined) return true
    if (one.isDown !== than.isDown) return than.isDown
    return one.isDown ? one.dueAt < than.dueAt : one.busy < than.busy
  }

  return {
    get busy() {
      return busy
    },
    take(tried) {
      let best: Address | undefined
      for (let i = 0; i < addresses.length; i++) {
        const each = addresses[(turn + i) % addresses.length]
        if (each && !tried.has(each) && isBetter(each, best)) best = each
      }
      turn = (turn + 1) % Math.max(addresses.length, 1)
      if (best === undefined) return undefined
      busy++
      best.busy++
      return best
    },
    states: () => addresses.map(({ address, isDown }) => ({ address, isUp: !isDown })),
    close() {
      closed = true
      for (const { callOff } of addresses) callOff()
    },
  }
}
