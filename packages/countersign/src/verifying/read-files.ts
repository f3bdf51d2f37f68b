// Certificates, revocation lists and OCSP answers out of files as people have them: PEM bundles, DER, PKCS#7, PKCS#12.
import { performWith } from '@countersign/mtls'
import {
  type Certificate,
  type CertificateList,
  CmsError,
  cmsFromBer,
  DerError,
  type Name,
  namesEqual,
  type OCSPResponse,
  openPkcs12,
  Pbes2Error,
  PemError,
  type Pkcs12,
  Pkcs12Error,
  performSteps,
  pkcs12FromBer,
  rdnKeys,
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
  return readFileAs(path, around, CERTIFICATES_WANTED, (octets, text) =>
    text.includes('-----BEGIN ') ? readPemContents(path, text, refuseUnreadable) : readDerContents(octets, password),
  )
}

/**
 * Reads whom to believe. Of a bundle, such as that of an operating system, a certificate that cannot be read is left
 * out and told: nobody is believed by it.
 * @throws {Failure} with exit code 3, also where none can be read.
 */
export async function readAnchorCertificates(path: string, around: Around): Promise<readonly Certificate[]> {
  const leftOut: Failure[] = []
  const { certificates } = await readFileAs(path, around, CERTIFICATES_WANTED, (octets, text) =>
    text.includes('-----BEGIN ')
      ? readPemContents(path, text, (failure) => leftOut.push(failure))
      : readDerContents(octets, ''),
  )
  const [first] = leftOut
  if (certificates.length === 0)
    throw first ?? new Failure(EXIT.input, `there is no certificate in ${path}`, { code: 'ERR_CLI_FILE' })
  for (const { message, code } of leftOut) around.err(`left out: ${message} [${code}]`)
  return certificates
}

const CERTIFICATES_WANTED = 'give certificates in PEM or DER, PKCS#7 or PKCS#12'

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
    const next =
      error.code === 'ERR_PKCS12_PASSWORD' ? 'give its password, as the first line of --password-file FILE' : wanted
    throw new Failure(EXIT.input, `${path}: ${error.message}`, { code: error.code, next, cause: error })
  }
}

const UNREADABLE = [DerError, X509Error, CmsError, Pkcs12Error, Pbes2Error]

function isUnreadable(error: unknown): error is InstanceType<(typeof UNREADABLE)[number]> {
  return UNREADABLE.some((kind) => error instanceof kind)
}

function refuseUnreadable(failure: Failure): never {
  throw failure
}

function readPemContents(path: string, text: string, onUnreadable: (failure: Failure) => void): Contents {
  const certificates: Certificate[] = []
  const crls: CertificateList[] = []
  let others = 0
  for (const [index, { label, der }] of readPem(text).entries()) {
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
      try {
        certificates.push(readCertificate(der))
      } catch (error) {
        if (!isUnreadable(error)) throw error
        const { code, message } = error
        const next = CERTIFICATES_WANTED
        onUnreadable(new Failure(EXIT.input, `${path}, block ${index + 1}: ${message}`, { code, next, cause: error }))
      }
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

/**
 * RFC 5652 §5.1: the certificates and lists of a signed message; its signature, if there is one, is not what is asked.
 * They are a set, which DER sorts by its octets: first comes what issued no other one, as that is what the file is about.
 */
function readPkcs7(ber: Uint8Array): Contents {
  const { certificates: ders = [], crls = [] } = readSignedData(cmsFromBer(ber))
  const certificates = ders.map((der) => readCertificate(der))
  const issuers = issuersOf(certificates)
  return {
    certificates: [
      ...certificates.filter((each) => !issuers.has(keyOf(each.subject))),
      ...certificates.filter((each) => issuers.has(keyOf(each.subject))),
    ],
    crls: crls.map((der) => readCertificateList(der)),
  }
}

/** Whether it issued another one of these, by the names alone. */
export function issuedOneOf({ subject }: Certificate, certificates: readonly Certificate[]): boolean {
  return issuersOf(certificates).has(keyOf(subject))
}

/** Of those that did not issue themselves; a set, as a file may hold thousands. */
function issuersOf(certificates: readonly Certificate[]): ReadonlySet<string> {
  return new Set(
    certificates.filter(({ issuer, subject }) => !namesEqual(issuer, subject)).map(({ issuer }) => keyOf(issuer)),
  )
}

function keyOf(name: Name): string {
  return JSON.stringify(rdnKeys(name))
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
