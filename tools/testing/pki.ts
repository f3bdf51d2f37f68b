/** A small authority for tests of doors: real keys and signatures, in force around now. */
import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  type Certificate,
  extendedKeyUsageExtension,
  type GeneralName,
  keyUsageExtension,
  nameOf,
  OID,
  readCertificate,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writePem,
  writeTbsCertificate,
} from '@countersign/x509'

/** A key with its certificate; `above` are its issuers, nearest first. */
export interface Holder {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
  readonly above: readonly Certificate[]
}

export interface LeafOptions {
  readonly names: readonly GeneralName[]
  /** A door that has an upstream of its own kind to meet is `both`. */
  readonly purpose: 'clientAuth' | 'serverAuth' | 'both'
  /** Hours from now; defaults -1 and 24. */
  readonly from?: number
  readonly to?: number
}

/** Makes a self-signed root, or an issuer under `parent`. */
export function createIssuer(commonName: string, parent?: Holder): Holder {
  return make(commonName, parent, { from: -24, to: 24 * 365 })
}

/** Issues a certificate for one purpose. */
export function issueLeaf(issuer: Holder, commonName: string, options: LeafOptions): Holder {
  return make(commonName, issuer, options)
}

/** The holder's certificate and those above it, without the root, as a peer sends them. */
export function chainOf({ certificate, above }: Holder): readonly [Certificate, ...Certificate[]] {
  return [certificate, ...above.slice(0, -1)]
}

/** Key and certificates as Node's TLS, curl and openssl take them. */
export function pemOf(holder: Holder): { readonly key: string; readonly cert: string } {
  return {
    key: holder.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: chainOf(holder)
      .map(({ der }) => writePem('CERTIFICATE', der))
      .join(''),
  }
}

function make(
  commonName: string,
  issuer: Holder | undefined,
  { names, purpose, from = -1, to = 24 }: Partial<LeafOptions>,
): Holder {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject = nameOf([['commonName', commonName]])
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const keyIdentifier = new Uint8Array(hash('sha256', spki, 'buffer').subarray(0, 20))
  const now = Temporal.Now.instant().round('second')
  const tbs = writeTbsCertificate({
    version: 3,
    serialNumber: BigInt(`0x4${randomBytes(15).toString('hex')}`),
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: issuer?.certificate.subject ?? subject,
    validity: { notBefore: now.add({ hours: from }), notAfter: now.add({ hours: to }) },
    subject,
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(spki),
    extensions: [
      subjectKeyIdentifierExtension(keyIdentifier),
      authorityKeyIdentifierExtension({
        keyIdentifier: issuer?.certificate.subjectKeyIdentifier ?? keyIdentifier,
      }),
      ...(purpose === undefined
        ? [basicConstraintsExtension({ cA: true }), keyUsageExtension(['keyCertSign', 'cRLSign'])]
        : [
            keyUsageExtension(['digitalSignature']),
            extendedKeyUsageExtension(purpose === 'both' ? [OID.serverAuth, OID.clientAuth] : [OID[purpose]]),
          ]),
      ...(names === undefined ? [] : [subjectAltNameExtension(names, { critical: false })]),
    ],
  })
  const signature = sign('sha256', tbs, issuer?.privateKey ?? privateKey)
  const certificate = readCertificate(writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, signature))
  return { certificate, privateKey, above: issuer === undefined ? [] : [issuer.certificate, ...issuer.above] }
}
