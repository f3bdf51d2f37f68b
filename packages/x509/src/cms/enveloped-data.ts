// EnvelopedData, RFC 5652 §6.1; AuthEnvelopedData, RFC 5083 §2.1; EncryptedData, RFC 5652 §8.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { type DerCursor, enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readUnsigned } from '../der/primitive.ts'
import { readSetOfAt } from '../der/set-of.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { writeElement, writeInteger, writeOctetString, writeOid, writeSequence, writeSetOf } from '../der/write.ts'
import { OID } from '../oid.ts'
import { readContentOf, writeContentInfo } from './content-info.ts'
import { CmsError } from './error.ts'
import type {
  AuthEnvelopedData,
  CertificateBag,
  EncryptedContentInfo,
  EncryptedData,
  EnvelopedData,
  RecipientInfo,
} from './model.ts'
import {
  readBagAt,
  readOptionalAttributesAt,
  readSignedAttributesAt,
  writeBag,
  writeOptionalAttributes,
} from './parts.ts'
import { readRecipientInfoAt, writeRecipientInfo } from './recipient-info.ts'

const ORIGINATOR_INFO = constructedContextTag(0)
const ENCRYPTED_CONTENT = contextTag(0)
const UNPROTECTED_ATTRS = constructedContextTag(1)
const AUTH_ATTRS = constructedContextTag(1)
const UNAUTH_ATTRS = constructedContextTag(2)

/**
 * Reads a message of enveloped data; nothing is decrypted.
 * @throws {DerError | X509Error | CmsError} when it is not the DER of one: `cmsFromBer` comes first.
 * @see RFC 5652 §6.1
 */
export function readEnvelopedData(der: Uint8Array): EnvelopedData {
  return readContentOf(der, OID['id-envelopedData'], (c) => {
    const outer = enter(c, TAG.sequence)
    const versionAt = c.at
    const version = readUnsigned(c)
    if (version === 1 || version > 4) throw new CmsError('ERR_CMS_VERSION', versionAt)
    const originatorInfo = readOriginatorInfo(c)
    const recipientInfos = readRecipientInfos(c)
    const encryptedContentInfo = readEncryptedContentInfoAt(c)
    const unprotectedAttrs = readOptionalAttributesAt(c, UNPROTECTED_ATTRS)
    leave(c, outer)
    return {
      version,
      ...(originatorInfo && { originatorInfo }),
      recipientInfos,
      encryptedContentInfo,
      ...(unprotectedAttrs && { unprotectedAttrs }),
    }
  })
}

/** Writes a message of enveloped data from its values. @see RFC 5652 §6.1 */
export function writeEnvelopedData(data: EnvelopedData): Uint8Array {
  return writeContentInfo({
    contentType: OID['id-envelopedData'],
    content: writeSequence(
      writeInteger(data.version),
      ...writeOriginatorInfo(data.originatorInfo),
      writeSetOf(data.recipientInfos.map(writeRecipientInfo)),
      writeEncryptedContentInfo(data.encryptedContentInfo),
      ...writeOptionalAttributes(data.unprotectedAttrs, UNPROTECTED_ATTRS),
    ),
  })
}

/**
 * Reads a message of authenticated enveloped data; nothing is decrypted.
 * @throws {DerError | X509Error | CmsError} when it is not the DER of one: `cmsFromBer` comes first.
 * @see RFC 5083 §2.1
 */
export function readAuthEnvelopedData(der: Uint8Array): AuthEnvelopedData {
  return readContentOf(der, OID['id-ct-authEnvelopedData'], (c) => {
    const outer = enter(c, TAG.sequence)
    const versionAt = c.at
    if (readUnsigned(c) !== 0) throw new CmsError('ERR_CMS_VERSION', versionAt)
    const originatorInfo = readOriginatorInfo(c)
    const recipientInfos = readRecipientInfos(c)
    const authEncryptedContentInfo = readEncryptedContentInfoAt(c)
    const attributesAt = c.at
    const authenticated = readSignedAttributesAt(c, AUTH_ATTRS)
    // "The authAttrs MUST be present if the content type carried in EncryptedContentInfo is not id-data."
    if (authenticated === undefined && authEncryptedContentInfo.contentType !== OID['id-data'])
      throw new CmsError('ERR_CMS_AUTHENTICATED_ATTRIBUTES', attributesAt)
    const mac = readContents(c, TAG.octetString)
    const unauthAttrs = readOptionalAttributesAt(c, UNAUTH_ATTRS)
    leave(c, outer)
    return {
      ...(originatorInfo && { originatorInfo }),
      recipientInfos,
      authEncryptedContentInfo,
      ...(authenticated && { authAttrs: authenticated.attributes, authAttrsDer: authenticated.der }),
      mac,
      ...(unauthAttrs && { unauthAttrs }),
    }
  })
}

