// Names that a certificate may carry: how they are asked for, how they are compared, how they are written.
import { domainToUnicode } from 'node:url'
import type { Identity } from '@countersign/protocol'
import { mailboxOf, readMailbox } from '@countersign/verify'
import {
  domainToALabels,
  formatIpAddress,
  type GeneralName,
  type GeneralSubtree,
  parseIpAddress,
  smtpUTF8MailboxName,
} from '@countersign/x509'
import { InvariantError } from '../error.ts'
import type { X509Profile } from './profiles.ts'

export type ParsedName =
  | { readonly ok: true; readonly name: Identity }
  | { readonly ok: false; readonly detail: string }

/** RFC 5280 §4.2.1.6 and RFC 1034 §3.5: letters, digits, hyphens; the last label is not a number (RFC 9525 §6.3 takes it for an address). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** POSIX.1-2024 §3.426 (portable user names), of at most 32 characters as most systems have it. */
const LOGIN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$/

/** The party's identity in the trust domain. @see SPIFFE ID §2 */
export function spiffeIdOf(domain: string, party: string): Identity {
  return { kind: 'uniformResourceIdentifier', value: `spiffe://${domain}/${party}` }
}

/** Whether `domain` can be a trust domain. @see SPIFFE ID §2.1 */
export function isTrustDomain(domain: string): boolean {
  return domain.length <= 255 && /^[a-z0-9._-]+$/.test(domain)
}

export function isDnsName(name: string): boolean {
  const labels = name.split('.')
  return name.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
}

/** Reads one name as people ask for it: `dns:…`, `ip:…`, `email:…`, `login:…`, `uri:…`. */
export function parseSan(san: string): ParsedName {
  const colon = san.indexOf(':')
  const value = san.slice(colon + 1)
  switch (colon < 0 ? '' : san.slice(0, colon)) {
    case 'dns': {
      const name = value.toLowerCase()
      if (!isDnsName(name)) return refused(san, 'is not a DNS name (letters, digits and hyphens; no wildcard)')
      return { ok: true, name: { kind: 'dNSName', value: name } }
    }
    case 'ip': {
      const octets = parseIpAddress(value)
      if (octets === undefined) return refused(san, 'is not an IP address')
      return { ok: true, name: { kind: 'iPAddress', value: formatIpAddress(octets) } }
    }
    case 'email': {
      const mailbox = readMailbox(value)
      if (mailbox === undefined || !isMailDomain(mailbox.slice(mailbox.lastIndexOf('@') + 1)))
        return refused(san, 'is not an e-mail address (its domain in A-labels)')
      return { ok: true, name: { kind: 'rfc822Name', value: mailbox } }
    }
    case 'login':
      if (!LOGIN.test(value)) return refused(san, 'is not a login name (letters, digits, dots, hyphens, underscores)')
      return { ok: true, name: { kind: 'sshPrincipal', value } }
    case 'uri':
      return { ok: true, name: { kind: 'uniformResourceIdentifier', value } }
    default:
      return refused(san, 'does not start with dns:, ip:, email:, login: or uri:')
  }
}

/**
 * RFC 9598 §4: "all email address domains in X.509 certificates MUST conform to IDNA2008": an A-label is the one of its U-label, and
 * what has its hyphens without being one is reserved (§3). The tables are those of UTS #46, which lets symbols pass.
 */
function isMailDomain(domain: string): boolean {
  const labels = domain.split('.').filter((label) => label.slice(2, 4) === '--')
  return labels.every((label) => {
    const unicode = domainToUnicode(label)
    return /\P{ASCII}/u.test(unicode) && domainToALabels(unicode) === label
  })
}

function refused(san: string, why: string): ParsedName {
  return { ok: false, detail: `${JSON.stringify(san)} ${why}` }
}

/** The name of a request or a certificate as an identity; undefined for the kinds that we do not issue. */
export function identityOf(name: GeneralName): Identity | undefined {
  switch (name.kind) {
    case 'dNSName':
      return { kind: 'dNSName', value: name.value.toLowerCase() }
    case 'iPAddress':
      return { kind: 'iPAddress', value: formatIpAddress(name.octets) }
    case 'rfc822Name': {
      const at = name.value.lastIndexOf('@')
      return { kind: 'rfc822Name', value: name.value.slice(0, at + 1) + name.value.slice(at + 1).toLowerCase() }
    }
    case 'otherName': {
      // One space of addresses in two forms: RFC 9598 §6. They never equal each other: §5.
      const value = mailboxOf(name)
      return value === undefined ? undefined : { kind: 'rfc822Name', value }
    }
    case 'uniformResourceIdentifier':
      return { kind: 'uniformResourceIdentifier', value: name.value }
    default:
      return undefined
  }
}

/** The identity as it stands in a subjectAltName. */
export function generalNameOf(identity: Identity): GeneralName {
  if (identity.kind === 'sshPrincipal') throw new InvariantError('an SSH principal is no name of X.509')
  if (identity.kind === 'account') throw new InvariantError('an account is no name of X.509')
  if (isMailBeyondAscii(identity)) return smtpUTF8MailboxName(identity.value)
  if (identity.kind !== 'iPAddress') return { kind: identity.kind, value: identity.value }
  const octets = parseIpAddress(identity.value)
  if (octets === undefined) throw new InvariantError('an identity is not the address that it says')
  return { kind: 'iPAddress', octets }
}

/** RFC 9598 §3, table 1: in which of the two forms of an address it is written. */
function isMailBeyondAscii({ kind, value }: Identity): boolean {
  return kind === 'rfc822Name' && /\P{ASCII}/u.test(value)
}

/** The identity as the space of names that an authority may certify: an address alone, a DNS name with all below. @see RFC 5280 §4.2.1.10 */
export function subtreeOf(identity: Identity): GeneralSubtree {
  const base = generalNameOf(identity)
  if (base.kind !== 'iPAddress') return { base, minimum: 0 }
  const { octets } = base
  return { base: { ...base, octets: Uint8Array.from([...octets, ...octets.map(() => 255)]) }, minimum: 0 }
}

/** What speaks against the form of an identity; undefined where it is the one form that we write. */
export function faultOfForm({ kind, value }: Identity): string | undefined {
  if (kind === 'uniformResourceIdentifier') return undefined
  if (kind === 'account') return 'an account is no name that a credential carries'
  const parsed = parseSan(`${PREFIXES[kind]}:${value}`)
  if (!parsed.ok) return parsed.detail
  return parsed.name.value === value ? undefined : `${JSON.stringify(value)} is not in its usual form`
}

const PREFIXES = { dNSName: 'dns', iPAddress: 'ip', rfc822Name: 'email', sshPrincipal: 'login' } as const

/** Whether two identities, both in the form that this file gives them, are one. */
export function sameIdentity(one: Identity, other: Identity): boolean {
  return one.kind === other.kind && one.value === other.value
}

/** The kinds of names of which a profile wants one. */
export function kindsThatMust(names: X509Profile['names']): readonly Identity['kind'][] {
  return NAME_KINDS.filter((kind) => names[kind] === 'must')
}

const NAME_KINDS = ['dNSName', 'iPAddress', 'rfc822Name', 'sshPrincipal'] as const
