// The least that an extension can stand in: a certificate and a CRL whose signatures are none.
import {
  ALGORITHM,
  type Extension,
  nameOf,
  type RevokedCertificate,
  writeCertificate,
  writeCertificateList,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'

const signature = ALGORITHM.Ed25519
const nothing = new Uint8Array()
const issuer = nameOf([['commonName', 'issuer']])
/** The one time in them. */
export const frameTime: Temporal.Instant = Temporal.Instant.from('2026-01-01T00:00:00Z')

/** A certificate with `extensions`. */
export function certificateWith(extensions: readonly Extension[]): Uint8Array {
  const tbsDer = writeTbsCertificate({
    version: 3,
    serialNumber: 1n,
    signature,
    issuer,
    validity: { notBefore: frameTime, notAfter: frameTime },
    subject: issuer,
    subjectPublicKeyInfo: { der: nothing, algorithm: signature, subjectPublicKey: nothing },
    extensions,
  })
  return writeCertificate(tbsDer, signature, nothing)
}

/** A CRL with `crlExtensions` and entries. */
export function crlWith(
  crlExtensions: readonly Extension[],
  revokedCertificates: readonly RevokedCertificate[] = [],
): Uint8Array {
  const tbs = { version: 2, signature, issuer, thisUpdate: frameTime, revokedCertificates, crlExtensions } as const
  return writeCertificateList(writeTbsCertList(tbs), signature, nothing)
}
