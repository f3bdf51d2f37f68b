// What every certificate of ours must be, rule by rule. The expectation comes from the request, not from the builder.
import type { Identity } from '@countersign/protocol'
import { type Certificate, type GeneralName, type KeyUsageBit, OID } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import { keyIdentifierOf } from './build.ts'
import { faultOfSignature } from './issuer-signature.ts'
import type { Lint } from './lint-model.ts'
import { identityOf, sameIdentity } from './names.ts'
import { PROFILES, type ProfileName } from './profiles.ts'

export interface CertificateExpectation {
  readonly kind: 'root' | 'issuing' | { readonly leaf: ProfileName }
  /** DER of the subjectPublicKeyInfo that was asked for. */
  readonly publicKey: Uint8Array
  /** Empty for the two authorities. */
  readonly identities: readonly Identity[]
  /** Absent for the root. */
  readonly issuer?: Certificate
  readonly now: Temporal.Instant
}

type CertificateLint = Lint<Certificate, CertificateExpectation>

/** Every rule, each with its clause. */
export const CERTIFICATE_LINTS: readonly CertificateLint[] = [
  {
    id: 'version-3',
    clause: 'RFC 5280 §4.1.2.1',
    check: ({ version }) => unless(version === 3, `version ${version}`),
  },
  {
    id: 'serial',
    clause: 'RFC 5280 §4.1.2.2',
    // That it is positive and has at most 20 octets, the reader has seen.
    check: ({ serialNumber }) => unless(serialNumber >= 1n << 64n, 'no room for 64 random bits'),
  },
  {
    id: 'signature-algorithm',
    clause: 'RFC 5280 §4.1.2.3',
    check: ({ signature, subjectPublicKeyInfo }, { issuer }) =>
      faultOfSignature(signature, (issuer ?? { subjectPublicKeyInfo }).subjectPublicKeyInfo),
  },
  {
    id: 'issuer-name',
    clause: 'RFC 5280 §4.1.2.4',
    check: ({ issuer, subject }, expected) =>
      unless(sameOctets(issuer.der, (expected.issuer?.subject ?? subject).der), 'not the name of the issuer'),
  },
  {
    id: 'validity-order',
    clause: 'RFC 5280 §4.1.2.5',
    check: ({ validity: { notBefore, notAfter } }, { now }) =>
      unless(
        Temporal.Instant.compare(notBefore, now) <= 0 && Temporal.Instant.compare(now, notAfter) < 0,
        `${notBefore} to ${notAfter} does not hold now`,
      ),
  },
  {
    id: 'validity-within-issuer',
    clause: 'local profile',
    check: ({ validity }, { issuer }) =>
      unless(
        issuer === undefined || Temporal.Instant.compare(validity.notAfter, issuer.validity.notAfter) <= 0,
        'outlives its issuer',
      ),
  },
  {
    id: 'subject',
    clause: 'RFC 5280 §4.1.2.6',
    check: ({ subject }) => unless(subject.rdnSequence.length > 0, 'the subject is empty'),
  },
  {
    id: 'public-key',
    clause: 'RFC 5280 §4.1.2.7',
    check: ({ subjectPublicKeyInfo }, { publicKey }) =>
      unless(sameOctets(subjectPublicKeyInfo.der, publicKey), 'not the key that was asked for'),
  },
  {
    id: 'no-unique-identifiers',
    clause: 'RFC 5280 §4.1.2.8',
    check: (c) => unless(c.issuerUniqueID === undefined && c.subjectUniqueID === undefined, 'present'),
  },
  {
    id: 'authority-key-identifier',
    clause: 'RFC 5280 §4.2.1.1',
    check: ({ authorityKeyIdentifier }, { issuer }) => {
      if (issuer === undefined) return unless(authorityKeyIdentifier === undefined, 'present in the root')
      const { subjectKeyIdentifier } = issuer
      const keyIdentifier = authorityKeyIdentifier?.keyIdentifier
      if (keyIdentifier === undefined || subjectKeyIdentifier === undefined) return 'absent'
      return unless(sameOctets(keyIdentifier, subjectKeyIdentifier), "not the issuer's subjectKeyIdentifier")
    },
  },
  {
    id: 'subject-key-identifier',
    clause: 'RFC 5280 §4.2.1.2',
    check: ({ subjectKeyIdentifier, subjectPublicKeyInfo }) =>
      unless(
        subjectKeyIdentifier !== undefined && sameOctets(subjectKeyIdentifier, keyIdentifierOf(subjectPublicKeyInfo)),
        'not the identifier of the key',
      ),
  },
  {
    id: 'key-usage',
    clause: 'RFC 5280 §4.2.1.3',
    check: (certificate, { kind }) => {
      const wanted: readonly KeyUsageBit[] = isLeaf(kind) ? ['digitalSignature'] : ['keyCertSign', 'cRLSign']
      const usage = certificate.keyUsage ?? new Set()
      if (usage.size !== wanted.length || !wanted.every((bit) => usage.has(bit))) return `is ${[...usage].join(', ')}`
      return unless(isCritical(certificate, OID.keyUsage), 'not critical')
    },
  },
  {
    id: 'subject-alt-name',
    clause: 'RFC 5280 §4.2.1.6',
    check: ({ subjectAltName }, { kind, identities }) => {
      if (!isLeaf(kind)) return unless(subjectAltName === undefined, 'present in an authority')
      if (subjectAltName === undefined) return 'absent'
      return unless(sameNames(subjectAltName, identities), 'not exactly the names that were granted')
    },
  },
  {
    id: 'one-spiffe-id',
    clause: 'X509-SVID §2',
    check: ({ subjectAltName = [] }, { kind }) => {
      const uris = subjectAltName.filter((name) => name.kind === 'uniformResourceIdentifier')
      return unless(
        !isLeaf(kind) || (uris.length === 1 && uris[0]?.value.startsWith('spiffe://')),
        `${uris.length} URIs`,
      )
    },
  },
  {
    id: 'basic-constraints',
    clause: 'RFC 5280 §4.2.1.9',
    check: (certificate, { kind }) => {
      const { basicConstraints } = certificate
      if (isLeaf(kind)) return unless(basicConstraints === undefined, 'present in a leaf')
      if (basicConstraints?.cA !== true || !isCritical(certificate, OID.basicConstraints)) return 'no authority'
      return unless(basicConstraints.pathLenConstraint === (kind === 'issuing' ? 0 : undefined), 'wrong path length')
    },
  },
  {
    id: 'extended-key-usage',
    clause: 'RFC 5280 §4.2.1.12',
    check: ({ extendedKeyUsage }, { kind }) => {
      if (!isLeaf(kind)) return unless(extendedKeyUsage === undefined, 'present in an authority')
      const wanted = PROFILES[kind.leaf].extendedKeyUsage.map((purpose) => OID[purpose])
      return unless(extendedKeyUsage?.join() === wanted.join(), `is ${extendedKeyUsage?.join(', ') ?? 'absent'}`)
    },
  },
  {
    id: 'known-extensions',
    clause: 'local profile',
    check: ({ extensions }, { kind }) => {
      const known = isLeaf(kind) ? LEAF_EXTENSIONS : AUTHORITY_EXTENSIONS
      const others = extensions.filter(({ extnID }) => !known.some((oid) => oid === extnID))
      return unless(others.length === 0, others.map(({ extnID }) => extnID).join(', '))
    },
  },
]

const LEAF_EXTENSIONS = [
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
]
const AUTHORITY_EXTENSIONS = [OID.subjectKeyIdentifier, OID.authorityKeyIdentifier, OID.basicConstraints, OID.keyUsage]

function unless(holds: boolean | undefined, detail: string): string | undefined {
  return holds === true ? undefined : detail
}

function isLeaf(kind: CertificateExpectation['kind']): kind is { readonly leaf: ProfileName } {
  return typeof kind === 'object'
}

function isCritical({ extensions }: Certificate, oid: string): boolean {
  return extensions.some(({ extnID, critical }) => extnID === oid && critical)
}

function sameNames(names: readonly GeneralName[], identities: readonly Identity[]): boolean {
  const found = names.map(identityOf)
  return (
    found.length === identities.length &&
    identities.every((identity) => found.some((name) => name !== undefined && sameIdentity(name, identity)))
  )
}
