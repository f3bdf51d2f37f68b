// For pages of the application, at an address that stays: opens a WebSocket with a proof of the device's key. No page can put
// one in a field of an opening handshake, so that it goes as the name of a protocol, which the door takes out again.
import { takeNonce } from './call.ts'
import { sessionDevice } from './device.ts'
import { prove } from './dpop.ts'
import { readState } from './store.ts'

/**
 * As `new WebSocket(address, protocols)`, at this origin. Where no protocol is named, that of the socket is `countersign`: a
 * browser asks for one of those that were named.
 * @see RFC 6455 §1.9
 */
export async function openWebSocket(address: string | URL, protocols: readonly string[] = []): Promise<WebSocket> {
  const { host, pathname, search } = new URL(address, location.href)
  if (host !== location.host) throw new TypeError(`a WebSocket at another place: ${host}`)
  const [device, session, nonce] = [await sessionDevice(), await readState('session'), await takeNonce()]
  const url = location.origin + pathname
  const proof = await prove(device, { method: 'GET', url, nonce, ...(session && { ath: session.ath }) })
  const named = protocols.length === 0 ? ['countersign'] : protocols
  return new WebSocket(`wss://${host}${pathname}${search}`, [...named, `countersign.dpop.${proof}`])
}
