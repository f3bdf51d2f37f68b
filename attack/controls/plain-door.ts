// Doors of plain Node options, each made to be vulnerable in the way that its attack looks for: what does not fall proves nothing.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { writePem } from '@countersign/x509'
import { type Holder, leaf, sans } from '../../interop/chains/house.ts'
import type { Attackers, Target } from '../model.ts'
import { around } from '../support/craft.ts'
import { presented, THROUGH } from '../support/tls-client.ts'

/** Lets everybody through to the word of the service. */
export function letThrough(socket: TLSSocket): void {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${THROUGH.length}\r\n\r\n${THROUGH}`)
  socket.end()
}

/** Opens a door of Node's own making. */
export async function openPlainDoor(
  attackers: Attackers,
  options: TlsOptions,
  met: (socket: TLSSocket) => void = letThrough,
): Promise<Target & AsyncDisposable> {
  const server = createServer(
    { ...serverCredential(attackers.issuing), ...trusting(attackers), ...options },
    (socket) => {
      socket.on('error', () => socket.destroy())
      met(socket)
    },
  )
  // A caller that Node itself refuses.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    kind: 'web',
    name: 'control',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    serverName: 'hello.localhost',
    attackers,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

/** Asks for a certificate and lets OpenSSL alone judge it, as most services do. */
export function trusting({ root }: Attackers): TlsOptions {
  return { ca: writePem('CERTIFICATE', root.certificate.der), requestCert: true, rejectUnauthorized: true }
}

function serverCredential(issuing: Holder): TlsOptions {
  const server = leaf(issuing, {
    ...around(),
    extensions: { subjectAltName: sans({ kind: 'dNSName', value: 'hello.localhost' }) },
  })
  return presented(server, issuing)
}