/** Writes a message of authenticated enveloped data from its values. @see RFC 5083 §2.1 */
export function writeAuthEnvelopedData(data: AuthEnvelopedData): Uint8Array {
  return writeContentInfo({
    contentType: OID['id-ct-authEnvelopedData'],
    content: writeSequence(
      writeInteger(0),
      ...writeOriginatorInfo(data.originatorInfo),
      writeSetOf(data.recipientInfos.map(writeRecipientInfo)),
      writeEncryptedContentInfo(data.authEncryptedContentInfo),
      ...writeOptionalAttributes(data.authAttrs, AUTH_ATTRS),
      writeOctetString(data.mac),
      ...writeOptionalAttributes(data.unauthAttrs, UNAUTH_ATTRS),
    ),
  })
}

/** Reads a message of encrypted data, whose key is known without it. @throws as the readers above. @see RFC 5652 §8 */
export function readEncryptedData(der: Uint8Array): EncryptedData {
  return readContentOf(der, OID['id-encryptedData'], (c) => {
    const outer = enter(c, TAG.sequence)
    const versionAt = c.at
    const version = readUnsigned(c)
    if (version !== 0 && version !== 2) throw new CmsError('ERR_CMS_VERSION', versionAt)
    const encryptedContentInfo = readEncryptedContentInfoAt(c)
    const unprotectedAttrs = readOptionalAttributesAt(c, UNPROTECTED_ATTRS)
    leave(c, outer)
    return { version, encryptedContentInfo, ...(unprotectedAttrs && { unprotectedAttrs }) }
  })
}

/** Writes a message of encrypted data from its values. @see RFC 5652 §8 */
export function writeEncryptedData(data: EncryptedData): Uint8Array {
  return writeContentInfo({
    contentType: OID['id-encryptedData'],
    content: writeSequence(
      writeInteger(data.version),
      writeEncryptedContentInfo(data.encryptedContentInfo),
      ...writeOptionalAttributes(data.unprotectedAttrs, UNPROTECTED_ATTRS),
    ),
  })
}

function readOriginatorInfo(c: DerCursor): CertificateBag | undefined {
  if (peekTag(c) !== ORIGINATOR_INFO) return undefined
  const outer = enter(c, ORIGINATOR_INFO)
  const bag = readBagAt(c)
  leave(c, outer)
  return bag
}

function writeOriginatorInfo(bag: CertificateBag | undefined): Uint8Array[] {
  return bag === undefined ? [] : [writeElement(ORIGINATOR_INFO, ...writeBag(bag))]
}

function readRecipientInfos(c: DerCursor): RecipientInfo[] {
  const at = c.at
  const recipientInfos = readSetOfAt(c, readRecipientInfoAt)
  if (recipientInfos.length === 0) throw new CmsError('ERR_CMS_RECIPIENTS_EMPTY', at)
  return recipientInfos
}

function readEncryptedContentInfoAt(c: DerCursor): EncryptedContentInfo {
  const outer = enter(c, TAG.sequence)
  const contentType = readOid(c)
  const contentEncryptionAlgorithm = readAlgorithmIdentifierAt(c)
  const encryptedContent = c.at < c.end ? readContents(c, ENCRYPTED_CONTENT) : undefined
  leave(c, outer)
  return { contentType, contentEncryptionAlgorithm, ...(encryptedContent && { encryptedContent }) }
}

function writeEncryptedContentInfo(info: EncryptedContentInfo): Uint8Array {
  const { contentType, contentEncryptionAlgorithm, encryptedContent } = info
  return writeSequence(
    writeOid(contentType),
    writeAlgorithmIdentifier(contentEncryptionAlgorithm),
    ...(encryptedContent ? [writeOctetString(encryptedContent, ENCRYPTED_CONTENT)] : []),
  )
}
