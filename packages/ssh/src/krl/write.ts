// Writing key revocation lists, OpenSSH's PROTOCOL.krl.
import { joinAll, writeString, writeText, writeTime, writeUint32, writeUint64 } from '../wire/write.ts'
import { distinct, KRL_MAGIC, type NewKeyRevocationList, type RevokedSshCertificates, SECTION } from './model.ts'
import { readKeyRevocationList } from './read.ts'
import { normalRanges, section, writeSerials } from './serials.ts'

/**
 * Writes a list; its parts need no order. Serial numbers take the form that is shortest: numbers, ranges or bitmaps.
 * @throws {SshError} when it is none that {@link readKeyRevocationList} would read.
 */
export function writeKeyRevocationList(list: NewKeyRevocationList): Uint8Array {
  const { certificates = [], keys = [], sha256 = [], sha1 = [], comment = '' } = list
  const octets = joinAll([
    writeUint64(KRL_MAGIC),
    writeUint32(1),
    writeUint64(list.version),
    writeTime(list.generatedAt),
    writeUint64(0n),
    writeString(),
    writeText(comment),
    ...certificates.flatMap(writeCertificates),
    ...writeBlobs(SECTION.explicitKey, keys),
    ...writeBlobs(SECTION.sha1, sha1),
    ...writeBlobs(SECTION.sha256, sha256),
  ])
  readKeyRevocationList(octets)
  return octets
}

/** Nothing where nothing is revoked: a section is not empty. */
function writeCertificates({ authority, serials, keyIds }: RevokedSshCertificates): readonly Uint8Array[] {
  const sections = [
    ...writeSerials(normalRanges(serials)),
    ...(keyIds.length === 0 ? [] : [section(SECTION.keyId, keyIds.map(writeText))]),
  ]
  if (sections.length === 0) return []
  return [section(SECTION.certificates, [writeString(authority ?? new Uint8Array()), writeString(), ...sections])]
}

function writeBlobs(type: number, blobs: readonly Uint8Array[]): readonly Uint8Array[] {
  return blobs.length === 0
    ? []
    : [
        section(
          type,
          distinct(blobs).map((blob) => writeString(blob)),
        ),
      ]
}
