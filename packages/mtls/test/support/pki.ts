// Small authorities for tests: real keys, real signatures, whatever the test wants to be wrong.
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import type { RevokedSerial } from '@countersign/protocol'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  type CertificateList,
  cRLNumberExtension,
  type Extension,
  extendedKeyUsageExtension,
  type GeneralName,
  keyUsageExtension,
  nameOf,
  OID,
  type RevokedCertificate,
  readCertificate,
  readCertificateList,
  readSubjectPublicKeyInfo,
  revokedCertificate,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeCertificateList,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import type { Credential } from '../../src/model.ts'

/** A key that signs, with its certificate and those above it, nearest first. */
export interface Issuer {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
  readonly above: readonly Certificate[]
}

export interface LeafOptions {
  readonly names?: readonly GeneralName[]
  readonly purposes?: readonly ('clientAuth' | 'serverAuth' | 'emailProtection')[]
  readonly notBefore?: Temporal.Instant
  readonly notAfter?: Temporal.Instant
  readonly serialNumber?: bigint
  /** Signed by this key instead of the issuer's. */
  readonly signedBy?: KeyObject
  /** For this key, whose private half somebody else holds; the credential then has a key that does not fit. */
  readonly publicKey?: KeyObject
}

/** When all test certificates are in force unless a test says otherwise. */
export const NOW: Temporal.Instant = Temporal.Instant.from('2026-06-01T12:00:00Z')
const NOT_BEFORE = Temporal.Instant.from('2026-01-01T00:00:00Z')
const NOT_AFTER = Temporal.Instant.from('2027-01-01T00:00:00Z')

let serial = 0x4000_0000n

/** Makes a self-signed root. */
export function createRoot(commonName: string): Issuer {
  const { publicKey, privateKey } = newKey()
  const subject = nameOf([['commonName', commonName]])
  const certificate = signed({
    subject,
    issuer: subject,
    publicKey,
    signer: privateKey,
    issuerKey: publicKey,
    ca: true,
  })
  return { certificate, privateKey, above: [] }
}

/** Makes an issuer under `parent`. */
export function createIntermediate(parent: Issuer, commonName: string): Issuer {
  const { publicKey, privateKey } = newKey()
  const certificate = signed({
    subject: nameOf([['commonName', commonName]]),
    issuer: parent.certificate.subject,
    publicKey,
    signer: parent.privateKey,
    issuerKey: parent.certificate,
    ca: true,
  })
  return { certificate, privateKey, above: [parent.certificate, ...parent.above] }
}

/** Has `parent` sign the name and the key of `other`, or another key; with or without authorities below. */
export function createCross(
  parent: Issuer,
  { certificate: { subject }, privateKey }: Issuer,
  options: Pick<LeafOptions, 'publicKey' | 'notAfter' | 'signedBy'> & {
    readonly pathLength?: number
    readonly ca?: boolean
  } = {},
): Certificate {
  return signed({
    subject,
    issuer: parent.certificate.subject,
    publicKey: createPublicKey(privateKey),
    signer: options.signedBy ?? parent.privateKey,
    issuerKey: parent.certificate,
    ca: true,
    ...options,
  })
}

/** Issues a leaf; `certificates` are the leaf and the issuers up to but without the root. */
export function issueLeaf(issuer: Issuer, commonName: string, options: LeafOptions = {}): Credential {
  const { publicKey, privateKey } = newKey()
  const certificate = signed({
    subject: nameOf([['commonName', commonName]]),
    issuer: issuer.certificate.subject,
    publicKey: options.publicKey ?? publicKey,
    signer: options.signedBy ?? issuer.privateKey,
    issuerKey: issuer.certificate,
    ca: false,
    ...options,
  })
  const chain = [issuer.certificate, ...issuer.above]
  return { certificates: [certificate, ...chain.slice(0, -1)], privateKey }
}

