// A whole answer of the door's own, in each version of HTTP.
import { type Answer, answerOf } from '@countersign/mtls'
import type { PublicKey } from './assertion-keys.ts'
import type { Exchange } from './exchange.ts'

/** Writes an answer whole; to HEAD without its body. */
export function sendAnswer(exchange: Exchange, { status, headers, body }: Answer): void {
  exchange.begin(status, Object.entries(headers).flat())
  if (exchange.head.method !== 'HEAD') {
    exchange.out.write(body)
    exchange.tally.octetsOut += Buffer.byteLength(body)
  }
  exchange.end([])
}

/** Gives the keys by which a service checks what this door states. @see RFC 7517 §8.5.1 */
export function keysAnswer(keys: readonly PublicKey[]): Answer {
  return answerOf(200, 'application/jwk-set+json', `${JSON.stringify({ keys })}\n`)
}
