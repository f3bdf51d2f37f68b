// The cookie of a session: which one it is, and a secret that changes every few minutes.
import { hash, randomBytes } from 'node:crypto'

/** The prefix makes browsers take it from this very host, over TLS, for every path. @see RFC 6265bis §4.1.3.2 */
export const COOKIE_NAME = '__Host-countersign'
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax'

const MAX_FIELD_CHARACTERS = 8192
const ID_OCTETS = 16
const SECRET_OCTETS = 32
const VALUE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/

/** What a cookie says; the secret is not known here but by its hash. */
export interface CookieValue {
  readonly id: string
  readonly secretSha256: Uint8Array
}

/** A secret that was made now: what goes into the cookie, and what is kept of it. */
export interface NewSecret {
  readonly secret: string
  readonly secretSha256: Uint8Array
}

/** Makes the id of a session. */
export function makeSessionId(): string {
  return randomBytes(ID_OCTETS).toString('base64url')
}

/** Makes what only the holder of the cookie knows. */
export function makeSecret(): NewSecret {
  const secret = randomBytes(SECRET_OCTETS).toString('base64url')
  return { secret, secretSha256: sha256(secret) }
}

/** The field `Set-Cookie`. It ends with the browser: that it ends earlier is for the server to say. */
export function setCookie(id: string, secret: string): string {
  return `${COOKIE_NAME}=${id}.${secret}; ${ATTRIBUTES}`
}

/** The field `Set-Cookie` that takes it away. */
export function clearCookie(): string {
  return `${COOKIE_NAME}=; ${ATTRIBUTES}; Max-Age=0`
}

/** Reads the field `Cookie`. Undefined where ours is not in it, or in it twice: no browser sends that. @see RFC 6265 §5.4 */
export function readCookie(field: string | undefined): CookieValue | undefined {
  if (field === undefined || field.length > MAX_FIELD_CHARACTERS) return undefined
  const own = field
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
  const [only] = own
  if (only === undefined || own.length > 1) return undefined
  const [, id, secret] = VALUE.exec(only.slice(COOKIE_NAME.length + 1)) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secretSha256: sha256(secret) }
}

function sha256(secret: string): Uint8Array {
  return new Uint8Array(hash('sha256', secret, 'buffer'))
}
