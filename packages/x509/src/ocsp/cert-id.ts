// CertID, RFC 6960 §4.1.1.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import type { HashName } from '../crypto-step.ts'
import { type DerCursor, enter, leave, readContents } from '../der/cursor.ts'
import { readInteger } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeInteger, writeNull, writeOctetString, writeSequence } from '../der/write.ts'
import type { Certificate } from '../model.ts'
import { digestAlgorithmOf } from '../parameters.ts'
import type { CertID } from './model.ts'

/** As in a CRL: a certificate that broke the rules of RFC 5280 §4.1.2.2 can be asked for too. */
const MAX_SERIAL_OCTETS = 64

/** Reads a CertID at the cursor. The hashes are as long as they are: the algorithm may be one that we do not know. */
export function readCertIDAt(c: DerCursor): CertID {
  const outer = enter(c, TAG.sequence)
  const id = {
    hashAlgorithm: readAlgorithmIdentifierAt(c),
    issuerNameHash: readContents(c, TAG.octetString),
    issuerKeyHash: readContents(c, TAG.octetString),
    serialNumber: readInteger(c, MAX_SERIAL_OCTETS),
  }
  leave(c, outer)
  return id
}

/** Writes a CertID. @see RFC 6960 §4.1.1 */
export function writeCertID(id: CertID): Uint8Array {
  return writeSequence(
    writeAlgorithmIdentifier(id.hashAlgorithm),
    writeOctetString(id.issuerNameHash),
    writeOctetString(id.issuerKeyHash),
    writeInteger(id.serialNumber),
  )
}

/**
 * Makes the CertID of `certificate`. Its parameters are NULL, which old responders compare.
 * @param issuer has signed it.
 * @param hash its name and the digest itself; SHA-1 is what every responder knows (RFC 5019 §2.1.1), and no signature hangs on it.
 * @see RFC 6960 §4.1.1
 */
export function certIDOf(
  certificate: Pick<Certificate, 'issuer' | 'serialNumber'>,
  issuer: Pick<Certificate, 'subjectPublicKeyInfo'>,
  hash: { readonly name: HashName; digest(octets: Uint8Array): Uint8Array },
): CertID {
  return {
    hashAlgorithm: { ...digestAlgorithmOf(hash.name), parameters: writeNull() },
    issuerNameHash: hash.digest(certificate.issuer.der),
    issuerKeyHash: hash.digest(issuer.subjectPublicKeyInfo.subjectPublicKey),
    serialNumber: certificate.serialNumber,
  }
}
