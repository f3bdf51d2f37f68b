// OneAsymmetricKey, RFC 5958 §2: a private key that is not encrypted.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { closeDer, enter, leave, openDer, peekTag, readContents } from '../der/cursor.ts'
import { readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import {
  compareOctets,
  writeElements,
  writeInteger,
  writeOctetBitString,
  writeOctetString,
  writeSequence,
} from '../der/write.ts'
import { X509Error } from '../error.ts'
import { readAttributesAt, writeAttribute } from '../extension/attribute.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { PrivateKeyInfo } from '../model.ts'

const ATTRIBUTES = constructedContextTag(0)
const PUBLIC_KEY = contextTag(1)

/** Reads an unencrypted private key (PKCS#8). Secret. @throws {DerError | X509Error} when it is not one. @see RFC 5958 §2 */
export function readPrivateKeyInfo(der: Uint8Array): PrivateKeyInfo {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const outer = enter(c, TAG.sequence)
  const versionAt = c.at
  const version = readUnsigned(c)
  const privateKeyAlgorithm = readAlgorithmIdentifierAt(c)
  const privateKey = readContents(c, TAG.octetString)
  const attributes = peekTag(c) === ATTRIBUTES ? readAttributesAt(c, ATTRIBUTES) : undefined
  const publicKey = peekTag(c) === PUBLIC_KEY ? readOctetBitString(c, PUBLIC_KEY) : undefined
  leave(c, outer)
  closeDer(c)
  if (version !== (publicKey === undefined ? 0 : 1)) throw new X509Error('ERR_X509_PRIVATE_KEY_VERSION', versionAt)
  return { privateKeyAlgorithm, privateKey, ...(attributes && { attributes }), ...(publicKey && { publicKey }) }
}

/** Writes an unencrypted private key (PKCS#8). Secret. @see RFC 5958 §2 */
export function writePrivateKeyInfo(key: PrivateKeyInfo): Uint8Array {
  const parts = [
    writeInteger(key.publicKey === undefined ? 0 : 1),
    writeAlgorithmIdentifier(key.privateKeyAlgorithm),
    writeOctetString(key.privateKey),
  ]
  if (key.attributes !== undefined)
    parts.push(writeElements(ATTRIBUTES, key.attributes.map(writeAttribute).sort(compareOctets)))
  if (key.publicKey !== undefined) parts.push(writeOctetBitString(key.publicKey, PUBLIC_KEY))
  return writeSequence(...parts)
}
