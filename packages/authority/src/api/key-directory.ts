// Web Key Directory: the OpenPGP keys of people, for anybody, of those mail domains alone that the operator has named. Who has none,
// is locked, was revoked or is nobody is answered alike, and as late.
// @see draft-koch-openpgp-webkey-service-22 §3.1, §4.5
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { keysFor } from './mail-keys.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'

/** No answer comes sooner, so that its time does not tell what was looked up. Some twenty times what the longest look-up takes. */
const LEAST_MS = 100
/** Of one address, old ones too. */
const MOST_KEYS = 32
/** RFC 5321 §4.5.3.1.1 allows 64 octets; a local limit above it. */
const MAX_LOCAL = 128

interface Asked {
  Params: { domain?: string; hash: string }
  Querystring: { l?: unknown }
}

export function keyDirectoryRoutes(
  app: FastifyInstance,
  { store, openPgp, keyDirectory, clock }: Pick<Api, 'store' | 'openPgp' | 'keyDirectory' | 'clock'>,
): void {
  const find = async ({ params, query, host }: FastifyRequest<Asked>): Promise<Uint8Array | undefined> => {
    const domain = domainOf(params.domain, host)
    const { l: local } = query
    if (openPgp === undefined || !keyDirectory.includes(domain)) return undefined
    if (typeof local !== 'string' || local.length > MAX_LOCAL || local.includes('\0')) return undefined
    if ((await openPgp.filedAt(local)) !== params.hash) return undefined
    const address = `${local}@${domain}`
    const own = await openPgp.publishedAuthority(address)
    if (own !== undefined) return own
    const [kept, people] = [
      await openPgp.ofAddress(address, MOST_KEYS),
      await keysFor(store, address, 'person', clock()),
    ]
    const current = kept.filter(({ party }) => people.some((one) => one.party === party))
    // One alone: GnuPG 2.2 reads nothing of an answer in which a key of version 6 stands, too.
    const key = current.find(({ version }) => version === 4) ?? current[0]
    return key && openPgp.published(await openPgp.renewed(key, [address]), address)
  }
  const answer = async (request: FastifyRequest<Asked>, reply: FastifyReply) => {
    const [key] = await Promise.all([find(request), delay(LEAST_MS)])
    if (key === undefined) return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no key is told' })
    // Mail programs in browsers ask too: what is for anybody is for them.
    return reply.type('application/octet-stream').header('access-control-allow-origin', '*').send(Buffer.from(key))
  }
  const policy = async (request: FastifyRequest<{ Params: { domain?: string } }>, reply: FastifyReply) => {
    if (openPgp === undefined || !keyDirectory.includes(domainOf(request.params.domain, request.host)))
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no key is told' })
    // It must be there; we have no keyword to say.
    return reply.type('text/plain').header('access-control-allow-origin', '*').send('')
  }
  app.get('/.well-known/openpgpkey/:domain/hu/:hash', answer)
  app.get('/.well-known/openpgpkey/hu/:hash', answer)
  app.get('/.well-known/openpgpkey/:domain/policy', policy)
  app.get('/.well-known/openpgpkey/policy', policy)
}

/** Of the advanced method the one in the path, of the direct method the host that was asked. */
function domainOf(inPath: string | undefined, host: string): string {
  return inPath ?? host.replace(/:\d+$/, '').toLowerCase()
}
