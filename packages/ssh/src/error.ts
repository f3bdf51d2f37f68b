/** Why octets or a text are not the SSH format that was asked for. A released code keeps its meaning and is never reused. */
export const SSH_ERRORS = {
  ERR_SSH_TRUNCATED: ['RFC 4251 §5', 'the input or the enclosing string ends inside this value'],
  ERR_SSH_TRAILING: ['RFC 4251 §5', 'octets follow where nothing may follow'],
  ERR_SSH_OCTETS_LIMIT: ['local limit', 'the input has more octets than its format may have'],
  ERR_SSH_ELEMENTS_LIMIT: ['local limit', 'there are more elements than the format may have'],
  ERR_SSH_TEXT: ['RFC 4251 §5', 'the text is not UTF-8, or has a NUL'],
  ERR_SSH_NAME: ['RFC 4251 §6', 'a name has 1 to 64 printable US-ASCII characters, no comma, and one at-sign at most'],
  ERR_SSH_MPINT: ['RFC 4251 §5', 'the integer has an unnecessary leading octet'],
  ERR_SSH_MPINT_NEGATIVE: ['RFC 4251 §5', 'the integer is negative, which no value that we read may be'],
  ERR_SSH_MPINT_LIMIT: ['local limit', 'the integer has more octets than its place may have'],
  ERR_SSH_TIME: ['local limit', 'the time is outside of what a date can be'],
  ERR_SSH_KEY_TYPE: ['RFC 4253 §6.6', 'the key is of no type that we read'],
  ERR_SSH_KEY_LENGTH: ['RFC 8709 §4', 'an Ed25519 key has 32 octets'],
  ERR_SSH_KEY_CURVE: ['RFC 5656 §3.1', 'the curve is not the one that the type of the key names'],
  ERR_SSH_KEY_POINT: ['RFC 5656 §3.1', 'the key is not an uncompressed point of its curve'],
  ERR_SSH_KEY_RSA_SIZE: ['local limit', 'an RSA key has an odd modulus of 2048 to 16384 bits'],
  ERR_SSH_KEY_RSA_EXPONENT: [
    'RFC 8017 §3.1',
    'the exponent of an RSA key is odd, at least 3, and has 256 bits at most',
  ],
  ERR_SSH_SIGNATURE_ALGORITHM: ['RFC 4253 §6.6', 'the signature is of no algorithm that we read'],
  ERR_SSH_SIGNATURE_SHA1: ['draft-ietf-sshm-cert §6', 'signatures of ssh-rsa hash with SHA-1, and prove nothing'],
  ERR_SSH_SIGNATURE_FORM: [
    'RFC 5656 §3.1.2, RFC 8332 §3, RFC 8709 §6',
    'the signature has not the form of its algorithm',
  ],
  ERR_SSH_SIGNATURE_KEY: [
    'draft-ietf-sshm-cert §3.2',
    'the signature is of an algorithm or a length that its key does not make',
  ],
  ERR_SSH_CERT_TYPE: ['draft-ietf-sshm-cert §2.1', 'this is a certificate of no type that we read'],
  ERR_SSH_CERT_NONCE: ['draft-ietf-sshm-cert §2.1.1', 'a nonce has at least 16 octets'],
  ERR_SSH_CERT_SERIAL_ZERO: ['PROTOCOL.certkeys', 'serial number 0 says that there is none: it could not be revoked'],
  ERR_SSH_CERT_ROLE: ['draft-ietf-sshm-cert §4.1', 'a certificate is of a user or of a host'],
  ERR_SSH_CERT_KEY_ID: [
    'draft-ietf-sshm-cert §2.1.1',
    'an identifier for logs is not empty and has no control characters',
  ],
  ERR_SSH_CERT_PRINCIPAL: ['draft-ietf-sshm-cert §2.1.1', 'a principal is not empty'],
  ERR_SSH_CERT_PRINCIPALS_EMPTY: ['PROTOCOL.certkeys', 'no principals may mean every principal: there is at least one'],
  ERR_SSH_CERT_PRINCIPAL_DUPLICATE: ['local limit', 'the same principal stands more than once'],
  ERR_SSH_CERT_PRINCIPAL_PATTERN: ['OpenSSH', 'clients take * and ? in the principal of a host for a pattern'],
  ERR_SSH_CERT_PRINCIPAL_TEXT: [
    'OpenSSH',
    'a principal has no comma, no space and no control characters: lists would split it',
  ],
  ERR_SSH_CERT_VALIDITY: ['draft-ietf-sshm-cert §2.1.1', 'the certificate ends before it begins'],
  ERR_SSH_CERT_OPTION_ORDER: [
    'draft-ietf-sshm-cert §2.2',
    'options are not in ascending order by their names, each once',
  ],
  ERR_SSH_CERT_OPTION_DATA: ['draft-ietf-sshm-cert §2.3, §2.4', 'the value of the option is not of its type'],
  ERR_SSH_CERT_OPTION_ROLE: ['draft-ietf-sshm-cert §2.3, §2.4', 'no option and no extension is defined for a host'],
  ERR_SSH_CERT_OPTION_UNKNOWN: ['draft-ietf-sshm-cert §2.4', 'nobody accepts a critical option that is not known'],
  ERR_SSH_CERT_OPTION_KEY: ['draft-ietf-sshm-cert §2.3, §2.4', 'only a security key says whether its user was there'],
  ERR_SSH_CERT_SOURCE_ADDRESS: [
    'PROTOCOL.certkeys',
    'a source is an address or a network in CIDR form without host bits',
  ],
  ERR_SSH_CERT_AUTHORITY: [
    'draft-ietf-sshm-cert §2.1.1',
    'a certificate is signed by a plain key: not by a certificate or a security key',
  ],
  ERR_SSH_KRL_MAGIC: ['PROTOCOL.krl §1', 'this is no key revocation list'],
  ERR_SSH_KRL_VERSION: ['PROTOCOL.krl §1', 'the format of the list is not version 1'],
  ERR_SSH_KRL_FLAGS: ['PROTOCOL.krl §1', 'no flags are defined'],
  ERR_SSH_KRL_SECTION: ['PROTOCOL.krl §1, §2', 'the section is of no type that is defined'],
  ERR_SSH_KRL_SECTION_EMPTY: ['PROTOCOL.krl §2, §2.4, §3, §4', 'a section has at least one element'],
  ERR_SSH_KRL_SIGNATURE: ['PROTOCOL.krl §6', 'signatures within a list are refused by OpenSSH, and by us'],
  ERR_SSH_KRL_EXTENSION: ['PROTOCOL.krl §2.5, §5', 'a critical extension is not known'],
  ERR_SSH_KRL_SERIAL: [
    'PROTOCOL.krl §2.1 to §2.3',
    'serial numbers are 1 to 2^64 - 1, and a range begins before it ends',
  ],
  ERR_SSH_KRL_KEY: ['PROTOCOL.krl §2, §3', 'a key that is revoked or that issued is a plain key, not a certificate'],
  ERR_SSH_KRL_HASH: ['PROTOCOL.krl §4', 'a hash has 20 octets with SHA-1 and 32 with SHA-256'],
  ERR_SSH_KRL_HASH_ORDER: ['PROTOCOL.krl §4', 'hashes are not in ascending order, each once'],
  ERR_SSH_LINE: ['sshd(8) AUTHORIZED_KEYS FILE FORMAT', 'the line is not: options, type, base64, comment'],
  ERR_SSH_LINE_OPTION: ['sshd(8) AUTHORIZED_KEYS FILE FORMAT', 'the options are not names with quoted values'],
  ERR_SSH_LINE_BASE64: ['RFC 4648 §4', 'the key is not in base64'],
  ERR_SSH_LINE_TYPE: ['RFC 4253 §6.6', 'the line names another type than the key has'],
  ERR_SSH_SIG_MAGIC: ['PROTOCOL.sshsig §2', 'this is no signature over a message'],
  ERR_SSH_SIG_VERSION: ['PROTOCOL.sshsig §2', 'the format of the signature is not version 1'],
  ERR_SSH_SIG_NAMESPACE: ['PROTOCOL.sshsig §2', 'the namespace of a signature is not empty'],
  ERR_SSH_SIG_RESERVED: ['PROTOCOL.sshsig §2', 'nothing is defined for what is reserved'],
  ERR_SSH_SIG_HASH: ['PROTOCOL.sshsig §2', 'a message is hashed by sha256 or sha512'],
  ERR_SSH_SIG_ARMOR: ['PROTOCOL.sshsig §1', 'the armor is not its header, base64 and its footer'],
  ERR_SSH_FINGERPRINT: ['ssh-keygen(1) -l', 'a fingerprint is SHA256: and 43 characters of base64'],
} as const

/** One reason of {@link SSH_ERRORS}. */
export type SshErrorCode = keyof typeof SSH_ERRORS

/** Says that octets or a text are not of the SSH format that was asked for, or that values may not be written in it. */
export class SshError extends Error {
  override readonly name = 'SshError'
  readonly code: SshErrorCode
  /** Index, in octets or characters from the start of the input, of what is wrong; absent where a value is refused before it is written. */
  readonly offset?: number
  constructor(code: SshErrorCode, offset?: number) {
    const [clause, text] = SSH_ERRORS[code]
    super(`${text} (${clause}${offset === undefined ? '' : `, octet ${offset}`})`)
    this.code = code
    if (offset !== undefined) this.offset = offset
  }
}
