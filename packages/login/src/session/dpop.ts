// The proof of a device's key for one request, by the rules of RFC 9449 §4.3.
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { nonceEnds } from './nonce.ts'

/** Why a proof is none; each names its clause. */
export const DPOP_RULES = {
  absent: ['RFC 9449 §7.1', 'there is no proof'],
  form: ['RFC 9449 §4.3 (1), (2)', 'it is not one JWT in compact form'],
  claims: ['RFC 9449 §4.3 (3)', 'a claim is missing, or has another form'],
  type: ['RFC 9449 §4.3 (4)', 'typ is not dpop+jwt'],
  algorithm: ['RFC 9449 §4.3 (5)', 'alg is not ES256'],
  key: ['RFC 9449 §4.3 (7)', 'jwk is not a public key on P-256 alone'],
  header: ['RFC 7515 §4.1.11', 'the header says what is not understood here'],
  signature: ['RFC 9449 §4.3 (6)', 'the signature does not verify'],
  method: ['RFC 9449 §4.3 (8)', 'htm is another method'],
  uri: ['RFC 9449 §4.3 (9)', 'htu is another address'],
  nonce: ['RFC 9449 §4.3 (10), (11)', 'nonce is not one of ours that is still good'],
  session: ['RFC 9449 §4.3 (12)', 'ath is not of this session'],
  device: ['RFC 9449 §4.3 (12)', 'it is by another key than the one that the session is bound to'],
  replay: ['RFC 9449 §11.1', 'it was used before'],
} as const
/** The name of a rule. */
export type DpopRule = keyof typeof DPOP_RULES

/** A public key on P-256, and nothing else beside. @see RFC 7518 §6.2.1 */
export interface EcKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

/** Who proved a key for this request. */
export interface ProvedDevice {
  /** RFC 7638 thumbprint of the key: the device's id. */
  readonly device: string
  readonly key: EcKey
  /** By what it counts once. */
  readonly once: string
  /** When it stops being good. */
  readonly until: Temporal.Instant
}

/** What a proof must be for. */
export interface ProofContext {
  readonly method: string
  /** As the request says it: `bank.example:8444`. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  /** The name of the door. Its port is the request's: where addresses are translated, a door does not know its own. */
  readonly host: string
  /** Secret: 32 octets, for nonces. */
  readonly nonceKey: Uint8Array
  readonly now: Temporal.Instant
  /** The session that the request is of: its id, and the device that it is bound to. */
  readonly session?: { readonly id: string; readonly device: string } | undefined
}

/** What came of it. */
export type ProofVerdict =
  | { readonly ok: true; readonly proved: ProvedDevice }
  | { readonly ok: false; readonly rule: DpopRule }

const MAX_PROOF_CHARACTERS = 4096
const PART = '[A-Za-z0-9_-]+'
const COMPACT = new RegExp(`^(${PART})\\.(${PART})\\.([A-Za-z0-9_-]{86})$`)
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const ecKey = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate })
const payload = z.object({
  jti: z.string().min(8).max(128),
  htm: z.string().max(16),
  htu: z.string().max(2048),
  iat: z.number(),
  nonce: z.string().max(64).optional(),
  ath: z.string().max(64).optional(),
})

/**
 * RFC 9449 §4.3: is `field` a proof for this very request? It counts only once it is spent: see `spendProof`.
 * @param field The field `DPoP`. Several of them arrive joined by commas, which no JWT has.
 */
export function checkProof(field: string | undefined, context: ProofContext): ProofVerdict {
  const fault = (rule: DpopRule): ProofVerdict => ({ ok: false, rule })
  if (field === undefined) return fault('absent')
  const [, head = '', body = '', signature = ''] =
    (field.length <= MAX_PROOF_CHARACTERS ? COMPACT.exec(field) : undefined) ?? []
  const header = objectOf(head)
  const said = objectOf(body)
  if (header === undefined || said === undefined) return fault('form')

  const { typ, alg, jwk, ...others } = header
  if (typ !== 'dpop+jwt') return fault('type')
  if (alg !== 'ES256') return fault('algorithm')
  const key = ecKey.safeParse(jwk).data
  const publicKey = key && publicKeyOf(key)
  if (key === undefined || publicKey === undefined) return fault('key')
  if (Object.keys(others).length > 0) return fault('header')
  const signer = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', Buffer.from(`${head}.${body}`), signer, Buffer.from(signature, 'base64url')))
    return fault('signature')

  const claims = payload.safeParse(said).data
  if (claims === undefined) return fault('claims')
  if (claims.htm !== context.method) return fault('method')
  if (!isFor(claims.htu, context)) return fault('uri')
  const until = claims.nonce === undefined ? undefined : nonceEnds(context.nonceKey, claims.nonce, context.now)
  if (until === undefined) return fault('nonce')

  const device = thumbprint(key)
  // §7: a proof for a session is worth nothing without it, nor one without for a session.
  if (claims.ath !== (context.session && athOf(context.session.id))) return fault('session')
  if (context.session && context.session.device !== device) return fault('device')
  // Of the device too: nobody spends the jti of somebody else.
  return { ok: true, proved: { device, key, once: sha256(`${device}.${claims.jti}`), until } }
}

/** What `ath` must be: the session is named by its id, since its secret changes every few minutes and no page can read it. */
export function athOf(sessionId: string): string {
  return sha256(sessionId)
}

/** RFC 7638 §3: the name of a key, base64url. */
export function thumbprint({ crv, kty, x, y }: EcKey): string {
  // These members, in this order, and nothing between them.
  return sha256(JSON.stringify({ crv, kty, x, y }))
}

/** Undefined where the coordinates are no point of the curve, or are written in another way than the one that there is. */
function publicKeyOf(key: EcKey): KeyObject | undefined {
  // The last character has two bits to spare (RFC 4648 §3.5); OpenSSL refuses what is not below the prime.
  if (![key.x, key.y].every((written) => Buffer.from(written, 'base64url').toString('base64url') === written))
    return undefined
  try {
    return createPublicKey({ key: { ...key }, format: 'jwk' })
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function objectOf(part: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

/** Query and fragment do not count (§4.3 (9)); both are normalized as RFC 3986 §6.2.2 and §6.2.3 say. */
function isFor(htu: string, { authority, target, host }: ProofContext): boolean {
  const asked = normalized(`https://${authority}${target}`)
  const proved = normalized(htu)
  return asked !== undefined && proved !== undefined && asked.hostname === host.toLowerCase() && asked.is === proved.is
}

function normalized(address: string): { readonly hostname: string; readonly is: string } | undefined {
  const url = URL.parse(address)
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined
  const path = url.pathname.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const letter = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /[A-Za-z0-9._~-]/.test(letter) ? letter : escaped.toUpperCase()
  })
  return { hostname: url.hostname, is: `${url.origin}${path}` }
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
