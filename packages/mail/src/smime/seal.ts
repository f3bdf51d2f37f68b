// S/MIME out of an entity: signed inside, encrypted outside, and in `legacy` signed again around what nothing authenticates.

import { type Trust, verdictsOf } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import { type Certificate, DerError, type NewRecipient, readCertificate, X509Error } from '@countersign/x509'
import type { LayerSealer, Recipient, SealedEntity, SealHow } from '../model.ts'
import { encryptEntity } from './encrypt.ts'
import { ascii } from './pieces.ts'
import { newRecipient } from './recipient.ts'
import { type SmimeSigner, signEntity } from './sign.ts'

/** What a sealer has. */
export interface SmimeSealerOptions {
  readonly signer: SmimeSigner
  /** By whose word a certificate is a recipient's. */
  readonly trust: Trust
}

/**
 * Makes a sealer of S/MIME. A recipient's certificate is judged before anything is sealed: it must be for mail, for the address
 * that is written to, and not revoked. `seal` rejects with {@link MailError} where one is not, and nothing was sealed then.
 * @see RFC 8551 §3, RFC 2634 §1.1 (triple wrapping)
 */
export function createSmimeSealer(options: SmimeSealerOptions): LayerSealer {
  return {
    format: 'smime',
    async seal(entity, how) {
      const recipients = how.recipients.map((recipient) => judgedRecipient(recipient, how, options))
      const { profile, now } = how
      const signed = signEntity(entity, options.signer, now)
      if (recipients.length === 0) return signed
      const encrypted = encryptEntity(octetsOf(signed), recipients, profile)
      return profile === 'modern' ? encrypted : signEntity(octetsOf(encrypted), options.signer, now)
    },
  }
}

/** Header and body of an entity, as another holds it. */
async function* octetsOf({ fields, body }: SealedEntity): AsyncGenerator<Uint8Array> {
  yield ascii(`${fields.join('')}\r\n`)
  yield* body
}

/**
 * How a key gets to a recipient whose certificate is for mail, for that address, and not revoked.
 * @throws {MailError} when it is not.
 */
export function judgedRecipient(
  { address, format, key, issuers = [] }: Recipient,
  { profile, now }: Pick<SealHow, 'profile' | 'now'>,
  { trust }: Pick<SmimeSealerOptions, 'trust'>,
): NewRecipient {
  if (format !== 'smime') throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the key of the recipient is none of S/MIME')
  const certificate = readRecipient(key)
  const judgement = verdictsOf(trust).judge({
    presenter: 'callee',
    purpose: 'emailProtection',
    certificates: [certificate, ...issuers.map(readRecipient)],
    name: { kind: 'rfc822Name', value: address },
    ...{ now, address },
  })
  if (!judgement.ok) {
    const { code, note, detail } = judgement.refusal
    throw new MailError(
      code,
      [detail && 'detail' in detail ? detail.detail : undefined, note].filter(Boolean).join('; '),
    )
  }
  return newRecipient(certificate, profile)
}

function readRecipient(der: Uint8Array): Certificate {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error)
      throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'the certificate of the recipient cannot be read', {
        cause: error,
      })
    throw error
  }
}
