// The outside of an encrypted message: for whom it is, and where its ciphertext begins. Nothing is decrypted here.
import { MailError } from '@countersign/protocol'
import { PACKETS, type Packet, readPacket, writePacket } from '../octets/packet.ts'
import { collect, OctetReader } from '../octets/reader.ts'

/** A message to more keys than this is refused: a local limit, since each costs a public-key operation or a look. */
const MAX_RECIPIENTS = 256
/** Octets of one encrypted session key: RSA of 16,384 bits, and ML-KEM of RFC 9980, are below it. */
const MAX_SESSION_KEY_OCTETS = 4096
/** Markers and padding before the message: RFC 9580 §5.8 and §5.14 have them passed over. */
const MAX_IGNORED = 4
const MAX_IGNORED_OCTETS = 65_536

/** What stands outside of the ciphertext. Disposed of, it ends the message that it was read from. */
export interface Envelope extends AsyncDisposable {
  /** Encrypted session keys, each as it stands. */
  readonly sessionKeys: readonly EncryptedSessionKey[]
  readonly data: Packet
  /** Whether nothing follows the ciphertext; to be asked when `data.body` was read. @throws {MailError} */
  end(): Promise<void>
}

/** A PKESK or SKESK packet. @see RFC 9580 §5.1, §5.3 */
export interface EncryptedSessionKey {
  readonly packet: Uint8Array
  /** Hexadecimal: the key id of 16 digits (version 3), or the fingerprint of 40 or 64 (version 6). */
  readonly recipient: string | 'hidden' | 'password' | 'unknown'
}

/** Reads up to the ciphertext. @throws {MailError}, and `message` is ended then @see RFC 9580 §10.3 */
export async function readEnvelope(message: AsyncIterable<Uint8Array>): Promise<Envelope> {
  await using unless = new AsyncDisposableStack()
  const reader = unless.use(new OctetReader(message))
  const sessionKeys: EncryptedSessionKey[] = []
  for (let ignored = 0; ; ) {
    const packet = await readPacket(reader)
    if (packet === undefined) throw new MailError('ERR_MAIL_FORM', 'the message has nothing encrypted in it')
    switch (packet.type) {
      case PACKETS.publicKeyEncryptedSessionKey:
      case PACKETS.symmetricKeyEncryptedSessionKey:
        if (sessionKeys.length === MAX_RECIPIENTS)
          throw new MailError('ERR_MAIL_BUDGET', `the message is to more than ${MAX_RECIPIENTS} keys`)
        sessionKeys.push(sessionKeyOf(packet.type, await collect(packet.body, MAX_SESSION_KEY_OCTETS)))
        break
      case PACKETS.marker:
      case PACKETS.padding:
        if (++ignored > MAX_IGNORED) throw new MailError('ERR_MAIL_BUDGET', 'the message begins with much padding')
        await collect(packet.body, MAX_IGNORED_OCTETS)
        break
      case PACKETS.integrityProtectedData:
      case PACKETS.symmetricallyEncryptedData:
      case PACKETS.aeadEncryptedData:
        unless.move()
        return {
          sessionKeys,
          data: packet,
          end: () => expectEnd(reader),
          [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
        }
      default:
        throw new MailError('ERR_MAIL_FORM', `a packet of type ${packet.type} stands where something encrypted should`)
    }
  }
}

async function expectEnd(reader: OctetReader): Promise<void> {
  if (!(await reader.isAtEnd())) throw new MailError('ERR_MAIL_FORM', 'something stands after what is encrypted')
}

function sessionKeyOf(type: number, body: Uint8Array): EncryptedSessionKey {
  const isToPassword = type === PACKETS.symmetricKeyEncryptedSessionKey
  return { packet: writePacket(type, body), recipient: isToPassword ? 'password' : recipientOf(body) }
}

/** @see RFC 9580 §5.1.1 (version 3), §5.1.2 (version 6), §5.1.8 (hidden) */
function recipientOf(body: Uint8Array): EncryptedSessionKey['recipient'] {
  const [version, length = 0, keyVersion = 0] = body
  if (version === 3) {
    const keyId = body.subarray(1, 9)
    return keyId.every((octet) => octet === 0) ? 'hidden' : keyId.toHex()
  }
  if (version !== 6) return 'unknown'
  if (length === 0) return 'hidden'
  // The length counts the version of the key as well.
  return length === FINGERPRINT_LENGTHS[keyVersion] ? body.subarray(3, 2 + length).toHex() : 'unknown'
}

/** One more than the octets of a fingerprint, by the version of the key. @see RFC 9580 §5.5.4 */
const FINGERPRINT_LENGTHS: Readonly<Record<number, number>> = { 4: 21, 6: 33 }
