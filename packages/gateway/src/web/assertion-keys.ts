// The keys of a door's statements: each signs for a month, is published a day before and a day after, and so a service that
// keeps the key set for as long never meets a statement that it cannot check.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import { type Field, fieldOf } from '@countersign/protocol'

/** One public key of a JWK Set (RFC 7517). */
export interface PublicKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly alg: 'ES256'
  readonly use: 'sig'
  readonly kid: string
}

/** A key and when it begins to sign. `privateKey` is secret, and gone once its successor signs. */
export interface AssertionKey {
  readonly signsFrom: Temporal.Instant
  readonly published: PublicKey
  readonly privateKey?: KeyObject
}

/** One that can sign. */
export type SigningKey = AssertionKey & { readonly privateKey: KeyObject }

const SIGNS = { hours: 30 * 24 }
/** For so long before and after. A statement lives a minute; a service may keep the set for longer. */
const PUBLISHED_AROUND = { hours: 24 }
const MAX_KEYS = 16

/**
 * The keys in their order as they must be at `now`: one that signs, one that will from a day before it does, and those that
 * did until a day after. Of a clock that was ahead nothing stays but what has signed.
 */
export function keysAt(
  keys: readonly AssertionKey[],
  now: Temporal.Instant,
  make: (signsFrom: Temporal.Instant) => SigningKey = makeKey,
): readonly AssertionKey[] {
  const signer = signerAt(keys, now)
  if (signer === undefined) return [make(now)]
  const index = keys.indexOf(signer)
  const before = keys.slice(0, index).flatMap(({ signsFrom, published }, i) => {
    const successor = keys[i + 1] ?? signer
    return isBefore(now, successor.signsFrom.add(PUBLISHED_AROUND)) ? [{ signsFrom, published }] : []
  })
  const signing = isBefore(now, signer.signsFrom) ? { ...signer, signsFrom: now } : signer
  const soon = now.add(PUBLISHED_AROUND)
  const after = keys.slice(index + 1).filter(({ signsFrom }) => !isBefore(soon, signsFrom))
  const until = signing.signsFrom.add(SIGNS)
  const next = after.length === 0 && !isBefore(soon, until) ? [make(isBefore(until, soon) ? soon : until)] : []
  return [...before, signing, ...after, ...next]
}

/** The newest key that signs already; of a clock that was set back, the first that can. */
export function signerAt(keys: readonly AssertionKey[], now: Temporal.Instant): SigningKey | undefined {
  const able = keys.filter((key) => key.privateKey !== undefined) as readonly SigningKey[]
  return able.findLast(({ signsFrom }) => !isBefore(now, signsFrom)) ?? able[0]
}

/** Makes one. */
export function makeKey(signsFrom: Temporal.Instant): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { signsFrom, published: publishedOf(publicKey), privateKey }
}

/** Signs as RFC 7518 §3.4 says: the two numbers one after the other, and not in DER. */
export function signEs256(input: string, privateKey: KeyObject): string {
  return sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

/** Writes keys, the secret ones too. */
export function writeKeys(keys: readonly AssertionKey[]): string {
  const written = keys.map(({ signsFrom, published, privateKey }) => ({
    signsFrom: signsFrom.toString(),
    jwk: privateKey?.export({ format: 'jwk' }) ?? {
      kty: published.kty,
      crv: published.crv,
      x: published.x,
      y: published.y,
    },
  }))
  return `${JSON.stringify({ keys: written })}\n`
}

/** Reads what {@link writeKeys} wrote; undefined where it is not that. */
export function readKeys(text: string): readonly AssertionKey[] | undefined {
  try {
    return fieldOf(JSON.parse(text)).get('keys').list(MAX_KEYS).map(keyField)
  } catch (error) {
    // Of JSON, of its fields, and of a key that is none: whatever it is, it is not told, as it may hold a piece of a key.
    if (error instanceof Error) return undefined
    throw error
  }
}

function keyField(field: Field): AssertionKey {
  const signsFrom = field.get('signsFrom').instant()
  const [kty, crv, x, y] = ['kty', 'crv', 'x', 'y'].map((name) => field.get('jwk').get(name).text(64))
  const d = field
    .get('jwk')
    .get('d')
    .optional((f) => f.text(64))
  const key = { kty, crv, x, y } as Record<string, string>
  const publicKey = createPublicKey({ key, format: 'jwk' })
  const published = publishedOf(publicKey)
  if (d === undefined) return { signsFrom, published }
  const privateKey = createPrivateKey({ key: { ...key, d }, format: 'jwk' })
  const probe = randomBytes(32)
  if (!verify('sha256', probe, publicKey, sign('sha256', probe, privateKey))) throw new RangeError('two keys')
  return { signsFrom, published, privateKey }
}

function publishedOf(publicKey: KeyObject): PublicKey {
  const { kty, crv, x = '', y = '' } = publicKey.export({ format: 'jwk' })
  if (kty !== 'EC' || crv !== 'P-256') throw new RangeError('a key of another kind')
  // RFC 7638 §3.2: these members, in this order, and nothing between them.
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return { kty, crv, x, y, alg: 'ES256', use: 'sig', kid }
}

function isBefore(one: Temporal.Instant, other: Temporal.Instant): boolean {
  return Temporal.Instant.compare(one, other) < 0
}
