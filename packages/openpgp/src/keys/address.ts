import { domainToASCII } from 'node:url'

/** The address of a user id, in the form in which addresses are compared; undefined where it has none. @see RFC 9580 §5.11 */
export function addressOf(userId: string): string | undefined {
  const text = /<([^<>]*)>\s*$/.exec(userId)?.[1] ?? userId
  return comparedAddress(text.trim())
}

/** Local part as it stands, domain in lower case as A-labels; undefined for what is no address. @see RFC 5321 §2.4 */
export function comparedAddress(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  if (at < 1 || local.includes('@') || /[\s<>]/.test(address)) return undefined
  const domain = domainToASCII(address.slice(at + 1))
  return domain === '' ? undefined : `${local}@${domain}`
}

/** The name before the address of a user id; undefined where it has none. */
export function nameOf(userId: string): string | undefined {
  const name = /^([^<]*)</.exec(userId)?.[1]?.trim()
  return name === '' ? undefined : name
}
