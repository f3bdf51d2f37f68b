// The first flight of a server, read from the octets that it sent: what Node's TLS keeps to itself. For diagnosis alone.
import { createDecipheriv, createHmac } from 'node:crypto'
import { Fields } from '../fields.ts'

/** What a server said about the certificate that it wants. */
export interface CertificateRequest {
  /** DER of the names of the authorities that it takes, in its order; empty where it takes any. */
  readonly authorities: readonly Uint8Array[]
}

const CONTENT = { alert: 21, handshake: 22, applicationData: 23 } as const
const MESSAGE = { serverHello: 2, certificateRequest: 13, serverHelloDone: 14, finished: 20 } as const
/** RFC 9846 §4.3.4. */
const CERTIFICATE_AUTHORITIES = 47
const SUPPORTED_VERSIONS = 43
const TLS_1_3 = 0x0304
/** RFC 9846 §4.2.3: the SHA-256 of "HelloRetryRequest" in place of a random. */
const RETRY = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
/** Of a server that is looked at; certificates of many authorities and their names fit in well. */
const MAX_OCTETS = 262_144

/** RFC 9846 Appendix B.4, with the octets of key and hash. */
const SUITES: Readonly<
  Record<number, readonly [cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305', key: number, hash: string]>
> = {
  4865: ['aes-128-gcm', 16, 'sha256'],
  4866: ['aes-256-gcm', 32, 'sha384'],
  4867: ['chacha20-poly1305', 32, 'sha256'],
}

/** Of all three ciphers. */
const TAG_OCTETS = 16

class FlightError extends Error {}
const misfit = () => new FlightError('a length does not fit')

/**
 * Reads the server's CertificateRequest: undefined where it sent none, `unreadable` where the flight is not one that
 * can be read.
 * @param octets All that the server sent, from its first octet.
 * @param secret server_handshake_traffic_secret, as the key log has it; of use for TLS 1.3 alone. Secret.
 * @see RFC 9846 §4.4.2, and RFC 5246 §7.4.4 for TLS 1.2
 */
export function readCertificateRequest(
  octets: Uint8Array,
  secret: Uint8Array | undefined,
): CertificateRequest | undefined | 'unreadable' {
  if (octets.length > MAX_OCTETS) return 'unreadable'
  try {
    let version = 0
    for (const { type, body } of messagesOf(octets, secret)) {
      if (type === MESSAGE.serverHello) version = readServerHello(body).version
      if (type === MESSAGE.certificateRequest)
        return { authorities: version === TLS_1_3 ? authorities13(body) : authorities12(body) }
      if (type === MESSAGE.finished || type === MESSAGE.serverHelloDone) return undefined
    }
    return 'unreadable'
  } catch (error) {
    if (error instanceof FlightError) return 'unreadable'
    throw error
  }
}

/** RFC 9846 §4.4.2. */
function authorities13(body: Uint8Array): readonly Uint8Array[] {
  const fields = new Fields(body, misfit)
  fields.vector(1, 0, 255) // certificate_request_context
  const extensions = fields.vector(2, 0, 65_535)
  while (!extensions.atEnd) {
    const type = extensions.number(2)
    const extension = extensions.vector(2, 0, 65_535)
    if (type === CERTIFICATE_AUTHORITIES) return namesOf(extension.vector(2, 3, 65_535))
  }
  return []
}

/** RFC 5246 §7.4.4. */
function authorities12(body: Uint8Array): readonly Uint8Array[] {
  const fields = new Fields(body, misfit)
  fields.vector(1, 1, 255) // certificate_types
  fields.vector(2, 2, 65_534) // supported_signature_algorithms
  return namesOf(fields.vector(2, 0, 65_535))
}

function namesOf(list: Fields): readonly Uint8Array[] {
  const names: Uint8Array[] = []
  while (!list.atEnd) names.push(list.octets(list.number(2)))
  return names
}

interface Message {
  readonly type: number
  readonly body: Uint8Array
}

/** Every whole handshake message up to the end of what can be read. */
function* messagesOf(octets: Uint8Array, secret: Uint8Array | undefined): Generator<Message> {
  let pending: Uint8Array = new Uint8Array()
  for (const fragment of fragmentsOf(octets, secret)) {
    pending = Buffer.concat([pending, fragment])
    for (;;) {
      if (pending.length < 4) break
      const end = 4 + Buffer.from(pending).readUIntBE(1, 3)
      if (pending.length < end) break
      yield { type: pending[0] ?? 0, body: pending.subarray(4, end) }
      pending = pending.subarray(end)
    }
  }
}

/** The handshake's part of each record, in the clear. */
function* fragmentsOf(octets: Uint8Array, secret: Uint8Array | undefined): Generator<Uint8Array> {
  const stream = new Fields(octets, misfit)
  let open: ((header: Uint8Array, record: Uint8Array) => Uint8Array | undefined) | undefined
  while (!stream.atEnd) {
    const header = stream.octets(5)
    const record = stream.octets(Buffer.from(header).readUInt16BE(3))
    if (header[0] === CONTENT.handshake) {
      yield record
      // RFC 9846 §4.2.3: the first message after a ServerHello that is none of a retry is protected.
      if (record[0] === MESSAGE.serverHello) open = openerOf(record.subarray(4), secret)
    }
    if (header[0] !== CONTENT.applicationData) continue
    const plain = open?.(header, record)
    if (plain !== undefined) yield plain
  }
}

function readServerHello(body: Uint8Array): {
  readonly version: number
  readonly suite: number
  readonly retry: boolean
} {
  const fields = new Fields(body, misfit)
  let version = fields.number(2)
  const retry = Buffer.from(fields.octets(32)).toString('hex') === RETRY
  fields.vector(1, 0, 32) // legacy_session_id_echo
  const suite = fields.number(2)
  fields.number(1) // legacy_compression_method
  const extensions = fields.atEnd ? undefined : fields.vector(2, 0, 65_535)
  while (extensions && !extensions.atEnd) {
    const type = extensions.number(2)
    const extension = extensions.vector(2, 0, 65_535)
    if (type === SUPPORTED_VERSIONS) version = extension.number(2)
  }
  return { version, suite, retry }
}

/** What opens the server's protected records, RFC 9846 §5.2 and §5.3. */
function openerOf(serverHello: Uint8Array, secret: Uint8Array | undefined) {
  const { version, suite, retry } = readServerHello(serverHello)
  const known = SUITES[suite]
  if (version !== TLS_1_3 || retry || secret === undefined || known === undefined) return undefined
  const [cipher, keyOctets, hash] = known
  const key = expandLabel(hash, secret, 'key', keyOctets)
  const iv = expandLabel(hash, secret, 'iv', 12)
  let sequence = 0
  return (header: Uint8Array, record: Uint8Array): Uint8Array | undefined => {
    if (record.length <= TAG_OCTETS) return undefined
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8)
    sequence++
    // The three share one shape of node:crypto's types.
    const decipher = createDecipheriv(cipher as 'chacha20-poly1305', key, nonce, { authTagLength: TAG_OCTETS })
    decipher.setAAD(header)
    decipher.setAuthTag(record.subarray(-TAG_OCTETS))
    let inner: Buffer
    try {
      inner = Buffer.concat([decipher.update(record.subarray(0, -TAG_OCTETS)), decipher.final()])
    } catch (error) {
      // Under the next keys: the handshake is over. What node:crypto says of a tag has no code.
      if (!(error instanceof Error && /authenticate data/.test(error.message))) throw error
      return undefined
    }
    // RFC 9846 §5.4: the type stands before the zeros of the padding.
    let end = inner.length
    while (end > 0 && inner[end - 1] === 0) end--
    return inner[end - 1] === CONTENT.handshake ? inner.subarray(0, end - 1) : undefined
  }
}

/** HKDF-Expand-Label with an empty context, RFC 9846 §7.1; one block of HMAC is enough for keys. */
function expandLabel(hash: string, secret: Uint8Array, label: string, octets: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`, 'latin1')
  const info = Buffer.concat([Buffer.from([0, octets, name.length]), name, Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, octets)
}
