// What every certificate of ours must be, rule by rule. The expectation comes from the request, not from the builder.
import type { Identity } from '@countersign/protocol'
import { mailboxOf } from '@countersign/verify'
import { type Certificate, formatIpAddress, type GeneralName, OID } from '@countersign/x509'
import { sameOctets, wholeSecond } from '../octets.ts'
import { keyIdentifierOf } from './build.ts'
import { faultOfSignature } from './issuer-signature.ts'
import type { Lint } from './lint-model.ts'
import { faultOfForm, identityOf, kindsThatMust, sameIdentity } from './names.ts'
import { X509_PROFILES, type X509Profile, type X509ProfileName } from './profiles.ts'
import { faultOfKey, judgeKey } from './public-key.ts'

export interface CertificateExpectation {
  readonly profile: X509ProfileName
  /** DER of the subjectPublicKeyInfo that was asked for. */
  readonly publicKey: Uint8Array
  /** All that were granted: of an authority, the spaces of names that it may certify. */
  readonly identities: readonly Identity[]
  /** Absent for the root. */
  readonly issuer?: Certificate
  /** What another certificate of the same key calls it. */
  readonly keyIdentifier?: Uint8Array
  readonly now: Temporal.Instant
}

type CertificateLint = Lint<Certificate, CertificateExpectation>

