// Writing certificates: what is to be signed, built and read back; then the whole, around those octets.
import { SshError } from '../error.ts'
import { sshKeyTypeOf, writeKeyFields, writeSshPublicKey } from '../key/public-key.ts'
import { isSignatureOf, type SshSignature, writeSshSignature } from '../signature.ts'
import { join, writeString, writeText, writeTime, writeUint32, writeUint64 } from '../wire/write.ts'
import type { ReadSshTbsCertificate, SshTbsCertificate } from './model.ts'
import { SECURITY_KEY_OPTIONS, writeOptions } from './option.ts'
import { certificateTypeOf, FOREVER, ROLES, readSshCertificate, readSshTbsCertificate } from './read.ts'

/** What would end a line or deceive in a log. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
/** Between names of a list, in `ssh-keygen -n` and in files of principals. */
const SEPARATOR = /[\p{Cc}\p{Cf}\p{Z},"]/u

/**
 * Writes what the authority signs, by OpenSSH's name of the type. The octets are read back, strictly, and what they
 * would grant unasked is refused: no principals, patterns for hosts, options that nobody would heed.
 * @throws {SshError}
 */
export function writeSshTbsCertificate(tbs: SshTbsCertificate): Uint8Array {
  const { validAfter, validBefore } = tbs
  const octets = join(
    writeText(certificateTypeOf(sshKeyTypeOf(tbs.key))),
    writeString(tbs.nonce),
    writeKeyFields(tbs.key),
    writeUint64(tbs.serial),
    writeUint32(ROLES.indexOf(tbs.role)),
    writeText(tbs.keyId),
    writeString(...tbs.principals.map(writeText)),
    validAfter === 'always' ? writeUint64(0n) : writeTime(validAfter),
    validBefore === 'forever' ? writeUint64(FOREVER) : writeTime(validBefore),
    writeOptions(tbs.criticalOptions),
    writeOptions(tbs.extensions),
    writeString(),
    writeString(writeSshPublicKey(tbs.signatureKey)),
  )
  checkToSign(readSshTbsCertificate(octets))
  return octets
}

/**
 * Writes a certificate around the exact octets that were signed. Whether the signature was made is not checked.
 * @throws {SshError} when the octets are none of a certificate, or the key cannot have signed so.
 */
export function writeSshCertificate(tbs: Uint8Array, signature: SshSignature): Uint8Array {
  const { signatureKey } = readSshTbsCertificate(tbs)
  if (!isSignatureOf(signatureKey, signature)) throw new SshError('ERR_SSH_SIGNATURE_KEY')
  const blob = join(tbs, writeString(writeSshSignature(signature)))
  readSshCertificate(blob)
  return blob
}

/**
 * What may be read and must not be signed.
 * @throws {SshError} with what is wrong first.
 */
export function checkToSign(tbs: ReadSshTbsCertificate): void {
  const refuse = (code: ConstructorParameters<typeof SshError>[0], is: boolean) => {
    if (is) throw new SshError(code)
  }
  const { principals, role, keyId, criticalOptions, extensions, validAfter, validBefore } = tbs
  // OpenSSH: "Zero serials numbers are ignored" by its lists.
  refuse('ERR_SSH_CERT_SERIAL_ZERO', tbs.serial === 0n)
  refuse('ERR_SSH_CERT_KEY_ID', keyId.trim() === '' || CONTROL.test(keyId))
  refuse('ERR_SSH_CERT_PRINCIPALS_EMPTY', principals.length === 0)
  refuse('ERR_SSH_CERT_PRINCIPAL_DUPLICATE', new Set(principals).size !== principals.length)
  refuse(
    'ERR_SSH_CERT_PRINCIPAL_TEXT',
    principals.some((principal) => SEPARATOR.test(principal)),
  )
  refuse('ERR_SSH_CERT_PRINCIPAL_PATTERN', role === 'host' && principals.some((principal) => /[*?]/.test(principal)))
  const ends = validAfter !== 'always' && validBefore !== 'forever'
  refuse('ERR_SSH_CERT_VALIDITY', ends && Temporal.Instant.compare(validAfter, validBefore) >= 0)
  refuse('ERR_SSH_CERT_OPTION_ROLE', role === 'host' && criticalOptions.length + extensions.length > 0)
  refuse('ERR_SSH_CERT_OPTION_UNKNOWN', tbs.unknownCriticalOptions.length > 0)
  const names = [...criticalOptions, ...extensions].map(({ name }) => name)
  const isSecurityKey = tbs.key.kind === 'sk-Ed25519' || tbs.key.kind === 'sk-EC'
  refuse('ERR_SSH_CERT_OPTION_KEY', !isSecurityKey && names.some((name) => SECURITY_KEY_OPTIONS.includes(name)))
}
