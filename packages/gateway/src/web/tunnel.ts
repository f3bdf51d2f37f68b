// WebSocket: a tunnel between a caller that has been met and the upstream, at the pace of the slower side.
import { Socket } from 'node:net'
import { join } from '../kind/join.ts'
import { responseHeaders } from './headers.ts'
import { answerTo, attempt, isOver, latin1Of, optionsOf, type Passage } from './proxy.ts'

/**
 * Carries an opening handshake to the upstream, and after its 101 everything both ways. Another answer than 101 is
 * carried like any other.
 * @see RFC 6455 §4.2.2
 */
export function tunnel(passage: Passage, { open, accept }: NonNullable<Passage['exchange']['tunnel']>): void {
  const { exchange, refuse, over, crossing } = passage
  // RFC 8441 §5: the CONNECT of HTTP/2 "replaces the GET-based request".
  const options = { ...optionsOf(passage), method: 'GET', body: null, upgrade: 'websocket' }
  attempt(passage, false, (way, failed) => {
    const answer = answerTo(passage, way, failed)
    way.dispatcher.dispatch(options, {
      ...answer,
      onResponseStart(controller, status, headers, message) {
        // To CONNECT, it would say that the tunnel is open: RFC 9110 §9.3.6.
        if (accept !== undefined && status >= 200 && status < 300)
          throw new Error(`the upstream answered the opening handshake of a WebSocket by ${status}`)
        answer.onResponseStart?.(controller, status, headers, message)
      },
      onRequestUpgrade(controller, status, headers, far) {
        const { upgrade, 'sec-websocket-accept': accepted } = headers
        answer.onRequestUpgrade?.(controller, status, headers, far)
        far.once('close', () => way.release('reached'))
        // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
        if (String(upgrade).toLowerCase() !== 'websocket') {
          far.destroy()
          refuse('ERR_DOOR_UPSTREAM', new Error('the upstream switched to another protocol than WebSocket'))
          return
        }
        if (accept !== undefined && accepted !== accept) {
          far.destroy()
          refuse('ERR_DOOR_UPSTREAM', new Error('the upstream did not answer this opening handshake'))
          return
        }
        if (isOver(exchange)) return void far.destroy()
        const kept = responseHeaders(latin1Of(controller.rawHeaders), status)
        const protocols = exchange.head.headers['sec-websocket-protocol']
        const { near, octets } = open(crossing?.response(kept, protocols) ?? kept)
        if (octets.length > 0) far.write(octets)
        const countOf = () =>
          far instanceof Socket ? { to: far.bytesWritten, from: far.bytesRead } : { to: 0, from: 0 }
        const before = countOf()
        const count = () => {
          const after = countOf()
          exchange.tally.octetsIn = after.to - before.to
          exchange.tally.octetsOut = after.from - before.from
        }
        // Where this ends the exchange, it is told of at once.
        near.prependOnceListener('close', count)
        far.once('close', () => {
          count()
          over()
        })
        join(near, far)
      },
    })
  })
}
