// GeneralName and GeneralNames, RFC 5280 §4.2.1.6.
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave, peekTag, readContents, readHeader } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { readIa5String } from '../der/text.ts'
import { writeElement, writeElements, writeExplicit, writeIa5String, writeOctetString, writeOid } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { GeneralName } from '../model.ts'
import { readNameAt } from './read.ts'

const OTHER_NAME = constructedContextTag(0)
const RFC822_NAME = contextTag(1)
const DNS_NAME = contextTag(2)
const X400_ADDRESS = constructedContextTag(3)
const DIRECTORY_NAME = constructedContextTag(4)
const EDI_PARTY_NAME = constructedContextTag(5)
const URI = contextTag(6)
const IP_ADDRESS = contextTag(7)
const REGISTERED_ID = contextTag(8)

/** Reads GeneralNames at the cursor, under the IMPLICIT `tag` where they have one; at least one. */
export function readGeneralNamesAt(c: DerCursor, tag: number = TAG.sequence): GeneralName[] {
  const at = c.at
  const outer = enter(c, tag)
  if (c.at === c.end) throw new X509Error('ERR_X509_GENERAL_NAMES_EMPTY', at)
  const names: GeneralName[] = []
  while (c.at < c.end) names.push(readGeneralNameAt(c))
  leave(c, outer)
  return names
}

/** Reads a GeneralName at the cursor. `range` says that an iPAddress is one of name constraints, with its mask. */
export function readGeneralNameAt(c: DerCursor, range = false): GeneralName {
  const tag = peekTag(c)
  switch (tag) {
    case DNS_NAME:
      return { kind: 'dNSName', value: readIa5String(c, tag) }
    case URI:
      return { kind: 'uniformResourceIdentifier', value: readIa5String(c, tag) }
    case RFC822_NAME:
      return { kind: 'rfc822Name', value: readIa5String(c, tag) }
    case IP_ADDRESS:
      return { kind: 'iPAddress', octets: range ? readIpRange(c) : readIpAddress(c) }
    case DIRECTORY_NAME: {
      const outer = enter(c, tag)
      const value = readNameAt(c)
      leave(c, outer)
      return { kind: 'directoryName', value }
    }
    case OTHER_NAME: {
      const outer = enter(c, tag)
      const typeId = readOid(c)
      const outerValue = enter(c, constructedContextTag(0))
      const value = readAny(c)
      leave(c, outerValue)
      leave(c, outer)
      return { kind: 'otherName', typeId, value }
    }
    case REGISTERED_ID:
      return { kind: 'registeredID', value: readOid(c, tag) }
    case X400_ADDRESS:
      return { kind: 'x400Address', der: readAny(c) }
    case EDI_PARTY_NAME:
      return { kind: 'ediPartyName', der: readAny(c) }
    case -1:
      // Nothing stands here: the reader of the header says so.
      readHeader(c, OTHER_NAME)
      throw new X509Error('ERR_X509_GENERAL_NAME_TYPE', c.at)
    default:
      throw new X509Error('ERR_X509_GENERAL_NAME_TYPE', c.at)
  }
}

function readIpAddress(c: DerCursor): Uint8Array {
  const at = c.at
  const octets = readContents(c, IP_ADDRESS)
  if (octets.length !== 4 && octets.length !== 16) throw new X509Error('ERR_X509_IP_ADDRESS', at)
  return octets
}

/** RFC 5280 §4.2.1.10: an address and a mask "in the style of RFC 4632", which knows only prefixes. */
function readIpRange(c: DerCursor): Uint8Array {
  const at = c.at
  const octets = readContents(c, IP_ADDRESS)
  if (octets.length !== 8 && octets.length !== 32) throw new X509Error('ERR_X509_IP_RANGE', at)
  let ended = false
  for (let bit = octets.length * 4; bit < octets.length * 8; bit++) {
    const set = ((octets[bit >> 3] as number) & (0x80 >> (bit & 7))) !== 0
    if (set && ended) throw new X509Error('ERR_X509_IP_RANGE', at)
    ended = !set
  }
  return octets
}

/** Writes GeneralNames, under the IMPLICIT `tag` where they have one. */
export function writeGeneralNames(names: readonly GeneralName[], tag: number = TAG.sequence): Uint8Array {
  return writeElements(tag, names.map(writeGeneralName))
}

/** Writes a GeneralName. */
export function writeGeneralName(name: GeneralName): Uint8Array {
  switch (name.kind) {
    case 'otherName':
      return writeElement(OTHER_NAME, writeOid(name.typeId), writeExplicit(0, name.value))
    case 'rfc822Name':
      return writeIa5String(name.value, RFC822_NAME)
    case 'dNSName':
      return writeIa5String(name.value, DNS_NAME)
    case 'x400Address':
    case 'ediPartyName':
      return name.der
    case 'directoryName':
      return writeElement(DIRECTORY_NAME, name.value.der)
    case 'uniformResourceIdentifier':
      return writeIa5String(name.value, URI)
    case 'iPAddress':
      return writeOctetString(name.octets, IP_ADDRESS)
    case 'registeredID':
      return writeOid(name.value, REGISTERED_ID)
  }
}
