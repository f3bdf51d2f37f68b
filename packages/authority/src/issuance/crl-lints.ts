// What every revocation list of ours must be, rule by rule. The expectation comes from the store, not from the builder.
import type { Certificate, CertificateList } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import type { RevokedEntry } from '../store/certificates.ts'
import { faultOfSignature } from './issuer-signature.ts'
import type { Lint } from './lint-model.ts'

export interface CrlExpectation {
  readonly issuer: Certificate
  readonly number: bigint
  readonly entries: readonly RevokedEntry[]
  readonly nextUpdate: Temporal.Instant
  readonly now: Temporal.Instant
}

/** Every rule, each with its clause. */
export const CRL_LINTS: readonly Lint<CertificateList, CrlExpectation>[] = [
  {
    id: 'crl-version-2',
    clause: 'RFC 5280 §5.1.2.1',
    severity: 'error',
    check: ({ version }) => (version === 2 ? undefined : `version ${version}`),
  },
  {
    id: 'crl-signature-algorithm',
    clause: 'RFC 5280 §5.1.2.2',
    severity: 'error',
    check: ({ signature }, { issuer }) => faultOfSignature(signature, issuer.subjectPublicKeyInfo),
  },
  {
    id: 'crl-issuer-name',
    clause: 'RFC 5280 §5.1.2.3',
    severity: 'error',
    check: ({ issuer }, expected) =>
      sameOctets(issuer.der, expected.issuer.subject.der) ? undefined : 'not the name of the issuer',
  },
  {
    id: 'crl-this-update',
    clause: 'RFC 5280 §5.1.2.4',
    severity: 'error',
    check: ({ thisUpdate }, { now }) =>
      Temporal.Instant.compare(thisUpdate, now) <= 0 ? undefined : `${thisUpdate} is in the future`,
  },
  {
    id: 'crl-next-update',
    clause: 'RFC 5280 §5.1.2.5',
    severity: 'error',
    check: ({ thisUpdate, nextUpdate }, expected) =>
      nextUpdate?.equals(expected.nextUpdate) && Temporal.Instant.compare(thisUpdate, nextUpdate) < 0
        ? undefined
        : `${nextUpdate} is not the time that was asked for`,
  },
  {
    id: 'crl-entries',
    clause: 'RFC 5280 §5.1.2.6',
    severity: 'error',
    check: ({ revokedCertificates }, { entries }) => {
      const listed = new Map(revokedCertificates.map((one) => [one.userCertificate, one.reasonCode ?? 'unspecified']))
      const missing = entries.filter(({ serial, reason }) => listed.get(BigInt(`0x${serial}`)) !== reason)
      if (missing.length > 0) return `${missing.length} of ${entries.length} are not in it with their reason`
      return revokedCertificates.length === entries.length ? undefined : `${revokedCertificates.length} entries`
    },
  },
  {
    id: 'crl-number',
    clause: 'RFC 5280 §5.2.3',
    severity: 'error',
    check: ({ cRLNumber }, { number }) => (cRLNumber === number ? undefined : `is ${cRLNumber}`),
  },
  {
    id: 'crl-authority-key-identifier',
    clause: 'RFC 5280 §5.2.1',
    severity: 'error',
    check: ({ authorityKeyIdentifier }, { issuer: { subjectKeyIdentifier } }) => {
      const keyIdentifier = authorityKeyIdentifier?.keyIdentifier
      if (keyIdentifier === undefined || subjectKeyIdentifier === undefined) return 'absent'
      return sameOctets(keyIdentifier, subjectKeyIdentifier) ? undefined : "not the issuer's subjectKeyIdentifier"
    },
  },
  {
    id: 'crl-full',
    clause: 'RFC 5280 §5.2.4, §5.2.5',
    severity: 'error',
    check: ({ deltaCRLIndicator, issuingDistributionPoint }) =>
      deltaCRLIndicator === undefined && issuingDistributionPoint === undefined ? undefined : 'not a full list',
  },
]