/** Every rule, each with its clause. */
export const CERTIFICATE_LINTS: readonly CertificateLint[] = [
  {
    id: 'version-3',
    clause: 'RFC 5280 §4.1.2.1',
    severity: 'error',
    check: ({ version }) => unless(version === 3, `version ${version}`),
  },
  {
    id: 'serial',
    clause: 'RFC 5280 §4.1.2.2',
    severity: 'error',
    // That it is positive and has at most 20 octets, the reader has seen.
    check: ({ serialNumber }) => unless(serialNumber >= 1n << 64n, 'no room for 64 random bits'),
  },
  {
    id: 'signature-algorithm',
    clause: 'RFC 5280 §4.1.2.3',
    severity: 'error',
    check: ({ signature, subjectPublicKeyInfo }, { issuer }) =>
      faultOfSignature(signature, (issuer ?? { subjectPublicKeyInfo }).subjectPublicKeyInfo),
  },
  {
    id: 'issuer-name',
    clause: 'RFC 5280 §4.1.2.4',
    severity: 'error',
    check: ({ issuer, subject }, expected) =>
      unless(sameOctets(issuer.der, (expected.issuer?.subject ?? subject).der), 'not the name of the issuer'),
  },
  {
    id: 'validity-order',
    clause: 'RFC 5280 §4.1.2.5',
    severity: 'error',
    check: ({ validity: { notBefore, notAfter } }, { now }) =>
      unless(
        Temporal.Instant.compare(notBefore, now) <= 0 && Temporal.Instant.compare(now, notAfter) < 0,
        `${notBefore} to ${notAfter} does not hold now`,
      ),
  },
  {
    id: 'validity-length',
    clause: 'local profile',
    severity: 'error',
    check: ({ validity: { notBefore, notAfter } }, { profile, now }) => {
      const { lasts, backdate } = rowOf(profile)
      const [first, last] = [wholeSecond(now.subtract(backdate)), wholeSecond(now.add(lasts))]
      return unless(
        notBefore.equals(first) && Temporal.Instant.compare(notAfter, last) <= 0,
        `not within ${first} to ${last}`,
      )
    },
  },
  {
    id: 'validity-within-issuer',
    clause: 'local profile',
    severity: 'error',
    check: ({ validity }, { issuer }) =>
      unless(
        issuer === undefined || Temporal.Instant.compare(validity.notAfter, issuer.validity.notAfter) <= 0,
        'outlives its issuer',
      ),
  },
  {
    id: 'subject',
    clause: 'RFC 5280 §4.1.2.6',
    severity: 'error',
    check: ({ subject }) => unless(subject.rdnSequence.length > 0, 'the subject is empty'),
  },
  {
    id: 'public-key',
    clause: 'RFC 5280 §4.1.2.7',
    severity: 'error',
    check: ({ subjectPublicKeyInfo }, { publicKey }) =>
      unless(sameOctets(subjectPublicKeyInfo.der, publicKey), 'not the key that was asked for'),
  },
  {
    id: 'no-unique-identifiers',
    clause: 'RFC 5280 §4.1.2.8',
    severity: 'error',
    check: (c) => unless(c.issuerUniqueID === undefined && c.subjectUniqueID === undefined, 'present'),
  },
  {
    id: 'authority-key-identifier',
    clause: 'RFC 5280 §4.2.1.1',
    severity: 'error',
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
    severity: 'error',
    check: ({ subjectKeyIdentifier, subjectPublicKeyInfo }, { keyIdentifier }) =>
      unless(
        subjectKeyIdentifier !== undefined &&
          sameOctets(subjectKeyIdentifier, keyIdentifier ?? keyIdentifierOf(subjectPublicKeyInfo)),
        'not the identifier of the key',
      ),
  },
  {
    id: 'key-usage',
    clause: 'RFC 5280 §4.2.1.3',
    severity: 'error',
    check: ({ keyUsage = new Set() }, { profile, publicKey }) => {
      const judged = judgeKey(publicKey)
      const wanted = (judged.ok && rowOf(profile).keys[judged.kind]) || []
      return unless(
        wanted.length > 0 && keyUsage.size === wanted.length && wanted.every((bit) => keyUsage.has(bit)),
        `is ${[...keyUsage].join(', ')}, not ${wanted.join(', ')}`,
      )
    },
  },
  {
    id: 'key-kind',
    clause: 'local profile',
    severity: 'error',
    check: ({ subjectPublicKeyInfo }, { profile }) => faultOfKey(subjectPublicKeyInfo.der, rowOf(profile)),
  },
  {
    id: 'certificate-policies',
    clause: 'RFC 5280 §4.2.1.4',
    severity: 'error',
    check: ({ certificatePolicies = [] }, { profile }) =>
      unless(
        certificatePolicies.map(({ policyIdentifier }) => policyIdentifier).join() ===
          rowOf(profile)
            .policies.map((policy) => OID[policy])
            .join() && certificatePolicies.every(({ policyQualifiers }) => policyQualifiers === undefined),
        "not the profile's",
      ),
  },
  {
    id: 'subject-alt-name',
    clause: 'RFC 5280 §4.2.1.6',
    severity: 'error',
    check: ({ subjectAltName }, { profile, identities }) => {
      const wanted = isAuthority(profile) ? [] : identities
      if (wanted.length === 0) return unless(subjectAltName === undefined, 'present without names')
      if (subjectAltName === undefined) return 'absent'
      return unless(sameNames(subjectAltName, wanted), 'not exactly the names that were granted')
    },
  },
  {
    id: 'name-kinds',
    clause: 'local profile',
    severity: 'error',
    check: ({ subjectAltName = [] }, { profile, identities }) => {
      const { names, spiffeId } = rowOf(profile)
      const found = subjectAltName.map(identityOf)
      const others = found.filter(
        (one) => one?.kind !== 'uniformResourceIdentifier' && (one === undefined || names[one.kind] === undefined),
      )
      if (others.length > 0) return `${others.map((one) => one?.kind).join(', ')}: not in this profile`
      const missing = kindsThatMust(names).filter((kind) => !identities.some((one) => one.kind === kind))
      if (missing.length > 0) return `no ${missing.join(', ')}`
      return unless(spiffeId || !found.some((one) => one?.kind === 'uniformResourceIdentifier'), 'a URI')
    },
  },
  {
    id: 'name-form',
    clause: 'RFC 5280 §4.2.1.6',
    severity: 'error',
    check: (_, { identities }) => identities.map(faultOfForm).find((fault) => fault !== undefined),
  },
  {
    id: 'mail-address',
    clause: 'RFC 9598 §3',
    severity: 'error',
    // What is compared octet for octet is written as it is compared, in the form that its local part wants.
    check: ({ subjectAltName = [] }) =>
      subjectAltName.some((name) => isOddAddress(name)) ? 'an e-mail address in another form than its own' : undefined,
  },
  {
    id: 'one-spiffe-id',
    clause: 'X509-SVID §2',
    severity: 'error',
    check: ({ subjectAltName = [] }, { profile }) => {
      const uris = subjectAltName.filter((name) => name.kind === 'uniformResourceIdentifier')
      return unless(
        !rowOf(profile).spiffeId || (uris.length === 1 && uris[0]?.value.startsWith('spiffe://')),
        `${uris.length} URIs`,
      )
    },
  },
  {
    id: 'reference-name',
    clause: 'RFC 9525 §4.1',
    severity: 'warning',
    check: ({ subjectAltName = [] }, { profile }) =>
      unless(
        !rowOf(profile).extendedKeyUsage.includes('serverAuth') ||
          subjectAltName.some(({ kind }) => kind === 'dNSName' || kind === 'iPAddress'),
        'a server without a DNS name or an address: only who knows its SPIFFE ID can verify it',
      ),
  },
  {
    id: 'basic-constraints',
    clause: 'RFC 5280 §4.2.1.9',
    severity: 'error',
    check: ({ basicConstraints }, { profile }) => {
      const { authority } = rowOf(profile)
      if (authority === undefined) return unless(basicConstraints === undefined, 'present in a leaf')
      if (basicConstraints?.cA !== true) return 'no authority'
      return unless(basicConstraints.pathLenConstraint === authority.pathLength, 'wrong path length')
    },
  },
  {
    id: 'name-constraints',
    clause: 'RFC 5280 §4.2.1.10',
    severity: 'error',
    check: ({ nameConstraints }, { profile, identities }) => {
      const wanted = isAuthority(profile) ? identities : []
      if (wanted.length === 0) return unless(nameConstraints === undefined, 'present without names')
      const { permittedSubtrees = [], excludedSubtrees } = nameConstraints ?? {}
      const found = permittedSubtrees.map(({ base, minimum, maximum }) =>
        minimum === 0 && maximum === undefined ? textOfBase(base) : undefined,
      )
      return unless(
        excludedSubtrees === undefined &&
          found.length === wanted.length &&
          wanted.every(({ kind, value }) => found.includes(`${kind}:${value}`)),
        'not exactly the names that were granted',
      )
    },
  },
  {
    id: 'extended-key-usage',
    clause: 'RFC 5280 §4.2.1.12',
    severity: 'error',
    check: ({ extendedKeyUsage = [] }, { profile }) => {
      const wanted = rowOf(profile).extendedKeyUsage.map((purpose) => OID[purpose])
      return unless(extendedKeyUsage.join() === wanted.join(), `is ${extendedKeyUsage.join(', ') || 'absent'}`)
    },
  },
  {
    id: 'no-rev-avail',
    clause: 'RFC 9608 §2',
    severity: 'error',
    check: ({ noRevAvail }, { profile }) =>
      unless((noRevAvail === true) === (rowOf(profile).status === 'noRevAvail'), `${noRevAvail ?? 'absent'}`),
  },
  {
    id: 'ocsp-no-check',
    clause: 'RFC 6960 §4.2.2.2.1',
    severity: 'error',
    check: ({ ocspNoCheck }, { profile }) =>
      unless((ocspNoCheck === true) === (rowOf(profile).status === 'ocspNoCheck'), `${ocspNoCheck ?? 'absent'}`),
  },
  {
    id: 'known-extensions',
    clause: 'RFC 5280 §4.2',
    severity: 'error',
    check: ({ extensions }, { profile }) => {
      const known = Object.keys(rowOf(profile).extensions)
      const others = extensions.filter(({ extnID }) => !known.some((name) => oidOf(name) === extnID))
      return unless(others.length === 0, others.map(({ extnID }) => extnID).join(', '))
    },
  },
  {
    id: 'criticality',
    clause: 'RFC 5280 §4.2',
    severity: 'error',
    check: ({ extensions }, { profile }) => {
      const wanted = new Map(Object.entries(rowOf(profile).extensions).map(([name, how]) => [oidOf(name), how]))
      const wrong = extensions.filter(({ extnID, critical }) => {
        const how = wanted.get(extnID)
        return how !== undefined && critical !== (how === 'critical')
      })
      return unless(wrong.length === 0, wrong.map(({ extnID }) => extnID).join(', '))
    },
  },
]

