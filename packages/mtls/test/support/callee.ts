// A bare TLS server for the client's tests: it knows nothing of our gate, and notes what it saw of the caller.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Credential } from '../../src/model.ts'
import { pemOf } from './pki.ts'

export interface Callee extends AsyncDisposable {
  readonly port: number
  /** DER of each certificate that a caller presented. */
  readonly seen: readonly Uint8Array[]
  /** ClientHello.random of each handshake whose keys were made. */
  readonly randoms: readonly string[]
  /** Each handshake that came to its end. */
  readonly met: readonly TLSSocket[]
  readonly errors: readonly string[]
}

export interface CalleeOptions extends TlsOptions {
  readonly onMet?: (socket: TLSSocket) => void
}

/** Serves `credential` on loopback and asks for a client certificate. Use with `await using`. */
export async function startCallee(credential: Credential, options: CalleeOptions = {}): Promise<Callee> {
  const seen: Uint8Array[] = []
  const randoms: string[] = []
  const met: TLSSocket[] = []
  const errors: string[] = []
  const { onMet, ...tlsOptions } = options
  const server = createServer({
    key: credential.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    cert: pemOf(credential.certificates),
    requestCert: true,
    rejectUnauthorized: false,
    ...tlsOptions,
  })
  const open = new Set<Socket>()
  server.on('connection', (raw: Socket) => {
    open.add(raw)
    raw.on('close', () => open.delete(raw))
  })
  server.on('secureConnection', (socket) => {
    met.push(socket)
    socket.on('error', (error) => errors.push('code' in error ? String(error.code) : error.name))
    const certificate = socket.getPeerX509Certificate()
    if (certificate) seen.push(new Uint8Array(certificate.raw))
    if (onMet) onMet(socket)
    else socket.resume()
  })
  server.on('keylog', (line: Buffer) => {
    const [, random = ''] = line.toString('latin1').split(' ')
    if (!randoms.includes(random)) randoms.push(random)
  })
  server.on('tlsClientError', (error) => errors.push('code' in error ? String(error.code) : error.name))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    randoms,
    met,
    errors,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
