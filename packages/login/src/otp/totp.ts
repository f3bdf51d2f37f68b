// One-time passwords of an app: RFC 6238 with SHA-1, six digits and 30 seconds, which is all that every app knows.
import { hash, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { encode } from 'uqr'
import type { LoginTransaction } from '../model.ts'
import { spendOnce } from '../store/once.ts'
import { digitsOf } from './digits.ts'

/** RFC 4226 §4 R6: as long as the output of SHA-1. */
const SECRET_OCTETS = 20
const PERIOD_SECONDS = 30
/** RFC 6238 §5.2: one step either way, for clocks and for who types slowly. */
const WINDOW = 1
/** How long it is kept that a step was used: longer than any step of the clock that is got over. */
const KEPT = { hours: 72 } as const
/** Hexadecimal digits that tell apps of one account apart. */
const FINGERPRINT = 16
const DIGITS = /^\d{6}$/

/** A new secret of an app: 20 octets. Secret. */
export function makeTotpSecret(): Uint8Array {
  return new Uint8Array(randomBytes(SECRET_OCTETS))
}

/** What an app is told: as an address, as text to type, and as a QR code of rows of `0` and `1` (dark). Secret. */
export function totpForApp(
  secret: Uint8Array,
  names: { readonly issuer: string; readonly account: string },
): { readonly uri: string; readonly secret: string; readonly qr: string } {
  const totp = totpOf(secret, names)
  const uri = totp.toString()
  const { data } = encode(uri, { ecc: 'M', border: 0 })
  const qr = data.map((row) => row.map((isDark) => (isDark ? '1' : '0')).join('')).join('\n')
  return { uri, secret: totp.secret.base32, qr }
}

/** The step that `code` is of, among those of now; undefined where it is of none. Compared in constant time by the library. */
export function stepOfCode(secret: Uint8Array, code: string, now: Temporal.Instant): number | undefined {
  const token = digitsOf(code)
  if (!DIGITS.test(token)) return undefined
  const timestamp = now.epochMilliseconds
  const delta = totpOf(secret).validate({ token, timestamp, window: WINDOW })
  return delta === null ? undefined : Math.floor(timestamp / 1_000 / PERIOD_SECONDS) + delta
}

/** Whether `code` is right now, and nobody has used it before: it counts once for an app of an account. @see RFC 6238 §5.2 */
export async function spendTotp(
  tx: LoginTransaction,
  account: string,
  { secret, code, now }: { readonly secret: Uint8Array; readonly code: string; readonly now: Temporal.Instant },
): Promise<boolean> {
  const step = stepOfCode(secret, code, now)
  if (step === undefined) return false
  // Another app may come in place of the one that is there, and neither takes a step from the other.
  return spendOnce(tx, 'totp', `${step}:${account}:${hash('sha256', secret).slice(0, FINGERPRINT)}`, now.add(KEPT))
}

function totpOf(secret: Uint8Array, { issuer = '', account = '' } = {}): TOTP {
  return new TOTP({
    issuer,
    label: account,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_SECONDS,
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
  })
}
