// What anyone may ask: the certificates and lists that everybody needs to judge ours.
import { writePem } from '@countersign/x509'
import type { FastifyInstance } from 'fastify'
import { derJson } from './json.ts'
import type { Api } from './model.ts'

/** RFC 2585 §4.2: the media type of a CRL in DER. */
const CRL_TYPE = 'application/pkix-crl'
/** RFC 8555 §9.1: certificates in PEM. */
const PEM_TYPE = 'application/pem-certificate-chain'

export function publicRoutes(app: FastifyInstance, { root, issuing, crls, address }: Api): void {
  app.get('/v1/ready', async () => ({ ready: true, root: `sha256:${address().rootSha256.toHex()}` }))

  app.get('/status', async () => {
    const current = crls()
    return {
      certificates: derJson([issuing, root]),
      crls: [current.issuing, current.root].map((der) => der.toBase64()),
    }
  })

  app.get('/crl/issuing.crl', async (_request, reply) => reply.type(CRL_TYPE).send(Buffer.from(crls().issuing)))

  app.get('/crl/root.crl', async (_request, reply) => reply.type(CRL_TYPE).send(Buffer.from(crls().root)))

  app.get('/root.pem', async (_request, reply) => reply.type(PEM_TYPE).send(writePem('CERTIFICATE', root.der)))
}
