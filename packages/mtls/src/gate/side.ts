// Who a certificate says its holder is, as meetings record it.
import { hash } from 'node:crypto'
import type { CertificateSummary, Identity, PartyId, Side } from '@countersign/protocol'
import { type Certificate, escapeText, formatName, type GeneralName, type Name, OID } from '@countersign/x509'
import { formatAddress } from './address.ts'

// SPIFFE-ID §2.1 and §2.2: lower-case trust domain, no empty or relative segment, no trailing slash, nothing percent-encoded.
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}\/([a-zA-Z0-9._-]+(?:\/[a-zA-Z0-9._-]+)*)$/
const MAX_SPIFFE_ID_LENGTH = 2048
// A name that is compared and shown has no spaces, controls or foreign letters; RFC 5280 §4.2.1.6 gives these kinds IA5String.
const VISIBLE = /^[\x21-\x7e]+$/

/**
 * Describes a side by the certificate it showed; a claim until the gate has judged it.
 * @param address What to call a side that shows no name, as in `192.0.2.7:51234`.
 */
export function sideOf(leaf: Certificate | undefined, address: string): Side {
  if (leaf === undefined) return { name: address, identities: [] }
  const identities = identitiesOf(leaf.subjectAltName ?? [])
  const party = identities.map(partyOf).find((id) => id !== undefined)
  return {
    name: party ?? identities[0]?.value ?? address,
    ...(party !== undefined && { party }),
    identities,
    certificate: summaryOf(leaf),
  }
}

/** Sums up a certificate for records. */
export function summaryOf(certificate: Certificate): CertificateSummary {
  const issuerCommonName = commonNameOf(certificate.issuer)
  return {
    sha256: sha256(certificate.der),
    spkiSha256: sha256(certificate.subjectPublicKeyInfo.der),
    serialNumber: certificate.serialNumber.toString(16),
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    ...(issuerCommonName !== undefined && { issuerCommonName }),
    notBefore: certificate.validity.notBefore,
    notAfter: certificate.validity.notAfter,
  }
}

function commonNameOf(name: Name): string | undefined {
  const text = name.rdnSequence.flat().findLast(({ type }) => type === OID.commonName)?.text
  return text === undefined ? undefined : escapeText(text)
}

/** Names a key by the SHA-256 of its SubjectPublicKeyInfo or a certificate by that of its DER, hexadecimal. */
export function sha256(der: Uint8Array): string {
  return hash('sha256', der, 'hex')
}

function identitiesOf(names: readonly GeneralName[]): Identity[] {
  // X509-SVID §2: "Validators encountering an SVID containing more than one URI SAN MUST reject the SVID."
  const svid = names.filter(({ kind }) => kind === 'uniformResourceIdentifier').length === 1
  const identities: Identity[] = []
  for (const name of names) {
    if (name.kind === 'iPAddress') {
      const value = formatAddress(name.octets)
      if (value !== undefined) identities.push({ kind: name.kind, value })
    } else if (name.kind === 'uniformResourceIdentifier') {
      if (VISIBLE.test(name.value) && (svid || !/^spiffe:/i.test(name.value)))
        identities.push({ kind: name.kind, value: name.value })
    } else if (name.kind === 'dNSName' || name.kind === 'rfc822Name') {
      if (VISIBLE.test(name.value)) identities.push({ kind: name.kind, value: name.value })
    }
  }
  return identities
}

function partyOf({ kind, value }: Identity): PartyId | undefined {
  if (kind !== 'uniformResourceIdentifier' || value.length > MAX_SPIFFE_ID_LENGTH) return undefined
  const path = SPIFFE_ID.exec(value)?.[1]
  return path?.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : path
}
