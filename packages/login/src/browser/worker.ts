// The service worker of the whole origin: it renews the cookie before it is over, and proves the device with each request
// that changes something, whatever page made it. It keeps nothing, and answers nothing by itself.
import { noteFields, takeNonce } from './call.ts'
import { sessionDevice } from './device.ts'
import { prove } from './dpop.ts'
import { isOld, renew } from './session.ts'
import { readState } from './store.ts'

/** What of a service worker is used here: the library of types for pages has none. @see W3C Service Workers §4 */
interface Scope {
  skipWaiting(): Promise<void>
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: 'install' | 'activate', listen: (event: Lasting) => void): void
  addEventListener(type: 'fetch', listen: (event: Fetching) => void): void
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void
}
interface Fetching extends Lasting {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

const scope = globalThis as unknown as Scope
const SAFE = ['GET', 'HEAD', 'OPTIONS']

scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()))
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
scope.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  // The pages of signing in prove by themselves.
  if (origin !== location.origin || pathname === '/login' || pathname.startsWith('/login/')) return
  if (!isFromHere(request)) return
  if (!SAFE.includes(request.method)) event.respondWith(sendProved(request))
  else if (request.mode === 'navigate') event.respondWith(sendRenewed(request))
  else event.waitUntil(renewIfOld())
})

/**
 * Whether a page of this origin asks. What is sent from here has this origin, the cookie and the proof, so that a form of a
 * page elsewhere must not pass: browsers hand such navigations to the worker as well. Only the referrer tells, which no page
 * can make another origin's; one of `no-referrer` says nothing, and its forms go without a proof.
 * Whatever is no navigation comes from a page that the worker controls.
 */
function isFromHere({ mode, referrer }: Request): boolean {
  return mode !== 'navigate' || referrer.startsWith(`${location.origin}/`)
}

/** A page is asked for with a cookie that is good; where none can be had, the door says what to do. */
async function sendRenewed(request: Request): Promise<Response> {
  await renewIfOld()
  return fetch(request)
}

/** Proves the device, and once more where the nonce had grown old. */
async function sendProved(request: Request): Promise<Response> {
  await renewIfOld()
  const session = await readState('session')
  if (session === undefined) return fetch(request)
  const again = request.clone()
  const answer = await sendWith(request, session.ath)
  await noteFields(answer, session.device)
  if (answer.status !== 401 || !answer.headers.has('dpop-nonce')) return answer
  return sendWith(again, (await readState('session'))?.ath ?? session.ath)
}

async function sendWith(request: Request, ath: string): Promise<Response> {
  const { method, url } = request
  const proof = await prove(await sessionDevice(), { method, url, nonce: await takeNonce(), ath })
  const headers = new Headers(request.headers)
  headers.set('DPoP', proof)
  // A form that is sent becomes a request of this origin with the same body; where it leads is the browser's to follow.
  return fetch(new Request(request, { headers }))
}

/** The request goes on either way: a session that has ended is told by the door, not here. */
async function renewIfOld(): Promise<void> {
  if (!(await isOld())) return
  try {
    await renew()
  } catch (error) {
    console.info('the cookie was not renewed:', String(error))
  }
}
