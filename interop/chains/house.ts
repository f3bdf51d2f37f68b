// Small authorities for tests: each certificate is right unless a test says what is wrong with it.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { type CrlIndex, indexCrl, type PathContext, PROFILES, type TrustAnchor } from '@countersign/verify'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  cRLNumberExtension,
  type Extension,
  extendedKeyUsageExtension,
  type GeneralName,
  type KeyUsageBit,
  keyUsageExtension,
  type Name,
  nameOf,
  OID,
  type Oid,
  type RevokedCertificate,
  readCertificate,
  readCertificateList,
  readSubjectPublicKeyInfo,
  revokedCertificate,
  type SubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeCertificateList,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import { checkSignature } from './check-signature.ts'

export const NOW: Temporal.Instant = Temporal.Instant.from('2026-11-24T12:00:00Z')
export const hours = (count: number): Temporal.Instant => NOW.add({ hours: count })

export interface Keys {
  readonly privateKey: KeyObject
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly algorithm: AlgorithmIdentifier
  readonly hash: string | undefined
}

/** Makes keys; the algorithm is the one that they sign with. */
export function keysOf(
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
  algorithm: AlgorithmIdentifier,
  hash: string | undefined,
): Keys {
  const der = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { privateKey, subjectPublicKeyInfo: readSubjectPublicKeyInfo(der), algorithm, hash }
}

export const p256 = (): Keys =>
  keysOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }), ALGORITHM.ecdsaWithSHA256, 'sha256')

/** A certificate with the key that it is for. */
export interface Holder {
  readonly certificate: Certificate
  readonly keys: Keys
}

/** What differs from the usual. An extension given as `null` is left out. */
export interface Different {
  readonly keys?: Keys
  readonly subject?: Name
  readonly issuer?: Name
  readonly version?: 1 | 2 | 3
  readonly serialNumber?: bigint
  readonly notBefore?: Temporal.Instant
  readonly notAfter?: Temporal.Instant
  readonly extensions?: Readonly<Record<string, Extension | null>>
  readonly more?: readonly Extension[]
  /** Signs with another key than the issuer's. */
  readonly signer?: Keys
  /** The algorithm outside of what is signed, where it differs. */
  readonly outer?: AlgorithmIdentifier
}

let serial = 0x4000_0000n

export const name = (commonName: string): Name => nameOf([['commonName', commonName]])
export const keyIdOf = (keys: Keys): Uint8Array =>
  new Uint8Array(createHash('sha256').update(keys.subjectPublicKeyInfo.subjectPublicKey).digest()).subarray(0, 20)

/** The key identifier that a certificate of `issuer` must name. */
export const akiOf = (issuer: Pick<Holder, 'keys'>): Extension =>
  authorityKeyIdentifierExtension({ keyIdentifier: keyIdOf(issuer.keys) })

/** A self-signed root. */
export function root(different: Different = {}): Holder {
  const keys = different.keys ?? p256()
  return issue(undefined, { subject: name('Root'), ...different, keys }, caExtensions(keys))
}

/** A subordinate authority. */
export function intermediate(issuer: Holder, different: Different = {}): Holder {
  const keys = different.keys ?? p256()
  return issue(
    issuer,
    { subject: name('Issuing'), ...different, keys },
    {
      ...caExtensions(keys),
      authorityKeyIdentifier: akiOf(issuer),
    },
  )
}

/** A party: `party.example` for both sides of TLS. */
export function leaf(issuer: Holder, different: Different = {}): Holder {
  const keys = different.keys ?? p256()
  return issue(
    issuer,
    { subject: name('party'), ...different, keys },
    {
      authorityKeyIdentifier: akiOf(issuer),
      subjectKeyIdentifier: subjectKeyIdentifierExtension(keyIdOf(keys)),
      keyUsage: keyUsageExtension(['digitalSignature']),
      extendedKeyUsage: extendedKeyUsageExtension([OID.serverAuth, OID.clientAuth]),
      subjectAltName: sans({ kind: 'dNSName', value: 'party.example' }),
    },
  )
}

export const usage = (...bits: KeyUsageBit[]): Extension => keyUsageExtension(bits)
export const purposes = (...oids: Oid[]): Extension => extendedKeyUsageExtension(oids)
export const sans = (...names: GeneralName[]): Extension => subjectAltNameExtension(names, { critical: false })
export const marked = (critical: boolean, extension: Extension): Extension => ({ ...extension, critical })

