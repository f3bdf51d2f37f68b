// Reads a block of PEM by its label and writes what was read.
import {
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readOCSPRequest,
  readOCSPResponse,
  readPrivateKeyInfo,
  readSubjectPublicKeyInfo,
  writeCertificate,
  writeCertificateList,
  writeCertificationRequest,
  writeCertificationRequestInfo,
  writeOCSPErrorResponse,
  writeOCSPRequest,
  writeOCSPResponse,
  writePrivateKeyInfo,
  writeResponseData,
  writeSubjectPublicKeyInfo,
  writeTbsCertificate,
  writeTbsCertList,
  writeTbsRequest,
} from '@countersign/x509'

/** The code of an error of ours; any other is a bug, thrown on. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && /^(?:Der|X509|Pem)Error$/.test(error.name)) return String(error.code)
  throw error
}

/** By the label that RFC 7468 gives the structure, or that others have given it. */
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
  'OCSP REQUEST': (der) => {
    const read = readOCSPRequest(der)
    return writeOCSPRequest(writeTbsRequest(read), read.optionalSignature)
  },
  'OCSP RESPONSE': (der) => {
    const read = readOCSPResponse(der)
    return read.responseStatus === 'successful'
      ? writeOCSPResponse(writeResponseData(read.basic), read.basic)
      : writeOCSPErrorResponse(read.responseStatus)
  },
  'PRIVATE KEY': (der) => writePrivateKeyInfo(readPrivateKeyInfo(der)),
  'PUBLIC KEY': (der) => writeSubjectPublicKeyInfo(readSubjectPublicKeyInfo(der)),
}
