// Comparing distinguished names, RFC 5280 §7.1.
import type { AttributeTypeAndValue, Name } from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/**
 * Compares two names: equal octets are equal names; else each attribute is compared by caseIgnoreMatch where it is text.
 * @see RFC 5280 §7.1
 */
export function equalNames(left: Name, right: Name): boolean {
  return sameOctets(left.der, right.der) || (mayBeEqual(left, right) && nameKey(left) === nameKey(right))
}

/** Answers whether two names are equal, and makes the key of each name at most once. For one search. */
export function compareNamesOnce(): (left: Name, right: Name) => boolean {
  const keys = new Map<Name, string>()
  const keyOf = (name: Name) => {
    const known = keys.get(name)
    if (known !== undefined) return known
    const key = nameKey(name)
    keys.set(name, key)
    return key
  }
  return (left, right) => sameOctets(left.der, right.der) || (mayBeEqual(left, right) && keyOf(left) === keyOf(right))
}

function mayBeEqual(left: Name, right: Name): boolean {
  return left.rdnSequence.length === right.rdnSequence.length
}

/** A text that is the same for equal names only. */
function nameKey(name: Name): string {
  return JSON.stringify(name.rdnSequence.map((rdn) => rdn.map(attributeKey).sort()))
}

function attributeKey({ type, value, text }: AttributeTypeAndValue): string {
  return text === undefined ? `${type}#${value.toHex()}` : `${type}=${prepare(text)}`
}

/** Soft hyphens, joiners, variation selectors and such, which RFC 4518 §2.2 maps to nothing. */
const MAPPED_TO_NOTHING = /\p{Default_Ignorable_Code_Point}|\u{fffc}/gu

/**
 * RFC 4518 §2 as RFC 5280 §7.1 asks for it: mapped, case folded, NFKC, white space at the ends gone and inside one space.
 * Case is folded by way of upper case, so that characters with one upper case (ß and ss, σ and ς) are one.
 */
function prepare(text: string): string {
  return text
    .replace(MAPPED_TO_NOTHING, '')
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .replace(/^ | $/g, '')
}
