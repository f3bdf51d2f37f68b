// The socket in the data directory: who may enter the directory is an administrator.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { AuthorityError } from '../error.ts'
import { guarded } from '../keys/files.ts'
import { errnoOf } from '../store/fault.ts'
import type { Application } from './application.ts'
import { markLocal } from './caller.ts'

/** sun_path has 108 octets on Linux and 104 elsewhere, with the NUL. */
const MAX_PATH_OCTETS = 103

/** @throws {AuthorityError} where no socket can have that path: found out before anything is made. */
export function checkSocketPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_OCTETS)
    throw new AuthorityError('ERR_AUTHORITY_SOCKET_PATH', path, `a socket's path has at most ${MAX_PATH_OCTETS} octets`)
}

/** Listens at `path` with mode 0600. The store's lock is held, so a socket that is there belongs to nobody. @throws {AuthorityError} */
export async function listenLocally(path: string, application: Application): Promise<Server> {
  guarded(path, () => rmSync(path, { force: true }))
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    markLocal(socket)
    application.serve(socket)
  })
  await listening(server, () => server.listen(path), path)
  // Until here the directory's own mode keeps others out.
  chmodSync(path, 0o600)
  return server
}

/** Resolves when `server` listens. @throws {AuthorityError} when the address is taken or not ours. */
export async function listening(server: Server, listen: () => void, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('listening', resolve)
  server.once('error', reject)
  listen()
  try {
    await promise
  } catch (cause) {
    const errno = errnoOf(cause)
    const what = errno === 'EADDRINUSE' ? 'the address is in use' : `cannot listen there (${errno})`
    throw new AuthorityError('ERR_AUTHORITY_LISTEN', address, what, { cause })
  } finally {
    server.removeListener('listening', resolve)
    server.removeListener('error', reject)
  }
}
