// Certificates and revocation lists out of files as people have them: PEM bundles, DER, PKCS#7.
import {
  type Certificate,
  type CertificateList,
  CmsError,
  cmsFromBer,
  DerError,
  PemError,
  readCertificate,
  readCertificateList,
  readPem,
  readSignedData,
  X509Error,
} from '@countersign/x509'
import { type Around, EXIT, Failure } from '../command.ts'

/** What is in a file. */
export interface Contents {
  readonly certificates: readonly Certificate[]
  readonly crls: readonly CertificateList[]
}

/** Reads a PEM text with certificates, lists and PKCS#7, or one of these in DER. @throws {Failure} with exit code 3. */
export async function readContents(path: string, around: Around): Promise<Contents> {
  const octets = await around.readFile(path)
  if (octets.length === 0) throw new Failure(EXIT.input, `${path} is empty`, { code: 'ERR_CLI_FILE' })
  const text = new TextDecoder('latin1').decode(octets)
  try {
    return text.includes('-----BEGIN ') ? readPemContents(path, text) : readDerContents(octets)
  } catch (error) {
    if (
      error instanceof PemError ||
      error instanceof DerError ||
      error instanceof X509Error ||
      error instanceof CmsError
    )
      throw new Failure(EXIT.input, `${path}: ${error.message}`, {
        code: error.code,
        next: 'give certificates in PEM or DER, or PKCS#7',
        cause: error,
      })
    throw error
  }
}

function readPemContents(path: string, text: string): Contents {
  const certificates: Certificate[] = []
  const crls: CertificateList[] = []
  let others = 0
  for (const { label, der } of readPem(text)) {
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') certificates.push(readCertificate(der))
    else if (label === 'X509 CRL') crls.push(readCertificateList(der))
    else if (label === 'PKCS7' || label === 'CMS') {
      const inside = readPkcs7(der)
      certificates.push(...inside.certificates)
      crls.push(...inside.crls)
    } else others++
  }
  if (certificates.length === 0 && crls.length === 0 && others > 0)
    throw new Failure(
      EXIT.input,
      text.includes('PRIVATE KEY-----')
        ? `${path} holds a private key where a certificate is expected`
        : `${path} holds no certificate and no revocation list`,
      { code: 'ERR_CLI_FILE', next: 'give the file of the certificate' },
    )
  return { certificates, crls }
}

/** Tries each form; what a certificate lacks is told where none fits, as that is what most people give. */
function readDerContents(der: Uint8Array): Contents {
  const attempts = [
    () => readPkcs7(der),
    () => ({ certificates: [], crls: [readCertificateList(der)] }),
    () => ({ certificates: [readCertificate(der)], crls: [] }),
  ]
  let last: unknown
  for (const attempt of attempts)
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof DerError || error instanceof X509Error || error instanceof CmsError)) throw error
      last = error
    }
  throw last
}

/** RFC 5652 §5: the certificates and lists of a signed message; its signature, if there is one, is not what is asked. */
function readPkcs7(ber: Uint8Array): Contents {
  const { certificates = [], crls = [] } = readSignedData(cmsFromBer(ber))
  return {
    certificates: certificates.map((der) => readCertificate(der)),
    crls: crls.map((der) => readCertificateList(der)),
  }
}
