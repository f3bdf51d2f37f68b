// uniformResourceIdentifier: RFC 3986, and the SPIFFE ID.

const SCHEME = /^[a-z][a-z0-9+.-]*$/
// RFC 3986 §2: unreserved, reserved and percent-encoded; nothing else can stand in a URI.
const URI_CHARACTERS = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/

/**
 * Brings an absolute URI to the form in which it is compared: scheme and host in lower case, all else as it stands.
 * Undefined where it is none.
 * @see RFC 3986 §6.2.2.1
 */
export function readUri(text: string): string | undefined {
  const colon = text.indexOf(':')
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase()
  if (!SCHEME.test(scheme) || !URI_CHARACTERS.test(text)) return undefined
  const rest = text.slice(colon + 1)
  if (!rest.startsWith('//')) return `${scheme}:${rest}`
  const end = rest.slice(2).search(/[/?#]/)
  const authority = end < 0 ? rest.slice(2) : rest.slice(2, 2 + end)
  const host = authority.lastIndexOf('@') + 1
  return `${scheme}://${authority.slice(0, host)}${authority.slice(host).toLowerCase()}${rest.slice(2 + authority.length)}`
}

/** Tells whether a URI, as read above, claims to be a SPIFFE ID. */
export function isSpiffe(uri: string): boolean {
  return uri.startsWith('spiffe:')
}

const TRUST_DOMAIN_AND_PATH = /^spiffe:\/\/[a-z0-9._-]{1,255}((?:\/[A-Za-z0-9._-]+)+)$/

/** Says why a URI, as read above, is no SPIFFE ID of a workload; undefined where it is one. @see SPIFFE-ID §2, X509-SVID §5.2 */
export function whyNotWorkload(uri: string): string | undefined {
  if (uri.length > 2048) return 'the spiffe id is longer than 2048 octets'
  const path = TRUST_DOMAIN_AND_PATH.exec(uri)?.[1]
  if (path === undefined) return 'the spiffe id is not a trust domain and a path'
  if (path.split('/').some((segment) => segment === '.' || segment === '..'))
    return 'the path of the spiffe id has a relative segment'
  return undefined
}
