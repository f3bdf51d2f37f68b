// A site of bare `node:https` or HTTP/2, in force now: the callee that our clients are tested against is not ours.
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { chainOf, createIssuer, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { createIdentity } from '../../src/identity/create.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { dns, uri } from './pki.ts'

export const root = createIssuer('Acme Root')
export const site = issueLeaf(root, 'site', { names: [dns('site.localhost')], purpose: 'serverAuth' })
const alice = issueLeaf(root, 'alice', { names: [uri('spiffe://acme.example/alice')], purpose: 'clientAuth' })

/** Alice, and whom she believes. */
export function aliceWith(anchor = root) {
  const trust = createTrust({
    anchors: [anchor.certificate],
    revocation: 'prefer',
    asOf: Temporal.Now.instant(),
  })
  return { ...createIdentity({ certificates: chainOf(alice), privateKey: alice.privateKey }), trust }
}

/** Serves `site.localhost`; `seen` has the subject of who came, for each connection, and whether it was resumed. */
export async function startWebsite(answer: RequestListener = hello, version: '1.1' | '2' = '1.1') {
  const seen: string[] = []
  const open = new Set<TLSSocket>()
  const tls = { ...pemOf(site), requestCert: true, rejectUnauthorized: false }
  const server =
    version === '2' ? createSecureServer(tls, (_request, response) => response.end('hello')) : createServer(tls, answer)
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.push((socket.isSessionReused() ? 'resumed ' : '') + (socket.getPeerX509Certificate()?.subject ?? ''))
    open.add(socket.once('close', () => open.delete(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    port: (server.address() as AddressInfo).port,
    seen,
    /** Answers when all that was open has ended. */
    endAll: async () => {
      const ends = [...open].map((socket) => once(socket.destroy(), 'close'))
      await Promise.all(ends)
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const hello: RequestListener = (_request, response) => void response.end('hello')
