// Certificates, revocation lists and OCSP answers out of files as people have them: PEM bundles, DER, PKCS#7, PKCS#12.
import { performWith } from '@countersign/mtls'
import {
  type Certificate,
  type CertificateList,
  CmsError,
  cmsFromBer,
  DerError,
  type OCSPResponse,
  openPkcs12,
  Pbes2Error,
  PemError,
  type Pkcs12,
  Pkcs12Error,
  performSteps,
  pkcs12FromBer,
  readCertificate,
  readCertificateList,
  readOCSPResponse,
  readPem,
  readPfx,
  readSignedData,
  X509Error,
} from '@countersign/x509'
import { type Around, EXIT, Failure } from '../command.ts'

/** What is in a file. */
export interface Contents {
  readonly certificates: readonly Certificate[]
  readonly crls: readonly CertificateList[]
}

/**
 * Reads a PEM text with certificates, lists and PKCS#7, or one of these in DER, or PKCS#12, whose keys are not kept.
 * @param password of PKCS#12; many that hold no keys have the empty one.
 * @throws {Failure} with exit code 3.
 */
export function readContents(path: string, around: Around, password = ''): Promise<Contents> {
  return readFileAs(path, around, 'give certificates in PEM or DER, PKCS#7 or PKCS#12', (octets, text) =>
    text.includes('-----BEGIN ') ? readPemContents(path, text) : readDerContents(octets, password),
  )
}

/** Reads the answer of an OCSP responder, in DER or PEM. @throws {Failure} with exit code 3. */
export function readAnswer(path: string, around: Around): Promise<OCSPResponse> {
  return readFileAs(
    path,
    around,
    'give what the responder sent, as openssl ocsp -respout writes it',
    (octets, text) => {
      const [block] = text.includes('-----BEGIN ') ? readPem(text) : []
      return readOCSPResponse(block?.der ?? octets)
    },
  )
}

/** A CRL of 16 MiB, the most that its reader takes, in PEM. */
const MAX_FILE_OCTETS = 1 << 25

async function readFileAs<T>(
  path: string,
  around: Around,
  wanted: string,
  read: (octets: Uint8Array, text: string) => T,
): Promise<T> {
  const octets = await around.readFile(path, MAX_FILE_OCTETS)
  if (octets.length === 0) throw new Failure(EXIT.input, `${path} is empty`, { code: 'ERR_CLI_FILE' })
  try {
    return read(octets, new TextDecoder('latin1').decode(octets))
  } catch (error) {
    if (!isUnreadable(error) && !(error instanceof PemError)) throw error
    const next = error.code === 'ERR_PKCS12_PASSWORD' ? 'give its password: --password-file FILE' : wanted
    throw new Failure(EXIT.input, `${path}: ${error.message}`, { code: error.code, next, cause: error })
  }
}

const UNREADABLE = [DerError, X509Error, CmsError, Pkcs12Error, Pbes2Error]

function isUnreadable(error: unknown): error is InstanceType<(typeof UNREADABLE)[number]> {
  return UNREADABLE.some((kind) => error instanceof kind)
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
function readDerContents(der: Uint8Array, password: string): Contents {
  if (isPkcs12(der)) return readPkcs12(der, password)
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
      if (!isUnreadable(error)) throw error
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

function isPkcs12(octets: Uint8Array): boolean {
  try {
    readPfx(pkcs12FromBer(octets))
    return true
  } catch (error) {
    if (!isUnreadable(error)) throw error
    // Whatever is wrong with it, it is one.
    return error instanceof Pkcs12Error
  }
}

/** The certificate of a key first: it is the one that the file is about. */
function readPkcs12(octets: Uint8Array, password: string): Contents {
  const { keys, certificates, crls } = performSteps(openPkcs12(octets, password), performWith())
  const isOwn = ({ localKeyId }: Pkcs12['certificates'][number]) =>
    localKeyId !== undefined && keys.some((key) => key.localKeyId?.toHex() === localKeyId.toHex())
  const ordered = [...certificates.filter(isOwn), ...certificates.filter((each) => !isOwn(each))]
  return {
    certificates: ordered.map(({ der }) => readCertificate(der)),
    crls: crls.map(({ der }) => readCertificateList(der)),
  }
}
