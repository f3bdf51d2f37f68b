// One open connection after an accepted meeting, and how it ends when it must.
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import type { Clock, Session } from '../model.ts'
import { isShuttingDown, resetSocket } from './reset.ts'

/** Why the application's socket ended: the session was cut. */
export class SessionCutError extends Error {
  override readonly name = 'SessionCutError'
  readonly code: RefusalCode

  constructor(cause: RefusalCode) {
    // Node formats the stack of what a stream is destroyed with, a fifth of what a cut costs; this one would say nothing.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(`the session was cut: ${REFUSALS[cause].public}`)
    Error.stackTraceLimit = stackTraceLimit
    this.code = cause
  }
}

// How long a shutdown under way may take before the connection is closed instead of reset. With an empty queue it
// takes one turn of the event loop; with a peer that does not read, for ever.
const SHUTDOWN_WAIT_MS = 20

/** A session as whoever made it has it. */
export interface OwnSession extends Session {
  /** While it is in no index. */
  rekey(keys: Session['keys']): void
}

/**
 * Makes the session of an accepted connection.
 * @param raw The TCP connection beneath `socket`.
 */
export function createSession(
  raw: Socket,
  socket: TLSSocket,
  met: Pick<Session, 'meeting' | 'keys' | 'certificates'>,
  clock: Clock,
): OwnSession {
  let closedAt: Temporal.Instant | undefined
  raw.once('close', () => {
    closedAt ??= clock()
  })
  let ended: Promise<{ readonly lastOctetAt: Temporal.Instant }> | undefined
  // TLS calls us from within its handshake. To take the connection from beneath it there frees what it still uses, and
  // the process dies: see the test of a door that throws.
  let inHandshake = true
  setImmediate(() => {
    inHandshake = false
  })

  const cut = async (cause: RefusalCode) => {
    if (inHandshake) await nextTurn()
    if (!raw.destroyed) {
      // A reset that the kernel's shutdown forbids would leave the connection open: see its test.
      if (isShuttingDown(socket)) await endOfShutdown(socket)
      resetSocket(raw, socket)
      closedAt = clock()
      socket.destroy(new SessionCutError(cause))
    }
    return { lastOctetAt: closedAt ?? clock() }
  }
  const cutOnce = (cause: RefusalCode) => {
    cutBy ??= cause
    ended ??= cut(cause)
    return ended
  }
  const stop = (cause: RefusalCode) => {
    // Node's HTTP/2 writes beneath the socket, where nothing holds it but the end of the connection.
    // Whoever cuts it next has the same promise, and hears of a failure there.
    if (socket.alpnProtocol === 'h2') return void cutOnce(cause).catch(() => undefined)
    socket.cork()
    // Whoever ends a stream, and Node's HTTP/1 at the end of each answer, would let go of all that is held back.
    socket.uncork = () => undefined
  }
  let cutBy: RefusalCode | undefined
  let { keys } = met
  return {
    id: randomUUID(),
    meeting: met.meeting,
    certificates: met.certificates,
    get keys() {
      return keys
    },
    rekey(next) {
      keys = next
    },
    get isCut() {
      return ended !== undefined
    },
    get cutBy() {
      return cutBy
    },
    octetsSent: () => raw.bytesWritten - queuedOctets(raw),
    stop,
    cut: cutOnce,
  }
}

async function endOfShutdown(socket: TLSSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, SHUTDOWN_WAIT_MS)
  socket.once('finish', resolve).once('close', resolve)
  await promise
  clearTimeout(timer)
}

/** What libuv still holds because the peer does not read. Not public, so its absence counts as nothing. */
function queuedOctets(raw: Socket): number {
  const { _handle: handle } = raw as { _handle?: { writeQueueSize?: number } | null }
  return handle?.writeQueueSize ?? 0
}
