// application/pkcs7-mime, RFC 8551 §3.3 and §3.4: an entity is encrypted while it goes by.
import { type Cipheriv, createCipheriv, randomBytes } from 'node:crypto'
import { performWith } from '@countersign/mtls'
import { endEnvelope, type NewRecipient, performSteps, startContentPart, startEnvelope } from '@countersign/x509'
import { encodeBase64 } from '../mime/encode.ts'
import type { SealedEntity, SealProfile } from '../model.ts'
import { gathered } from './pieces.ts'

const KINDS = {
  modern: { cipher: 'AES-256-GCM', ivOctets: 12, type: 'authEnveloped-data' },
  legacy: { cipher: 'AES-256-CBC', ivOctets: 16, type: 'enveloped-data' },
} as const satisfies Record<SealProfile, unknown>

/** Encrypts an entity to its recipients, at least one. */
export function encryptEntity(
  entity: AsyncIterable<Uint8Array>,
  recipients: readonly NewRecipient[],
  profile: SealProfile,
): SealedEntity {
  const { cipher, ivOctets, type } = KINDS[profile]
  const [key, iv] = [random(32), random(ivOctets)]
  const start = performSteps(startEnvelope({ cipher, key, iv, recipients }), performWith())

  async function* message(): AsyncGenerator<Uint8Array> {
    yield start
    const gcm = cipher === 'AES-256-GCM' ? createCipheriv('aes-256-gcm', key, iv) : undefined
    const encryption: Cipheriv = gcm ?? createCipheriv('aes-256-cbc', key, iv)
    for await (const piece of gathered(entity)) yield* contentPart(encryption.update(piece))
    yield* contentPart(encryption.final())
    yield endEnvelope(gcm?.getAuthTag())
  }
  return {
    fields: [
      `Content-Type: application/pkcs7-mime; smime-type=${type};\r\n name=smime.p7m\r\n`,
      'Content-Transfer-Encoding: base64\r\n',
      'Content-Disposition: attachment; filename=smime.p7m\r\n',
    ],
    body: encodeBase64(message()),
  }
}

/** Not joined: the part would be copied once more. */
function* contentPart(octets: Uint8Array): Generator<Uint8Array> {
  if (octets.length === 0) return
  yield startContentPart(octets.length)
  yield octets
}

function random(octets: number): Uint8Array {
  return new Uint8Array(randomBytes(octets))
}
