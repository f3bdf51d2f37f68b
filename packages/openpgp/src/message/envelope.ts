// The outside of an encrypted message: for whom it is, and where its ciphertext begins. Nothing is decrypted here.
import { OpenPgpError } from '../error.ts'
import { PACKETS, type Packet, readPacket, writePacket } from '../octets/packet.ts'
import { collect, OctetReader } from '../octets/reader.ts'

/** A message to more keys than this is refused: a local limit, since each costs a public-key operation or a look. */
const MAX_RECIPIENTS = 256
/** Octets of one encrypted session key: RSA of 16,384 bits, and ML-KEM of RFC 9980, are below it. */
const MAX_SESSION_KEY_OCTETS = 4096
/** Markers and padding before the message: RFC 9580 §5.8 and §5.14 have them passed over. */
const MAX_IGNORED = 4
const MAX_IGNORED_OCTETS = 65_536

/** What stands outside of the ciphertext. */
export interface Envelope {
  /** Encrypted session keys, each as it stands. */
  readonly sessionKeys: readonly EncryptedSessionKey[]
  readonly data: Packet
  /** Whether nothing follows the ciphertext; to be asked when `data.body` was read. @throws {OpenPgpError} */
  end(): Promise<void>
}

/** A PKESK or SKESK packet. @see RFC 9580 §5.1, §5.3 */
export interface EncryptedSessionKey {
  readonly packet: Uint8Array
  readonly isToPassword: boolean
  /** Of whom it is for, hexadecimal, 16 digits; all zero, or absent, where the sender does not tell. */
  readonly keyId?: string
}

/** Reads up to the ciphertext. @throws {OpenPgpError} @see RFC 9580 §10.3 */
export async function readEnvelope(message: AsyncIterable<Uint8Array>): Promise<Envelope> {
  const reader = new OctetReader(message)
  const sessionKeys: EncryptedSessionKey[] = []
  for (let ignored = 0; ; ) {
    const packet = await readPacket(reader)
    if (packet === undefined) throw new OpenPgpError('ERR_MAIL_FORM', 'the message has nothing encrypted in it')
    switch (packet.type) {
      case PACKETS.publicKeyEncryptedSessionKey:
      case PACKETS.symmetricKeyEncryptedSessionKey:
        if (sessionKeys.length === MAX_RECIPIENTS)
          throw new OpenPgpError('ERR_MAIL_BUDGET', `the message is to more than ${MAX_RECIPIENTS} keys`)
        sessionKeys.push(sessionKeyOf(packet.type, await collect(packet.body, MAX_SESSION_KEY_OCTETS)))
        break
      case PACKETS.marker:
      case PACKETS.padding:
        if (++ignored > MAX_IGNORED) throw new OpenPgpError('ERR_MAIL_BUDGET', 'the message begins with much padding')
        await collect(packet.body, MAX_IGNORED_OCTETS)
        break
      case PACKETS.integrityProtectedData:
      case PACKETS.symmetricallyEncryptedData:
      case PACKETS.aeadEncryptedData:
        return { sessionKeys, data: packet, end: () => expectEnd(reader) }
      default:
        throw new OpenPgpError(
          'ERR_MAIL_FORM',
          `a packet of type ${packet.type} stands where something encrypted should`,
        )
    }
  }
}

async function expectEnd(reader: OctetReader): Promise<void> {
  if (!(await reader.isAtEnd())) throw new OpenPgpError('ERR_MAIL_FORM', 'something stands after what is encrypted')
}

function sessionKeyOf(type: number, body: Uint8Array): EncryptedSessionKey {
  const packet = writePacket(type, body)
  if (type === PACKETS.symmetricKeyEncryptedSessionKey) return { packet, isToPassword: true }
  const keyId = keyIdOf(body)
  return { packet, isToPassword: false, ...(keyId !== undefined && { keyId }) }
}

/** @see RFC 9580 §5.1.1 (version 3), §5.1.2 (version 6) */
function keyIdOf(body: Uint8Array): string | undefined {
  if (body[0] === 3) return body.subarray(1, 9).toHex()
  // Version 6: one octet of length, which counts the version of the key and its fingerprint; then these.
  const [version, length = 0, keyVersion] = body
  if (version !== 6 || length === 0) return undefined
  return keyVersion === 4 ? body.subarray(15, 23).toHex() : body.subarray(3, 11).toHex()
}
