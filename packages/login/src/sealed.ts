// A sealed picture and phrase: of the one length, whatever was chosen, and sealed as it should be, as far as anybody can see
// who cannot open it.
import { z } from 'zod'

/** What is sealed. */
export const SEALED_PLAIN_OCTETS = 24_576

/** Base64url of GCM's own parts: an initialization vector of 12 octets, a tag of 16. @see RFC 7518 §5.3 */
const PARTS = /^([A-Za-z0-9_-]+)\.\.[A-Za-z0-9_-]{16}\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{22}$/
const CIPHERTEXT_CHARACTERS = (SEALED_PLAIN_OCTETS * 4) / 3

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const ofPassword = z.strictObject({ alg: z.literal('dir'), enc: z.literal('A256GCM') })
const ofDevice = z.strictObject({
  alg: z.literal('ECDH-ES'),
  enc: z.literal('A256GCM'),
  epk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
  apu: z.string(),
  apv: z.string(),
})

/** Whether it is a copy under a key that the password gives. @see RFC 7516 §7.1, RFC 7518 §4.5 */
export function isSealedToPassword(jwe: string): boolean {
  return ofPassword.safeParse(headerOf(jwe)).success
}

/** Whether it is a copy for this device of this account. @see RFC 7518 §4.6 */
export function isSealedToDevice(jwe: string, account: string, device: string): boolean {
  const header = ofDevice.safeParse(headerOf(jwe))
  return header.success && header.data.apu === base64url(account) && header.data.apv === base64url(device)
}

/** Undefined where it has another form or length. */
function headerOf(jwe: string): unknown {
  const [, header = '', ciphertext = ''] = PARTS.exec(jwe) ?? []
  if (ciphertext.length !== CIPHERTEXT_CHARACTERS) return undefined
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}
