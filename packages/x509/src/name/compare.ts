// Comparing names, RFC 5280 §7.1 and §7.3.
import { TAG } from '../der/tag.ts'
import { compareOctets } from '../der/write.ts'
import type { AttributeTypeAndValue, Name, RelativeDistinguishedName } from '../model.ts'
import { OID } from '../oid.ts'
import { prepareText } from './prepare.ts'

/** Whether two names are the same: the same relative distinguished names in the same order. @see RFC 5280 §7.1 */
export function namesEqual(left: Name, right: Name): boolean {
  if (compareOctets(left.der, right.der) === 0) return true
  if (left.rdnSequence.length !== right.rdnSequence.length) return false
  const plain = plainNamesEqual(left, right)
  if (plain !== undefined) return plain
  const rightKeys = keysOf(right)
  return keysOf(left).every((key, i) => key === rightKeys[i])
}

/** Nearly every name: short texts in ASCII, one a step. These are compared as quickly as keys are looked up. */
function plainNamesEqual(left: Name, right: Name): boolean | undefined {
  for (let i = 0; i < left.rdnSequence.length; i++) {
    const rdn = left.rdnSequence[i] as RelativeDistinguishedName
    const otherRdn = right.rdnSequence[i] as RelativeDistinguishedName
    const one = rdn[0]
    const other = otherRdn[0]
    if (one === undefined || other === undefined || rdn.length > 1 || otherRdn.length > 1) return undefined
    if (one.type !== other.type) return false
    if (!isPlain(one.text) || !isPlain(other.text)) return undefined
    if (one.text === other.text && one.value[0] === other.value[0]) continue
    if (matchingKey(one) !== matchingKey(other)) return false
  }
  return true
}

/** Longer ones are prepared once, as all that is not in ASCII. */
function isPlain(text: string | undefined): boolean {
  return text !== undefined && text.length <= 64 && ASCII.test(text)
}

const ASCII = /^[\x20-\x7e]*$/

/** Whether two relative distinguished names have the same attributes, in whatever order. @see RFC 5280 §7.1 */
export function rdnsEqual(left: RelativeDistinguishedName, right: RelativeDistinguishedName): boolean {
  return left.length === right.length && keyOfRdn(left) === keyOfRdn(right)
}

/**
 * Keys by name, kept as long as the name is. Preparing a text that a peer chose can cost a thousand times its reading:
 * so each name costs once, and not once for each of the names that a search compares it with.
 */
const KEYS = new WeakMap<Name, readonly string[]>()
const MAP_KEYS = new WeakMap<Name, readonly string[]>()

function keysOf(name: Name): readonly string[] {
  return kept(KEYS, name, keyOfRdn)
}

function kept(
  all: WeakMap<Name, readonly string[]>,
  name: Name,
  make: (rdn: RelativeDistinguishedName) => string,
): readonly string[] {
  const keys = all.get(name) ?? name.rdnSequence.map(make)
  all.set(name, keys)
  return keys
}

/** Two relative distinguished names match if and only if their keys are equal. */
function keyOfRdn(rdn: RelativeDistinguishedName): string {
  const [only] = rdn
  if (rdn.length === 1 && only !== undefined) return matchingKey(only)
  // Sorted and not pair by pair: a peer may send thousands of attributes in one set. No other key begins with a bracket.
  return JSON.stringify(rdn.map(matchingKey).sort())
}

/** One text for each relative distinguished name, equal exactly where two of them are the same: for sets and maps. @see RFC 5280 §7.1 */
export function rdnKeys(name: Name): readonly string[] {
  return kept(MAP_KEYS, name, (rdn) => JSON.stringify(rdn.map(matchingKey).sort()))
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

/**
 * The string types of DirectoryString, RFC 5280 §4.1.2.4; support for the last three is OPTIONAL in §7.1. The others hold texts where
 * no clause allows them: whoever writes a name so must not get round what excludes it (§4.2.1.10). OpenSSL compares them so, too.
 */
const TEXT_STRINGS: ReadonlySet<number | undefined> = new Set([
  TAG.utf8String,
  TAG.printableString,
  TAG.teletexString,
  TAG.bmpString,
  TAG.universalString,
  TAG.ia5String,
  TAG.visibleString,
  TAG.numericString,
])

/** The text as it is compared; `undefined` where only the octets count. */
function preparedText({ type, value, text }: AttributeTypeAndValue): string | undefined {
  const tag = value[0]
  if (text === undefined) return undefined
  // §7.3: "a case-insensitive exact match", of an IA5String.
  if (type === OID.domainComponent && tag === TAG.ia5String) return text.toLowerCase()
  // Also §4.1.2.6: "emailAddress attribute values are not case-sensitive"; RFC 2985 §5.2.1 names the rule caseIgnoreIA5Match.
  return TEXT_STRINGS.has(tag) ? prepareText(text) : undefined
}