function caExtensions(keys: Keys): Record<string, Extension> {
  return {
    basicConstraints: basicConstraintsExtension({ cA: true }),
    keyUsage: keyUsageExtension(['keyCertSign', 'cRLSign']),
    subjectKeyIdentifier: subjectKeyIdentifierExtension(keyIdOf(keys)),
  }
}

function issue(
  issuer: Holder | undefined,
  different: Different & { readonly subject: Name; readonly keys: Keys },
  usual: Record<string, Extension>,
): Holder {
  const { keys, subject, version = 3, more = [] } = different
  const signer = different.signer ?? issuer?.keys ?? keys
  const extensions = Object.values({ ...usual, ...different.extensions }).filter((extension) => extension !== null)
  const tbsDer = writeTbsCertificate({
    version,
    serialNumber: different.serialNumber ?? ++serial,
    signature: signer.algorithm,
    issuer: different.issuer ?? issuer?.certificate.subject ?? subject,
    validity: { notBefore: different.notBefore ?? hours(-24), notAfter: different.notAfter ?? hours(24) },
    subject,
    subjectPublicKeyInfo: keys.subjectPublicKeyInfo,
    extensions: version === 3 ? [...extensions, ...more] : [],
  })
  const signature = new Uint8Array(sign(signer.hash, tbsDer, signer.privateKey))
  return {
    certificate: readCertificate(writeCertificate(tbsDer, different.outer ?? signer.algorithm, signature)),
    keys,
  }
}

/** What differs from a usual CRL, which revokes nobody. */
export interface DifferentCrl {
  readonly revoked?: readonly RevokedCertificate[]
  readonly number?: bigint
  readonly thisUpdate?: Temporal.Instant
  readonly nextUpdate?: Temporal.Instant | null
  readonly issuer?: Name
  readonly signer?: Keys
  readonly extensions?: Readonly<Record<string, Extension | null>>
}

export function crl(issuer: Holder, different: DifferentCrl = {}): CrlIndex {
  const signer = different.signer ?? issuer.keys
  const usual = { authorityKeyIdentifier: akiOf(issuer), cRLNumber: cRLNumberExtension(different.number ?? 1n) }
  const nextUpdate = different.nextUpdate === undefined ? hours(1) : different.nextUpdate
  const tbsDer = writeTbsCertList({
    version: 2,
    signature: signer.algorithm,
    issuer: different.issuer ?? issuer.certificate.subject,
    thisUpdate: different.thisUpdate ?? hours(-1),
    ...(nextUpdate !== null && { nextUpdate }),
    revokedCertificates: different.revoked ?? [],
    crlExtensions: Object.values({ ...usual, ...different.extensions }).filter((extension) => extension !== null),
  })
  const signature = new Uint8Array(sign(signer.hash, tbsDer, signer.privateKey))
  return indexCrl(readCertificateList(writeCertificateList(tbsDer, signer.algorithm, signature)))
}

/** An entry for the certificate of `holder`. */
export const revoked = (
  { certificate }: Holder,
  values: Partial<Omit<RevokedCertificate, 'userCertificate' | 'extensions'>> = {},
): RevokedCertificate =>
  revokedCertificate({ userCertificate: certificate.serialNumber, revocationDate: hours(-2), ...values })

export function anchorOf({ certificate }: Holder): TrustAnchor {
  return { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo, certificate }
}

/** A question as a door asks it; revocation is `prefer` without CRLs unless a test says otherwise. */
export function contextOf(anchors: readonly TrustAnchor[], different: Partial<PathContext> = {}): PathContext {
  return {
    anchors,
    issuers: [],
    status: { mode: 'prefer', crls: [] },
    now: NOW,
    purpose: 'clientAuth',
    profile: PROFILES.meeting,
    checkSignature,
    ...different,
  }
}

/** The codes of a verdict, sorted; empty where it is accepted. */
export function codesOf(verdict: ReturnType<typeof import('@countersign/verify').verifyPath>): readonly string[] {
  return verdict.ok ? [] : verdict.findings.map(({ code }) => code).toSorted()
}
