// Signatures over messages that are refused.
import { parseSshMessageSignature, readSshMessageSignature } from '@countersign/ssh'
import { ed25519, joined, octets, p256, str, u32 } from '../frames.ts'
import type { Refusal } from './model.ts'

const MAGIC = octets('535348534947')
const signature = str(str('ssh-ed25519'), str(new Uint8Array(64)))
const blob = ({
  magic = MAGIC,
  version = u32(1),
  key = ed25519,
  namespace = str('file'),
  reserved = str(),
  hash = str('sha512'),
  signed = signature,
  after = new Uint8Array(),
}: Partial<Record<string, Uint8Array>> = {}) =>
  joined(magic, version, str(key), namespace, reserved, hash, signed, after)
const read = (parts?: Parameters<typeof blob>[0]) => () => readSshMessageSignature(blob(parts))
const armored = (inner: string) => () =>
  parseSshMessageSignature(`-----BEGIN SSH SIGNATURE-----\n${inner}\n-----END SSH SIGNATURE-----\n`)

/** One that is read. */
export const soundMessage: Uint8Array = blob()

export const MESSAGE_REFUSALS: readonly Refusal[] = [
  ['another beginning', read({ magic: octets('535348534948') }), 'ERR_SSH_SIG_MAGIC'],
  ['version 2', read({ version: u32(2) }), 'ERR_SSH_SIG_VERSION'],
  ['version 0', read({ version: u32(0) }), 'ERR_SSH_SIG_VERSION'],
  ['no namespace', read({ namespace: str() }), 'ERR_SSH_SIG_NAMESPACE'],
  ['a namespace with a NUL', read({ namespace: str('a\0') }), 'ERR_SSH_TEXT'],
  ['something reserved', read({ reserved: str('x') }), 'ERR_SSH_SIG_RESERVED'],
  ['a hash of SHA-1', read({ hash: str('sha1') }), 'ERR_SSH_SIG_HASH'],
  ['a signature by another kind of key', read({ key: p256 }), 'ERR_SSH_SIGNATURE_KEY'],
  ['octets behind it', read({ after: octets('00') }), 'ERR_SSH_TRAILING'],
  ['more than a signature may have', () => readSshMessageSignature(new Uint8Array(8193)), 'ERR_SSH_OCTETS_LIMIT'],
  ['half of it', () => readSshMessageSignature(blob().subarray(0, 40)), 'ERR_SSH_TRUNCATED'],
  ['no armor', () => parseSshMessageSignature(blob().toBase64()), 'ERR_SSH_SIG_ARMOR'],
  ['armor around no base64', armored('%%'), 'ERR_SSH_SIG_ARMOR'],
  ['a text that is too long', () => parseSshMessageSignature('-'.repeat(20_000)), 'ERR_SSH_OCTETS_LIMIT'],
]
