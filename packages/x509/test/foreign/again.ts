// Reads a block of PEM by its label and writes what was read.
import {
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readPrivateKeyInfo,
  readSubjectPublicKeyInfo,
  writeCertificate,
  writeCertificateList,
  writeCertificationRequest,
  writeCertificationRequestInfo,
  writePrivateKeyInfo,
  writeSubjectPublicKeyInfo,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'

/** The code of an error of ours; any other is a bug, thrown on. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && /^(?:Der|X509|Pem)Error$/.test(error.name)) return String(error.code)
  throw error
}

/** By the label that RFC 7468 gives the structure. */
export const AGAIN: Readonly<Record<string, (der: Uint8Array) => Uint8Array>> = {
  CERTIFICATE: (der) => {
    const read = readCertificate(der)
    return writeCertificate(writeTbsCertificate(read), read.signatureAlgorithm, read.signatureValue)
  },
  'X509 CRL': (der) => {
    const read = readCertificateList(der)
    return writeCertificateList(writeTbsCertList(read), read.signatureAlgorithm, read.signatureValue)
  },
  'CERTIFICATE REQUEST': (der) => {
    const read = readCertificationRequest(der)
    return writeCertificationRequest(writeCertificationRequestInfo(read), read.signatureAlgorithm, read.signatureValue)
  },
  'PRIVATE KEY': (der) => writePrivateKeyInfo(readPrivateKeyInfo(der)),
  'PUBLIC KEY': (der) => writeSubjectPublicKeyInfo(readSubjectPublicKeyInfo(der)),
}
