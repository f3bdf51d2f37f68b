// Other authorities as the feed carries them: whom the authority believes beside itself, and for which names.
import { type Field, fieldOf, type Json, writeJson } from './json.ts'

/** An authority that is not the house's own, as the operator has it; what it means is judged where it is used. */
export interface KnownAuthority {
  /** What records and rules call it. */
  readonly name: string
  /** DER of its certificates. */
  readonly certificates: readonly Uint8Array[]
  /** DER of its revocation lists. */
  readonly crls: readonly Uint8Array[]
  /** Names that it may vouch for, in the words of the configuration. */
  readonly vouches: readonly string[]
}

const MAX_AUTHORITIES = 256
const MAX_CERTIFICATES = 64
const MAX_CERTIFICATE_OCTETS = 65_536
const MAX_CRLS = 64
const MAX_CRL_OCTETS = 6_291_456
const MAX_VOUCHES = 256

/** Most characters of all of them as JSON. A list that has grown beyond some 6 MB stands in each house's own files. */
export const MAX_ANCHORS_CHARACTERS = 8_388_608

/** Writes them. */
export function writeAnchors(anchors: readonly KnownAuthority[]): Json {
  return writeJson(anchors)
}

/** Reads them. @throws {ShapeError} naming the field. */
export function readAnchors(value: unknown): readonly KnownAuthority[] {
  return anchorsField(fieldOf(value))
}

/** Reads them within a message. @throws {ShapeError} */
export function anchorsField(field: Field): readonly KnownAuthority[] {
  return field.list(MAX_AUTHORITIES).map((one) => ({
    name: one.get('name').text(64),
    certificates: one
      .get('certificates')
      .list(MAX_CERTIFICATES)
      .map((f) => f.octets(MAX_CERTIFICATE_OCTETS)),
    crls: one
      .get('crls')
      .list(MAX_CRLS)
      .map((f) => f.octets(MAX_CRL_OCTETS)),
    vouches: one
      .get('vouches')
      .list(MAX_VOUCHES)
      .map((f) => f.text(256)),
  }))
}
