// Public keys: RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, and the security keys of OpenSSH's PROTOCOL.u2f.
import { SshError } from '../error.ts'
import { closeWire, openWire, readMpint, readName, readString, readText, type WireCursor } from '../wire/read.ts'
import { join, writeMpint, writeString, writeText } from '../wire/write.ts'

/** The curves of RFC 5656 §10.1 that we know, by their names in FIPS 186-5. */
export type SshCurve = 'P-256' | 'P-384' | 'P-521'

/**
 * A public key. Octets are views; those of numbers are big-endian and without leading zeros. The first three kinds have
 * the fields of `PublicKey` in `@countersign/x509`, so that a value of one package is a value of the other.
 */
export type SshPublicKey =
  | { readonly kind: 'Ed25519'; readonly key: Uint8Array }
  /** `point` is not compressed. Whether it is on its curve is not judged. */
  | { readonly kind: 'EC'; readonly curve: SshCurve; readonly point: Uint8Array }
  | { readonly kind: 'RSA'; readonly modulus: Uint8Array; readonly publicExponent: Uint8Array }
  /** In hardware, which may say that its user was there; `application` is mostly `ssh:`. */
  | { readonly kind: 'sk-Ed25519'; readonly key: Uint8Array; readonly application: string }
  | { readonly kind: 'sk-EC'; readonly curve: 'P-256'; readonly point: Uint8Array; readonly application: string }

/** Types of keys, as they stand in a key and in a line of text. DSA is not among them. */
export const KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const

/** One type of {@link KEY_TYPES}. */
export type SshKeyType = (typeof KEY_TYPES)[number]

/** The largest key is of RSA, with 16384 bits; the application of a security key is a short text. */
const KEY_OCTETS = 8192

/** OpenSSH reads no more (SSHBUF_MAX_BIGNUM). */
const RSA_MAX_OCTETS = 2048
const RSA_MIN_BITS = 2048

/** Each curve: its name in SSH (RFC 5656 §10.1), the octets of one coordinate, and the type of its keys. */
const CURVES = {
  'P-256': ['nistp256', 32, 'ecdsa-sha2-nistp256'],
  'P-384': ['nistp384', 48, 'ecdsa-sha2-nistp384'],
  'P-521': ['nistp521', 66, 'ecdsa-sha2-nistp521'],
} as const satisfies Record<SshCurve, readonly [string, number, SshKeyType]>

/** Octets of one coordinate of a point, and so of each half of a signature. */
export function coordinateOctets(curve: SshCurve): number {
  return CURVES[curve][1]
}

/** The type of a key, as its first string and as a line of text have it. */
export function sshKeyTypeOf(key: SshPublicKey): SshKeyType {
  switch (key.kind) {
    case 'Ed25519':
      return 'ssh-ed25519'
    case 'EC':
      return CURVES[key.curve][2]
    case 'RSA':
      return 'ssh-rsa'
    case 'sk-Ed25519':
      return 'sk-ssh-ed25519@openssh.com'
    case 'sk-EC':
      return 'sk-ecdsa-sha2-nistp256@openssh.com'
  }
}

/**
 * Reads a public key. Keys of DSA, and of RSA below 2048 bits, are refused; compressed points, which RFC 5656 §3.1
 * allows and OpenSSH does not read, too.
 * @throws {SshError}
 */
export function readSshPublicKey(blob: Uint8Array): SshPublicKey {
  const c = openWire(blob, KEY_OCTETS)
  const type = readName(c)
  if (!isKeyType(type)) throw new SshError('ERR_SSH_KEY_TYPE', 0)
  const key = readKeyFields(c, type)
  closeWire(c)
  return key
}

/** Writes a public key. @throws {SshError} when it is none that {@link readSshPublicKey} would read. */
export function writeSshPublicKey(key: SshPublicKey): Uint8Array {
  const blob = join(writeText(sshKeyTypeOf(key)), writeKeyFields(key))
  readSshPublicKey(blob)
  return blob
}

/** Whether `type` is one of {@link KEY_TYPES}. */
export function isKeyType(type: string): type is SshKeyType {
  return (KEY_TYPES as readonly string[]).includes(type)
}

/** What follows the type in a key, and the nonce in a certificate. @throws {SshError} */
export function readKeyFields(c: WireCursor, type: SshKeyType): SshPublicKey {
  switch (type) {
    case 'ssh-ed25519':
      return { kind: 'Ed25519', key: readEd25519(c) }
    case 'sk-ssh-ed25519@openssh.com':
      return { kind: 'sk-Ed25519', key: readEd25519(c), application: readText(c) }
    case 'ecdsa-sha2-nistp256':
      return { kind: 'EC', curve: 'P-256', point: readPoint(c, 'P-256') }
    case 'ecdsa-sha2-nistp384':
      return { kind: 'EC', curve: 'P-384', point: readPoint(c, 'P-384') }
    case 'ecdsa-sha2-nistp521':
      return { kind: 'EC', curve: 'P-521', point: readPoint(c, 'P-521') }
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return { kind: 'sk-EC', curve: 'P-256', point: readPoint(c, 'P-256'), application: readText(c) }
    case 'ssh-rsa':
      return readRsa(c)
  }
}

/** What follows the type in a key, and the nonce in a certificate. Judges nothing. */
export function writeKeyFields(key: SshPublicKey): Uint8Array {
  switch (key.kind) {
    case 'Ed25519':
      return writeString(key.key)
    case 'sk-Ed25519':
      return join(writeString(key.key), writeText(key.application))
    case 'EC':
      return join(writeText(CURVES[key.curve][0]), writeString(key.point))
    case 'sk-EC':
      return join(writeText(CURVES[key.curve][0]), writeString(key.point), writeText(key.application))
    case 'RSA':
      return join(writeMpint(key.publicExponent), writeMpint(key.modulus))
  }
}

function readEd25519(c: WireCursor): Uint8Array {
  const at = c.at
  const key = readString(c)
  if (key.length !== 32) throw new SshError('ERR_SSH_KEY_LENGTH', at)
  return key
}

function readPoint(c: WireCursor, curve: SshCurve): Uint8Array {
  const at = c.at
  const [name, octets] = CURVES[curve]
  if (readName(c) !== name) throw new SshError('ERR_SSH_KEY_CURVE', at)
  const point = readString(c)
  if (point[0] !== 4 || point.length !== 1 + 2 * octets) throw new SshError('ERR_SSH_KEY_POINT', at)
  return point
}

function readRsa(c: WireCursor): SshPublicKey {
  const at = c.at
  const publicExponent = readMpint(c, RSA_MAX_OCTETS)
  const isThreeOrMore = publicExponent.length > 1 || (publicExponent[0] ?? 0) >= 3
  if (!isThreeOrMore || !isOdd(publicExponent) || publicExponent.length > 32)
    throw new SshError('ERR_SSH_KEY_RSA_EXPONENT', at)
  const modulusAt = c.at
  const modulus = readMpint(c, RSA_MAX_OCTETS)
  if (bitsOf(modulus) < RSA_MIN_BITS || !isOdd(modulus)) throw new SshError('ERR_SSH_KEY_RSA_SIZE', modulusAt)
  return { kind: 'RSA', modulus, publicExponent }
}

function isOdd(magnitude: Uint8Array): boolean {
  return ((magnitude.at(-1) ?? 0) & 1) === 1
}

function bitsOf(magnitude: Uint8Array): number {
  return magnitude.length * 8 - (Math.clz32(magnitude[0] ?? 0) - 24)
}
