// What a certificate says of its subject, and whether that is who was asked for: RFC 9525 §6. The common name never counts.
import { type Certificate, formatIpAddress, type GeneralName, parseIpAddress } from '@countersign/x509'
import type { ReferenceIdentity } from '../model.ts'
import { matchesDnsName, readPresentedDnsName, readReferenceDnsName } from './dns.ts'
import { mailboxOf, readMailbox } from './mailbox.ts'
import { readUri } from './uri.ts'

/** One identity of a certificate as text in its normal form, so that equal identities are equal texts. */
export interface PresentedIdentity {
  readonly kind: ReferenceIdentity['kind']
  readonly value: string
}

/**
 * Tells whether the certificate carries `reference` in its subjectAltName. Nothing else is judged.
 * @see RFC 9525 §6.2
 */
export function matchesName(certificate: Certificate, reference: ReferenceIdentity): boolean {
  const wanted = normalReference(reference)
  if (wanted === undefined) return false
  return identitiesOf(certificate).some(
    ({ kind, value }) =>
      kind === reference.kind && (kind === 'dNSName' ? matchesDnsName(value, wanted) : value === wanted),
  )
}

/**
 * Lists the identities of the subjectAltName, in its order: DNS names and mail domains in lower case, IPv6 as RFC 5952
 * writes it, schemes and hosts of URIs in lower case. An SmtpUTF8Mailbox is an `rfc822Name` whose local part is not ASCII. A name that its kind does not allow is left out, as it can match nothing.
 */
export function identitiesOf(certificate: Certificate): readonly PresentedIdentity[] {
  return (certificate.subjectAltName ?? []).flatMap((name) => {
    const identity = readIdentity(name)
    return identity === undefined ? [] : [identity]
  })
}

/** Brings a reference to the form in which it is compared; undefined where its text is not of its kind. */
export function normalReference({ kind, value }: ReferenceIdentity): string | undefined {
  switch (kind) {
    case 'dNSName':
      return readReferenceDnsName(value)
    case 'iPAddress': {
      const octets = parseIpAddress(value)
      return octets && formatIpAddress(octets)
    }
    case 'uniformResourceIdentifier':
      return readUri(value)
    case 'rfc822Name':
      return readMailbox(value)
  }
}

function readIdentity(name: GeneralName): PresentedIdentity | undefined {
  switch (name.kind) {
    case 'dNSName':
      return identity(name.kind, readPresentedDnsName(name.value))
    case 'iPAddress':
      return identity(name.kind, formatIpAddress(name.octets))
    case 'uniformResourceIdentifier':
      return identity(name.kind, readUri(name.value))
    case 'rfc822Name':
    case 'otherName':
      return identity('rfc822Name', mailboxOf(name))
    default:
      return undefined
  }
}

function identity(kind: PresentedIdentity['kind'], value: string | undefined): PresentedIdentity | undefined {
  return value === undefined ? undefined : { kind, value }
}
