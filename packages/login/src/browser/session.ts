// The open session: its cookie is renewed before it is over, by whoever comes first.
import { callWithin } from './call.ts'
import { currentDevice } from './device.ts'
import { readState } from './store.ts'
import { workerUrl } from './trusted.ts'

/** Half of what a cookie is good for: enough is left for an answer that takes its time. */
const RENEW_AFTER_MILLISECONDS = 150_000

/** Whether a cookie should be renewed by now. A clock that went back says yes. */
export async function isOld(now: number = Date.now()): Promise<boolean> {
  const session = await readState('session')
  return session !== undefined && !(now - session.renewedAt >= 0 && now - session.renewedAt < RENEW_AFTER_MILLISECONDS)
}

/** Renews the cookie, once for every tab. @throws {RefusedError} when the session has ended */
export async function renew(): Promise<void> {
  const before = (await readState('session'))?.renewedAt
  await navigator.locks.request('countersign-renew', async () => {
    // Another tab did it while this one waited: a second rotation would only make its cookie old.
    if ((await readState('session'))?.renewedAt !== before) return
    await callWithin(await currentDevice(), 'renew', {})
  })
}

/** Starts the service worker, which renews and proves for every page of this origin. A browser without one goes by `/login/renew`. */
export async function startWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  await navigator.serviceWorker.register(workerUrl('/login/worker.js'), {
    scope: '/',
    type: 'module',
    updateViaCache: 'none',
  })
  // The next page may send a form at once: it should find the worker there.
  await Promise.race([navigator.serviceWorker.ready, new Promise((resolve) => setTimeout(resolve, 3000))])
}
