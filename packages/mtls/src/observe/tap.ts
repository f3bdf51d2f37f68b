// A connection of which what the other side sends is also kept, up to a limit.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

const MAX_KEPT_OCTETS = 262_145

/** A duplex over `raw`; `said()` is what came, from the first octet on. */
export function tap(raw: Socket): { readonly duplex: Duplex; said(): Uint8Array } {
  const kept: Buffer[] = []
  let octets = 0
  const duplex = new Duplex({
    read: () => void raw.resume(),
    write: (chunk, _encoding, done) => void raw.write(chunk, (error) => done(error)),
    final: (done) => void raw.end(done),
    destroy: (error, done) => {
      raw.destroy()
      done(error)
    },
  })
  raw.on('data', (chunk: Buffer) => {
    if (octets < MAX_KEPT_OCTETS) kept.push(chunk)
    octets += chunk.length
    if (!duplex.push(chunk)) raw.pause()
  })
  raw.on('end', () => duplex.push(null))
  raw.on('error', (error) => duplex.destroy(error))
  return { duplex, said: () => Buffer.concat(kept) }
}
