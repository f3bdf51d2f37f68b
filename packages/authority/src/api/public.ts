// What anyone may ask: the certificates and lists that everybody needs to judge ours.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { writePem } from '@countersign/x509'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { sshIssuerLines } from '../status/krl.ts'
import { derJson } from './json.ts'
import type { Api } from './model.ts'
import { createReadiness } from './readiness.ts'
import { sendRefusal } from './reply.ts'

/** RFC 2585 §4.2: the media type of a CRL in DER. */
const KRL_TYPE = 'application/octet-stream'
const CRL_SUFFIX = '.crl'
const CRL_TYPE = 'application/pkix-crl'
/** RFC 8555 §9.1: certificates in PEM. */
const PEM_TYPE = 'application/pem-certificate-chain'

/** How soon who finds too many waiting asks again. */
const CROWDED_RETRY_SECONDS = 300

/** Sent at once; the next piece is for who has taken it. */
const PIECE_OCTETS = 64 * 1024

export function publicRoutes(
  app: FastifyInstance,
  api: Pick<Api, 'issuers' | 'krl' | 'crls' | 'address' | 'changes' | 'store' | 'clock'>,
): void {
  const { store, issuers, krl, crls, address, changes } = api
  let known: { readonly of: readonly unknown[]; readonly version: string; readonly octets: Buffer } | undefined
  const status = (): NonNullable<typeof known> => {
    const [current, published] = [crls(), issuers.published()]
    if (known?.of[0] !== current || known.of[1] !== published) {
      const certificates = [...published.intermediates, ...published.roots]
      const hash = createHash('sha256')
      for (const der of [...certificates.map((one) => one.der), ...current.all]) hash.update(der)
      const version = hash.digest('base64url')
      const answer = { version, certificates: derJson(certificates), crls: current.all.map((der) => der.toBase64()) }
      known = { of: [current, published], version, octets: Buffer.from(JSON.stringify(answer)) }
    }
    return known
  }

  // Made once, when it is first asked for: few ask, a start is to be quick, and anyone may ask again and again.
  let description: Promise<string> | undefined
  app.get('/v1/openapi.json', async (_request, reply) => {
    description ??= import('./openapi.ts').then(({ describeApi }) => JSON.stringify(describeApi()))
    return reply.type('application/json; charset=utf-8').send(await description)
  })

  const waitsFor = createReadiness(api)
  app.get('/livez', async () => ({ live: true }))

  app.get('/readyz', async (request, reply) => {
    const missing = await waitsFor()
    if (missing.length === 0) return { ready: true }
    return sendRefusal(request, reply, {
      code: 'ERR_AUTHORITY_NOT_READY',
      note: `it waits for ${missing.join(', and for ')}`,
    })
  })

  app.get('/v1/ready', async () => ({ ready: true, root: `sha256:${address().rootSha256.toHex()}` }))

  app.get<{ Querystring: { after?: unknown } }>('/status', async (request, reply) => {
    const { after } = request.query
    if (typeof after === 'string' && after === status().version) {
      // Who leaves meanwhile makes room.
      const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve))
      const isHeld = await changes.wait(() => after !== status().version, gone)
      const { version } = status()
      if (version === after)
        return reply.send({ version, ...(!isHeld && { retryAfterSeconds: CROWDED_RETRY_SECONDS }) })
    }
    return sendLarge(reply, 'application/json; charset=utf-8', status().octets)
  })

  app.get<{ Params: { issuer: string } }>('/crl/:issuer', async (request, reply) => {
    const { issuer } = request.params
    const name = issuer.endsWith(CRL_SUFFIX) ? issuer.slice(0, -CRL_SUFFIX.length) : ''
    const list = crls().of(name) ?? (await lastListOf(name))
    if (list === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no issuer with that name has a list' })
    return sendLarge(reply, CRL_TYPE, list)
  })

  app.get('/ssh/ca.pub', async (_request, reply) =>
    reply.type('text/plain').send(sshIssuerLines(issuers.published().ssh)),
  )

  app.get('/ssh/revoked.krl', async (_request, reply) => sendLarge(reply, KRL_TYPE, krl()))

  /** Of an issuer that is retired. */
  const lastListOf = async (name: string): Promise<Uint8Array | undefined> => {
    if (!/^[a-z0-9-]{1,32}$/.test(name)) return undefined
    const retired = await store.issuers.byName(name)
    if (retired?.state !== 'retired' || retired.kind === 'ssh' || retired.id === undefined) return undefined
    return (await store.status.newestCrl(retired.id))?.der
  }

  app.get('/root.pem', async (_request, reply) =>
    reply.type(PEM_TYPE).send(
      issuers
        .published()
        .roots.map(({ der }) => writePem('CERTIFICATE', der))
        .join(''),
    ),
  )
}

/** A list may have megabytes, and anyone may ask for it: all share one copy, and who does not read costs a piece of it. */
function sendLarge(reply: FastifyReply, type: string, octets: Uint8Array): FastifyReply {
  const stream = Readable.from(pieces(octets), { objectMode: false, highWaterMark: PIECE_OCTETS })
  return reply.type(type).header('content-length', octets.length).send(stream)
}

function* pieces(octets: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += PIECE_OCTETS)
    yield Buffer.from(octets.buffer, octets.byteOffset + at, Math.min(PIECE_OCTETS, octets.length - at))
}
