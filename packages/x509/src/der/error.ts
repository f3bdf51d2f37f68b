/** Why octets are not DER. A released code keeps its meaning and is never reused. */
export const DER_ERRORS = {
  ERR_DER_TRUNCATED: ['X.690 §8.1.1', 'the input or the enclosing element ends inside this one'],
  ERR_DER_MISSING: ['X.690 §8.9.2', 'the enclosing element ends where a further one must stand'],
  ERR_DER_TRAILING: ['X.690 §8.1.3', 'octets follow where nothing may follow'],
  ERR_DER_TAG: ['X.690 §8.1.2', 'the element has another type than its place asks for'],
  ERR_DER_HIGH_TAG: ['X.690 §8.1.2.4', 'tag numbers above 30 are not used by any format we read'],
  ERR_DER_CONSTRUCTED: ['X.690 §10.2', 'this type has only one form in DER, primitive or constructed'],
  ERR_DER_INDEFINITE: ['X.690 §10.1', 'the indefinite length form is BER, not DER'],
  ERR_DER_LENGTH_FORM: ['X.690 §10.1', 'the length is not in the fewest octets'],
  ERR_DER_LENGTH_LIMIT: ['local limit', 'the input exceeds the octets that its format may have'],
  ERR_DER_DEPTH_LIMIT: ['local limit', 'elements are nested deeper than the format may have them'],
  ERR_DER_ELEMENT_LIMIT: ['local limit', 'there are more elements than the format may have'],
  ERR_DER_BOOLEAN: ['X.690 §11.1', 'a BOOLEAN is one octet, 00 or FF'],
  ERR_DER_INTEGER: ['X.690 §8.3.2', 'an INTEGER is not empty and not in more octets than needed'],
  ERR_DER_INTEGER_LIMIT: ['local limit', 'the INTEGER is outside the range that its place may have'],
  ERR_DER_NULL: ['X.690 §8.8.2', 'a NULL has no contents'],
  ERR_DER_BIT_STRING: ['X.690 §11.2.1', 'a BIT STRING has 0 to 7 unused bits, all of them zero'],
  ERR_DER_BIT_STRING_OCTETS: ['RFC 5280 §4.1.1.3', 'a key or a signature is of whole octets'],
  ERR_DER_NAMED_BITS: ['X.690 §11.2.2', 'a BIT STRING of named bits has no trailing zero bits'],
  ERR_DER_OID: ['X.690 §8.19.2', 'an object identifier is not empty and each arc is whole and in the fewest octets'],
  ERR_DER_OID_LIMIT: ['local limit', 'the object identifier is longer than 128 octets'],
  ERR_DER_STRING: ['X.690 §8.23', 'the string has an octet outside the alphabet of its type'],
  ERR_DER_TIME: ['RFC 5280 §4.1.2.5', 'a time is a real date with seconds, in Zulu, without a fraction'],
  ERR_DER_TIME_TYPE: ['RFC 5280 §4.1.2.5', 'no time is before 1950'],
  ERR_DER_SET_ORDER: ['X.690 §11.6', 'the elements of a SET OF are not in ascending order'],
  ERR_DER_SEGMENT: [
    'X.690 §8.6.4, §8.7.3',
    'a string in parts has parts of its own type, and whole octets but in the last',
  ],
  ERR_DER_END_OF_CONTENTS: ['X.690 §8.1.5', 'two zero octets end what was not begun without a length'],
  ERR_DER_DEFAULT: ['X.690 §11.5', 'a value equal to its DEFAULT is written out'],
} as const

/** One reason of {@link DER_ERRORS}. */
export type DerErrorCode = keyof typeof DER_ERRORS

/** Says that octets are not the DER of the format that was asked for. */
export class DerError extends Error {
  override readonly name = 'DerError'
  readonly code: DerErrorCode
  /** Index, in octets from the start of the decoder's input, of what is wrong. */
  readonly offset: number
  constructor(code: DerErrorCode, offset: number) {
    const [clause, text] = DER_ERRORS[code]
    super(`${text} (${clause}, octet ${offset})`)
    this.code = code
    this.offset = offset
  }
}
