// What a door states of a caller, signed: the service behind it need not trust the way between.
import { type House, IdentityError, type PersonClaims, type PrivateFiles } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { subjectOf } from '../kind/subject.ts'
import {
  type AssertionKey,
  keysAt,
  type PublicKey,
  readKeys,
  signEs256,
  signerAt,
  writeKeys,
} from './assertion-keys.ts'

/** The field that carries it. */
export const ASSERTION_FIELD = 'Countersign-Assertion'

/** Signs for one door. */
export interface Asserter {
  /** Of all that may be met: what signed until a day ago, what signs, and what will in a day. */
  readonly keys: readonly PublicKey[]
  /** Brings the keys up to the time; done every hour by itself. */
  refresh(): Promise<void>
  close(): Promise<void>
  /** Answers what states whom the door has met; each call gives one that holds for half its life or longer. */
  about(meeting: Meeting): () => string
  /** The same of a person, by what is to be said of it now; what was said a moment ago is signed once. */
  aboutPerson(meeting: Meeting): (claims: StatedPerson) => string
}

/** What is stated of a person, and the certificate of the connection where the session is bound to that. */
export interface StatedPerson extends PersonClaims {
  /** Hexadecimal. */
  readonly certificateSha256?: string
}

const LIFETIME_SECONDS = 60

/** Where the keys stand among the files of a door. */
const KEYS_FILE = 'assertion-keys.json'
const REFRESH_MS = 3_600_000

/**
 * Opens what signs for one door: with the keys that it kept, or with one made now.
 * @param issuer Who states it, as in `https://hello.localhost`.
 * @param audience For whom: a service must refuse what is for another one.
 * @throws {IdentityError} (rejects) where the keys cannot be read or kept.
 */
export async function openAsserter(
  { door, issuer, audience }: { readonly door: string; readonly issuer: string; readonly audience: string },
  { clock, files, log }: Pick<House, 'clock' | 'files' | 'log'>,
): Promise<Asserter> {
  let keys = await keptKeys(files)
  const refresh = async () => {
    const next = keysAt(keys, clock())
    if (writeKeys(next) === writeKeys(keys)) return
    // First on the disk: what was published is there after a crash.
    await files?.write(KEYS_FILE, writeKeys(next))
    keys = next
  }
  await refresh()
  let turn: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    turn = turn.then(refresh).catch((error: unknown) => {
      if (!(error instanceof IdentityError)) throw error
      // The keys of before go on; the next hour tries again.
      log('assertion.unwritten', { door, cause: error.message })
    })
  }, REFRESH_MS).unref()

  const write = (claims: object, now: Temporal.Instant) => {
    const signer = signerAt(keys, now)
    // `keysAt` answers one always.
    if (signer === undefined) throw new RangeError('no key')
    const input = `${partOf({ alg: 'ES256', typ: 'JWT', kid: signer.published.kid })}.${partOf(claims)}`
    return `${input}.${signEs256(input, signer.privateKey)}`
  }
  /** Signs anew when half the life of the last is over, or what is said is another. */
  const stating = () => {
    let token = ''
    let said = ''
    let issuedAt = Number.NEGATIVE_INFINITY
    return (claims: object, key: string) => {
      const at = clock()
      const now = Math.floor(at.epochMilliseconds / 1000)
      // Also where the clock was set back: one from the future would be refused.
      if (key !== said || now < issuedAt || now - issuedAt >= LIFETIME_SECONDS / 2) {
        token = write({ iss: issuer, aud: audience, ...claims, iat: now, exp: now + LIFETIME_SECONDS }, at)
        issuedAt = now
        said = key
      }
      return token
    }
  }
  return {
    get keys() {
      return keys.map(({ published }) => published)
    },
    refresh,
    async close() {
      clearInterval(timer)
      await turn
    },
    about(meeting) {
      const claims = claimsOf(meeting)
      const state = stating()
      return () => state(claims, '')
    },
    aboutPerson(meeting) {
      const state = stating()
      return (person) => {
        const claims = personClaimsOf(meeting, person)
        return state(claims, JSON.stringify(claims))
      }
    },
  }
}

async function keptKeys(files: PrivateFiles | undefined): Promise<readonly AssertionKey[]> {
  const text = await files?.read(KEYS_FILE)
  if (files === undefined || text === undefined) return []
  const keys = readKeys(text)
  if (keys === undefined) throw new IdentityError('ERR_IDENTITY_DAMAGED', files.pathOf(KEYS_FILE))
  return keys
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
    ...(certificate && { cnf: certificateBinding(certificate.sha256) }),
    door,
    reference,
    ...(through !== undefined && { through }),
    // Behind a proxy, the channel is not the caller's.
    ...(through === undefined && channel?.kind === 'channel' && { exporter_sha256: channel.exporterSha256 }),
  }
}

/** Who signed in, by what and when, and to what the session is bound; times as in `iat`. */
function personClaimsOf(
  { reference, door, caller }: Meeting,
  { jkt, proofs, confirmed, certificateSha256 }: StatedPerson,
): object {
  // RFC 9449 §6.1.
  const cnf = jkt === undefined ? certificateSha256 && certificateBinding(certificateSha256) : { jkt }
  return {
    sub: subjectOf(caller),
    identities: caller.identities.map(({ kind, value }) => `${kind}:${value}`),
    proofs: proofs.map(({ kind, at, binding }) => ({ kind, at: secondsOf(at), binding })),
    confirmed: confirmed.map(({ sha256, by, at }) => ({ sha256, by, at: secondsOf(at) })),
    ...(cnf && { cnf }),
    door,
    reference,
  }
}

function certificateBinding(sha256: string): object {
  return { 'x5t#S256': Buffer.from(sha256, 'hex').toString('base64url') }
}

/** RFC 7519 §2, NumericDate. */
function secondsOf(at: Temporal.Instant): number {
  return Math.floor(at.epochMilliseconds / 1000)
}

function partOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
