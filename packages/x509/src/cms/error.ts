/** Why DER is not the CMS message that was asked for, or not one that we use. A released code keeps its meaning and is never reused. */
export const CMS_ERRORS = {
  ERR_CMS_CONTENT_TYPE: ['RFC 5652 §3', 'the message is of another content type than its place asks for'],
  ERR_CMS_VERSION: ['RFC 5652 §5.1, §6.1', 'the version is not one that this structure has'],
  ERR_CMS_CONTENT_PKCS7: ['RFC 5652 §5.2.1', 'the content is no OCTET STRING: the message is of PKCS #7, not CMS'],
  ERR_CMS_CERTIFICATE_CHOICE: ['RFC 5652 §10.2.2', 'the certificate is of none of the kinds that CMS has'],
  ERR_CMS_REVOCATION_CHOICE: ['RFC 5652 §10.2.1', 'the revocation information is of none of the kinds that CMS has'],
  ERR_CMS_IDENTIFIER: ['RFC 5652 §5.3, §6.2.1', 'signer, recipient or originator are named in no way that CMS has'],
  ERR_CMS_ATTRIBUTES_EMPTY: ['RFC 5652 §5.3', 'attributes are at least one, or absent'],
  ERR_CMS_ATTRIBUTE: ['RFC 5652 §11', 'the attribute stands once, with one value of its type'],
  ERR_CMS_SIGNED_ATTRIBUTES: [
    'RFC 5652 §5.3, §11.1',
    'signed attributes have the content type that is signed and the digest of the content',
  ],
  ERR_CMS_RECIPIENTS_EMPTY: ['RFC 5652 §6.1', 'there is at least one recipient'],
  ERR_CMS_RECIPIENT_CHOICE: ['RFC 5652 §6.2', 'the recipient is of none of the kinds that CMS has'],
  ERR_CMS_AUTHENTICATED_ATTRIBUTES: [
    'RFC 5083 §2.1',
    'authenticated attributes stand where the content is no plain data',
  ],
  ERR_CMS_CONTENT_ABSENT: ['RFC 5652 §5.2, §6.1', 'the content is not in the message, and was not given beside it'],
  ERR_CMS_CONTENT_TWICE: ['RFC 5652 §5.2', 'the content is in the message, and was given beside it too'],
  ERR_CMS_ALGORITHM: ['RFC 5652 §10.1', 'the algorithm, or a parameter of it, is none that we use'],
  ERR_CMS_NO_RECIPIENT: ['RFC 5652 §6.2', 'the message is for none of the keys at hand'],
  ERR_CMS_DIGEST: ['RFC 5652 §5.6', 'the content is not what was signed'],
  ERR_CMS_SIGNATURE: ['RFC 5652 §5.6', 'the signature does not verify under the key of its signer'],
  ERR_CMS_TIME_STAMP: ['RFC 3161 §2.4', 'this is no request, answer or content of a time-stamping authority'],
  ERR_CMS_DECRYPT: ['RFC 5652 §6.4, RFC 5083 §2.2', 'the message does not decrypt'],
} as const

/** One reason of {@link CMS_ERRORS}. */
export type CmsErrorCode = keyof typeof CMS_ERRORS

/** Says that octets are not the CMS message that was asked for, or do not decrypt. */
export class CmsError extends Error {
  override readonly name = 'CmsError'
  readonly code: CmsErrorCode
  /** Index, in octets from the start of the decoder's input, of what is wrong; absent where it is the message as a whole. */
  readonly offset?: number
  constructor(code: CmsErrorCode, offset?: number) {
    const [clause, text] = CMS_ERRORS[code]
    super(`${text} (${clause}${offset === undefined ? '' : `, octet ${offset}`})`)
    this.code = code
    if (offset !== undefined) this.offset = offset
  }
}
