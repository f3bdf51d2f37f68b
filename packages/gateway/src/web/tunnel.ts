// WebSocket: a tunnel between a caller that has been met and the upstream, at the pace of the slower side.
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from '../kind/join.ts'
import { responseHeaders } from './headers.ts'
import { answerTo, latin1Of, optionsOf, type Passage } from './proxy.ts'

/**
 * Which upgrades are carried; others are answered as plain requests (RFC 9110 §7.8 lets a server ignore them).
 * An opening handshake has no body: one that announces it would be read as two things.
 * RFC 9110 §7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0 request".
 * @see RFC 6455 §4.1
 */
export function isWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) === 0
  )
}

/** A response on a socket that Node has already given up for the upgrade. Closes the socket when it is finished. */
export function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  response.once('finish', () => socket.destroySoon())
  return response
}

/**
 * Carries an opening handshake to the upstream, and after its 101 everything both ways. Another answer than 101 is
 * carried like any other.
 * @param head What the caller has sent behind its handshake already.
 * @see RFC 6455 §4.2.2
 */
export function tunnel(passage: Passage, socket: Socket, head: Buffer): void {
  const { response, upstream, refuse } = passage
  upstream.dispatcher.dispatch(
    { ...optionsOf(passage), body: null, upgrade: 'websocket' },
    {
      ...answerTo(passage, refuse),
      onRequestUpgrade(controller, status, { upgrade }, far) {
        // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
        if (String(upgrade).toLowerCase() !== 'websocket') {
          far.destroy()
          refuse('ERR_DOOR_UPSTREAM', new Error('the upstream switched to another protocol than WebSocket'))
          return
        }
        response.detachSocket(socket)
        socket.write(switchingProtocols(responseHeaders(latin1Of(controller.rawHeaders), status)), 'latin1')
        if (head.length > 0) far.write(head)
        join(socket, far)
      },
    },
  )
}

function switchingProtocols(kept: readonly string[]): string {
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
  for (let i = 0; i + 1 < kept.length; i += 2) lines.push(`${kept[i]}: ${kept[i + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
