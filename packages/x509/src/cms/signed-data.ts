// SignedData, RFC 5652 §5.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readUnsigned } from '../der/primitive.ts'
import { readSetOfAt } from '../der/set-of.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { writeExplicit, writeInteger, writeOctetString, writeOid, writeSequence, writeSetOf } from '../der/write.ts'
import type { Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { readContentOf, writeContentInfo } from './content-info.ts'
import { CmsError } from './error.ts'
import type { SignedData, SignerInfo } from './model.ts'
import {
  readBagAt,
  readOptionalAttributesAt,
  readReferenceAt,
  readSignedAttributesAt,
  writeBag,
  writeOptionalAttributes,
  writeReference,
} from './parts.ts'

const SIGNED_ATTRS = constructedContextTag(0)
const UNSIGNED_ATTRS = constructedContextTag(1)
const E_CONTENT = constructedContextTag(0)

/**
 * Reads a message of signed data; nothing is verified. Certificates and CRLs in it are octets, for their own readers.
 * @throws {DerError | X509Error | CmsError} when it is not the DER of one: `cmsFromBer` comes first.
 * @see RFC 5652 §5.1
 */
export function readSignedData(der: Uint8Array): SignedData {
  return readContentOf(der, OID['id-signedData'], readSignedDataAt)
}

function readSignedDataAt(c: DerCursor): SignedData {
  const outer = enter(c, TAG.sequence)
  const versionAt = c.at
  const version = readUnsigned(c)
  if (version !== 1 && (version < 3 || version > 5)) throw new CmsError('ERR_CMS_VERSION', versionAt)
  const digestAlgorithms = readSetOfAt(c, readAlgorithmIdentifierAt)
  const { eContentType, eContent } = readEncapsulated(c)
  const bag = readBagAt(c)
  const signerInfos = readSetOfAt(c, readSignerInfoAt)
  leave(c, outer)
  return { version, digestAlgorithms, eContentType, ...(eContent && { eContent }), ...bag, signerInfos }
}

/** §5.2. PKCS #7 had any type as content, of which only the contents were signed (§5.2.1): refused. */
function readEncapsulated(c: DerCursor): { eContentType: Oid; eContent?: Uint8Array } {
  const outer = enter(c, TAG.sequence)
  const eContentType = readOid(c)
  let eContent: Uint8Array | undefined
  if (peekTag(c) === E_CONTENT) {
    const outerContent = enter(c, E_CONTENT)
    const tag = peekTag(c)
    if (c.at < c.end && (tag & ~0x20) !== TAG.octetString) throw new CmsError('ERR_CMS_CONTENT_PKCS7', c.at)
    eContent = readContents(c, TAG.octetString)
    leave(c, outerContent)
  }
  leave(c, outer)
  return { eContentType, ...(eContent && { eContent }) }
}

/** §5.3. */
function readSignerInfoAt(c: DerCursor): SignerInfo {
  const outer = enter(c, TAG.sequence)
  const versionAt = c.at
  const version = readUnsigned(c)
  const sid = readReferenceAt(c)
  if (version !== versionOf(sid.kind)) throw new CmsError('ERR_CMS_VERSION', versionAt)
  const digestAlgorithm = readAlgorithmIdentifierAt(c)
  const signed = readSignedAttributesAt(c, SIGNED_ATTRS)
  const signatureAlgorithm = readAlgorithmIdentifierAt(c)
  const signature = readContents(c, TAG.octetString)
  const unsignedAttrs = readOptionalAttributesAt(c, UNSIGNED_ATTRS)
  leave(c, outer)
  return {
    sid,
    digestAlgorithm,
    ...(signed && { signedAttrs: signed.attributes, signedAttrsDer: signed.der }),
    signatureAlgorithm,
    signature,
    ...(unsignedAttrs && { unsignedAttrs }),
  }
}

function versionOf(kind: SignerInfo['sid']['kind']): 1 | 3 {
  return kind === 'issuerAndSerialNumber' ? 1 : 3
}

/** The version that §5.1 gives a SignedData of X.509 certificates and CRLs. */
export function signedDataVersion(data: Pick<SignedData, 'eContentType' | 'signerInfos'>): 1 | 3 {
  const isPlain = data.eContentType === OID['id-data'] && data.signerInfos.every(({ sid }) => versionOf(sid.kind) === 1)
  return isPlain ? 1 : 3
}

/** Writes a message of signed data from its values; each set in DER's order. @see RFC 5652 §5.1 */
export function writeSignedData(data: SignedData): Uint8Array {
  const content = data.eContent === undefined ? [] : [writeExplicit(0, writeOctetString(data.eContent))]
  return writeContentInfo({
    contentType: OID['id-signedData'],
    content: writeSequence(
      writeInteger(data.version),
      writeSetOf(data.digestAlgorithms.map(writeAlgorithmIdentifier)),
      writeSequence(writeOid(data.eContentType), ...content),
      ...writeBag(data),
      writeSetOf(data.signerInfos.map(writeSignerInfo)),
    ),
  })
}

/** Writes one SignerInfo, as an unsigned attribute countersignature holds it too. @see RFC 5652 §5.3 */
export function writeSignerInfo(info: SignerInfo): Uint8Array {
  return writeSequence(
    writeInteger(versionOf(info.sid.kind)),
    writeReference(info.sid),
    writeAlgorithmIdentifier(info.digestAlgorithm),
    ...writeOptionalAttributes(info.signedAttrs, SIGNED_ATTRS),
    writeAlgorithmIdentifier(info.signatureAlgorithm),
    writeOctetString(info.signature),
    ...writeOptionalAttributes(info.unsignedAttrs, UNSIGNED_ATTRS),
  )
}

/** Writes a message without content and signers, which carries certificates and CRLs: "certs-only". @see RFC 5652 §5.1, RFC 8551 §3.8 */
export function writeCertificatesOnly(certificates: readonly Uint8Array[], crls?: readonly Uint8Array[]): Uint8Array {
  return writeSignedData({
    version: 1,
    digestAlgorithms: [],
    eContentType: OID['id-data'],
    certificates,
    ...(crls && { crls }),
    signerInfos: [],
  })
}