function unless(holds: boolean | undefined, detail: string): string | undefined {
  return holds === true ? undefined : detail
}

function rowOf(profile: X509ProfileName): X509Profile {
  return X509_PROFILES[profile]
}

function isAuthority(profile: X509ProfileName): boolean {
  return rowOf(profile).authority !== undefined
}

const OIDS: ReadonlyMap<string, string> = new Map(Object.entries(OID))

function oidOf(name: string): string | undefined {
  return OIDS.get(name)
}

function textOfBase(base: GeneralName): string | undefined {
  if (base.kind === 'dNSName' || base.kind === 'rfc822Name') return `${base.kind}:${base.value}`
  if (base.kind !== 'iPAddress') return undefined
  const half = base.octets.length / 2
  const isOne = base.octets.subarray(half).every((octet) => octet === 255)
  return isOne ? `iPAddress:${formatIpAddress(base.octets.subarray(0, half))}` : undefined
}

function isOddAddress(name: GeneralName): boolean {
  if (name.kind === 'otherName') return mailboxOf(name) === undefined
  return name.kind === 'rfc822Name' && mailboxOf(name) !== name.value
}

function sameNames(names: readonly GeneralName[], identities: readonly Identity[]): boolean {
  const found = names.map(identityOf)
  return (
    found.length === identities.length &&
    identities.every((identity) => found.some((name) => name !== undefined && sameIdentity(name, identity)))
  )
}
