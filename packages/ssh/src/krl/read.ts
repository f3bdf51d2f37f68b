// Reading key revocation lists, OpenSSH's PROTOCOL.krl. Whatever is not known and might revoke is refused.
import { SshError } from '../error.ts'
import {
  closeWire,
  openString,
  openWire,
  readBoolean,
  readByte,
  readName,
  readString,
  readText,
  readTime,
  readUint32,
  readUint64,
  type WireCursor,
} from '../wire/read.ts'
import {
  compareOctets,
  distinct,
  IN_ORDER,
  type KeyRevocationList,
  KRL_LIMITS,
  KRL_MAGIC,
  type KrlLimits,
  SECTION,
  type SerialRange,
} from './model.ts'
import { normalRanges, readSerials } from './serials.ts'

/** What the sections have given so far, and how much more there may be. */
interface Found {
  readonly certificates: Map<string, { authority: Uint8Array; serials: SerialRange[]; keyIds: Set<string> }>
  readonly keys: Uint8Array[]
  readonly sha1: Uint8Array[]
  readonly sha256: Uint8Array[]
  left: number
}

/** Reads a list. Nothing in it is signed: it comes by a way that can be trusted, or is signed as a whole. @throws {SshError} */
export function readKeyRevocationList(octets: Uint8Array, limits: KrlLimits = KRL_LIMITS): KeyRevocationList {
  const c = openWire(octets, limits.maxOctets)
  if (octets.length < 8 || readUint64(c) !== KRL_MAGIC) throw new SshError('ERR_SSH_KRL_MAGIC', 0)
  if (readUint32(c) !== 1) throw new SshError('ERR_SSH_KRL_VERSION', 8)
  const version = readUint64(c)
  const generatedAt = readTime(c)
  if (readUint64(c) !== 0n) throw new SshError('ERR_SSH_KRL_FLAGS', c.at - 8)
  // "reserved": an extension field whose contents are currently ignored.
  readString(c)
  const comment = readText(c)
  const found: Found = { certificates: new Map(), keys: [], sha1: [], sha256: [], left: limits.maxElements }
  while (c.at < c.end) readSection(c, found)
  return {
    [IN_ORDER]: true,
    version,
    generatedAt,
    comment,
    certificates: [...found.certificates.values()].map(({ authority, serials, keyIds }) => ({
      ...(authority.length === 0 ? {} : { authority }),
      serials: normalRanges(serials),
      keyIds: [...keyIds].toSorted(),
    })),
    keys: distinct(found.keys),
    sha256: distinct(found.sha256),
    sha1: distinct(found.sha1),
  }
}

function readSection(c: WireCursor, found: Found): void {
  const at = c.at
  const type = readByte(c)
  if (type === SECTION.signature) throw new SshError('ERR_SSH_KRL_SIGNATURE', at)
  const inner = openString(c)
  switch (type) {
    case SECTION.certificates:
      readCertificates(inner, found)
      break
    case SECTION.explicitKey:
      eachOf(inner, found, () => found.keys.push(readKey(inner)))
      break
    case SECTION.sha1:
      readHashes(inner, found, found.sha1, 20)
      break
    case SECTION.sha256:
      readHashes(inner, found, found.sha256, 32)
      break
    case SECTION.extension:
      readExtension(inner)
      break
    default:
      throw new SshError('ERR_SSH_KRL_SECTION', at)
  }
  closeWire(inner)
}

/** PROTOCOL.krl §2: the key of an authority, or an empty string for all, and sections of its own. */
function readCertificates(c: WireCursor, found: Found): void {
  const authority = readAuthority(c)
  readString(c)
  const name = authority.toBase64()
  const certificates = found.certificates.get(name) ?? { authority, serials: [], keyIds: new Set<string>() }
  found.certificates.set(name, certificates)
  atLeastOne(c)
  while (c.at < c.end) {
    const at = c.at
    const type = readByte(c)
    const inner = openString(c)
    switch (type) {
      case SECTION.serialList:
      case SECTION.serialRange:
      case SECTION.serialBitmap:
        readSerials(type, inner, (range, rangeAt) => {
          count(found, rangeAt)
          certificates.serials.push(range)
        })
        break
      case SECTION.keyId:
        eachOf(inner, found, () => certificates.keyIds.add(readText(inner)))
        break
      case SECTION.certificateExtension:
        readExtension(inner)
        break
      default:
        throw new SshError('ERR_SSH_KRL_SECTION', at)
    }
    closeWire(inner)
  }
}

function readAuthority(c: WireCursor): Uint8Array {
  const at = c.at
  if (readUint32(c) === 0) return new Uint8Array()
  c.at = at
  return readKey(c)
}

/**
 * "The blob must be a raw key (i.e. not a certificate)." No more is judged: who revokes a key that is too weak, or of a
 * type that we do not read, must be understood.
 */
function readKey(c: WireCursor): Uint8Array {
  const at = c.at
  const blob = readString(c)
  if (/-cert(?:-v\d+@openssh\.com)?$/.test(readKeyType(blob, at))) throw new SshError('ERR_SSH_KRL_KEY', at)
  return blob
}

function readKeyType(blob: Uint8Array, at: number): string {
  try {
    return readName(openWire(blob, blob.length))
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    throw new SshError('ERR_SSH_KRL_KEY', at)
  }
}

/** "Hashes in this section must appear in numeric order." */
function readHashes(c: WireCursor, found: Found, hashes: Uint8Array[], length: number): void {
  let before: Uint8Array | undefined
  eachOf(c, found, () => {
    const at = c.at
    const hash = readString(c)
    if (hash.length !== length) throw new SshError('ERR_SSH_KRL_HASH', at)
    if (before !== undefined && compareOctets(before, hash) >= 0) throw new SshError('ERR_SSH_KRL_HASH_ORDER', at)
    before = hash
    hashes.push(hash)
  })
}

/** "If true, then any unsupported extension encountered should result in KRL parsing failure." None is known. */
function readExtension(c: WireCursor): void {
  const at = c.at
  readText(c)
  if (readBoolean(c)) throw new SshError('ERR_SSH_KRL_EXTENSION', at)
  readString(c)
}

function eachOf(c: WireCursor, found: Found, read: () => void): void {
  atLeastOne(c)
  while (c.at < c.end) {
    count(found, c.at)
    read()
  }
}

function atLeastOne(c: WireCursor): void {
  if (c.at === c.end) throw new SshError('ERR_SSH_KRL_SECTION_EMPTY', c.at)
}

function count(found: Found, at: number): void {
  if (--found.left < 0) throw new SshError('ERR_SSH_ELEMENTS_LIMIT', at)
}
