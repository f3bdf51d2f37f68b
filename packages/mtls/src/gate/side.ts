// Who a certificate says its holder is, as meetings record it.
import type { CertificateSummary, Identity, PartyId, Side } from '@countersign/protocol'
import { identitiesOf } from '@countersign/verify'
import { type Certificate, escapeText, formatName, type Name, OID } from '@countersign/x509'
import { sha256 } from '../sha256.ts'

// SPIFFE-ID §2.1 and §2.2: no empty or relative segment, no trailing slash, nothing percent-encoded.
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}\/([a-zA-Z0-9._-]+(?:\/[a-zA-Z0-9._-]+)*)$/
const MAX_SPIFFE_ID_LENGTH = 2048

/**
 * Describes a side by the certificate it showed; a claim until the gate has judged it.
 * @param voucher Who vouches, where the gate has found out: another authority than the house's own, by what its operator
 *   calls it, or our own, for one trust domain alone (SPIFFE §3.1: it is "an identity namespace that is backed by an
 *   issuing authority"). Absent, or without a domain: a party of any.
 * @param address What to call a side that shows no name, as in `192.0.2.7:51234`.
 */
export function sideOf(
  leaf: Certificate | undefined,
  address: string,
  presenter: 'caller' | 'callee' = 'caller',
  { authority, domain }: { readonly authority?: string | undefined; readonly domain?: string | undefined } = {},
): Side {
  if (leaf === undefined) return { name: address, identities: [] }
  const identities = namesOf(leaf)
  // The parties of a house are those of its own authority: another's `alice` is somebody else.
  const party =
    authority === undefined ? identities.map((one) => partyOf(one, domain)).find((id) => id !== undefined) : undefined
  // A caller is a party; a callee is what one asks for.
  const host = presenter === 'callee' ? identities.find(({ kind }) => kind === 'dNSName')?.value : undefined
  return {
    name: host ?? party ?? identities[0]?.value ?? address,
    ...(party !== undefined && { party }),
    ...(authority !== undefined && { authority }),
    identities,
    certificate: summaryOf(leaf),
  }
}

/** Whether it proved itself as a person does: by an account, and not by a certificate. */
export function isPerson({ party, certificate, identities }: Side): boolean {
  return certificate === undefined && party !== undefined && identities.some(({ kind }) => kind === 'account')
}

/** The trust domain of whoever a certificate is for; undefined where it has no SPIFFE ID. */
export function trustDomainOf(leaf: Certificate): string | undefined {
  const id = namesOf(leaf).find(({ kind, value }) => kind === 'uniformResourceIdentifier' && SPIFFE_ID.test(value))
  return id && new URL(id.value).host
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

function namesOf(leaf: Certificate): readonly Identity[] {
  const identities = identitiesOf(leaf)
  const uris = (leaf.subjectAltName ?? []).filter(({ kind }) => kind === 'uniformResourceIdentifier')
  // X509-SVID §2: "Validators encountering an SVID containing more than one URI SAN MUST reject the SVID."
  return uris.length > 1 ? identities.filter(({ value }) => !value.startsWith('spiffe:')) : identities
}

function partyOf({ kind, value }: Identity, domain: string | undefined): PartyId | undefined {
  if (kind !== 'uniformResourceIdentifier' || value.length > MAX_SPIFFE_ID_LENGTH) return undefined
  if (domain !== undefined && !value.startsWith(`spiffe://${domain}/`)) return undefined
  const path = SPIFFE_ID.exec(value)?.[1]
  return path?.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : path
}
