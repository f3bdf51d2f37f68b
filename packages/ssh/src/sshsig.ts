// Signatures over messages, PROTOCOL.sshsig: what `ssh-keygen -Y sign` makes, and what shows that somebody has a key.
import { SshError } from './error.ts'
import { readSshPublicKey, type SshPublicKey, writeSshPublicKey } from './key/public-key.ts'
import { isSignatureOf, readSshSignature, type SshSignature, writeSshSignature } from './signature.ts'
import { closeWire, openWire, readName, readOctets, readString, readText, readUint32 } from './wire/read.ts'
import { join, writeString, writeText, writeUint32 } from './wire/write.ts'

/** By which a message is hashed before it is signed. @see PROTOCOL.sshsig §2 */
export const SSH_MESSAGE_HASHES = ['sha256', 'sha512'] as const
/** One of {@link SSH_MESSAGE_HASHES}. */
export type SshMessageHash = (typeof SSH_MESSAGE_HASHES)[number]

/** A signature over a message, by whose key, and for what it was made. */
export interface SshMessageSignature {
  readonly key: SshPublicKey
  /** "The namespace value MUST NOT be the empty string." */
  readonly namespace: string
  readonly hash: SshMessageHash
  readonly signature: SshSignature
}

/** "SSHSIG". */
const MAGIC = Uint8Array.of(0x53, 0x53, 0x48, 0x53, 0x49, 0x47)
const VERSION = 1
/** A key of RSA with 16384 bits, its signature and a namespace have some 4 kB. */
const MAX_OCTETS = 8192
const [HEADER, FOOTER] = ['-----BEGIN SSH SIGNATURE-----', '-----END SSH SIGNATURE-----']

/** Reads the blob of a signature; that it was made is for who has cryptography. @throws {SshError} @see PROTOCOL.sshsig §2 */
export function readSshMessageSignature(blob: Uint8Array): SshMessageSignature {
  const c = openWire(blob, MAX_OCTETS)
  const magic = readOctets(c, MAGIC.length)
  if (!MAGIC.every((octet, i) => magic[i] === octet)) throw new SshError('ERR_SSH_SIG_MAGIC', 0)
  const at = c.at
  if (readUint32(c) !== VERSION) throw new SshError('ERR_SSH_SIG_VERSION', at)
  const key = readSshPublicKey(readString(c))
  const namespaceAt = c.at
  const namespace = readText(c)
  if (namespace === '') throw new SshError('ERR_SSH_SIG_NAMESPACE', namespaceAt)
  const reservedAt = c.at
  // It is signed, too, and nothing is defined: whoever put something there means what we do not know.
  if (readString(c).length > 0) throw new SshError('ERR_SSH_SIG_RESERVED', reservedAt)
  const hashAt = c.at
  const hash = hashOf(readName(c), hashAt)
  const signatureAt = c.at
  const signature = readSshSignature(readString(c))
  closeWire(c)
  if (!isSignatureOf(key, signature)) throw new SshError('ERR_SSH_SIGNATURE_KEY', signatureAt)
  return { key, namespace, hash, signature }
}

/** Writes the blob. @throws {SshError} where the signature is not of the key's kind. */
export function writeSshMessageSignature({ key, namespace, hash, signature }: SshMessageSignature): Uint8Array {
  const blob = join(
    MAGIC,
    writeUint32(VERSION),
    writeString(writeSshPublicKey(key)),
    writeText(namespace),
    writeString(),
    writeText(hash),
    writeString(writeSshSignature(signature)),
  )
  readSshMessageSignature(blob)
  return blob
}

/** The octets that are signed, for a message whose hash is `digest`. @see PROTOCOL.sshsig §3 */
export function sshMessageInput(namespace: string, hash: SshMessageHash, digest: Uint8Array): Uint8Array {
  return join(MAGIC, writeText(namespace), writeString(), writeText(hash), writeString(digest))
}

/** Takes the armor off, as ssh-keygen writes it. @throws {SshError} @see PROTOCOL.sshsig §1 */
export function parseSshMessageSignature(text: string): SshMessageSignature {
  if (text.length > 2 * MAX_OCTETS) throw new SshError('ERR_SSH_OCTETS_LIMIT', 2 * MAX_OCTETS)
  const lines = text.trimEnd().split(/\r?\n/)
  if (lines[0] !== HEADER || lines.at(-1) !== FOOTER) throw new SshError('ERR_SSH_SIG_ARMOR', 0)
  return readSshMessageSignature(octetsOf(lines.slice(1, -1).join('')))
}

function octetsOf(base64: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new SshError('ERR_SSH_SIG_ARMOR', HEADER.length)
  }
}

function hashOf(name: string, at: number): SshMessageHash {
  const hash = SSH_MESSAGE_HASHES.find((one) => one === name)
  if (hash === undefined) throw new SshError('ERR_SSH_SIG_HASH', at)
  return hash
}
