// The open session: its cookie is renewed before it is over, by whoever comes first.
import { callWithin, RefusedError } from './call.ts'
import { sessionDevice } from './device.ts'
import { readState, writeState } from './store.ts'
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
    try {
      await callWithin(await sessionDevice(), 'renew', {})
    } catch (error) {
      // It has ended: nobody need ask again before the next sign-in.
      if (error instanceof RefusedError) await writeState('session', undefined)
      if (isOver(error)) await writeState('ranOut', true)
      throw error
    }
  })
}

/** Whether a session that was open here has run out since, and nobody was told: it is told once. */
export async function hasRunOut(): Promise<boolean> {
  if ((await readState('session')) !== undefined)
    try {
      await renew()
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
    }
  const ranOut = await readState('ranOut')
  await writeState('ranOut', undefined)
  return ranOut === true
}

/** Ends the session, here and at the server. @throws {RefusedError} */
export async function signOut(): Promise<void> {
  try {
    await callWithin(await sessionDevice(), 'sign-out', {})
  } catch (error) {
    // It has ended already.
    if (!isOver(error)) throw error
  }
  await writeState('session', undefined)
}

function isOver(error: unknown): boolean {
  return error instanceof RefusedError && error.problem.code === 'ERR_PERSON_NOT_SIGNED_IN'
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
