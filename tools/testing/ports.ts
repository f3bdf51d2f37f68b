/** Ports of loopback, for programs that must be told theirs before they start. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MS = 10_000

/** One that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until somebody listens there. @param program Who is to: not waited for once it has ended. */
export async function untilListening(port: number, program?: ChildProcess): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await delay(25)) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    if (program && program.exitCode !== null) break
  }
  throw new Error(`nobody listens on ${port}`)
}
