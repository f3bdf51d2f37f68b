// Comparing names, RFC 5280 §7.1: first part, without the tables of RFC 4518 §2.2 to §2.5 (docs/protocols/rfc5280.md).
import { TAG } from '../der/tag.ts'
import { compareOctets } from '../der/write.ts'
import type { AttributeTypeAndValue, Name, RelativeDistinguishedName } from '../model.ts'
import { OID } from '../oid.ts'

/** Whether two names are the same by RFC 5280 §7.1; of what it leaves open, only equal octets are the same. */
export function namesEqual(left: Name, right: Name): boolean {
  if (compareOctets(left.der, right.der) === 0) return true
  if (left.rdnSequence.length !== right.rdnSequence.length) return false
  return left.rdnSequence.every((rdn, i) => rdnsEqual(rdn, right.rdnSequence[i] ?? []))
}

/** Whether two relative distinguished names have the same attributes, in whatever order. @see RFC 5280 §7.1 */
function rdnsEqual(left: RelativeDistinguishedName, right: RelativeDistinguishedName): boolean {
  if (left.length !== right.length) return false
  const [leftOnly, rightOnly] = [left[0], right[0]]
  // Nearly every RDN has one attribute, and of nearly all it is clear without preparing any text.
  if (left.length === 1 && leftOnly && rightOnly) {
    if (leftOnly.type !== rightOnly.type) return false
    return compareOctets(leftOnly.value, rightOnly.value) === 0 || matchingKey(leftOnly) === matchingKey(rightOnly)
  }
  // Sorted keys and not pairs: a peer may send thousands of attributes in one set.
  const rightKeys = right.map(matchingKey).sort()
  return left
    .map(matchingKey)
    .sort()
    .every((key, i) => key === rightKeys[i])
}

/** One text for each relative distinguished name, equal exactly where two of them are the same: for sets and maps. @see RFC 5280 §7.1 */
export function rdnKeys(name: Name): readonly string[] {
  return name.rdnSequence.map((rdn) => JSON.stringify(rdn.map(matchingKey).sort()))
}

/** Whether a name has no attribute at all. */
export function isEmptyName(name: Name): boolean {
  return name.rdnSequence.length === 0
}

/** Two attributes match if and only if their keys are equal. */
function matchingKey(attribute: AttributeTypeAndValue): string {
  const text = preparedText(attribute)
  return text === undefined ? `${attribute.type}#${attribute.value.toHex()}` : `${attribute.type}=${text}`
}

/** The text as it is compared; `undefined` where only the octets count. */
function preparedText({ type, value, text }: AttributeTypeAndValue): string | undefined {
  const tag = value[0]
  if (text === undefined) return undefined
  if (tag === TAG.utf8String || tag === TAG.printableString)
    return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
  // §7.3 and §4.1.2.6: the two attributes of Internet names are IA5Strings, compared without regard to case.
  const isInternetName = type === OID.domainComponent || type === OID.emailAddress
  return tag === TAG.ia5String && isInternetName ? text.toLowerCase() : undefined
}