/** Signs a full CRL that revokes `revoked`, in force around `NOW` unless `nextUpdate` says otherwise. */
export function issueCrl(
  issuer: Issuer,
  revoked: readonly Certificate[] = [],
  options: { readonly number?: bigint; readonly nextUpdate?: Temporal.Instant } = {},
): CertificateList {
  const tbs = writeTbsCertList({
    version: 2,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: issuer.certificate.subject,
    thisUpdate: NOT_BEFORE,
    nextUpdate: options.nextUpdate ?? NOT_AFTER,
    revokedCertificates: revoked.map(
      ({ serialNumber }): RevokedCertificate =>
        revokedCertificate({ userCertificate: serialNumber, revocationDate: NOT_BEFORE, reasonCode: 'keyCompromise' }),
    ),
    crlExtensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifier(issuer.certificate.subjectPublicKeyInfo.der) }),
      cRLNumberExtension(options.number ?? 1n),
    ],
  })
  return readCertificateList(
    writeCertificateList(tbs, ALGORITHM.ecdsaWithSHA256, sign('sha256', tbs, issuer.privateKey)),
  )
}

/** A revocation as the authority announces it. */
export function announcement(issuer: Issuer, { serialNumber }: Certificate, party = 'someone'): RevokedSerial {
  return { issuerSpkiSha256: spkiSha256(issuer.certificate), serialNumber, party, at: NOW, reason: 'keyCompromise' }
}

/** A URI name, as a SPIFFE ID is. */
export function uri(value: string): GeneralName {
  return { kind: 'uniformResourceIdentifier', value }
}

export function dns(value: string): GeneralName {
  return { kind: 'dNSName', value }
}

/** SHA-256 of a SubjectPublicKeyInfo, hexadecimal. */
export function spkiSha256(certificate: Certificate): string {
  return hash('sha256', certificate.subjectPublicKeyInfo.der, 'hex')
}

/** PEM of certificates, as OpenSSL and Node take them. */
export function pemOf(certificates: readonly Certificate[]): string {
  return certificates
    .map(({ der }) => `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`)
    .join('')
}

interface Signing extends LeafOptions {
  readonly subject: Certificate['subject']
  readonly issuer: Certificate['issuer']
  readonly publicKey: KeyObject
  readonly signer: KeyObject
  readonly issuerKey: KeyObject | Certificate
  readonly ca: boolean
  readonly pathLength?: number
}

function signed(options: Signing): Certificate {
  const { subject, issuer, publicKey, signer, issuerKey, ca, names, purposes = ['clientAuth', 'serverAuth'] } = options
  const subjectPublicKeyInfo = readSubjectPublicKeyInfo(spkiOf(publicKey))
  const issuerSpki = 'subjectPublicKeyInfo' in issuerKey ? issuerKey.subjectPublicKeyInfo.der : spkiOf(issuerKey)
  const extensions: Extension[] = [
    subjectKeyIdentifierExtension(keyIdentifier(subjectPublicKeyInfo.der)),
    authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifier(issuerSpki) }),
    ...(ca
      ? [
          basicConstraintsExtension({
            cA: true,
            ...(options.pathLength !== undefined && { pathLenConstraint: options.pathLength }),
          }),
          keyUsageExtension(['keyCertSign', 'cRLSign']),
        ]
      : [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension(purposes.map((purpose) => OID[purpose]))]),
    ...(names ? [subjectAltNameExtension(names, { critical: false })] : []),
  ]
  const tbs = writeTbsCertificate({
    version: 3,
    serialNumber: options.serialNumber ?? serial++,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer,
    validity: { notBefore: options.notBefore ?? NOT_BEFORE, notAfter: options.notAfter ?? NOT_AFTER },
    subject,
    subjectPublicKeyInfo,
    extensions,
  })
  return readCertificate(writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, sign('sha256', tbs, signer)))
}

function newKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function spkiOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }))
}

function keyIdentifier(spki: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', spki, 'buffer').subarray(0, 20))
}
