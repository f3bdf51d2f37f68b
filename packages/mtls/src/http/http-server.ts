// An HTTP server that never listens: the gate hands it sockets that it has judged.
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/**
 * Makes `server` serve sockets that something else accepted.
 * Node starts its watch over slow headers and idle connections when a server begins to listen; this one never does,
 * so the event is given by hand (a test holds Node to it).
 */
export function adoptSockets(server: Server): (socket: TLSSocket) => void {
  server.emit('listening')
  return (socket) => {
    server.emit('connection', socket)
  }
}

const LINGER_MS = 1_000

/**
 * Lets a connection go that has been told why, or is being told: what still arrives is read and forgotten for a second.
 * Closing with octets unread makes the kernel reset the connection, and takes back what was said. @see RFC 9112 §9.6
 */
export function closeAfterReading(socket: Duplex): void {
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}
