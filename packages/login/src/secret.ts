// The secret of a door: what makes the store's rows about people worth something, and is not in the store.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { PrivateFiles } from '@countersign/mtls'
import { z } from 'zod'
import { makeOpaqueSetUp, type OpaqueSetUp } from './opaque/set-up.ts'

/** Among the door's files, mode 0600. */
export const SECRET_FILE = 'login.secret'
const SECRET_OCTETS = 32
const NONCE_OCTETS = 12
const TAG_OCTETS = 16

/** The file cannot be used, or a value was not sealed by it. */
export class LoginSecretError extends Error {
  override readonly name = 'LoginSecretError'
  readonly code = 'ERR_LOGIN_SECRET'
}

/** What is derived from the secret, each for one use. A word is never used for another. */
export type SecretPurpose =
  | 'proof nonce'
  | 'set-up state'
  | 'sign-in state'
  | 'totp secret'
  | 'totp pending'
  | 'recovery code'
  | 'waiting code'
  | 'unknown name'
  | 'challenge nonce'
  | 'passkey user'
  | 'sms number'
  | 'sms code'
  | 'sms limit'

/** The secret of one door. All of it is secret, server only. */
export interface DoorSecret {
  readonly opaque: OpaqueSetUp
  /** 32 octets for `purpose` and, where given, one `context` of it. @see RFC 5869 */
  key(purpose: SecretPurpose, context?: string): Uint8Array
  /** HMAC-SHA-256, 32 octets, over `parts`, none of which can take from its neighbour. */
  mac(purpose: SecretPurpose, ...parts: readonly string[]): Uint8Array
  /** Encrypts with AES-256-GCM under a key of `context` alone: nonce (12 octets), text, tag (16). @see NIST SP 800-38D */
  seal(purpose: SecretPurpose, context: string, plain: Uint8Array): Uint8Array
  /** @throws {LoginSecretError} where it was not sealed by this secret for this purpose and context. */
  open(purpose: SecretPurpose, context: string, sealed: Uint8Array): Uint8Array
}

const file = z.strictObject({
  version: z.literal(1),
  secret: z.base64url().length(43),
  opaque: z.strictObject({ serverSetup: z.base64url().min(1), fakeRecord: z.base64url().min(1) }),
})

/**
 * Opens the secret of a door, and makes it where it was never made; of several processes that start at once, one does.
 * @param findAccount An account of this door, where there is one: another secret would make each of them worthless.
 * @throws {LoginSecretError} (rejects)
 */
export async function openSecret(
  files: PrivateFiles,
  findAccount: () => Promise<Witness | undefined>,
): Promise<DoorSecret> {
  const path = files.pathOf(SECRET_FILE)
  const text = await files.read(SECRET_FILE)
  const account = await findAccount()
  if (text !== undefined) return witnessed(readSecret(text, path), account, path)
  if (account !== undefined)
    throw new LoginSecretError(
      `${path} is not there, and the accounts of this door cannot be used without it: restore it from a backup`,
    )
  const made = {
    version: 1,
    secret: randomBytes(SECRET_OCTETS).toString('base64url'),
    opaque: await makeOpaqueSetUp(),
  }
  await files.create(SECRET_FILE, `${JSON.stringify(made)}\n`)
  // Whoever made it: what the file says counts.
  return readSecret((await files.read(SECRET_FILE)) ?? '', path)
}

/** What an account has that its door's secret opens. */
export interface Witness {
  readonly account: string
  /** Sealed; none where the account has no app. */
  readonly totp_secret: Uint8Array | null
}

/** With another secret no password would be right, and what is written from now on would be worthless at the other houses. */
function witnessed(secret: DoorSecret, witness: Witness | undefined, path: string): DoorSecret {
  if (witness?.totp_secret == null) return secret
  try {
    secret.open('totp secret', witness.account, witness.totp_secret)
  } catch (cause) {
    if (!(cause instanceof LoginSecretError)) throw cause
    throw new LoginSecretError(
      `${path} is not the one that the accounts of this door were opened with: put that here, from the house beside or a backup`,
      { cause },
    )
  }
  return secret
}

/** Whether a text is that of a door's secret, as it was written. */
export function isDoorSecret(text: string): boolean {
  return file.safeParse(parsed(text)).success
}

function readSecret(text: string, path: string): DoorSecret {
  const read = file.safeParse(parsed(text))
  if (!read.success) throw new LoginSecretError(`${path} is not as it was written: restore it from a backup`)
  return secretOf(Uint8Array.fromBase64(read.data.secret, { alphabet: 'base64url' }), read.data.opaque)
}

/** JSON, or nothing that has its form. The text is secret, so that no message of the parser may quote it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function secretOf(secret: Uint8Array, opaque: OpaqueSetUp): DoorSecret {
  const derive = (purpose: SecretPurpose, context: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, '', infoOf(purpose, context), 32))
  // One for each purpose; of contexts there is no end.
  const ofPurposes = new Map<SecretPurpose, Uint8Array>()
  const key = (purpose: SecretPurpose, context = ''): Uint8Array => {
    if (context !== '') return derive(purpose, context)
    const derived = ofPurposes.get(purpose) ?? derive(purpose, '')
    ofPurposes.set(purpose, derived)
    return derived
  }
  return {
    opaque,
    key,
    mac(purpose, ...parts) {
      const hmac = createHmac('sha256', key(purpose))
      for (const part of parts) {
        const octets = Buffer.from(part, 'utf8')
        const length = Buffer.alloc(4)
        length.writeUInt32BE(octets.length)
        hmac.update(length).update(octets)
      }
      return new Uint8Array(hmac.digest())
    },
    seal(purpose, context, plain) {
      const nonce = randomBytes(NONCE_OCTETS)
      const cipher = createCipheriv('aes-256-gcm', key(purpose, context), nonce)
      return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
    },
    open(purpose, context, sealed) {
      if (sealed.length < NONCE_OCTETS + TAG_OCTETS) throw new LoginSecretError('what was sealed is too short')
      const decipher = createDecipheriv('aes-256-gcm', key(purpose, context), sealed.subarray(0, NONCE_OCTETS), {
        authTagLength: TAG_OCTETS,
      })
      decipher.setAuthTag(sealed.subarray(-TAG_OCTETS))
      const text = decipher.update(sealed.subarray(NONCE_OCTETS, -TAG_OCTETS))
      try {
        return new Uint8Array(Buffer.concat([text, decipher.final()]))
      } catch (cause) {
        throw new LoginSecretError('what was sealed is of another secret, another purpose, or was changed', { cause })
      }
    },
  }
}

/** The purpose ends at an octet that it cannot have. */
function infoOf(purpose: SecretPurpose, context: string): Uint8Array {
  return new TextEncoder().encode(`countersign login ${purpose} v1\0${context}`)
}
