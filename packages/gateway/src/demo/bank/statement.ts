// The signed statement of the door: all that the bank believes about who asks. @see RFC 7519, RFC 7515
import { createPublicKey, verify } from 'node:crypto'
import { type Field, fieldOf, ShapeError } from '@countersign/protocol'
import { ASSERTION_FIELD } from '../../web/assertion.ts'
import type { PublicKey } from '../../web/assertion-keys.ts'

/** What a statement must fulfil, each with what a page says where it does not. */
export const STATEMENT_RULES = {
  present: 'no statement of the door came with this request, or more than one',
  form: 'the statement is not a JWT in the form that the door writes',
  algorithm: 'the statement is signed in another way than ES256',
  key: 'the statement names a key that the door does not publish',
  signature: 'the signature of the statement is not right',
  issuer: 'the statement is of another door',
  audience: 'the statement is for another service',
  time: 'the statement is over, or not yet good',
  person: 'the statement is not about a person who has signed in',
} as const
export type StatementRule = keyof typeof STATEMENT_RULES

/** Who asks, as the door states it. */
export interface Statement {
  /** The account. */
  readonly customer: string
  /** Of the meeting, as in `M-7F3K-92QD`. */
  readonly reference: string
  /** What the session is bound to: the thumbprint of a device's key, or of a certificate. */
  readonly boundTo: string
  readonly proofs: readonly { readonly kind: string; readonly binding: string }[]
  /** Base64url SHA-256 of each matter that was confirmed of late, and by what. */
  readonly confirmed: ReadonlyMap<string, string>
}

/** Whose statements are believed, and for whom they must be. */
export interface Believed {
  /** As the door publishes them now. */
  readonly keys: () => readonly PublicKey[]
  readonly issuer: string
  readonly audience: string
}

/** A head of a request has 16 KiB in all. */
const MAX_CHARACTERS = 12_000
const MAX_LIFETIME_SECONDS = 60
/** Between two clocks of one machine, in whole seconds. */
const MAX_SKEW_SECONDS = 2

/** The statement of a request, if it holds in every rule; else the first rule that it breaks. Reads `rawHeaders` of Node. */
export function readStatement(
  rawHeaders: readonly string[],
  believed: Believed,
  now: Temporal.Instant,
): { readonly ok: true; readonly statement: Statement } | { readonly ok: false; readonly rule: StatementRule } {
  const name = ASSERTION_FIELD.toLowerCase()
  const tokens = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
  const [token = ''] = tokens
  if (tokens.length !== 1) return { ok: false, rule: 'present' }
  if (token.length > MAX_CHARACTERS) return { ok: false, rule: 'form' }
  try {
    return judge(token, believed, now)
  } catch (error) {
    // Of JSON, and of its fields.
    if (error instanceof SyntaxError || error instanceof ShapeError) return { ok: false, rule: 'form' }
    throw error
  }
}

function judge(
  token: string,
  { keys, issuer, audience }: Believed,
  now: Temporal.Instant,
): ReturnType<typeof readStatement> {
  const fails = (rule: StatementRule) => ({ ok: false, rule }) as const
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token)
  if (parts === null) return fails('form')
  const [, head = '', body = '', signature = ''] = parts
  const header = jsonOf(head)
  // RFC 8725 §3.1: the algorithm is ours to say, and not the token's. RFC 7515 §4.1.11: nothing critical is understood.
  if (header.get('alg').text(16) !== 'ES256') return fails('algorithm')
  if (header.get('typ').text(16) !== 'JWT' || header.get('crit').present) return fails('form')
  const kid = header.get('kid').text(64)
  const key = keys().find((each) => each.kid === kid)
  if (key === undefined) return fails('key')
  const { kty, crv, x, y } = key
  const publicKey = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  const input = Buffer.from(`${head}.${body}`)
  if (!verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')))
    return fails('signature')
  const claims = jsonOf(body)
  if (claims.get('iss').text(300) !== issuer) return fails('issuer')
  if (claims.get('aud').text(300) !== audience) return fails('audience')
  const [from, until] = [claims.get('iat'), claims.get('exp')].map((field) => field.number(Number.MAX_SAFE_INTEGER))
  const seconds = now.epochMilliseconds / 1000
  if (from === undefined || until === undefined) return fails('form')
  if (seconds >= until || seconds < from - MAX_SKEW_SECONDS || until - from > MAX_LIFETIME_SECONDS) return fails('time')
  const statement = personOf(claims)
  return statement === undefined ? fails('person') : { ok: true, statement }
}

/** Undefined where the door has met somebody, and nobody has signed in. */
function personOf(claims: Field): Statement | undefined {
  const customer = claims.get('sub').text(100)
  const identities = claims
    .get('identities')
    .list(100)
    .map((field) => field.text())
  const proofs = claims
    .get('proofs')
    .optional((field) =>
      field.list(20).map((proof) => ({ kind: proof.get('kind').text(40), binding: proof.get('binding').text(40) })),
    )
  const bound = claims.get('cnf').optional((field) => {
    const thumbprint = (name: string) => field.get(name).optional((value) => value.text(64))
    return thumbprint('jkt') ?? thumbprint('x5t#S256')
  })
  // Of another authority, `sub` has other words in it than an account of this house.
  if (!identities.includes(`account:${customer}`) || !proofs?.length || bound === undefined) return undefined
  const confirmed = claims.get('confirmed').optional((field) => field.list(100)) ?? []
  return {
    customer,
    reference: claims.get('reference').text(40),
    boundTo: bound,
    proofs,
    confirmed: new Map(confirmed.map((each) => [each.get('sha256').text(64), each.get('by').text(40)])),
  }
}

function jsonOf(part: string): Field {
  return fieldOf(JSON.parse(Buffer.from(part, 'base64url').toString()))
}
