// The PROXY protocol, version 2: one header by which the service behind a door learns whom the door has met.
import { parseIpAddress } from '@countersign/x509'

/** Who called, from where, and what was proved. */
export interface ProxiedCaller {
  /** Absent where the connection has no addresses, as on a Unix socket. */
  readonly from?: { readonly address: string; readonly port: number }
  readonly to?: { readonly address: string; readonly port: number }
  /** PP2_TYPE_AUTHORITY: the name that the caller asked for. */
  readonly serverName?: string
  /** PP2_TYPE_UNIQUE_ID. */
  readonly reference: string
  /** PP2_SUBTYPE_SSL_VERSION and _CIPHER. */
  readonly tls: { readonly version: string; readonly cipher: string }
  /** PP2_SUBTYPE_SSL_CN: what people know the caller by. */
  readonly name?: string
  /** Each identity in its own PP2_TYPE of ours, as `kind:value`. */
  readonly identities: readonly string[]
}

// "\r\n\r\n\0\r\nQUIT\n"
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const VERSION_2_PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
const UNSPEC = 0x00
/** By the octets of an address. */
const FAMILIES: ReadonlyMap<number, number> = new Map([
  [4, TCP_OVER_IPV4],
  [16, TCP_OVER_IPV6],
])

const PP2_TYPE_AUTHORITY = 0x02
const PP2_TYPE_UNIQUE_ID = 0x05
const PP2_TYPE_SSL = 0x20
const PP2_SUBTYPE_SSL_VERSION = 0x21
const PP2_SUBTYPE_SSL_CN = 0x22
const PP2_SUBTYPE_SSL_CIPHER = 0x23
// PP2_TYPE_MIN_CUSTOM to PP2_TYPE_MAX_CUSTOM are for such use.
/** The type of the identities that a door writes. */
export const PP2_TYPE_COUNTERSIGN_IDENTITY = 0xe0

const PP2_CLIENT_SSL = 0x01
const PP2_CLIENT_CERT_CONN = 0x02
const PP2_CLIENT_CERT_SESS = 0x04

/**
 * Writes the header.
 * @throws {RangeError} when it would be longer than the 65,535 octets that its length field can say.
 * @see The PROXY protocol, section 2.2
 */
export function writeProxyHeader(caller: ProxiedCaller): Uint8Array {
  const { family, addresses } = addressBlock(caller)
  const ssl = [
    Uint8Array.of(PP2_CLIENT_SSL | PP2_CLIENT_CERT_CONN | PP2_CLIENT_CERT_SESS, 0, 0, 0, 0),
    tlv(PP2_SUBTYPE_SSL_VERSION, caller.tls.version),
    tlv(PP2_SUBTYPE_SSL_CIPHER, caller.tls.cipher),
    ...(caller.name === undefined ? [] : [tlv(PP2_SUBTYPE_SSL_CN, caller.name)]),
  ]
  const body = [
    addresses,
    ...(caller.serverName === undefined ? [] : [tlv(PP2_TYPE_AUTHORITY, caller.serverName)]),
    tlv(PP2_TYPE_UNIQUE_ID, caller.reference),
    tlv(PP2_TYPE_SSL, Buffer.concat(ssl)),
    ...caller.identities.map((identity) => tlv(PP2_TYPE_COUNTERSIGN_IDENTITY, identity)),
  ]
  const rest = Buffer.concat(body)
  if (rest.length > 0xffff) throw new RangeError('the header is too long')
  return Buffer.concat([SIGNATURE, Uint8Array.of(VERSION_2_PROXY, family), uint16(rest.length), rest])
}

function addressBlock({ from, to }: ProxiedCaller): { readonly family: number; readonly addresses: Uint8Array } {
  if (from !== undefined && to !== undefined) {
    const ports = Buffer.concat([uint16(from.port), uint16(to.port)])
    // Node tells the zone of a link-local address, RFC 6874 §2; the header has no place for it.
    const [source, target] = [from.address, to.address].map((text) => parseIpAddress(text.split('%')[0] ?? ''))
    const family = FAMILIES.get(source?.length ?? 0)
    if (family !== undefined && source && target && source.length === target.length)
      return { family, addresses: Buffer.concat([source, target, ports]) }
  }
  return { family: UNSPEC, addresses: new Uint8Array() }
}

function tlv(type: number, value: string | Uint8Array): Uint8Array {
  const octets = Buffer.from(value)
  if (octets.length > 0xffff) throw new RangeError('a value is too long')
  return Buffer.concat([Uint8Array.of(type), uint16(octets.length), octets])
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}
