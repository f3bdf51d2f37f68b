// Login behind a door: a server of its own on this machine, which hears nobody but the door.
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { problemAnswer } from '@countersign/mtls'
import fastify, { type FastifyRequest } from 'fastify'
import { MAX_BODY_OCTETS } from './api.ts'
import { createLogin, type Login, type LoginConfig } from './login.ts'
import type { LoginHouse } from './model.ts'
import { ASSET_FIELDS } from './pages/fields.ts'
import { createUnderWay } from './under-way.ts'

/** Login, as a door has it. */
export interface LoginService
  extends Pick<Login, 'find' | 'checkPasswordAndCode' | 'accounts' | 'secretFile' | 'close'> {
  /** What answers below `/login`, in clear on this machine; `secret` shows it that the door asks. Secret. */
  readonly upstream: { readonly url: string; readonly secret: string }
}

/** By which the door shows that it asks; callers cannot: a door takes out whatever they say by fields of this family. */
export const DOOR_FIELD = 'countersign-door'

const SECRET_OCTETS = 32
const REQUEST_TIMEOUT_MS = 30_000
/** RFC 8941 §3.3.5, RFC 9440 §2.1: a byte sequence, of DER. */
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]+={0,2}):$/

/**
 * Opens login for a door of kind `web`.
 * @throws {LoginSecretError} (rejects) where the door's secret cannot be read. @throws {TypeError} where there is no place for it.
 */
export async function openLogin(config: LoginConfig, house: LoginHouse): Promise<LoginService> {
  const login = await createLogin(config, house)
  const secret = randomBytes(SECRET_OCTETS).toString('base64url')
  const expected = digestOf(secret)
  const app = fastify({ bodyLimit: MAX_BODY_OCTETS, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true })
  const underWay = createUnderWay()
  app.addHook('onRequest', async (request, reply) => {
    // Of what is not there as well.
    reply.headers(ASSET_FIELDS)
    const said = request.headers[DOOR_FIELD]
    if (typeof said !== 'string' || !timingSafeEqual(digestOf(said), expected)) {
      const { headers, body } = problemAnswer('ERR_PERSON_REQUEST', 'this is for the door before it alone')
      return reply.code(403).headers(headers).send(Buffer.from(body))
    }
    const leave = underWay.take(addressOf(request))
    if (leave === undefined) {
      // Before its body is read: the place that it has at the door is free at once.
      const { status, headers, body } = problemAnswer('ERR_PERSON_TOO_OFTEN')
      return reply.code(status).headers(headers).header('retry-after', 1).send(Buffer.from(body))
    }
    reply.raw.once('close', leave)
    return undefined
  })
  login.register(app, {
    addressOf,
    certificateOf,
  })
  let url: string
  try {
    url = await app.listen({ host: '127.0.0.1', port: 0 })
  } catch (error) {
    await login.close()
    throw error
  }
  return {
    find: login.find,
    checkPasswordAndCode: login.checkPasswordAndCode,
    accounts: login.accounts,
    secretFile: login.secretFile,
    upstream: { url, secret },
    async close() {
      await app.close()
      await login.close()
    },
  }
}

/** The door's word: of one caller it says one address. */
function addressOf({ headers }: FastifyRequest): string {
  return headers['x-forwarded-for']?.toString() ?? ''
}

/** Of equal length, whatever is said. */
function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** As the door shows it to what is behind it. */
function certificateOf({ headers }: FastifyRequest): string | undefined {
  const [, der] = BYTE_SEQUENCE.exec(headers['client-cert']?.toString() ?? '') ?? []
  return der === undefined ? undefined : hash('sha256', Buffer.from(der, 'base64'), 'hex')
}
