// Which request header fields an upstream may believe: none that a caller could have written about itself.
import type { Certificate } from '@countersign/x509'

/** Names by which some upstream somewhere learns who the caller is; compared in `plainName` form. */
const IDENTITY_HEADERS: ReadonlySet<string> = new Set([
  // RFC 9440: ours to write.
  'client-cert',
  'client-cert-chain',
  // Envoy and Istio.
  'x-forwarded-client-cert',
  // RFC 7239 and its ancestors: addresses and names that upstreams log and decide on.
  'forwarded',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
  'x-originating-ip',
  'x-remote-ip',
  'x-remote-addr',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  // Names of a signed-in person, as single-sign-on proxies hand them on.
  'remote-user',
  'x-remote-user',
  'x-remote-group',
  'x-user',
  'x-authenticated-user',
  'x-authenticated-userid',
  'x-webauth-user',
  'x-proxy-user',
  'x-proxy-authenticated-user',
  'x-goog-authenticated-user-email',
  'x-goog-authenticated-user-id',
  'x-goog-iap-jwt-assertion',
  'x-ms-client-principal',
  'x-ms-client-principal-id',
  'x-ms-client-principal-name',
  'x-token-subject',
  // Rewriting that would move a request past an upstream's own checks.
  'x-original-url',
  'x-rewrite-url',
  'x-original-uri',
  'x-original-host',
])

/** Whole families: nginx, Apache, HAProxy, Traefik, oauth2-proxy, F5, Azure and our own name their certificate fields with these. */
const IDENTITY_PREFIXES: readonly string[] = [
  'client-cert-',
  'x-client-cert',
  'x-client-verify',
  'x-client-dn',
  'x-client-s-dn',
  'x-client-i-dn',
  'x-client-serial',
  'x-client-fingerprint',
  'x-forwarded-',
  'x-ssl-',
  'ssl-',
  'x-tls-',
  'tls-client-',
  'x-arr-clientcert',
  'x-auth-request-',
  'x-auth-user',
  'x-auth-email',
  'x-auth-subject',
  'x-remote-extra-',
  'x-countersign-',
  'countersign-',
]

/** RFC 9110 §7.6.1: fields for this connection only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * One form for all spellings that some upstream reads as the same name: CGI turns `-`, and some servers `.` or space too, into `_`.
 * @param name As it stood on the wire.
 */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** Does a field of that name tell an upstream who the caller is? */
export function namesIdentity(name: string): boolean {
  const plain = plainName(name)
  return IDENTITY_HEADERS.has(plain) || IDENTITY_PREFIXES.some((prefix) => plain.startsWith(prefix))
}

/**
 * Chooses what goes to the upstream: neither fields for this connection nor any that speak of the caller's identity.
 * @param raw Names and values in turn, as Node's `rawHeaders`.
 * @returns The same form.
 */
export function forwardableHeaders(raw: readonly string[]): string[] {
  const named = connectionOptions(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    // `Expect` was answered by this door.
    if (HOP_BY_HOP.has(lower) || lower === 'expect' || named.has(lower) || namesIdentity(name)) continue
    kept.push(name, raw[i + 1] ?? '')
  }
  return kept
}

/** What of an upstream's response goes to the caller: all but the fields for that connection. */
export function responseHeaders(raw: readonly string[]): string[] {
  const named = connectionOptions(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || named.has(lower)) continue
    // RFC 9440 §2.2: "MUST NOT be used in HTTP responses"; §2.4: a response that varies by it is not for a shared cache.
    if (lower === 'client-cert' || lower === 'client-cert-chain') continue
    kept.push(name, lower === 'vary' && /client-cert/i.test(raw[i + 1] ?? '') ? '*' : (raw[i + 1] ?? ''))
  }
  return kept
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

/** RFC 9110 §7.6.1: what `Connection` names is for this connection only, too. */
function connectionOptions(raw: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>()
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (raw[i]?.toLowerCase() === 'connection')
      for (const option of (raw[i + 1] ?? '').split(',')) named.add(option.trim().toLowerCase())
  return named
}
