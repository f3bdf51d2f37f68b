// The options of an authority, judged before anything is touched.
import { isIP } from 'node:net'
import type { Identity } from '@countersign/protocol'
import { AuthorityError } from './error.ts'
import { isDnsName, isTrustDomain, parseSan } from './issuance/names.ts'
import { parseKeyUri } from './keys/pkcs11/uri.ts'
import type { AuthorityOptions } from './model.ts'

/** RFC 5280 Appendix A.1 ub-common-name is 64; " Issuing 1" and room for a number follow. */
const MAX_ORGANIZATION_CHARACTERS = 48

/** @throws {AuthorityError} naming the option at fault */
export function checkOptions({ name, domain, organization, directory, issuingKey }: AuthorityOptions): void {
  const fault = (option: string, message: string) => new AuthorityError('ERR_AUTHORITY_OPTION', option, message)
  if (directory === '') throw fault('directory', 'no data directory is named')
  if (!isDnsName(name)) throw fault('name', `${JSON.stringify(name)} is not a DNS name in lower case`)
  if (!isTrustDomain(domain)) throw fault('domain', `${JSON.stringify(domain)} is not a trust domain`)
  if (organization.trim() === '' || organization.length > MAX_ORGANIZATION_CHARACTERS)
    throw fault('organization', `the organization has 1 to ${MAX_ORGANIZATION_CHARACTERS} characters`)
  if (issuingKey !== undefined) parseKeyUri(issuingKey)
}

/** What the listener's own certificate proves: its name, and the address where it is one that can be asked for. */
export function listenerNames({ name, listen: { host } }: AuthorityOptions): readonly Identity[] {
  const dns: Identity = { kind: 'dNSName', value: name }
  const address = isIP(host) === 0 || isUnspecified(host) ? undefined : parseSan(`ip:${host}`)
  return address?.ok === true ? [dns, address.name] : [dns]
}

/** host:port as tokens name it. An unspecified address is everywhere and nowhere: there the name stands. */
export function addressOf({ name, listen: { host } }: AuthorityOptions, port: number): string {
  const shown = isUnspecified(host) ? name : host
  return shown.includes(':') ? `[${shown}]:${port}` : `${shown}:${port}`
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
