// What is to be signed, RFC 5280 §4.1.2: what the profile says, with the names and the key that were granted.
import { randomBytes } from 'node:crypto'
import type { Identity } from '@countersign/protocol'
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  certificatePoliciesExtension,
  type Extension,
  extendedKeyUsageExtension,
  type KeyUsageBit,
  keyUsageExtension,
  type Name,
  nameConstraintsExtension,
  nameOf,
  noRevAvailExtension,
  OID,
  ocspNoCheckExtension,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  type Validity,
  writeTbsCertificate,
} from '@countersign/x509'
import { InvariantError } from '../error.ts'
import { sha256, wholeSecond } from '../octets.ts'
import { signatureOf } from './issuer-signature.ts'
import { generalNameOf, subtreeOf } from './names.ts'
import { type ExtensionName, X509_PROFILES, type X509Profile, type X509ProfileName } from './profiles.ts'
import { judgeKey } from './public-key.ts'

/** What shall stand in a certificate; how it is written, its profile says. */
export interface CertificateContent {
  readonly profile: X509ProfileName
  readonly subject: Name
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  /** All of them, the SPIFFE ID first. */
  readonly identities: readonly Identity[]
  /** Absent where the certificate signs itself. */
  readonly issuer?: Certificate
  readonly serial: bigint
  /** What another certificate of the same key calls it already. RFC 5280 §4.2.1.2. Default: the hash of the key. */
  readonly keyIdentifier?: Uint8Array
  readonly now: Temporal.Instant
}

/** Writes what is signed. It ends with its issuer at the latest. */
export function buildCertificate(content: CertificateContent): Uint8Array {
  const { profile, subject, issuer, serial } = content
  const row: X509Profile = X509_PROFILES[profile]
  const publicKey = readSubjectPublicKeyInfo(content.publicKey)
  const signedBy = issuer?.subjectPublicKeyInfo ?? publicKey
  const parts = {
    row,
    publicKey,
    keyIdentifier: content.keyIdentifier ?? keyIdentifierOf(publicKey),
    issuer,
    signedBy,
    identities: content.identities,
  }
  return writeTbsCertificate({
    version: 3,
    serialNumber: serial,
    signature: signatureOf(signedBy),
    issuer: issuer?.subject ?? subject,
    validity: validityOf(row, issuer, content.now),
    subject,
    subjectPublicKeyInfo: publicKey,
    extensions: namesOf(row.extensions).flatMap((name) => {
      const extension = EXTENSIONS[name](parts)
      return extension === undefined ? [] : [{ ...extension, critical: row.extensions[name] === 'critical' }]
    }),
  })
}

/** The subject of a party's certificate. */
export function partyName(party: string): Name {
  return nameOf([['commonName', party]])
}

/** The subject of an authority's certificate. */
export function authorityName(organization: string, role: string): Name {
  return nameOf([
    ['organizationName', organization],
    ['commonName', `${organization} ${role}`],
  ])
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. Sixteen, 126 bits of them random. */
export function makeSerial(): bigint {
  const octets = randomBytes(16)
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return BigInt(`0x${octets.toHex()}`)
}

/** RFC 7093 §2 (1): the leftmost 160 bits of SHA-256 of the key's BIT STRING. @see RFC 5280 §4.2.1.2 */
export function keyIdentifierOf(publicKey: SubjectPublicKeyInfo): Uint8Array {
  return sha256(publicKey.subjectPublicKey).subarray(0, 20)
}

/** What an issuer's certificate calls its key. RFC 5280 §4.2.1.1: what it signs calls it so, too, whoever made that up. */
export function identifierOf({ subjectKeyIdentifier, subjectPublicKeyInfo }: Certificate): Uint8Array {
  return subjectKeyIdentifier ?? keyIdentifierOf(subjectPublicKeyInfo)
}

interface Parts {
  readonly row: X509Profile
  readonly publicKey: SubjectPublicKeyInfo
  readonly keyIdentifier: Uint8Array
  readonly issuer: Certificate | undefined
  readonly signedBy: SubjectPublicKeyInfo
  readonly identities: readonly Identity[]
}

/** How each extension is written; undefined where it would hold nothing. */
const EXTENSIONS: Readonly<Record<ExtensionName, (parts: Parts) => Extension | undefined>> = {
  subjectKeyIdentifier: ({ keyIdentifier }) => subjectKeyIdentifierExtension(keyIdentifier),
  authorityKeyIdentifier: ({ issuer, signedBy }) =>
    authorityKeyIdentifierExtension({ keyIdentifier: issuer ? identifierOf(issuer) : keyIdentifierOf(signedBy) }),
  basicConstraints: ({ row: { authority } }) =>
    authority &&
    basicConstraintsExtension({
      cA: true,
      ...(authority.pathLength !== undefined && { pathLenConstraint: authority.pathLength }),
    }),
  nameConstraints: ({ identities }) =>
    identities.length === 0 ? undefined : nameConstraintsExtension({ permittedSubtrees: identities.map(subtreeOf) }),
  keyUsage: ({ row: { keys }, publicKey }) => keyUsageExtension(usageOf(keys, publicKey)),
  certificatePolicies: ({ row: { policies } }) =>
    policies.length === 0
      ? undefined
      : certificatePoliciesExtension(policies.map((policy) => ({ policyIdentifier: OID[policy] }))),
  extendedKeyUsage: ({ row }) =>
    extendedKeyUsageExtension(
      row.extendedKeyUsage.map((purpose) => OID[purpose]),
      { critical: row.extensions.extendedKeyUsage === 'critical' },
    ),
  subjectAltName: ({ identities }) =>
    identities.length === 0 ? undefined : subjectAltNameExtension(identities.map(generalNameOf), { critical: false }),
  ocspNoCheck: ocspNoCheckExtension,
  noRevAvail: noRevAvailExtension,
}

function namesOf(extensions: X509Profile['extensions']): readonly ExtensionName[] {
  return Object.keys(extensions).filter((name) => Object.hasOwn(EXTENSIONS, name)) as ExtensionName[]
}

function usageOf(keys: X509Profile['keys'], { der }: SubjectPublicKeyInfo): readonly KeyUsageBit[] {
  const judged = judgeKey(der)
  const usage = judged.ok ? keys[judged.kind] : undefined
  if (usage === undefined) throw new InvariantError('a key of no kind of this profile')
  return usage
}

function validityOf(
  { lasts, backdate }: X509Profile,
  issuer: Certificate | undefined,
  now: Temporal.Instant,
): Validity {
  const wanted = now.add(lasts)
  const limit = issuer?.validity.notAfter ?? wanted
  return {
    notBefore: wholeSecond(now.subtract(backdate)),
    notAfter: wholeSecond(Temporal.Instant.compare(wanted, limit) > 0 ? limit : wanted),
  }
}
