// Writes OpenPGP in the two forms of RFC 3156, in one pass.
import { randomBytes, randomUUID } from 'node:crypto'
import { type LayerSealer, MailError, type Recipient, type SealedEntity, type SealHow } from '@countersign/protocol'
import { type Config, createMessage, encrypt, enums, type Key, type PrivateKey, type SessionKey } from 'openpgp'
import { CONFIG, LEGACY_CONFIG } from './config.ts'
import { judgeKey } from './keys/judge.ts'
import { commonSuite, readsAead } from './keys/profile.ts'
import { readPublicKey, readSecretKey } from './keys/read.ts'
import type { OpenPgpTrust } from './keys/trust.ts'
import { dateOf, signDocument } from './library.ts'
import { writeArmor } from './octets/armor.ts'
import { collect } from './octets/reader.ts'

/** What a sealer has. */
export interface OpenPgpSealerOptions {
  /** The private key that signs, in octets; secret. Absent: it encrypts alone, and says nothing of who wrote what it seals. */
  readonly key?: Uint8Array
  /** By whose word a key is a recipient's. */
  readonly trust: OpenPgpTrust
}

type SigningKey = PrivateKey | PrivateKey['subkeys'][number]

const MAX_SIGNATURE_OCTETS = 65_536

/**
 * Makes a sealer of OpenPGP. A recipient's key is judged before anything is sealed: somebody vouches for the address, it is not
 * revoked, and it reads what the profile has. `seal` rejects with {@link MailError} where one is not, and nothing was sealed then.
 * @throws {MailError} for a key that cannot be read @see RFC 3156 §4, §5, §6.2
 */
export async function createOpenPgpSealer({ key, trust }: OpenPgpSealerOptions): Promise<LayerSealer> {
  const signer = key && (await readSecretKey(key))
  return {
    format: 'openpgp',
    async seal(entity, how) {
      const { recipients, profile, now } = how
      const signingKey = signer && (await expectSigner(signer, now))
      if (recipients.length === 0) return signEntity(entity, signingKey ?? noSigner(), now)
      const keys = await Promise.all(recipients.map((recipient) => recipientOf(recipient, how, trust)))
      const sessionKey = await sessionKeyFor(keys, how)
      const encrypted = await encrypt({
        message: await createMessage({ binary: ReadableStream.from(entity) }),
        ...(signer && { signingKeys: signer }),
        encryptionKeys: keys,
        sessionKey,
        format: 'binary',
        date: dateOf(now),
        config: configOf(profile),
      })
      const checksum = profile === 'legacy'
      return encryptedForm(writeArmor(encrypted as AsyncIterable<Uint8Array>, 'MESSAGE', { checksum }))
    },
  }
}

function configOf(profile: SealHow['profile']): Config {
  return profile === 'modern' ? CONFIG : LEGACY_CONFIG
}

/** @throws {MailError} where our own key may not sign now: nobody would believe it */
async function expectSigner(key: PrivateKey, now: Temporal.Instant): Promise<SigningKey> {
  try {
    return await key.getSigningKey(undefined, dateOf(now), undefined, CONFIG)
  } catch (cause) {
    throw new MailError('ERR_MAIL_NO_KEY', 'the key that should sign has ended, is revoked or does not sign', {
      cause,
    })
  }
}

function noSigner(): never {
  throw new MailError('ERR_MAIL_NO_KEY', 'there is no key to sign with')
}

async function recipientOf(
  { address, format, key: octets }: Recipient,
  { profile, now }: SealHow,
  trust: OpenPgpTrust,
): Promise<Key> {
  if (format !== 'openpgp') throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key of the recipient is none of OpenPGP')
  const key = await readPublicKey(octets)
  const judged = await judgeKey(key, { side: 'callee', trust, now, address })
  if (!judged.trust.ok)
    throw new MailError(judged.trust.refusal.code, judged.trust.refusal.note ?? 'the key is refused')
  if (profile === 'modern' && !(await readsAead(key, now)))
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key of the recipient does not say that it reads AEAD')
  return key
}

/** The key that the message is encrypted with. Version 2 by the suite that all read, else SEIPDv1. @see RFC 9580 §5.13 */
async function sessionKeyFor(keys: readonly Key[], { profile, now }: SealHow): Promise<SessionKey> {
  if (profile === 'legacy') return { data: randomBytes(32), algorithm: 'aes256' }
  const suite = await commonSuite(keys, now)
  return { data: randomBytes(suite.algorithm === 'aes256' ? 32 : 16), ...suite }
}

/** @see RFC 3156 §4 */
function encryptedForm(armored: AsyncIterable<Uint8Array>): SealedEntity {
  const boundary = newBoundary()
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield ascii(
      `--${boundary}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n` +
        `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`,
    )
    yield* armored
    yield ascii(`\r\n--${boundary}--\r\n`)
  }
  const type = `multipart/encrypted; protocol="application/pgp-encrypted";\r\n boundary="${boundary}"`
  return { fields: [`Content-Type: ${type}\r\n`], body: body() }
}

/** The entity, and a signature over it as it stands. @see RFC 3156 §5 */
function signEntity(entity: AsyncIterable<Uint8Array>, key: SigningKey, now: Temporal.Instant): SealedEntity {
  const boundary = newBoundary()
  const body = async function* (): AsyncGenerator<Uint8Array> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const signature = collect(signDocument(readable, key, enums.hash.sha512, now), MAX_SIGNATURE_OCTETS)
    signature.catch(() => undefined) // Heard below; before that the entity may have failed, which is told.
    const writer = writable.getWriter()
    let isWhole = false
    try {
      yield ascii(`--${boundary}\r\n`)
      for await (const piece of entity) {
        await writer.write(piece)
        yield piece
      }
      await writer.close()
      isWhole = true
    } finally {
      if (!isWhole) await writer.abort(new Error('the entity was not read to its end'))
    }
    yield ascii(`\r\n--${boundary}\r\nContent-Type: application/pgp-signature; name="signature.asc"\r\n\r\n`)
    yield* writeArmor(once(await signature), 'SIGNATURE', { checksum: key.keyPacket.version === 4 })
    yield ascii(`\r\n--${boundary}--\r\n`)
  }
  const type = `multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha512;\r\n boundary="${boundary}"`
  return { fields: [`Content-Type: ${type}\r\n`], body: body() }
}

/** 122 bits of chance: nobody who writes what is sealed can have it stand there. */
function newBoundary(): string {
  return `=_${randomUUID()}`
}

function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}
