// What the programs of sshd ask over a socket: one line, one answer, and the connection ends.
import { chmod, chown } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { Log } from '@countersign/mtls'
import { clearAbandoned, listenOn } from '../kind/listener.ts'

/** Whoever answers: the whole answer, which ends with a line. */
export type Answer = (line: string) => string | Promise<string>

/** A line has a certificate of 16 kB in base64, and a few words. */
const MAX_LINE = 24_576
/** A program of ours writes its line at once. */
const LINE_MS = 2_000
/** sshd has ten logins under way by default (MaxStartups), and more that are hung up on. */
const MAX_OPEN = 256

/** Where questions come in; `owner` alone may ask. @throws the system's error where it cannot listen there. */
export async function listenForQuestions(
  path: string,
  owner: number,
  answer: Answer,
  { door, log }: { readonly door: string; readonly log: Log },
): Promise<AsyncDisposable> {
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket)
    // Who is gone before it heard has nothing to hear.
    socket.on('error', () => socket.destroy()).once('close', () => open.delete(socket))
    if (open.size > MAX_OPEN) socket.destroy()
    else readLine(socket, (line) => void tell(socket, line))
  })
  const tell = async (socket: Socket, line: string) => {
    try {
      socket.end(await answer(line), 'latin1')
    } catch (error) {
      // Nobody comes in because the door broke.
      log('gate.fault', { door, error })
      socket.destroy()
    }
  }
  await clearAbandoned(path)
  await listenOn(server, { path })
  await chmod(path, 0o600)
  await chown(path, owner, 0)
  server.on('error', (error) => log('door.accept-failed', { door, cause: error.message }))
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** One line in time, and of a length; whoever sends something else is left. */
function readLine(socket: Socket, onLine: (line: string) => void): void {
  let text = ''
  const timer = setTimeout(() => socket.destroy(), LINE_MS)
  socket.once('close', () => clearTimeout(timer))
  const onData = (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const end = text.indexOf('\n')
    if (end < 0 && text.length <= MAX_LINE) return
    clearTimeout(timer)
    socket.off('data', onData).resume()
    if (end < 0 || end > MAX_LINE || end !== text.length - 1) socket.destroy()
    else onLine(text.slice(0, end))
  }
  socket.on('data', onData).once('end', () => {
    if (!text.includes('\n')) socket.destroy()
  })
}
