// Writing names, RFC 5280 §4.1.2.4.
import { TAG } from '../der/tag.ts'
import {
  compareOctets,
  writeElements,
  writeIa5String,
  writeOid,
  writePrintableString,
  writeSequence,
  writeUtf8String,
} from '../der/write.ts'
import type { Name, RelativeDistinguishedName } from '../model.ts'
import { OID } from '../oid.ts'
import type { AttributeName } from './format.ts'
import { readName } from './read.ts'

/** Writes a Name from its values; each SET OF in DER's order. @see RFC 5280 §4.1.2.4, X.690 §11.6 */
export function writeName(rdnSequence: readonly RelativeDistinguishedName[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    rdnSequence.map((rdn) => writeRdn(rdn)),
  )
}

/** Writes a RelativeDistinguishedName, under the IMPLICIT `tag` where it has one. */
export function writeRdn(rdn: RelativeDistinguishedName, tag: number = TAG.set): Uint8Array {
  const attributes = rdn.map(({ type, value }) => writeSequence(writeOid(type), value))
  return writeElements(tag, attributes.sort(compareOctets))
}

/** RFC 5280 Appendix A.1 gives these one string type; every other attribute is a UTF8String here. */
const WRITERS: Partial<Record<AttributeName, (text: string) => Uint8Array>> = {
  countryName: writePrintableString,
  serialNumber: writePrintableString,
  dnQualifier: writePrintableString,
  domainComponent: writeIa5String,
  emailAddress: writeIa5String,
}

/**
 * Makes a Name of one attribute per relative distinguished name, as in `nameOf([['commonName', 'x']])`.
 * @throws {RangeError} when a text is outside the alphabet of its attribute.
 */
export function nameOf(attributes: readonly (readonly [AttributeName, string])[]): Name {
  return readName(
    writeName(
      attributes.map(([name, text]) => [
        { type: OID[name], value: (WRITERS[name] ?? ((value) => writeUtf8String(value)))(text) },
      ]),
    ),
  )
}
