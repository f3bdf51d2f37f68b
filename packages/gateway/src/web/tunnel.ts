// WebSocket: a tunnel between a caller that has been met and the upstream, at the pace of the slower side.
import { Socket } from 'node:net'
import { join } from '../kind/join.ts'
import { responseHeaders } from './headers.ts'
import { answerTo, attempt, latin1Of, optionsOf, type Passage } from './proxy.ts'

/**
 * Carries an opening handshake to the upstream, and after its 101 everything both ways. Another answer than 101 is
 * carried like any other.
 * @see RFC 6455 §4.2.2
 */
export function tunnel(passage: Passage, open: NonNullable<Passage['exchange']['tunnel']>['open']): void {
  const { exchange, refuse, over } = passage
  const options = { ...optionsOf(passage), body: null, upgrade: 'websocket' }
  attempt(passage, false, (way, failed) => {
    const answer = answerTo(passage, way, failed)
    way.dispatcher.dispatch(options, {
      ...answer,
      onRequestUpgrade(controller, status, { upgrade }, far) {
        far.once('close', () => way.release())
        // RFC 9110 §7.8: "A server MUST NOT switch to a protocol that was not indicated by the client".
        if (String(upgrade).toLowerCase() !== 'websocket') {
          far.destroy()
          refuse('ERR_DOOR_UPSTREAM', new Error('the upstream switched to another protocol than WebSocket'))
          return
        }
        const { near, octets } = open(responseHeaders(latin1Of(controller.rawHeaders), status))
        if (octets.length > 0) far.write(octets)
        const countOf = () =>
          far instanceof Socket ? { to: far.bytesWritten, from: far.bytesRead } : { to: 0, from: 0 }
        const before = countOf()
        far.once('close', () => {
          const after = countOf()
          exchange.tally.octetsIn += after.to - before.to
          exchange.tally.octetsOut += after.from - before.from
          over()
        })
        join(near, far)
      },
    })
  })
}
