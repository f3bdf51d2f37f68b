// Servers that are wrong in one way each: OpenSSL's own, and plain ones of Node.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { programPath } from '../../interop/peer.ts'
import type { PartyFiles } from './peers.ts'

export interface BrokenDoor {
  readonly port: number
  close(): Promise<void>
}

/** OpenSSL's server with the certificate of `files`; of its chain only what `-cert_chain` among `more` names. */
export async function opensslServer(
  files: Pick<PartyFiles, 'certificate' | 'key'>,
  ...more: string[]
): Promise<BrokenDoor> {
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', files.certificate, '-key', files.key, ...more]
  const child = spawn(programPath('openssl'), args, { stdio: 'pipe' })
  // One that ended by itself, by a signal say, is over already.
  const ended = once(child, 'close')
  const close = async () => {
    child.kill()
    await ended
  }
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  // It writes on, as long as it serves.
  child.stdout.setEncoding('utf8')
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += text
    const port = /^ACCEPT 127\.0\.0\.1:(\d+)/m.exec(said)?.[1]
    if (port === undefined) continue
    child.stdout.resume()
    return { port: Number(port), close }
  }
  throw new Error(said)
}

/** A listener that does `act` with each connection. */
export function rawServer(act: (socket: Socket) => void): Promise<BrokenDoor> {
  return listening(createServer((socket) => act(socket.on('error', () => socket.destroy()))))
}

/** HTTP without TLS. */
export function plainServer(): Promise<BrokenDoor> {
  return listening(createHttp((_request, response) => response.end('hello\n')))
}

/** An https server whose clock is `aheadMs` before everybody else's; it asks whoever comes for a certificate. */
export function clockServer({ certificate, key, trust }: PartyFiles, aheadMs: number): Promise<BrokenDoor> {
  const [cert, own, ca] = [certificate, key, trust].map((path) => readFileSync(path))
  return listening(
    createHttps({ cert, key: own, ca, requestCert: true, rejectUnauthorized: false }, (_request, response) => {
      response.sendDate = false
      response.setHeader('Date', new Date(Date.now() + aheadMs).toUTCString())
      response.writeHead(404).end()
    }),
  )
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const door = await rawServer(() => undefined)
  await door.close()
  return door.port
}

async function listening(server: Server): Promise<BrokenDoor> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
