// Trust from files, fail-closed: what is missing, empty, unreadable or malformed stops the start with its name.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Certificate,
  type CertificateList,
  CRL_LIMITS,
  DerError,
  PemError,
  readCertificate,
  readCertificateList,
  readPem,
  X509Error,
} from '@countersign/x509'
import type { Trust } from '../model.ts'
import { createTrust } from './trust.ts'

/** Why a file of trust cannot be used. A released code keeps its meaning and is never reused. */
export const TRUST_FILE_ERRORS = {
  ERR_TRUST_FILE_MISSING: 'it is not there',
  ERR_TRUST_FILE_UNREADABLE: 'it cannot be read',
  ERR_TRUST_FILE_EMPTY: 'it holds nothing to believe',
  ERR_TRUST_FILE_LIMIT: 'it is too large',
  ERR_TRUST_FILE_MALFORMED: 'it does not hold what it should',
  ERR_TRUST_NO_STATUS: 'it holds no revocation list, and `require` would refuse everybody without one',
} as const
/** Why a file of trust cannot be used. */
export type TrustFileErrorCode = keyof typeof TRUST_FILE_ERRORS

/** Says which file of trust cannot be used, and why. */
export class TrustFileError extends Error {
  override readonly name = 'TrustFileError'
  readonly code: TrustFileErrorCode
  /** The file or folder at fault. */
  readonly file: string
  /** What exactly is wrong with it, lower case. */
  readonly reason: string
  constructor(code: TrustFileErrorCode, file: string, detail?: string, options?: ErrorOptions) {
    const reason = detail === undefined ? TRUST_FILE_ERRORS[code] : `${TRUST_FILE_ERRORS[code]}: ${detail}`
    super(`${file}: ${reason}`, options)
    this.code = code
    this.file = file
    this.reason = reason
  }
}

/** Where trust is kept. */
export interface TrustFiles {
  /** PEM: one certificate or more, each an authority. */
  readonly trustFile: string
  /** Folder whose `*.crl` files are CRLs, PEM or DER. */
  readonly statusDirectory?: string
  readonly revocation: 'require' | 'prefer'
  /** The trust domain of the anchors' parties; absent: any. */
  readonly domain?: string | undefined
}

const MAX_TRUST_OCTETS = 16_777_216

/** Reads trust from files; all of it or nothing. @throws {TrustFileError} */
export async function readTrustFiles(files: TrustFiles): Promise<Trust> {
  const anchors = await readAnchors(files.trustFile)
  const crls = files.statusDirectory === undefined ? [] : await readCrls(files.statusDirectory)
  if (files.revocation === 'require' && crls.length === 0)
    throw new TrustFileError('ERR_TRUST_NO_STATUS', files.statusDirectory ?? files.trustFile)
  // What a CRL says is known as of its own time, however late the file is read.
  const asOf = crls
    .map(({ thisUpdate }) => thisUpdate)
    .reduce((newest, time) => (Temporal.Instant.compare(time, newest) > 0 ? time : newest), NEVER)
  return createTrust({ anchors, crls, revocation: files.revocation, domain: files.domain, asOf })
}
const NEVER = Temporal.Instant.fromEpochMilliseconds(0)

/** Reads the anchors of a PEM file. @throws {TrustFileError} when any block of it is not the certificate of an authority. */
export async function readAnchors(file: string): Promise<readonly Certificate[]> {
  const octets = await readWithin(file, MAX_TRUST_OCTETS)
  const blocks = decoded(file, () => readPem(text(file, octets)))
  if (blocks.length === 0) throw new TrustFileError('ERR_TRUST_FILE_EMPTY', file)
  return blocks.map(({ label, der }, index) => {
    const which = `block ${index + 1}`
    if (label !== 'CERTIFICATE')
      throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, `${which} is no certificate`)
    const certificate = decoded(file, () => readCertificate(der), which)
    checkAnchor(certificate, file, which)
    return certificate
  })
}

/** @throws {TrustFileError} when a certificate is not that of an authority. */
export function checkAnchor({ version, basicConstraints }: Certificate, file: string, which: string): void {
  // RFC 5280 §4.2.1.9: only version 3 can say so; an older root is believed because its file is.
  if (version === 3 && basicConstraints?.cA !== true)
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, `${which} is not the certificate of an authority`)
}

/** Reads every `*.crl` of a folder; a folder that is not there holds none. @throws {TrustFileError} when one is not a CRL. */
export async function readCrls(directory: string): Promise<readonly CertificateList[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw new TrustFileError('ERR_TRUST_FILE_UNREADABLE', directory, systemReason(error), { cause: error })
  })
  const files = names.filter((name) => name.endsWith('.crl')).sort()
  return Promise.all(files.map((name) => readCrl(join(directory, name))))
}

/** Reads one CRL, DER or PEM. @throws {TrustFileError} */
export async function readCrl(file: string): Promise<CertificateList> {
  const octets = await readWithin(file, CRL_LIMITS.maxOctets)
  if (octets.length === 0) throw new TrustFileError('ERR_TRUST_FILE_EMPTY', file)
  // DER begins with the tag of a SEQUENCE; PEM with a hyphen or an explanation.
  if (octets[0] === 0x30) return decoded(file, () => readCertificateList(octets))
  const [block, ...others] = decoded(file, () => readPem(text(file, octets), { maxOctets: CRL_LIMITS.maxOctets }))
  if (block?.label !== 'X509 CRL' || others.length > 0)
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, 'it is not one revocation list')
  return decoded(file, () => readCertificateList(block.der))
}

async function readWithin(file: string, maxOctets: number): Promise<Uint8Array> {
  try {
    const status = await stat(file)
    // A pipe or a device would keep a start waiting for ever.
    if (!status.isFile()) throw new TrustFileError('ERR_TRUST_FILE_UNREADABLE', file, 'it is not a file')
    if (status.size > maxOctets)
      throw new TrustFileError('ERR_TRUST_FILE_LIMIT', file, `${status.size} octets of at most ${maxOctets}`)
    return new Uint8Array(await readFile(file))
  } catch (error) {
    if (error instanceof TrustFileError) throw error
    if (codeOf(error) === 'ENOENT')
      throw new TrustFileError('ERR_TRUST_FILE_MISSING', file, undefined, { cause: error })
    throw new TrustFileError('ERR_TRUST_FILE_UNREADABLE', file, systemReason(error), { cause: error })
  }
}

function text(file: string, octets: Uint8Array): string {
  // PEM is ASCII, and a text around its blocks that is not UTF-8 is nobody's explanation.
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, 'it is not text', { cause: error })
  }
}

function decoded<Value>(file: string, decode: () => Value, which?: string): Value {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error || error instanceof PemError)) throw error
    const detail = `${which === undefined ? '' : `${which}: `}${error.message} [${error.code}]`
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, detail, { cause: error })
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function systemReason(error: unknown): string {
  return codeOf(error) ?? String(error)
}
