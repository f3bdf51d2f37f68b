// The ClientHello itself, RFC 9846 §4.2.2: what the gate needs of it, every length exact.
import { Fields } from '../fields.ts'
import { ClientHelloError } from './client-hello-error.ts'

/** What a caller asks for, before anything is proved. */
export interface ClientHello {
  /** 32 octets, a copy. */
  readonly random: Uint8Array
  /** RFC 6066 §3, in lower case. */
  readonly serverName?: string
  /** RFC 9846 §4.3.1, as offered, with those that nobody knows (GREASE). Empty where the extension is absent. */
  readonly supportedVersions: readonly number[]
  /** RFC 7301 §3.1, as offered; octets above 127 as Latin-1. */
  readonly alpn: readonly string[]
}

/** ProtocolVersion of TLS 1.3. */
export const TLS_1_3 = 0x0304

const EXTENSION = { serverName: 0, alpn: 16, supportedVersions: 43 } as const
const HOST_NAME = 0
// Octets that a host name may have on the wire (RFC 6066 §3: ASCII, no trailing dot).
const HOST = /^[\x21-\x7e]{0,254}[\x21-\x2d\x2f-\x7e]$/

/**
 * Reads the body of a ClientHello, without the 4 octets of the handshake header.
 * Cipher suites, key shares and what else only TLS itself needs are skipped by their lengths.
 * @throws {ClientHelloError}
 */
export function readClientHello(body: Uint8Array): ClientHello {
  const fields = new Fields(body, () => new ClientHelloError('ERR_CLIENT_HELLO_LENGTH'))
  fields.octets(2) // legacy_version
  const random = fields.octets(32).slice()
  fields.vector(1, 0, 32) // legacy_session_id
  fields.vector(2, 2, 65_534) // cipher_suites
  fields.vector(1, 1, 255) // legacy_compression_methods
  // Before TLS 1.3 the extensions may be absent; such a hello is refused for its version, not as malformed.
  const extensions = readExtensions(fields.atEnd ? undefined : fields.vector(2, 0, 65_535))
  fields.close()

  const serverName = extensions.get(EXTENSION.serverName)
  return {
    random,
    ...(serverName && { serverName: readServerName(serverName) }),
    supportedVersions: readVersions(extensions.get(EXTENSION.supportedVersions)),
    alpn: readProtocols(extensions.get(EXTENSION.alpn)),
  }
}

function readExtensions(fields: Fields | undefined): Map<number, Fields> {
  const extensions = new Map<number, Fields>()
  while (fields && !fields.atEnd) {
    const type = fields.number(2)
    // "There MUST NOT be more than one extension of the same type in a given extension block."
    if (extensions.has(type)) throw new ClientHelloError('ERR_CLIENT_HELLO_DUPLICATE')
    extensions.set(type, fields.vector(2, 0, 65_535))
  }
  return extensions
}

function readServerName(fields: Fields): string {
  const list = fields.vector(2, 1, 65_535)
  fields.close()
  const type = list.number(1)
  const name = list.vector(2, 1, 65_535).text()
  // RFC 6066 §3: "The ServerNameList MUST NOT contain more than one name of the same name_type", and there is one type.
  if (type !== HOST_NAME || !list.atEnd || !HOST.test(name)) throw new ClientHelloError('ERR_CLIENT_HELLO_SERVER_NAME')
  return name.toLowerCase()
}

function readVersions(fields: Fields | undefined): number[] {
  const versions: number[] = []
  if (fields === undefined) return versions
  const list = fields.vector(1, 2, 254)
  fields.close()
  while (!list.atEnd) versions.push(list.number(2))
  return versions
}

function readProtocols(fields: Fields | undefined): string[] {
  const protocols: string[] = []
  if (fields === undefined) return protocols
  const list = fields.vector(2, 2, 65_535)
  fields.close()
  while (!list.atEnd) protocols.push(list.vector(1, 1, 255).text())
  return protocols
}
