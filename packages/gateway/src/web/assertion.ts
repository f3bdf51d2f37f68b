// What a door states of a caller, signed: the service behind it need not trust the way between.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { Clock } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { subjectOf } from '../kind/subject.ts'

/** The field that carries it. */
export const ASSERTION_FIELD = 'Countersign-Assertion'

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

/** Signs for one door. */
export interface Asserter {
  readonly keys: readonly PublicKey[]
  /** Answers what states whom the door has met; each call gives one that holds for half its life or longer. */
  about(meeting: Meeting): () => string
}

const LIFETIME_SECONDS = 60

/**
 * Makes a key that lives as long as the door, so that nobody has to keep it.
 * @param issuer Who states it, as in `https://hello.localhost`.
 * @param audience For whom: a service must refuse what is for another one.
 */
export function createAsserter(issuer: string, audience: string, clock: Clock): Asserter {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  // RFC 7638 §3.2: these members, in this order, and nothing between them.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url')
  const head = partOf({ alg: 'ES256', typ: 'JWT', kid })
  const write = (claims: object) => {
    const input = `${head}.${partOf(claims)}`
    // RFC 7518 §3.4: the two numbers one after the other, and not in DER.
    return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  return {
    keys: [{ kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', use: 'sig', kid }],
    about(meeting) {
      const claims = claimsOf(meeting)
      let token = ''
      let issuedAt = Number.NEGATIVE_INFINITY
      return () => {
        const now = Math.floor(clock().epochMilliseconds / 1000)
        // Also where the clock was set back: one from the future would be refused.
        if (now < issuedAt || now - issuedAt >= LIFETIME_SECONDS / 2) {
          token = write({ iss: issuer, aud: audience, ...claims, iat: now, exp: now + LIFETIME_SECONDS })
          issuedAt = now
        }
        return token
      }
    },
  }
}

/** What binds it to this caller, its certificate and this very channel. */
function claimsOf({ reference, door, caller, steps }: Meeting): object {
  const { certificate, authority, identities } = caller
  const [, , , { evidence: shown }, , { evidence: channel }] = steps
  const through = shown?.kind === 'forwarded' ? shown.by : undefined
  return {
    sub: subjectOf(caller),
    ...(authority !== undefined && { authority }),
    identities: identities.map(({ kind, value }) => `${kind}:${value}`),
    // RFC 8705 §3.1.
    ...(certificate && { cnf: { 'x5t#S256': Buffer.from(certificate.sha256, 'hex').toString('base64url') } }),
    door,
    reference,
    ...(through !== undefined && { through }),
    // Behind a proxy, the channel is not the caller's.
    ...(through === undefined && channel?.kind === 'channel' && { exporter_sha256: channel.exporterSha256 }),
  }
}

function partOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
