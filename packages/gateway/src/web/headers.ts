// Which header fields cross the door, in each direction.
import type { Certificate } from '@countersign/x509'
import { namesIdentity, plainName } from './identity-headers.ts'

/** RFC 9110 §7.6.1, and what older agents treat alike: fields for one connection only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  // RFC 9110 §6.6.2: announces trailers, which each side of this door frames anew.
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Answered or written anew by this door: RFC 9110 §10.1.1, §7.2. */
const OURS: ReadonlySet<string> = new Set(['expect', 'host'])

/** RFC 9110 §6.5.1: framing, and how content is to be read or kept, is not for trailers. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'set-cookie',
])

/** What the name of a field tells of its way. */
interface NameFate {
  readonly lower: string
  readonly toUpstream: boolean
  readonly toCaller: boolean
}

// Agents write the same few names again and again; what one of them makes up pushes the others out, and no more.
const MAX_KNOWN_NAMES = 1024
const MAX_KNOWN_NAME_LENGTH = 64
const known = new Map<string, NameFate>()

function fateOf(name: string): NameFate {
  const before = known.get(name)
  if (before) return before
  const lower = name.toLowerCase()
  const crosses = !HOP_BY_HOP.has(lower)
  const fate = {
    lower,
    toUpstream: crosses && !OURS.has(lower) && !namesIdentity(lower) && !imitatesFraming(lower),
    // RFC 9440 §2.2: "MUST NOT be used in HTTP responses".
    toCaller: crosses && lower !== 'client-cert' && lower !== 'client-cert-chain',
  }
  if (name.length > MAX_KNOWN_NAME_LENGTH) return fate
  if (known.size >= MAX_KNOWN_NAMES) known.clear()
  known.set(name, fate)
  return fate
}

/**
 * Chooses what goes to the upstream: neither fields for this connection, nor any by which it would learn who the caller is.
 * @param raw Names and values in turn, as Node's `rawHeaders`.
 * @returns The same form, without `Host`.
 */
export function forwardableHeaders(raw: readonly string[]): string[] {
  const named = connectionOptions(raw)
  return choose(raw, ({ lower, toUpstream }) => toUpstream && !named?.has(lower))
}

/** RFC 3875 §4.1.18: `Content_Length` and `Content-Length` are one variable to CGI and its heirs, and only one was judged. */
function imitatesFraming(lower: string): boolean {
  const plain = plainName(lower)
  return plain !== lower && (plain === 'content-length' || HOP_BY_HOP.has(plain) || OURS.has(plain))
}

/**
 * Chooses what of an upstream's response goes to the caller.
 * @throws {Error} where it has another transfer coding than `chunked`: nobody asked for one (RFC 9110 §10.1.4), and the caller could not read it.
 */
export function responseHeaders(raw: readonly string[], status: number): string[] {
  const named = connectionOptions(raw)
  // RFC 9110 §8.6: these have none, and a caller that believed it would take it from the answer behind.
  let lengthless = status < 200 || status === 204
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (fateOf(raw[i] ?? '').lower === 'transfer-encoding') {
      if (!/^chunked$/i.test(raw[i + 1] ?? ''))
        throw new Error('the upstream used a transfer coding that was not asked for')
      // RFC 9112 §6.3: it overrides Content-Length, and both "ought to be handled as an error": two lengths split responses.
      lengthless = true
    }
  const kept = choose(
    raw,
    ({ lower, toCaller }) => toCaller && !named?.has(lower) && !(lengthless && lower === 'content-length'),
  )
  // RFC 9440 §2.4: what varies by the certificate is not for the caller's cache.
  for (let i = 0; i + 1 < kept.length; i += 2)
    if (
      fateOf(kept[i] ?? '').lower === 'vary' &&
      /(?:^|[\s,])client-cert(?:-chain)?(?:$|[\s,])/i.test(kept[i + 1] ?? '')
    )
      kept[i + 1] = '*'
  return kept
}

/** Chooses what of an upstream's trailers goes to the caller, as names with values. */
export function responseTrailers(raw: readonly string[]): [string, string][] {
  const kept = choose(responseHeaders(raw, 200), ({ lower }) => !NOT_IN_TRAILERS.has(lower))
  return kept.flatMap((name, i): [string, string][] => (i % 2 ? [] : [[name, kept[i + 1] ?? '']]))
}

/**
 * Writes the caller's proved certificate for the upstream.
 * @param certificates The caller's path, leaf first; the anchor is left out, the upstream's operator has it.
 * @see RFC 9440 §2.2, §2.3
 */
export function clientCertHeaders(certificates: readonly Certificate[]): string[] {
  const [leaf, ...chain] = certificates
  if (leaf === undefined) return []
  const headers = ['Client-Cert', byteSequence(leaf.der)]
  if (chain.length > 0) headers.push('Client-Cert-Chain', chain.map(({ der }) => byteSequence(der)).join(', '))
  return headers
}

/** RFC 9651 §3.3.5. */
function byteSequence(octets: Uint8Array): string {
  return `:${octets.toBase64()}:`
}

function choose(raw: readonly string[], keep: (fate: NameFate) => boolean): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    if (keep(fateOf(name))) kept.push(name, raw[i + 1] ?? '')
  }
  return kept
}

/**
 * RFC 9110 §7.6.1: what `Connection` names is for this connection only, too. The framing that this door has read by
 * is not the caller's to take away. Undefined where nothing is named.
 */
function connectionOptions(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (fateOf(raw[i] ?? '').lower === 'connection') {
      named ??= new Set()
      for (const option of (raw[i + 1] ?? '').split(',')) named.add(option.trim().toLowerCase())
    }
  named?.delete('content-length')
  return named
}

/** What a head weighs in HTTP/1, by which it is limited in both versions. */
export function octetsOf(fields: readonly string[]): number {
  return fields.reduce((octets, part) => octets + part.length + 2, 0)
}
