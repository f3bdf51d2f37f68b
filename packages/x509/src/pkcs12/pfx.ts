// The structures of PKCS #12, RFC 7292 §4: PFX, AuthenticatedSafe, SafeContents.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { CONTENT_INFO_SHAPE, readContentInfoAt, writeContentInfo } from '../cms/content-info.ts'
import type { ContentInfo } from '../cms/model.ts'
import { writeAttributes } from '../cms/parts.ts'
import { readAny } from '../der/any.ts'
import { type BerShape, derFromBer } from '../der/ber.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, readContents, since } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { writeElements, writeExplicit, writeInteger, writeOctetString, writeOid, writeSequence } from '../der/write.ts'
import { readAttributesAt } from '../extension/attribute.ts'
import { PKCS12_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, Attribute, Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { Pkcs12Error } from './error.ts'

/** RFC 7292 §4: what shows under a password that the file is whole. */
export interface MacData {
  readonly digestAlgorithm: AlgorithmIdentifier
  readonly digest: Uint8Array
  readonly macSalt: Uint8Array
  /** Absent means 1, of which the clause says that "its use is deprecated": some write the 1 out, which X.690 §11.5 forbids. */
  readonly iterations?: number
}

/** RFC 7292 §4, in password integrity mode. */
export interface Pfx {
  /** An AuthenticatedSafe: the octets that the MAC covers, maybe BER. */
  readonly authSafe: Uint8Array
  /** Absent where nothing shows that the file is whole. */
  readonly macData?: MacData
}

/** RFC 7292 §4.2. `bagValue` is the whole element. Secret where it is a key. */
export interface SafeBag {
  readonly bagId: Oid
  readonly bagValue: Uint8Array
  readonly bagAttributes?: readonly Attribute[]
}

const PFX_SHAPE: BerShape = { within: { [TAG.sequence]: CONTENT_INFO_SHAPE } }
const AUTHENTICATED_SAFE_SHAPE: BerShape = { each: CONTENT_INFO_SHAPE }

/** Turns a PKCS #12 file as other programs write it (BER) into DER, but for what is within its octet strings. @throws {DerError} */
export function pkcs12FromBer(ber: Uint8Array): Uint8Array {
  return derFromBer(ber, PKCS12_LIMITS, PFX_SHAPE)
}

/** Reads the outermost structure of a PKCS #12 file; nothing is decrypted. @throws {DerError | Pkcs12Error} when it is not one. @see RFC 7292 §4 */
export function readPfx(der: Uint8Array): Pfx {
  const c = openDer(der, PKCS12_LIMITS)
  const outer = enter(c, TAG.sequence)
  if (readUnsigned(c) !== 3) throw new Pkcs12Error('ERR_PKCS12_VERSION')
  const { contentType, content } = readContentInfoAt(c)
  const macData = c.at < c.end ? readMacData(c) : undefined
  leave(c, outer)
  closeDer(c)
  if (contentType === OID['id-signedData']) throw new Pkcs12Error('ERR_PKCS12_INTEGRITY')
  if (contentType !== OID['id-data']) throw new Pkcs12Error('ERR_PKCS12_CONTENT')
  return { authSafe: octetsOf(content), ...(macData && { macData }) }
}

function readMacData(c: DerCursor): MacData {
  const outer = enter(c, TAG.sequence)
  const outerMac = enter(c, TAG.sequence)
  const digestAlgorithm = readAlgorithmIdentifierAt(c)
  const digest = readContents(c, TAG.octetString)
  leave(c, outerMac)
  const macSalt = readContents(c, TAG.octetString)
  const iterations = c.at < c.end ? readUnsigned(c) : undefined
  if (iterations === 0) throw new Pkcs12Error('ERR_PKCS12_ITERATIONS')
  leave(c, outer)
  return { digestAlgorithm, digest, macSalt, ...(iterations !== undefined && { iterations }) }
}

/** Writes the outermost structure. @see RFC 7292 §4 */
export function writePfx({ authSafe, macData }: Pfx): Uint8Array {
  const content = writeContentInfo({ contentType: OID['id-data'], content: writeOctetString(authSafe) })
  return writeSequence(writeInteger(3), content, ...(macData ? [writeMacData(macData)] : []))
}

function writeMacData({ digestAlgorithm, digest, macSalt, iterations }: MacData): Uint8Array {
  return writeSequence(
    writeSequence(writeAlgorithmIdentifier(digestAlgorithm), writeOctetString(digest)),
    writeOctetString(macSalt),
    ...(iterations === undefined ? [] : [writeInteger(iterations)]),
  )
}

/** The contents of an OCTET STRING that is a value of its own. */
export function octetsOf(der: Uint8Array): Uint8Array {
  const c = openDer(der, PKCS12_LIMITS)
  const octets = readContents(c, TAG.octetString)
  closeDer(c)
  return octets
}

/** Reads the parts of a file, as DER or BER. @throws {DerError} @see RFC 7292 §4.1 */
export function readAuthenticatedSafe(ber: Uint8Array): ContentInfo[] {
  return readSequenceOf(derFromBer(ber, PKCS12_LIMITS, AUTHENTICATED_SAFE_SHAPE), readContentInfoAt)
}

/** Writes the parts of a file. @see RFC 7292 §4.1 */
export function writeAuthenticatedSafe(parts: readonly ContentInfo[]): Uint8Array {
  return writeElements(TAG.sequence, parts.map(writeContentInfo))
}

/** Reads bags, as DER or BER. Secret where they hold keys. @throws {DerError | X509Error} @see RFC 7292 §4.2 */
export function readSafeContents(ber: Uint8Array): SafeBag[] {
  return readSequenceOf(derFromBer(ber, PKCS12_LIMITS), readSafeBagAt)
}

function readSequenceOf<T>(der: Uint8Array, read: (c: DerCursor) => T): T[] {
  const c = openDer(der, PKCS12_LIMITS)
  const elements: T[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) elements.push(read(c))
  leave(c, outer)
  closeDer(c)
  return elements
}

function readSafeBagAt(c: DerCursor): SafeBag {
  const outer = enter(c, TAG.sequence)
  const bagId = readOid(c)
  const outerValue = enter(c, constructedContextTag(0))
  const start = c.at
  readAny(c)
  const bagValue = since(c, start)
  leave(c, outerValue)
  const bagAttributes = peekTag(c) === TAG.set ? readAttributesAt(c, TAG.set) : undefined
  leave(c, outer)
  return { bagId, bagValue, ...(bagAttributes && { bagAttributes }) }
}

/** Writes bags. @see RFC 7292 §4.2 */
export function writeSafeContents(bags: readonly SafeBag[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    bags.map(({ bagId, bagValue, bagAttributes }) =>
      writeSequence(
        writeOid(bagId),
        writeExplicit(0, bagValue),
        ...(bagAttributes ? [writeAttributes(bagAttributes)] : []),
      ),
    ),
  )
}
