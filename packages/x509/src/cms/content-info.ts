// ContentInfo, RFC 5652 §3, and what of BER every sender of CMS may write.
import { readAny } from '../der/any.ts'
import { type BerShape, derFromBer } from '../der/ber.ts'
import { closeDer, type DerCursor, enter, leave, openDer, since } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { writeExplicit, writeOid, writeSequence } from '../der/write.ts'
import { CMS_LIMITS } from '../limits.ts'
import type { Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { CmsError } from './error.ts'
import type { ContentInfo } from './model.ts'

const CONTENT = constructedContextTag(0)

/** Reads a ContentInfo of any type. @throws {DerError} when it is not DER of one: {@link cmsFromBer} comes first. @see RFC 5652 §3 */
export function readContentInfo(der: Uint8Array): ContentInfo {
  const c = openDer(der, CMS_LIMITS)
  const info = readContentInfoAt(c)
  closeDer(c)
  return info
}

/** Reads a ContentInfo at the cursor; its content is judged as DER, and as no type yet. */
export function readContentInfoAt(c: DerCursor): ContentInfo {
  const outer = enter(c, TAG.sequence)
  const contentType = readOid(c)
  const outerContent = enter(c, CONTENT)
  const start = c.at
  readAny(c)
  const content = since(c, start)
  leave(c, outerContent)
  leave(c, outer)
  return { contentType, content }
}

/** Writes a ContentInfo around the whole DER of its content. @see RFC 5652 §3 */
export function writeContentInfo({ contentType, content }: ContentInfo): Uint8Array {
  return writeSequence(writeOid(contentType), writeExplicit(0, content))
}

/** Reads the content of a ContentInfo of type `contentType` in one pass. */
export function readContentOf<T>(der: Uint8Array, contentType: Oid, read: (c: DerCursor) => T): T {
  const c = openDer(der, CMS_LIMITS)
  const outer = enter(c, TAG.sequence)
  const at = c.at
  if (readOid(c) !== contentType) throw new CmsError('ERR_CMS_CONTENT_TYPE', at)
  const outerContent = enter(c, CONTENT)
  const content = read(c)
  leave(c, outerContent)
  leave(c, outer)
  closeDer(c)
  return content
}

const SET_OF: BerShape = { setOf: true }
/** Certificates and CRLs are signed by others: their octets stay, and their own readers judge them. */
const BAG: BerShape = { setOf: true, each: { verbatim: true } }
const ENCRYPTED_CONTENT_INFO: BerShape = { within: { [constructedContextTag(0)]: { octetString: true } } }

/** Of each content type: what its context tags stand for. */
const SHAPES: Readonly<Record<string, BerShape>> = {
  [OID['id-signedData']]: {
    within: {
      [constructedContextTag(0)]: BAG,
      [constructedContextTag(1)]: BAG,
      // Both the digest algorithms, which have no context tags, and the signers.
      [TAG.set]: { each: { within: { [constructedContextTag(0)]: SET_OF, [constructedContextTag(1)]: SET_OF } } },
    },
  },
  [OID['id-envelopedData']]: enveloped({ [constructedContextTag(1)]: SET_OF }),
  [OID['id-ct-authEnvelopedData']]: enveloped({
    [constructedContextTag(1)]: SET_OF,
    [constructedContextTag(2)]: SET_OF,
  }),
  [OID['id-encryptedData']]: {
    within: { [TAG.sequence]: ENCRYPTED_CONTENT_INFO, [constructedContextTag(1)]: SET_OF },
  },
}

function enveloped(attributes: Readonly<Record<number, BerShape>>): BerShape {
  return {
    within: {
      [constructedContextTag(0)]: { within: { [constructedContextTag(0)]: BAG, [constructedContextTag(1)]: BAG } },
      [TAG.sequence]: ENCRYPTED_CONTENT_INFO,
      ...attributes,
    },
  }
}

/** A ContentInfo of any type: by its object identifier. */
export const CONTENT_INFO_SHAPE: BerShape = {
  byType: Object.fromEntries(
    Object.entries(SHAPES).map(([oid, shape]) => [writeOid(oid).subarray(2).toHex(), { each: shape }]),
  ),
}

/**
 * Turns a CMS message as other senders write it (BER) into the DER that the readers take; DER comes back as it is.
 * It repairs lengths that are indefinite or too long, strings in parts, and sets out of order, which makes signed and
 * authenticated attributes the DER that RFC 5652 §5.4 and RFC 5083 §2.1 want signed. It changes nothing in certificates,
 * CRLs and contents, and no value: BOOLEANs, INTEGERs and times that are not DER stay, and are refused when read.
 * @throws {DerError} when it is not BER, or over {@link CMS_LIMITS}.
 */
export function cmsFromBer(ber: Uint8Array): Uint8Array {
  return derFromBer(ber, CMS_LIMITS, CONTENT_INFO_SHAPE)
}
