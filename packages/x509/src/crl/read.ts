// CertificateList, RFC 5280 §5.1 and §5.2.
import { readAlgorithmIdentifierAt } from '../algorithm.ts'
import { closeDer, type DerCursor, type DerLimits, enter, leave, openDer, peekTag, since } from '../der/cursor.ts'
import { readInteger, readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { readTime } from '../der/time.ts'
import { X509Error } from '../error.ts'
import { readAuthorityKeyIdentifier } from '../extension/key.ts'
import { readAccessDescriptions, readDistributionPoints, readIssuingDistributionPoint } from '../extension/points.ts'
import { type ReadExtensionValue, readExtensionsAt } from '../extension/read.ts'
import { CRL_LIMITS } from '../limits.ts'
import type { CertificateList, CrlExtensions, Mutable, Oid, RevokedCertificate, TbsCertList } from '../model.ts'
import { readGeneralNamesAt } from '../name/general-name.ts'
import { readNameAt } from '../name/read.ts'
import { OID } from '../oid.ts'
import { readRevokedCertificateAt } from './entry.ts'

/**
 * Reads a CRL whole, in time linear in its octets. Octets in it are views of `der`.
 * @param limits Those of a CRL unless given.
 * @throws {DerError} when it is not DER, or over the limits.
 * @throws {X509Error} when it is DER, but not a CRL of RFC 5280.
 * @see RFC 5280 §5.1
 */
export function readCertificateList(der: Uint8Array, limits: DerLimits = CRL_LIMITS): CertificateList {
  const c = openDer(der, limits)
  const outer = enter(c, TAG.sequence)
  const start = c.at
  const named: Mutable<CrlExtensions> = {}
  const tbs = readTbsCertListAt(c, named)
  const tbsDer = since(c, start)
  const signatureAlgorithm = readAlgorithmIdentifierAt(c)
  const signatureValue = readOctetBitString(c)
  leave(c, outer)
  closeDer(c)
  return { der: c.octets, tbsDer, ...tbs, ...named, signatureAlgorithm, signatureValue }
}

function readTbsCertListAt(c: DerCursor, named: Mutable<CrlExtensions>): TbsCertList {
  const outer = enter(c, TAG.sequence)
  const version = readVersion(c)
  const signature = readAlgorithmIdentifierAt(c)
  const issuerAt = c.at
  const issuer = readNameAt(c)
  if (issuer.rdnSequence.length === 0) throw new X509Error('ERR_X509_ISSUER_EMPTY', issuerAt)
  const thisUpdate = readTime(c)
  const tag = peekTag(c)
  const nextUpdate = tag === TAG.utcTime || tag === TAG.generalizedTime ? readTime(c) : undefined
  const revokedCertificates = peekTag(c) === TAG.sequence ? readEntries(c, version) : []
  const crlExtensions = c.at < c.end ? readCrlExtensions(c, version, named) : []
  leave(c, outer)
  const until = nextUpdate === undefined ? {} : { nextUpdate }
  return { version, signature, issuer, thisUpdate, ...until, revokedCertificates, crlExtensions }
}

/** §5.1.2.1: "if present, MUST be v2", whose number is 1. */
function readVersion(c: DerCursor): 1 | 2 {
  if (peekTag(c) !== TAG.integer) return 1
  const at = c.at
  if (readUnsigned(c) !== 1) throw new X509Error('ERR_X509_CRL_VERSION', at)
  return 2
}

function readEntries(c: DerCursor, version: 1 | 2): RevokedCertificate[] {
  const at = c.at
  const entries: RevokedCertificate[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) entries.push(readRevokedCertificateAt(c, version))
  leave(c, outer)
  if (entries.length === 0) throw new X509Error('ERR_X509_REVOKED_EMPTY', at)
  return entries
}

const CRL_READERS: ReadonlyMap<Oid, ReadExtensionValue<CrlExtensions>> = new Map(
  Object.entries({
    [OID.authorityKeyIdentifier]: (c, to) => {
      to.authorityKeyIdentifier = readAuthorityKeyIdentifier(c)
    },
    [OID.issuerAltName]: (c, to) => {
      to.issuerAltName = readGeneralNamesAt(c)
    },
    [OID.cRLNumber]: (c, to) => {
      to.cRLNumber = readCrlNumber(c)
    },
    [OID.deltaCRLIndicator]: (c, to) => {
      to.deltaCRLIndicator = readCrlNumber(c)
    },
    [OID.issuingDistributionPoint]: (c, to) => {
      to.issuingDistributionPoint = readIssuingDistributionPoint(c)
    },
    [OID.freshestCRL]: (c, to) => {
      to.freshestCRL = readDistributionPoints(c)
    },
    [OID.authorityInfoAccess]: (c, to) => {
      to.authorityInfoAccess = readAccessDescriptions(c)
    },
  } satisfies Record<Oid, ReadExtensionValue<CrlExtensions>>),
)

function readCrlExtensions(c: DerCursor, version: 1 | 2, named: Mutable<CrlExtensions>) {
  const at = c.at
  const outer = enter(c, constructedContextTag(0))
  if (version !== 2) throw new X509Error('ERR_X509_CRL_VERSION_EXTENSIONS', at)
  const extensions = readExtensionsAt(c, CRL_READERS, named)
  leave(c, outer)
  return extensions
}

function readCrlNumber(c: DerCursor): bigint {
  const at = c.at
  const number = readInteger(c, 1024)
  if (number < 0n || number >> 159n !== 0n) throw new X509Error('ERR_X509_CRL_NUMBER', at)
  return number
}
