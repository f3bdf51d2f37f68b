// RecipientInfo, RFC 5652 §6.2.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave, peekTag, readContents, since } from '../der/cursor.ts'
import { readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import {
  writeElement,
  writeElements,
  writeExplicit,
  writeInteger,
  writeOctetBitString,
  writeOctetString,
  writeSequence,
} from '../der/write.ts'
import type { SubjectPublicKeyInfo } from '../model.ts'
import { CmsError } from './error.ts'
import type {
  KeyAgreeRecipientInfo,
  KeyTransRecipientInfo,
  OriginatorKey,
  OtherRecipientInfo,
  RecipientEncryptedKey,
  RecipientInfo,
} from './model.ts'
import { readIssuerAndSerialNumberAt, readReferenceAt, readRest, writeReference } from './parts.ts'

const KARI = constructedContextTag(1)
const OTHERS: Readonly<Record<number, OtherRecipientInfo['kind']>> = {
  [constructedContextTag(2)]: 'kekri',
  [constructedContextTag(3)]: 'pwri',
  [constructedContextTag(4)]: 'ori',
}

/** Reads a RecipientInfo at the cursor. */
export function readRecipientInfoAt(c: DerCursor): RecipientInfo {
  const tag = peekTag(c)
  if (tag === TAG.sequence) return readKeyTransport(c)
  if (tag === KARI) return readKeyAgreement(c)
  const kind = OTHERS[tag]
  if (kind === undefined) throw new CmsError('ERR_CMS_RECIPIENT_CHOICE', c.at)
  const start = c.at
  readAny(c)
  return { kind, der: since(c, start) }
}

/** §6.2.1. */
function readKeyTransport(c: DerCursor): KeyTransRecipientInfo {
  const outer = enter(c, TAG.sequence)
  const versionAt = c.at
  const version = readUnsigned(c)
  const rid = readReferenceAt(c)
  if (version !== transportVersion(rid.kind)) throw new CmsError('ERR_CMS_VERSION', versionAt)
  const keyEncryptionAlgorithm = readAlgorithmIdentifierAt(c)
  const encryptedKey = readContents(c, TAG.octetString)
  leave(c, outer)
  return { kind: 'ktri', rid, keyEncryptionAlgorithm, encryptedKey }
}

function transportVersion(kind: KeyTransRecipientInfo['rid']['kind']): 0 | 2 {
  return kind === 'issuerAndSerialNumber' ? 0 : 2
}

const ORIGINATOR = constructedContextTag(0)
const ORIGINATOR_KEY = constructedContextTag(1)
const UKM = constructedContextTag(1)
const AGREEMENT_VERSION = 3

/** §6.2.2. */
function readKeyAgreement(c: DerCursor): KeyAgreeRecipientInfo {
  const outer = enter(c, KARI)
  const versionAt = c.at
  if (readUnsigned(c) !== AGREEMENT_VERSION) throw new CmsError('ERR_CMS_VERSION', versionAt)
  const outerOriginator = enter(c, ORIGINATOR)
  const originator = readOriginator(c)
  leave(c, outerOriginator)
  let ukm: Uint8Array | undefined
  if (peekTag(c) === UKM) {
    const outerUkm = enter(c, UKM)
    ukm = readContents(c, TAG.octetString)
    leave(c, outerUkm)
  }
  const keyEncryptionAlgorithm = readAlgorithmIdentifierAt(c)
  const at = c.at
  const recipientEncryptedKeys: RecipientEncryptedKey[] = []
  const outerKeys = enter(c, TAG.sequence)
  while (c.at < c.end) recipientEncryptedKeys.push(readRecipientEncryptedKey(c))
  leave(c, outerKeys)
  leave(c, outer)
  if (recipientEncryptedKeys.length === 0) throw new CmsError('ERR_CMS_RECIPIENTS_EMPTY', at)
  return { kind: 'kari', originator, ...(ukm && { ukm }), keyEncryptionAlgorithm, recipientEncryptedKeys }
}

function readOriginator(c: DerCursor): OriginatorKey {
  if (peekTag(c) !== ORIGINATOR_KEY) return readReferenceAt(c)
  const start = c.at
  const outer = enter(c, ORIGINATOR_KEY)
  const algorithm = readAlgorithmIdentifierAt(c)
  const subjectPublicKey = readOctetBitString(c)
  leave(c, outer)
  const der = since(c, start).slice()
  der[0] = TAG.sequence
  return { kind: 'originatorKey', publicKey: { der, algorithm, subjectPublicKey } }
}

const R_KEY_ID = constructedContextTag(0)

function readRecipientEncryptedKey(c: DerCursor): RecipientEncryptedKey {
  const outer = enter(c, TAG.sequence)
  const rid = peekTag(c) === R_KEY_ID ? readRecipientKeyIdentifier(c) : readIssuerAndSerialNumberAt(c)
  const encryptedKey = readContents(c, TAG.octetString)
  leave(c, outer)
  return { rid, encryptedKey }
}

function readRecipientKeyIdentifier(c: DerCursor): RecipientEncryptedKey['rid'] {
  const outer = enter(c, R_KEY_ID)
  const keyIdentifier = readContents(c, TAG.octetString)
  const dated = readRest(c)
  leave(c, outer)
  return { kind: 'subjectKeyIdentifier', keyIdentifier, ...(dated && { dated }) }
}

/** Writes a RecipientInfo. */
export function writeRecipientInfo(info: RecipientInfo): Uint8Array {
  switch (info.kind) {
    case 'ktri':
      return writeSequence(
        writeInteger(transportVersion(info.rid.kind)),
        writeReference(info.rid),
        writeAlgorithmIdentifier(info.keyEncryptionAlgorithm),
        writeOctetString(info.encryptedKey),
      )
    case 'kari':
      return writeElement(
        KARI,
        writeInteger(AGREEMENT_VERSION),
        writeElement(ORIGINATOR, writeOriginator(info.originator)),
        ...(info.ukm === undefined ? [] : [writeExplicit(1, writeOctetString(info.ukm))]),
        writeAlgorithmIdentifier(info.keyEncryptionAlgorithm),
        writeElements(TAG.sequence, info.recipientEncryptedKeys.map(writeRecipientEncryptedKey)),
      )
    default:
      return info.der
  }
}

function writeOriginator(originator: OriginatorKey): Uint8Array {
  return originator.kind === 'originatorKey' ? writeOriginatorKey(originator.publicKey) : writeReference(originator)
}

function writeOriginatorKey({ algorithm, subjectPublicKey }: SubjectPublicKeyInfo): Uint8Array {
  return writeElement(ORIGINATOR_KEY, writeAlgorithmIdentifier(algorithm), writeOctetBitString(subjectPublicKey))
}

function writeRecipientEncryptedKey({ rid, encryptedKey }: RecipientEncryptedKey): Uint8Array {
  const name =
    rid.kind === 'issuerAndSerialNumber'
      ? writeReference(rid)
      : writeElement(R_KEY_ID, writeOctetString(rid.keyIdentifier), ...(rid.dated ? [rid.dated] : []))
  return writeSequence(name, writeOctetString(encryptedKey))
}

/** Whether any recipient asks for a later version of its EnvelopedData. @see RFC 5652 §6.1 */
export function envelopedDataVersion(data: {
  readonly originatorInfo?: unknown
  readonly recipientInfos: readonly RecipientInfo[]
  readonly unprotectedAttrs?: unknown
}): 0 | 2 | 3 {
  if (data.recipientInfos.some(({ kind }) => kind === 'pwri' || kind === 'ori')) return 3
  const isPlain = data.recipientInfos.every((info) => info.kind === 'ktri' && transportVersion(info.rid.kind) === 0)
  return isPlain && data.originatorInfo === undefined && data.unprotectedAttrs === undefined ? 0 : 2
}
