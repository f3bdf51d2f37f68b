// Signatures: RFC 4253 §6.6, RFC 5656 §3.1.2, RFC 8332 §3, RFC 8709 §6.
import { SshError } from './error.ts'
import { coordinateOctets, type SshCurve, type SshPublicKey } from './key/public-key.ts'
import { closeWire, openString, openWire, readMpint, readName, readString, type WireCursor } from './wire/read.ts'
import { join, writeMpint, writeString, writeText } from './wire/write.ts'

/** How signatures are made. `ssh-rsa`, which hashes with SHA-1, is not among them. */
export type SshSignatureAlgorithm =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'rsa-sha2-256'
  | 'rsa-sha2-512'

interface AlgorithmParts {
  /** Of what is signed, where it is hashed first. */
  readonly hash?: 'SHA-256' | 'SHA-384' | 'SHA-512'
  /** Of ECDSA. */
  readonly curve?: SshCurve
}

/** The parts of each algorithm. @see RFC 5656 §6.2.1, RFC 8332 §3, RFC 8709 §6 */
export const SSH_SIGNATURE_ALGORITHMS: Readonly<Record<SshSignatureAlgorithm, AlgorithmParts>> = {
  'ssh-ed25519': {},
  'ecdsa-sha2-nistp256': { hash: 'SHA-256', curve: 'P-256' },
  'ecdsa-sha2-nistp384': { hash: 'SHA-384', curve: 'P-384' },
  'ecdsa-sha2-nistp521': { hash: 'SHA-512', curve: 'P-521' },
  'rsa-sha2-256': { hash: 'SHA-256' },
  'rsa-sha2-512': { hash: 'SHA-512' },
}

/**
 * A signature. `octets` are as WebCrypto and PKCS#11 have them: of ECDSA r and s in the octets of one coordinate each
 * (`ieee-p1363`, which is not what X.509 has), of RSA as many as the modulus has.
 */
export interface SshSignature {
  readonly algorithm: SshSignatureAlgorithm
  readonly octets: Uint8Array
}

/** Whether `signature` over `octets` was made with `key`: what a caller brings along, and who has cryptography answers. */
export type CheckSshSignature = (key: SshPublicKey, signature: SshSignature, octets: Uint8Array) => boolean

/** An RSA signature has 2048 octets at most. */
const SIGNATURE_OCTETS = 4096

/** Reads a signature. @throws {SshError} */
export function readSshSignature(blob: Uint8Array): SshSignature {
  const c = openWire(blob, SIGNATURE_OCTETS)
  const signature = readSignatureAt(c)
  closeWire(c)
  return signature
}

/** Reads a signature at the cursor. @throws {SshError} */
export function readSignatureAt(c: WireCursor): SshSignature {
  const at = c.at
  const algorithm = readName(c)
  if (algorithm === 'ssh-rsa') throw new SshError('ERR_SSH_SIGNATURE_SHA1', at)
  if (!isAlgorithm(algorithm)) throw new SshError('ERR_SSH_SIGNATURE_ALGORITHM', at)
  const curve = SSH_SIGNATURE_ALGORITHMS[algorithm].curve
  const octets = curve === undefined ? readString(c) : readEcdsa(c, coordinateOctets(curve))
  if (algorithm === 'ssh-ed25519' ? octets.length !== 64 : octets.length === 0)
    throw new SshError('ERR_SSH_SIGNATURE_FORM', at)
  return { algorithm, octets }
}

/** Writes a signature. @throws {SshError} when its octets are not of its algorithm's form. */
export function writeSshSignature({ algorithm, octets }: SshSignature): Uint8Array {
  const curve = SSH_SIGNATURE_ALGORITHMS[algorithm].curve
  const half = curve === undefined ? 0 : coordinateOctets(curve)
  if (curve !== undefined && octets.length !== 2 * half) throw new SshError('ERR_SSH_SIGNATURE_FORM')
  const value =
    curve === undefined ? octets : join(writeMpint(octets.subarray(0, half)), writeMpint(octets.subarray(half)))
  const blob = join(writeText(algorithm), writeString(value))
  readSshSignature(blob)
  return blob
}

/** The algorithms by which `key` may have signed; none for a security key, whose signatures say more. */
export function sshSignatureAlgorithmsOf(key: SshPublicKey): readonly SshSignatureAlgorithm[] {
  switch (key.kind) {
    case 'Ed25519':
      return ['ssh-ed25519']
    case 'EC':
      return [`ecdsa-sha2-nistp${key.curve.slice(2) as '256' | '384' | '521'}`]
    case 'RSA':
      return ['rsa-sha2-512', 'rsa-sha2-256']
    default:
      return []
  }
}

/**
 * Whether `key` can have made such a signature at all: its algorithm and, of RSA, its length.
 * RFC 8332 §3 lets a verifier accept shorter ones; we do not.
 */
export function isSignatureOf(key: SshPublicKey, { algorithm, octets }: SshSignature): boolean {
  if (!sshSignatureAlgorithmsOf(key).includes(algorithm)) return false
  return key.kind !== 'RSA' || octets.length === key.modulus.length
}

function isAlgorithm(name: string): name is SshSignatureAlgorithm {
  return Object.hasOwn(SSH_SIGNATURE_ALGORITHMS, name)
}

/** RFC 5656 §3.1.2: "mpint r, mpint s"; neither is 0. */
function readEcdsa(c: WireCursor, half: number): Uint8Array {
  const at = c.at
  const inner = openString(c)
  const octets = new Uint8Array(2 * half)
  for (const end of [half, 2 * half]) {
    const number = readMpint(inner, half)
    if (number.length === 0) throw new SshError('ERR_SSH_SIGNATURE_FORM', at)
    octets.set(number, end - number.length)
  }
  closeWire(inner)
  return octets
}
