/** Why octets are not a PKCS #12 file that we open. A released code keeps its meaning and is never reused. */
export const PKCS12_ERRORS = {
  ERR_PKCS12_VERSION: ['RFC 7292 §4', 'the version of a PKCS #12 file is 3'],
  ERR_PKCS12_INTEGRITY: [
    'RFC 7292 §4',
    'the file is not under a password: it is signed, or nothing shows that it is whole',
  ],
  ERR_PKCS12_PRIVACY: ['RFC 7292 §4.1', 'a part of the file is encrypted to a key, and not under the password'],
  ERR_PKCS12_CONTENT: ['RFC 7292 §4.1', 'a part of the file is of a type that has no place there'],
  ERR_PKCS12_MAC: ['RFC 7292 §4, RFC 9879 §4', 'the integrity of the file is shown by an algorithm that we do not use'],
  ERR_PKCS12_ITERATIONS: ['RFC 7292 §4', 'an iteration count is at least 1'],
  ERR_PKCS12_PASSWORD: ['RFC 7292 §5.2', 'the password is wrong, or the file is damaged'],
  ERR_PKCS12_LEGACY: [
    'RFC 7292 Appendix C',
    'the file is protected by RC2, RC4 or Triple DES, which protect no more; write it again with: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW',
  ],
  ERR_PKCS12_BAG: ['RFC 7292 §4.2', 'a bag holds something else than its type says'],
  ERR_PKCS12_BAG_DEPTH: ['local limit', 'bags are nested deeper than 4'],
  ERR_PKCS12_ATTRIBUTE: ['RFC 2985 §5.5', 'a friendly name or local key id stands once, with one value of its type'],
} as const

/** One reason of {@link PKCS12_ERRORS}. */
export type Pkcs12ErrorCode = keyof typeof PKCS12_ERRORS

/** Says why octets are not a PKCS #12 file that opens; never with a piece of it. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error'
  readonly code: Pkcs12ErrorCode
  constructor(code: Pkcs12ErrorCode, options?: ErrorOptions) {
    const [clause, text] = PKCS12_ERRORS[code]
    super(`${text} (${clause})`, options)
    this.code = code
  }
}
