// What the library does at 6.3.2 and its types do not say. Everything that is taken on trust of it stands here.
import {
  type AnySecretKeyPacket,
  type Config,
  enums,
  type Key,
  PacketList,
  type PrivateKey,
  SignaturePacket,
  type User,
} from 'openpgp'
import { CONFIG } from './config.ts'

/** What is signed when something is said of a key: the key, with a user id or a subkey. */
export interface SignedOfKey {
  readonly key: Key['keyPacket']
  readonly userID?: User['userID']
  readonly bind?: Key['subkeys'][number]['keyPacket']
}

interface UntypedSignature {
  sign(key: AnySecretKeyPacket, data: object, date: Date, detached: boolean, config: Config): Promise<void>
  preferredCipherSuites: readonly (readonly [enums.symmetric, enums.aead])[] | null
  salt: Uint8Array | null
}

interface UntypedKey {
  readonly directSignatures: readonly SignaturePacket[]
  getPrimarySelfSignature(date: Date, userID: undefined, config: Config): Promise<SignaturePacket>
}

/** Signs a signature packet over what it says of a key, with a salt of its own. */
export async function signOfKey(
  packet: SignaturePacket,
  by: PrivateKey,
  data: SignedOfKey,
  at: Temporal.Instant,
): Promise<void> {
  const untyped = packet as unknown as UntypedSignature
  untyped.salt = null
  // The primary key packet of a private key is a secret one.
  await untyped.sign(by.keyPacket as AnySecretKeyPacket, data, dateOf(at), false, CONFIG)
}

/** The self-signature that speaks for a key as a whole: direct (version 6), or of its primary user id (version 4). @throws where none is valid */
export function primarySelfSignature(key: Key, now: Temporal.Instant): Promise<SignaturePacket> {
  return (key as unknown as UntypedKey).getPrimarySelfSignature(dateOf(now), undefined, CONFIG)
}

/** Every self-signature that may speak for the key as a whole, valid or not. */
export function selfSignaturesOf(key: Key): readonly SignaturePacket[] {
  return [...(key as unknown as UntypedKey).directSignatures, ...key.users.flatMap((user) => user.selfCertifications)]
}

/** Pairs of cipher and mode that a key's owner reads, most liked first. @see RFC 9580 §5.2.3.15 */
export function cipherSuitesOf(self: SignaturePacket): readonly (readonly [enums.symmetric, enums.aead])[] {
  return (self as unknown as UntypedSignature).preferredCipherSuites ?? []
}

/** A signature packet to be filled and signed. */
export function newSignature(fields: Partial<SignaturePacket>): SignaturePacket {
  return Object.assign(new SignaturePacket(), fields)
}

/** The bit of SEIPDv2 in the first octet of the features. @see RFC 9580 §5.2.3.32 */
const SEIPD_V2 = 0x08

/** Whether a self-signature says that its owner reads SEIPDv2. */
export function saysAead({ features }: SignaturePacket): boolean {
  return ((features?.[0] ?? 0) & SEIPD_V2) !== 0
}

/** The library's times are of seconds. */
export function dateOf(at: Temporal.Instant): Date {
  return new Date(Math.floor(at.epochMilliseconds / 1000) * 1000)
}

/** The instant of a library's time. */
export function instantOf(date: Date): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(date.getTime())
}

/**
 * What a signature of a document is verified over. A message of the library would hand out a copy that is not read before the
 * message itself is.
 */
export function documentOf(octets: AsyncIterable<Uint8Array>): object {
  return { text: null, getBytes: () => ReadableStream.from(octets) }
}

/** A signature of a document that is still to come: its octets end when those of the document have. @see RFC 9580 §5.2.1.1 */
export async function* signDocument(
  octets: AsyncIterable<Uint8Array>,
  by: PrivateKey | PrivateKey['subkeys'][number],
  hashAlgorithm: enums.hash,
  at: Temporal.Instant,
): AsyncGenerator<Uint8Array> {
  const { keyPacket } = by
  const packet = newSignature({
    signatureType: enums.signature.binary,
    publicKeyAlgorithm: keyPacket.algorithm,
    hashAlgorithm,
  })
  const untyped = packet as unknown as UntypedSignature
  await untyped.sign(keyPacket as AnySecretKeyPacket, documentOf(octets), dateOf(at), true, CONFIG)
  const list = new PacketList<SignaturePacket>()
  list.push(packet)
  // A stream, as the document is one; the types know octets alone.
  yield* list.write() as unknown as AsyncIterable<Uint8Array>
}
