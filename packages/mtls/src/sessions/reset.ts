// The end of a connection that throws away what its peer has not read.
import type { Socket } from 'node:net'

/**
 * Resets the connection `raw`, or closes it where there is no reset: on a Unix socket, on which Node throws, and while
 * libuv waits to shut it down, when it answers EINVAL: the descriptor would then stay open for ever, and the process
 * never end (Node 26).
 * @param socket What is written to, where that is another stream above it.
 */
export function resetSocket(raw: Socket, socket: Socket = raw): void {
  if (isShuttingDown(socket) || raw.remoteFamily === undefined) raw.destroy()
  else raw.resetAndDestroy()
}

/** The application has ended and all that it wrote is with the kernel; libuv waits to shut down. */
export function isShuttingDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
}
