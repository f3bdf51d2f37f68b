// An authority that answers whatever a test wants: right in all but one thing. It checks nothing of the newcomer's.
import { createPublicKey, hash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { EnrollmentToken } from '@countersign/protocol'
import { type CertificateList, readCertificationRequest } from '@countersign/x509'
import { issueCrl } from './crls.ts'
import { createIntermediate, createRoot, dns, type Issuer, issueLeaf, type LeafOptions, pemOf, uri } from './pki.ts'

export const root = createRoot('Acme Root')
export const issuing = createIntermediate(root, 'Acme Issuing 1')
export const listener = issueLeaf(issuing, 'authority', {
  names: [dns('authority.localhost')],
  purposes: ['serverAuth'],
})

/** What the authority shall answer to a request; the fields are those of a right answer unless changed. */
export interface Recipe {
  readonly issuer?: Issuer
  readonly leaf?: LeafOptions
  readonly crls?: readonly CertificateList[]
  /** Changes of the JSON as it is sent. */
  readonly change?: Readonly<Record<string, unknown>>
  /** Instead of all that. */
  readonly raw?: { readonly status: number; readonly body: string; readonly type?: string }
  /** To `GET /status`, which otherwise is answered with the two lists. */
  readonly status?: { readonly status: number; readonly body: string }
  /** What is said on the feed, line by line; absent: nobody may follow. */
  readonly feed?: readonly unknown[]
  /** Never answers. */
  readonly silent?: boolean
}

/** Serves on loopback. `requests` are the bodies that came, `said` what a follower said. Use with `await using`. */
export async function startAuthority(recipe: Recipe = {}) {
  const requests: string[] = []
  let said = ''
  const cert = pemOf([...listener.certificates, root.certificate])
  const key = listener.privateKey.export({ format: 'pem', type: 'pkcs8' })
  const server = createServer(
    { cert, key, requestCert: true, rejectUnauthorized: false },
    async (request, response) => {
      const body = (await request.setEncoding('utf8').toArray()).join('')
      if (body !== '') requests.push(body)
      if (recipe.silent) return
      if (request.url === '/status') {
        const status = recipe.status ?? { status: 200, body: JSON.stringify(statusOf(recipe)) }
        response.writeHead(status.status, { 'content-type': 'application/json' }).end(status.body)
        return
      }
      const {
        status,
        body: answer,
        type = 'application/json',
      } = recipe.raw ?? {
        status: 201,
        body: JSON.stringify(answerTo(body, recipe)),
      }
      response.writeHead(status, { 'content-type': type }).end(answer)
    },
  )
  server.on('upgrade', (_request, socket) => {
    // It reads, so that it sees that the other side has left.
    socket.on('error', () => socket.destroy())
    socket.on('data', (octets: Buffer) => {
      said += octets.toString('latin1')
    })
    if (recipe.silent) return
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: countersign-feed\r\n\r\n')
    for (const line of recipe.feed ?? []) socket.write(`${JSON.stringify(line)}\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const token: EnrollmentToken = {
    address: `127.0.0.1:${port}`,
    name: 'authority.localhost',
    rootSha256: hash('sha256', root.certificate.der, 'buffer'),
    secret: new Uint8Array(32).fill(7),
    party: 'alice',
  }
  return {
    token,
    requests: requests as readonly string[],
    get said(): readonly unknown[] {
      return said
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function statusOf({ crls }: Recipe): Record<string, unknown> {
  return {
    certificates: [issuing.certificate, root.certificate].map(({ der }) => der.toBase64()),
    crls: (crls ?? [issueCrl(root), issueCrl(issuing)]).map(({ der }) => der.toBase64()),
  }
}

function answerTo(body: string, { issuer = issuing, leaf = {}, crls, change = {} }: Recipe): Record<string, unknown> {
  // The newcomer under test wrote it.
  const { request } = JSON.parse(body) as { readonly request: string }
  const { subjectPublicKeyInfo } = readCertificationRequest(Uint8Array.fromBase64(request))
  const publicKey = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo.der), format: 'der', type: 'spki' })
  const names = [uri('spiffe://acme.example/alice')]
  const { certificates } = issueLeaf(issuer, 'alice', { names, purposes: ['clientAuth'], publicKey, ...leaf })
  return {
    party: 'alice',
    certificates: [...certificates, root.certificate].map(({ der }) => der.toBase64()),
    crls: statusOf(crls ? { crls } : {})['crls'],
    authority: { address: '127.0.0.1:8440', name: 'authority.localhost' },
    ...change,
  }
}
