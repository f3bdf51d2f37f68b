// Time that passes when a test says so: for the clocks that programs are given, and for what waits a minute or longer.
import { createRequire, syncBuiltinESMExports } from 'node:module'

/** One time for everything in the process, until it is disposed of. */
export interface PassingTime extends Disposable {
  readonly now: () => Temporal.Instant
  /**
   * Lets it pass, from one moment at which somebody wakes to the next. Whoever wakes has gone to rest again before the next
   * one does, or `WORK_MS` have passed: who finds what it waited for does not rest again.
   */
  pass(duration: Temporal.DurationLike): Promise<void>
  /** Sets the clock, as after a sleep: who was to wake meanwhile wakes now, once. */
  sleep(duration: Temporal.DurationLike): Promise<void>
}

interface Alarm {
  readonly at: number
  readonly ring: () => void
}

const MINUTE_MS = 60_000
const WORK_MS = 2_000
const ALL_WORK_MS = 5_000

/**
 * Takes over `setTimeout` of `node:timers/promises`, by which programs rest, and the global one where it waits a minute or
 * longer, by which they look at the clock again. What waits for a network is shorter, and goes on by the machine's time.
 */
export function takeTime(start: Temporal.Instant): PassingTime {
  const promises = createRequire(import.meta.url)('node:timers/promises') as { setTimeout: unknown }
  const real = { rest: promises.setTimeout, setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
  const alarms = new Map<object, Alarm>()
  let now = start.epochMilliseconds

  const set = (ms: number, ring: () => void): object => {
    const handle: object = { ref: () => handle, unref: () => handle, hasRef: () => false }
    alarms.set(handle, { at: Math.ceil(now + ms), ring })
    return handle
  }
  const rest = (ms: number, value?: unknown, { signal }: { readonly signal?: AbortSignal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const handle = set(ms, () => resolve(value))
    const leave = () => {
      alarms.delete(handle)
      reject(new DOMException('it was stopped', 'AbortError'))
    }
    if (signal?.aborted) leave()
    signal?.addEventListener('abort', leave, { once: true })
    return promise
  }
  const isLong = (ms: unknown): ms is number => typeof ms === 'number' && ms >= MINUTE_MS
  promises.setTimeout = rest
  globalThis.setTimeout = Object.assign(
    (ring: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
      isLong(ms) ? set(ms, () => ring(...args)) : real.setTimeout(ring, ms, ...args),
    real.setTimeout,
  ) as typeof setTimeout
  globalThis.clearTimeout = (handle) => {
    if (typeof handle === 'object' && alarms.delete(handle)) return
    real.clearTimeout(handle)
  }
  syncBuiltinESMExports()

  const wake = async (due: readonly [object, Alarm][], workMs = WORK_MS) => {
    const before = alarms.size
    for (const [handle, { ring }] of due) if (alarms.delete(handle)) ring()
    const began = performance.now()
    do await new Promise((resolve) => real.setTimeout(resolve, 1))
    while (alarms.size < before && performance.now() - began < workMs)
  }
  const dueBy = (time: number) => [...alarms].filter(([, { at }]) => at <= time).sort(([, a], [, b]) => a.at - b.at)

  return {
    now: () => Temporal.Instant.fromEpochMilliseconds(now),
    async pass(duration) {
      const end = now + Temporal.Duration.from(duration).total('milliseconds')
      for (let [next] = dueBy(end); next !== undefined; [next] = dueBy(end)) {
        now = Math.max(now, next[1].at)
        await wake([next])
      }
      now = end
    },
    async sleep(duration) {
      now += Temporal.Duration.from(duration).total('milliseconds')
      await wake(dueBy(now), ALL_WORK_MS)
    },
    [Symbol.dispose]() {
      promises.setTimeout = real.rest
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout })
      syncBuiltinESMExports()
    },
  }
}
