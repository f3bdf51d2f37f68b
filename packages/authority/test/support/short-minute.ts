// What an authority does every minute, done sooner.
import type { TestContext } from 'node:test'

/** For authorities that are opened by the test from now on. */
export function shortMinute(t: TestContext, milliseconds: number): void {
  const { setInterval: every } = globalThis
  const sooner = (work: () => void, ms?: number) => every(work, ms === 60_000 ? milliseconds : ms)
  globalThis.setInterval = Object.assign(sooner, every)
  t.after(() => {
    globalThis.setInterval = every
  })
}
