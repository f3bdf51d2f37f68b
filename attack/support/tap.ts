// A tap on the wire between the attacker and the door: what the attacker sent, octet by octet.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { resetSocket } from '@countersign/mtls'

export interface Tap {
  readonly port: number
  /** The first octets that were sent towards the target, at most 64 KiB. */
  sent(): Uint8Array
  /** How many were sent in all. */
  octets(): number
  close(): void
}

/** Cuts the record with the ClientHello anew; each piece leaves in a segment of its own. */
export type Reshape = (record: Buffer) => readonly Buffer[]

const MAX_KEPT = 65_536

/** Carries one connection to the target as it is, resets included. */
export async function startTap(
  { host, port }: { readonly host: string; readonly port: number },
  reshape?: Reshape,
): Promise<Tap> {
  const chunks: Buffer[] = []
  let octets = 0
  let near: Socket | undefined
  let far: Socket | undefined
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    near = caller
    far = connect({ host, port, allowHalfOpen: true, noDelay: true })
    const callee = far
    caller.on('data', (chunk: Buffer) => {
      if (octets < MAX_KEPT) chunks.push(chunk)
      octets += chunk.length
    })
    if (reshape) caller.once('data', (record: Buffer) => void sendCut(caller, callee, reshape(record)))
    else caller.pipe(callee)
    callee.pipe(caller)
    for (const [one, two] of [
      [caller, callee],
      [callee, caller],
    ] as const) {
      one.on('error', () => resetSocket(two))
      one.on('close', () => two.destroySoon())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => Buffer.concat(chunks),
    octets: () => octets,
    close() {
      near?.destroy()
      far?.destroy()
      server.close()
    },
  }
}

async function sendCut(caller: Socket, callee: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (callee.destroyed) return
    callee.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  caller.pipe(callee)
}
