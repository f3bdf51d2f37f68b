// One service at several addresses: each request goes where least is under way, and not where nobody could be reached of late.
import type { Dispatcher } from 'undici'

/** One address of a service. */
export interface Way {
  readonly dispatcher: Dispatcher
  /** Once for each time it was taken. Where an error says why nobody was there, it is left alone for a while. */
  release(how: 'reached' | 'not asked' | Error): void
}

/** The addresses of one service. */
export interface Balance {
  /** Requests under way, at all of them. */
  readonly busy: number
  /** Undefined where each is among `tried`. Where none was reached of late, the one that is due first. */
  take(tried: ReadonlySet<Way>): Way | undefined
}

interface Address extends Way {
  busy: number
  failures: number
  /** Until when it is left alone, by `clock`. */
  downUntil: number
}

const FIRST_REST_MS = 1_000
const LAST_REST_MS = 30_000

/**
 * @param told Of an address that is left alone from now on, and of one that is there again.
 * @param clock In milliseconds, never back.
 */
export function createBalance(
  places: readonly { readonly dispatcher: Dispatcher; readonly address: string }[],
  told: (address: string, isDown: boolean, cause?: Error) => void,
  clock: () => number = () => performance.now(),
): Balance {
  let busy = 0
  // Where as much is under way at two, the one that was not asked last.
  let turn = 0
  const addresses = places.map(({ dispatcher, address }): Address => {
    const own: Address = {
      dispatcher,
      busy: 0,
      failures: 0,
      downUntil: -Infinity,
      release(how) {
        busy--
        own.busy--
        if (how instanceof Error) {
          // Of requests that failed at once, one counts: it is one outage.
          if (own.downUntil > clock()) return
          own.downUntil = clock() + Math.min(FIRST_REST_MS * 2 ** own.failures, LAST_REST_MS)
          if (own.failures++ === 0) told(address, true, how)
        } else if (how === 'reached' && own.failures > 0) {
          own.failures = 0
          own.downUntil = -Infinity
          told(address, false)
        }
      },
    }
    return own
  })

  const isBetter = (one: Address, than: Address | undefined, now: number): boolean => {
    if (than === undefined) return true
    const [oneIsDown, otherIsDown] = [one.downUntil > now, than.downUntil > now]
    if (oneIsDown !== otherIsDown) return otherIsDown
    return oneIsDown ? one.downUntil < than.downUntil : one.busy < than.busy
  }

  return {
    get busy() {
      return busy
    },
    take(tried) {
      const now = clock()
      let best: Address | undefined
      for (let i = 0; i < addresses.length; i++) {
        const each = addresses[(turn + i) % addresses.length]
        if (each && !tried.has(each) && isBetter(each, best, now)) best = each
      }
      turn = (turn + 1) % Math.max(addresses.length, 1)
      if (best === undefined) return undefined
      busy++
      best.busy++
      return best
    },
  }
}
