// A door that follows the feed by hand.
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Held, type House, meet, type Place, placeOf } from './house.ts'

interface Rules {
  readonly policy?: { readonly text: string; readonly sha256: string }
  readonly parties: readonly { readonly id: string; readonly labels: readonly string[] }[]
}

interface Heard {
  readonly kind: string
  readonly previous?: string
  readonly snapshot?: { readonly sequence: string; readonly rules: Rules; readonly anchors: readonly object[] }
  readonly event?: { readonly sequence: string; readonly change: { readonly kind: string; readonly rules?: Rules } }
}

/** A door that follows, by hand: what it hears, as JSON. */
export function follow(t: TestContext, house: House, held: Held, after?: string, doors?: readonly object[]) {
  return followAt(t, placeOf(house.authority), held, after, doors)
}

/** The same, at an authority in another process. */
export async function followAt(t: TestContext, place: Place, held: Held, after?: string, doors?: readonly object[]) {
  const { socket } = await meet(t, place, held)
  socket.on('error', () => socket.destroy())
  socket.write('GET /v1/feed HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: countersign-feed\r\n\r\n')
  const heard: Heard[] = []
  let text = ''
  socket.on('data', (octets) => {
    text += String(octets)
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) heard.push(JSON.parse(line))
  })
  const say = (message: object) => socket.write(`${JSON.stringify(message)}\n`)
  const until = async (fits: (message: Heard) => boolean) => {
    for (;;) {
      const found = heard.find(fits)
      if (found) return found
      await once(socket, 'data')
    }
  }
  say({ kind: 'follow', version: 1, ...(after !== undefined && { after }), ...(doors && { doors }) })
  await until(({ kind }) => kind === 'beat')
  return { socket: socket as TLSSocket, heard, say, until }
}

/** However it ends: a reset is an end too. */
export function closed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => socket.once('error', () => undefined).once('close', () => resolve()))
}
