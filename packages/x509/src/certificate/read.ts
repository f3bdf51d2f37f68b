// Certificate, RFC 5280 §4.1.
import { readAlgorithmIdentifierAt } from '../algorithm.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, since } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readBitString, readInteger, readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { readTime } from '../der/time.ts'
import { X509Error } from '../error.ts'
import { CERTIFICATE_EXTENSION_READERS, readExtensionsAt } from '../extension/read.ts'
import { readSubjectPublicKeyInfoAt } from '../key/spki.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { Certificate, CertificateExtensions, Mutable, Name, TbsCertificate, Validity } from '../model.ts'
import { readNameAt } from '../name/read.ts'

/**
 * Reads a certificate whole, with every extension that RFC 5280 §4.2 names. Octets in it are views of `der`.
 * @throws {DerError} when it is not DER, or over the limits of a certificate.
 * @throws {X509Error} when it is DER, but not a certificate of RFC 5280.
 * @see RFC 5280 §4.1
 */
export function readCertificate(der: Uint8Array): Certificate {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const optional: Mutable<OptionalFields> = {}
  const outer = enter(c, TAG.sequence)
  const tbsAt = c.at
  const outerTbs = enter(c, TAG.sequence)
  const version = readVersion(c)
  const serialNumber = readSerialNumber(c)
  const signature = readAlgorithmIdentifierAt(c)
  const issuer = readIssuer(c)
  const validity = readValidity(c)
  const subject = readNameAt(c)
  const subjectPublicKeyInfo = readSubjectPublicKeyInfoAt(c)
  const uniqueAt = c.at
  if (peekTag(c) === contextTag(1)) optional.issuerUniqueID = readBitString(c, contextTag(1))
  if (peekTag(c) === contextTag(2)) optional.subjectUniqueID = readBitString(c, contextTag(2))
  if (version === 1 && c.at !== uniqueAt) throw new X509Error('ERR_X509_VERSION_UNIQUE_ID', uniqueAt)
  const extensions = peekTag(c) === EXTENSIONS ? readExtensionsField(c, version, optional) : []
  leave(c, outerTbs)
  const tbsDer = since(c, tbsAt)
  const signatureAlgorithm = readAlgorithmIdentifierAt(c)
  const signatureValue = readOctetBitString(c)
  leave(c, outer)
  closeDer(c)
  return {
    // First, where the engine copies it at once; anywhere else it does so field by field.
    ...optional,
    der: c.octets,
    tbsDer,
    version,
    serialNumber,
    signature,
    issuer,
    validity,
    subject,
    subjectPublicKeyInfo,
    extensions,
    signatureAlgorithm,
    signatureValue,
  }
}

/** What a certificate need not have. */
type OptionalFields = CertificateExtensions & Pick<TbsCertificate, 'issuerUniqueID' | 'subjectUniqueID'>

const VERSION = constructedContextTag(0)
const EXTENSIONS = constructedContextTag(3)

/** §4.1.2.1. Version 1 is the DEFAULT, so that it never stands. */
function readVersion(c: DerCursor): 1 | 2 | 3 {
  if (peekTag(c) !== VERSION) return 1
  const at = c.at
  const outer = enter(c, VERSION)
  const version = readUnsigned(c)
  leave(c, outer)
  if (version === 0) throw new DerError('ERR_DER_DEFAULT', at)
  if (version !== 1 && version !== 2) throw new X509Error('ERR_X509_VERSION', at)
  return version === 1 ? 2 : 3
}

/** §4.1.2.2: "Certificate users SHOULD be prepared to gracefully handle" numbers that are not positive: read, judged elsewhere. */
function readSerialNumber(c: DerCursor): bigint {
  const at = c.at
  const serialNumber = readInteger(c, MAX_INTEGER_OCTETS)
  // 20 octets of an INTEGER are 159 bits and its sign.
  if (serialNumber >= 1n << 159n || serialNumber < -(1n << 159n)) throw new X509Error('ERR_X509_SERIAL_LENGTH', at)
  return serialNumber
}

/** Enough to say that a number is too long for its clause, and little work. */
const MAX_INTEGER_OCTETS = 1024

function readIssuer(c: DerCursor): Name {
  const at = c.at
  const issuer = readNameAt(c)
  if (issuer.rdnSequence.length === 0) throw new X509Error('ERR_X509_ISSUER_EMPTY', at)
  return issuer
}

function readValidity(c: DerCursor): Validity {
  const outer = enter(c, TAG.sequence)
  const before = peekTag(c) === TAG.generalizedTime
  const notBefore = readTime(c)
  const after = peekTag(c) === TAG.generalizedTime
  const notAfter = readTime(c)
  leave(c, outer)
  if (!before && !after) return { notBefore, notAfter }
  const isOdd = before && isBefore2050(notBefore)
  if (after && isBefore2050(notAfter)) return { notBefore, notAfter, generalizedTime: isOdd ? 'both' : 'notAfter' }
  return isOdd ? { notBefore, notAfter, generalizedTime: 'notBefore' } : { notBefore, notAfter }
}

function isBefore2050({ epochMilliseconds }: Temporal.Instant): boolean {
  return epochMilliseconds < 2_524_608_000_000
}

function readExtensionsField(c: DerCursor, version: 1 | 2 | 3, named: Mutable<CertificateExtensions>) {
  if (version !== 3) throw new X509Error('ERR_X509_VERSION_EXTENSIONS', c.at)
  const outer = enter(c, EXTENSIONS)
  const extensions = readExtensionsAt(c, CERTIFICATE_EXTENSION_READERS, named)
  leave(c, outer)
  return extensions
}
