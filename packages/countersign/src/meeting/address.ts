// How people name a door, and the name that it must prove.
import { type ReferenceIdentity, readName, referenceOf } from '@countersign/verify'
import { domainToALabels } from '@countersign/x509'
import { EXIT, Failure } from '../command.ts'

const HTTPS_PORT = 443

/** Reads HOST, HOST:PORT or an https URL. @throws {Failure} with exit code 2. */
export function parseDoorAddress(address: string): { readonly host: string; readonly port: number } {
  const url = URL.parse(address.includes('://') ? address : `https://${address}`)
  if (address.startsWith('openvpn:'))
    throw new Failure(EXIT.usage, `${address} is a door for VPN, which a client of OpenVPN meets`, {
      code: 'ERR_CLI_USAGE',
      next: 'countersign vpn profile PARTY writes what it needs; countersign doctor says whether the door answers',
    })
  const plain = url !== null && url.username === '' && url.password === ''
  if (!plain || url.protocol !== 'https:' || url.hostname === '')
    throw new Failure(EXIT.usage, `${address} is not HOST, HOST:PORT or an https URL`, {
      code: 'ERR_CLI_USAGE',
      next: 'write it as in hello.localhost:8443 or https://127.0.0.1:8443',
    })
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { host, port: url.port === '' ? HTTPS_PORT : Number(url.port) }
}

/** The kind of name that a text is; a domain in any script is brought to A-labels. @throws {Failure} with exit code 2. @see RFC 9525 §6.1 */
export function referenceIdentity(name: string): ReferenceIdentity {
  const reference = referenceOf(name)
  if (reference.kind !== 'dNSName' && reference.kind !== 'rfc822Name') return reference
  const at = name.lastIndexOf('@') + 1
  return { ...reference, value: name.slice(0, at) + inAscii(name.slice(at)) }
}

/** Brings a mail address to the form in which it is compared: its domain alone is changed. @throws {Failure} with exit code 2. @see RFC 9598 §5 */
export function mailAddress(text: string): string {
  const name = readName(text)
  if (name?.kind === 'rfc822Name') return name.value
  throw new Failure(EXIT.usage, `${text} is no address`, {
    code: 'ERR_CLI_USAGE',
    next: 'as in bob@acme.example',
  })
}

/** Brings a domain in any script to A-labels. @throws {Failure} with exit code 2. @see RFC 5280 §7.2 */
export function inAscii(domain: string): string {
  if (!/\P{ASCII}/u.test(domain)) return domain
  const ascii = domainToALabels(domain)
  if (ascii === undefined)
    throw new Failure(EXIT.usage, `${domain} is no domain name`, { code: 'ERR_CLI_USAGE', next: 'check its spelling' })
  return ascii
}
