// What is to be signed, RFC 5280 §4.1.2: the three kinds of certificate that this authority makes.
import { randomBytes } from 'node:crypto'
import type { Identity } from '@countersign/protocol'
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  type Extension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  type Name,
  nameOf,
  OID,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  type Validity,
  writeTbsCertificate,
} from '@countersign/x509'
import { sha256, wholeSecond } from '../octets.ts'
import { signatureOf } from './issuer-signature.ts'
import { generalNameOf } from './names.ts'
import { AUTHORITY_VALIDITY, BACKDATE, PROFILES, type ProfileName } from './profiles.ts'

export interface LeafRequest {
  readonly publicKey: Uint8Array
  readonly party: string
  /** All of them, the SPIFFE ID first. */
  readonly identities: readonly Identity[]
  readonly profile: ProfileName
}

/** Writes what is signed for a leaf under `issuer`. It ends with its issuer at the latest. */
export function buildLeaf(
  request: LeafRequest,
  issuer: Certificate,
  serial: bigint,
  now: Temporal.Instant,
): Uint8Array {
  const { extendedKeyUsage, validityDays } = PROFILES[request.profile]
  const wanted = now.add({ hours: 24 * validityDays })
  const { notAfter: limit } = issuer.validity
  return build({
    serial,
    signedBy: issuer.subjectPublicKeyInfo,
    issuer: issuer.subject,
    subject: nameOf([['commonName', request.party]]),
    publicKey: readSubjectPublicKeyInfo(request.publicKey),
    validity: validity(now, Temporal.Instant.compare(wanted, limit) > 0 ? limit : wanted),
    extensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(issuer.subjectPublicKeyInfo) }),
      keyUsageExtension(['digitalSignature']),
      extendedKeyUsageExtension(extendedKeyUsage.map((purpose) => OID[purpose])),
      subjectAltNameExtension(request.identities.map(generalNameOf), { critical: false }),
    ],
  })
}

/** Writes what the root signs for itself. */
export function buildRoot(
  organization: string,
  publicKey: SubjectPublicKeyInfo,
  serial: bigint,
  now: Temporal.Instant,
): Uint8Array {
  const name = authorityName(organization, 'Root 1')
  return build({
    serial,
    issuer: name,
    subject: name,
    publicKey,
    signedBy: publicKey,
    validity: validity(now, yearsAfter(now, AUTHORITY_VALIDITY.rootYears)),
    extensions: [basicConstraintsExtension({ cA: true }), keyUsageExtension(['keyCertSign', 'cRLSign'])],
  })
}

/** Writes what the root signs for the issuing key: it may sign leaves, and no further authority. */
export function buildIssuing(
  organization: string,
  publicKey: SubjectPublicKeyInfo,
  root: Certificate,
  serial: bigint,
  now: Temporal.Instant,
): Uint8Array {
  return build({
    serial,
    issuer: root.subject,
    signedBy: root.subjectPublicKeyInfo,
    subject: authorityName(organization, 'Issuing 1'),
    publicKey,
    validity: validity(now, yearsAfter(now, AUTHORITY_VALIDITY.issuingYears)),
    extensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(root.subjectPublicKeyInfo) }),
      basicConstraintsExtension({ cA: true, pathLenConstraint: 0 }),
      keyUsageExtension(['keyCertSign', 'cRLSign']),
    ],
  })
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

interface Parts {
  readonly serial: bigint
  readonly issuer: Name
  readonly subject: Name
  readonly publicKey: SubjectPublicKeyInfo
  readonly signedBy: SubjectPublicKeyInfo
  readonly validity: Validity
  readonly extensions: readonly Extension[]
}

function build({ serial, issuer, subject, publicKey, signedBy, validity, extensions }: Parts): Uint8Array {
  return writeTbsCertificate({
    version: 3,
    serialNumber: serial,
    signature: signatureOf(signedBy),
    issuer,
    validity,
    subject,
    subjectPublicKeyInfo: publicKey,
    extensions: [subjectKeyIdentifierExtension(keyIdentifierOf(publicKey)), ...extensions],
  })
}

function validity(now: Temporal.Instant, notAfter: Temporal.Instant): Validity {
  return { notBefore: wholeSecond(now.subtract(BACKDATE)), notAfter: wholeSecond(notAfter) }
}

function yearsAfter(now: Temporal.Instant, years: number): Temporal.Instant {
  return now.toZonedDateTimeISO('UTC').add({ years }).toInstant()
}

function authorityName(organization: string, role: string): Name {
  return nameOf([
    ['organizationName', organization],
    ['commonName', `${organization} ${role}`],
  ])
}
