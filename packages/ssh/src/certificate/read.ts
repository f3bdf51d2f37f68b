// Reading certificates, draft-ietf-sshm-cert §2.1 and OpenSSH's PROTOCOL.certkeys.
import { SshError } from '../error.ts'
import {
  isKeyType,
  KEY_TYPES,
  readKeyFields,
  readSshPublicKey,
  type SshKeyType,
  type SshPublicKey,
} from '../key/public-key.ts'
import { isSignatureOf, readSshSignature, sshSignatureAlgorithmsOf } from '../signature.ts'
import {
  closeWire,
  instantOf,
  openString,
  openWire,
  readName,
  readString,
  readText,
  readUint32,
  readUint64,
  type WireCursor,
} from '../wire/read.ts'
import type { ReadSshTbsCertificate, SshCertificate, SshCertificateRole } from './model.ts'
import { checkExtensions, meaningOf, readOptions } from './option.ts'

/** Two RSA keys, a signature, and the names of one party; sshd takes no larger packet. */
const CERTIFICATE_OCTETS = 65_536

/** OpenSSH reads no more (SSHKEY_CERT_MAX_PRINCIPALS). */
const MAX_PRINCIPALS = 256

/** "A all-1s value in the valid before field indicates that the certificate has no end." */
export const FOREVER = 0xffff_ffff_ffff_ffffn

/** Roles by their numbers. @see draft-ietf-sshm-cert §4.1 */
export const ROLES: readonly (SshCertificateRole | undefined)[] = [undefined, 'user', 'host']

/** Types of certificates: OpenSSH's names, which all programs know, and those of the draft, which are equivalent. */
const CERTIFICATE_TYPES: ReadonlyMap<string, SshKeyType> = new Map(
  KEY_TYPES.flatMap((type) =>
    type.endsWith('@openssh.com')
      ? [[certificateTypeOf(type), type] as const]
      : [[certificateTypeOf(type), type] as const, [`${type}-cert`, type] as const],
  ),
)

/** The type of a certificate for a key of `type`, by OpenSSH's name. */
export function certificateTypeOf(type: SshKeyType): string {
  return `${type.replace('@openssh.com', '')}-cert-v01@openssh.com`
}

/** Whether `type` is that of a certificate that we read. */
export function isCertificateType(type: string): boolean {
  return CERTIFICATE_TYPES.has(type)
}

/**
 * Reads a certificate. It is judged in itself: that its signature was made, that it is in force, for whom and by whose
 * authority is for the caller to check. One without principals is read: OpenSSH before 10 takes it for one of everybody.
 * @throws {SshError}
 */
export function readSshCertificate(blob: Uint8Array): SshCertificate {
  const c = openWire(blob, CERTIFICATE_OCTETS)
  const tbs = readTbs(c)
  const at = c.at
  const signature = readSshSignature(readString(c))
  closeWire(c)
  if (!isSignatureOf(tbs.signatureKey, signature)) throw new SshError('ERR_SSH_SIGNATURE_KEY', at)
  return { ...tbs, blob: c.octets, signature }
}

/** Reads what is to be signed, before it is. @throws {SshError} */
export function readSshTbsCertificate(octets: Uint8Array): ReadSshTbsCertificate {
  const c = openWire(octets, CERTIFICATE_OCTETS)
  const tbs = readTbs(c)
  closeWire(c)
  return tbs
}

function readTbs(c: WireCursor): ReadSshTbsCertificate {
  const type = readName(c)
  const keyType = CERTIFICATE_TYPES.get(type)
  if (keyType === undefined) throw new SshError('ERR_SSH_CERT_TYPE', 0)
  const nonce = readNonce(c)
  const key = readKeyFields(c, keyType)
  const serial = readUint64(c)
  const role = readRole(c)
  const keyId = readText(c)
  const principals = readPrincipals(c)
  const validity = readValidity(c)
  const optionsAt = c.at
  const criticalOptions = readOptions(c)
  const extensionsAt = c.at
  const extensions = readOptions(c)
  const reserved = readString(c)
  const signatureKey = readAuthority(c)
  const names = criticalOptions.map(({ name }) => name)
  if (role === 'user') checkExtensions(extensions, extensionsAt)
  const meaning =
    role === 'user' ? meaningOf(criticalOptions, optionsAt) : { verifyRequired: false, unknownCriticalOptions: names }
  return {
    type,
    nonce,
    key,
    serial,
    role,
    keyId,
    principals,
    ...validity,
    criticalOptions,
    extensions,
    reserved,
    signatureKey,
    tbs: c.octets.subarray(0, c.at),
    ...meaning,
  }
}

function readNonce(c: WireCursor): Uint8Array {
  const at = c.at
  const nonce = readString(c)
  if (nonce.length < 16) throw new SshError('ERR_SSH_CERT_NONCE', at)
  return nonce
}

function readRole(c: WireCursor): SshCertificateRole {
  const at = c.at
  const role = ROLES[readUint32(c)]
  if (role === undefined) throw new SshError('ERR_SSH_CERT_ROLE', at)
  return role
}

function readPrincipals(c: WireCursor): readonly string[] {
  const inner = openString(c)
  const principals: string[] = []
  while (inner.at < inner.end) {
    const at = inner.at
    if (principals.length === MAX_PRINCIPALS) throw new SshError('ERR_SSH_ELEMENTS_LIMIT', at)
    const principal = readText(inner)
    if (principal === '') throw new SshError('ERR_SSH_CERT_PRINCIPAL', at)
    principals.push(principal)
  }
  return principals
}

function readValidity(c: WireCursor): Pick<ReadSshTbsCertificate, 'validAfter' | 'validBefore'> {
  const at = c.at
  const after = readUint64(c)
  const before = readUint64(c)
  return {
    validAfter: after === 0n ? 'always' : instantOf(after, at),
    validBefore: before === FOREVER ? 'forever' : instantOf(before, at + 8),
  }
}

/** "Implementations MUST NOT accept certificate keys as CA keys." */
function readAuthority(c: WireCursor): SshPublicKey {
  const at = c.at
  const blob = readString(c)
  const type = readName(openWire(blob, CERTIFICATE_OCTETS))
  if (!isKeyType(type) && isCertificateType(type)) throw new SshError('ERR_SSH_CERT_AUTHORITY', at)
  const key = readSshPublicKey(blob)
  if (sshSignatureAlgorithmsOf(key).length === 0) throw new SshError('ERR_SSH_CERT_AUTHORITY', at)
  return key
}
