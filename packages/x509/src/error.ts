/** Why DER is not the structure that was asked for. A released code keeps its meaning and is never reused. */
export const X509_ERRORS = {
  ERR_X509_VERSION: ['RFC 5280 §4.1.2.1', 'the version is not one that its format has'],
  ERR_X509_VERSION_EXTENSIONS: ['RFC 5280 §4.1.2.9', 'only a version 3 certificate has extensions'],
  ERR_X509_VERSION_UNIQUE_ID: ['RFC 5280 §4.1.2.8', 'a version 1 certificate has no unique identifiers'],
  ERR_X509_SERIAL_LENGTH: ['RFC 5280 §4.1.2.2', 'a serial number has at most 20 octets'],
  ERR_X509_ISSUER_EMPTY: ['RFC 5280 §4.1.2.4', 'the issuer has an empty name'],
  ERR_X509_RDN_EMPTY: ['RFC 5280 §4.1.2.4', 'a relative distinguished name has at least one attribute'],
  ERR_X509_EXTENSIONS_EMPTY: ['RFC 5280 §4.1', 'extensions are at least one, or absent'],
  ERR_X509_EXTENSION_DUPLICATE: ['RFC 5280 §4.2', 'the same extension stands more than once'],
  ERR_X509_EXTENSION_COUNT: ['local limit', 'there are more than 256 extensions'],
  ERR_X509_GENERAL_NAMES_EMPTY: ['RFC 5280 §4.2.1.6', 'general names are at least one, or absent'],
  ERR_X509_GENERAL_NAME_TYPE: ['RFC 5280 §4.2.1.6', 'the general name is of none of the nine kinds'],
  ERR_X509_IP_ADDRESS: ['RFC 5280 §4.2.1.6', 'an address is of 4 or 16 octets'],
  ERR_X509_IP_RANGE: ['RFC 5280 §4.2.1.10', 'a range of addresses is an address and a contiguous mask, 8 or 32 octets'],
  ERR_X509_KEY_IDENTIFIER_PAIR: [
    'RFC 5280 §4.2.1.1',
    'issuer and serial number of the authority stand both or not at all',
  ],
  ERR_X509_KEY_USAGE_EMPTY: ['RFC 5280 §4.2.1.3', 'a key usage sets at least one bit'],
  ERR_X509_KEY_USAGE_BIT: ['RFC 5280 §4.2.1.3', 'the key usage sets a bit that has no name'],
  ERR_X509_POLICIES_EMPTY: ['RFC 5280 §4.2.1.4', 'certificate policies are at least one, or absent'],
  ERR_X509_POLICY_DUPLICATE: ['RFC 5280 §4.2.1.4', 'the same policy stands more than once'],
  ERR_X509_POLICY_QUALIFIERS_EMPTY: ['RFC 5280 §4.2.1.4', 'policy qualifiers are at least one, or absent'],
  ERR_X509_POLICY_MAPPINGS_EMPTY: ['RFC 5280 §4.2.1.5', 'policy mappings are at least one, or absent'],
  ERR_X509_DIRECTORY_ATTRIBUTES_EMPTY: [
    'RFC 5280 §4.2.1.8',
    'subject directory attributes are at least one, or absent',
  ],
  ERR_X509_ATTRIBUTE_VALUES_EMPTY: ['RFC 5280 Appendix A.1', 'an attribute has at least one value'],
  ERR_X509_NAME_CONSTRAINTS_EMPTY: ['RFC 5280 §4.2.1.10', 'name constraints permit or exclude at least one subtree'],
  ERR_X509_POLICY_CONSTRAINTS_EMPTY: ['RFC 5280 §4.2.1.11', 'policy constraints have at least one field'],
  ERR_X509_EXTENDED_KEY_USAGE_EMPTY: ['RFC 5280 §4.2.1.12', 'key purposes are at least one, or absent'],
  ERR_X509_DISTRIBUTION_POINTS_EMPTY: ['RFC 5280 §4.2.1.13', 'distribution points are at least one, or absent'],
  ERR_X509_DISTRIBUTION_POINT_NOWHERE: ['RFC 5280 §4.2.1.13', 'a distribution point names a place or a CRL issuer'],
  ERR_X509_REASONS: ['RFC 5280 §4.2.1.13', 'reasons set at least one bit, and only bits that have a name'],
  ERR_X509_ACCESS_DESCRIPTIONS_EMPTY: ['RFC 5280 §4.2.2.1', 'access descriptions are at least one, or absent'],
  ERR_X509_ISSUING_POINT_EMPTY: ['RFC 5280 §5.2.5', 'an issuing distribution point has at least one field'],
  ERR_X509_ISSUING_POINT_SCOPES: ['RFC 5280 §5.2.5', 'a CRL is limited to one kind of certificate at most'],
  ERR_X509_CRL_VERSION: ['RFC 5280 §5.1.2.1', 'the version of a CRL is absent or 2'],
  ERR_X509_CRL_VERSION_EXTENSIONS: ['RFC 5280 §5.1.2.7', 'only a version 2 CRL has extensions'],
  ERR_X509_CRL_NUMBER: ['RFC 5280 §5.2.3', 'a CRL number is not negative and has at most 20 octets'],
  ERR_X509_REVOKED_EMPTY: ['RFC 5280 §5.1.2.6', 'revoked certificates are at least one, or absent'],
  ERR_X509_REASON_CODE: ['RFC 5280 §5.3.1', 'the reason code has no meaning'],
  ERR_X509_REQUEST_VERSION: ['RFC 2986 §4.1', 'the version of a certification request is 0'],
  ERR_X509_EXTENSION_REQUEST: ['RFC 2985 §5.4.2', 'an extension request has one value and stands once'],
  ERR_X509_ALGORITHM_PARAMETERS: [
    'RFC 4055 §1.2, §3.1 and §5',
    'the parameters of the algorithm are not exactly those that its specification has',
  ],
  ERR_X509_CURVE: ['RFC 5480 §2.1.1', 'the curve is not P-256, P-384 or P-521 by name'],
  ERR_X509_PUBLIC_KEY: ['RFC 5480 §2.2, RFC 8410 §4', 'the public key has not the form and length of its kind'],
  ERR_X509_PRIVATE_KEY: ['RFC 5915 §3, RFC 8410 §7', 'the private key has not the form and length of its kind'],
  ERR_X509_SMTP_UTF8_MAILBOX: [
    'RFC 9598 §3',
    'an internationalized address has a local part that is not ASCII, and a domain of A-labels in lower case',
  ],
  ERR_X509_OCSP_VERSION: ['RFC 6960 §4.1.1', 'the version of an OCSP message is absent, which is 1'],
  ERR_X509_OCSP_REQUESTS_EMPTY: ['RFC 6960 §4.1.1', 'an OCSP request asks for at least one certificate'],
  ERR_X509_OCSP_REQUESTOR_ABSENT: ['RFC 6960 §4.1.2', 'a signed OCSP request has the name of its requestor'],
  ERR_X509_OCSP_STATUS: ['RFC 6960 §4.2.1', 'the status of an OCSP response has no meaning'],
  ERR_X509_OCSP_RESPONSE_BYTES: [
    'RFC 6960 §4.2.1',
    'response bytes stand where the status is successful, and only there',
  ],
  ERR_X509_OCSP_RESPONSE_TYPE: ['RFC 6960 §4.2.1', 'the type of an OCSP response is id-pkix-ocsp-basic'],
  ERR_X509_OCSP_RESPONSES_EMPTY: ['RFC 6960 §4.2.2.3', 'an OCSP response is about at least one certificate'],
  ERR_X509_OCSP_RESPONDER_ID: ['RFC 6960 §4.2.1', 'a responder is named by its name or by the hash of its key'],
  ERR_X509_OCSP_KEY_HASH: ['RFC 6960 §4.2.1', 'the hash of a responder key has the 20 octets of SHA-1'],
  ERR_X509_OCSP_CERT_STATUS: ['RFC 6960 §4.2.1', 'the status of a certificate is good, revoked or unknown'],
  ERR_X509_OCSP_NONCE: ['RFC 9654 §2.1', 'a nonce has 1 to 128 octets'],
  ERR_X509_PRIVATE_KEY_VERSION: ['RFC 5958 §2', 'the version of a private key is 0, or 1 where its public key stands'],
} as const

/** One reason of {@link X509_ERRORS}. */
export type X509ErrorCode = keyof typeof X509_ERRORS

/** Says that octets are DER, but not of the structure that was asked for. */
export class X509Error extends Error {
  override readonly name = 'X509Error'
  readonly code: X509ErrorCode
  /** Index, in octets from the start of the decoder's input, of what is wrong. */
  readonly offset: number
  constructor(code: X509ErrorCode, offset: number) {
    const [clause, text] = X509_ERRORS[code]
    super(`${text} (${clause}, octet ${offset})`)
    this.code = code
    this.offset = offset
  }
}
