// EnvelopedData and AuthEnvelopedData of a content of which nobody knows yet how long it is: RFC 5652 §6.1, RFC 5083 §2.1, with
// lengths of the indefinite form (X.690 §8.1.3), and the content as an OCTET STRING in parts (§8.7.3).
import { writeAlgorithmIdentifier } from '../algorithm.ts'
import type { CryptoSteps } from '../crypto-step.ts'
import { TAG } from '../der/tag.ts'
import { joinOctets, writeHead, writeInteger, writeOctetString, writeOid, writeSetOf } from '../der/write.ts'
import { OID } from '../oid.ts'
import { contentEncryptionAlgorithmOf, isAuthenticated } from '../parameters.ts'
import { type NewEnvelope, requireLengths, sealKeys, TAG_OCTETS } from './envelope.ts'
import { envelopedDataVersion, writeRecipientInfo } from './recipient-info.ts'

/** What is sealed while it goes by; its content is plain data (`id-data`). The cipher that encrypts it is the caller's. */
export type NewEnvelopeStream = Omit<NewEnvelope, 'content' | 'contentType'>

/**
 * Writes a message up to its content. It is followed by any number of parts, each begun by {@link startContentPart}, and {@link endEnvelope}.
 * @throws {RangeError} when key or iv have another length than the cipher asks for.
 * @throws {CmsError} when the performer does not have an operation.
 * @see RFC 5652 §6.1, RFC 5083 §2.1
 */
export function* startEnvelope(envelope: NewEnvelopeStream): CryptoSteps<Uint8Array> {
  const { cipher, key, iv, recipients } = envelope
  requireLengths(envelope)
  const authenticated = isAuthenticated(cipher)
  const recipientInfos = yield* sealKeys(recipients, key)
  const algorithm = contentEncryptionAlgorithmOf({ cipher, iv, ...(authenticated && { tagOctets: TAG_OCTETS }) })
  return joinOctets(
    ...[open(TAG.sequence), writeOid(OID[authenticated ? 'id-ct-authEnvelopedData' : 'id-envelopedData'])],
    ...[open(EXPLICIT), open(TAG.sequence), writeInteger(authenticated ? 0 : envelopedDataVersion({ recipientInfos }))],
    ...[writeSetOf(recipientInfos.map(writeRecipientInfo)), open(TAG.sequence), writeOid(OID['id-data'])],
    ...[writeAlgorithmIdentifier(algorithm), open(ENCRYPTED_CONTENT)],
  )
}

/** What stands before a part of the encrypted content that has so many octets; they follow it. */
export function startContentPart(octets: number): Uint8Array {
  return writeHead(TAG.octetString, octets)
}

/** Ends a message; `mac` is the tag of what authenticates. */
export function endEnvelope(mac?: Uint8Array): Uint8Array {
  return joinOctets(END, END, ...(mac ? [writeOctetString(mac)] : []), END, END, END)
}

const EXPLICIT = 0xa0
const ENCRYPTED_CONTENT = 0xa0
const END = Uint8Array.of(0, 0)

function open(tag: number): Uint8Array {
  return Uint8Array.of(tag, 0x80)
}
