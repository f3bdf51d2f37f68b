// The root and the issuing certificate, and the key of the issuing one: read and judged at each start.

import type { KeyObject } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCheckSignature, KEY_ALGORITHMS } from '@countersign/mtls'
import { type Certificate, DerError, PemError, readCertificate, readPem, X509Error } from '@countersign/x509'
import { AuthorityError } from '../error.ts'
import { sameOctets } from '../octets.ts'
import { errnoOf } from '../store/fault.ts'
import type { Custody } from './custody.ts'
import { parseKey } from './key-file.ts'
import { isSignerKey, keySigner, type Signer } from './signer.ts'

export interface Hierarchy {
  readonly root: Certificate
  readonly issuing: Certificate
  /** Signs with the issuing key. */
  readonly signer: Signer
  /** Rows of the two certificates in the store. */
  readonly rootId: number
  readonly issuerId: number
}

/** The rows of a first start, always the same. */
export const ROOT_ROW = 1
export const ISSUING_ROW = 2
/** The first issuer for SSH has no certificate: it has a number that is no row's. Further ones have those below. */
export const SSH_ISSUER = 0

/** Names of files in the folder `authority` of the data directory. */
export const FILES = {
  folder: 'authority',
  rootCertificate: 'root.pem',
  rootKey: 'root.key',
  issuingCertificate: 'issuing.pem',
  issuingKey: 'issuing.key',
  ledgerKey: 'ledger.key',
  sshKey: 'ssh.key',
} as const

/**
 * Reads the hierarchy from `folder`, but for an issuing key that is on a token. The root's key is not needed, and not touched.
 * @throws {AuthorityError} when a file is missing, open to others, malformed, or does not fit the others.
 */
export function readHierarchy(folder: string, now: Temporal.Instant, { passphrase, token }: Custody = {}): Hierarchy {
  const rootPath = join(folder, FILES.rootCertificate)
  const issuingPath = join(folder, FILES.issuingCertificate)
  const keyPath = join(folder, FILES.issuingKey)
  const root = readCertificateFile(rootPath)
  const issuing = readCertificateFile(issuingPath)
  const signer = token ?? keySigner(readKeyFile(keyPath, passphrase))
  if (!isSignedBy(root, root)) throw mismatch(rootPath, 'the root certificate is not signed by its own key')
  if (!isSignedBy(issuing, root)) throw mismatch(issuingPath, 'the issuing certificate is not signed by this root')
  if (!sameOctets(signer.publicKey.der, issuing.subjectPublicKeyInfo.der))
    throw mismatch(token?.uri ?? keyPath, 'the issuing key is not the key of the issuing certificate')
  if (Temporal.Instant.compare(issuing.validity.notAfter, now) <= 0)
    throw new AuthorityError(
      'ERR_AUTHORITY_ISSUER_EXPIRED',
      issuingPath,
      `the issuing certificate ended at ${issuing.validity.notAfter}`,
    )
  return { root, issuing, signer, rootId: ROOT_ROW, issuerId: ISSUING_ROW }
}

/** Reads a file that holds one certificate. @throws {AuthorityError} */
export function readCertificateFile(path: string): Certificate {
  const text = readTextFile(path)
  try {
    const [block, ...others] = readPem(text)
    if (block?.label !== 'CERTIFICATE' || others.length > 0) throw malformed(path, 'it does not hold one certificate')
    return readCertificate(block.der)
  } catch (cause) {
    if (!(cause instanceof PemError || cause instanceof DerError || cause instanceof X509Error)) throw cause
    throw malformed(path, `this is not a certificate: ${cause.message}`, cause)
  }
}

/** Reads a key file that only its owner can read. Secret. @throws {AuthorityError} */
export function readKeyFile(path: string, passphrase: string | undefined): KeyObject {
  const pem = readTextFile(path)
  checkKeyMode(path)
  const key = parseKey(pem, path, passphrase)
  if (!isSignerKey(key)) throw malformed(path, `this private key is none of ${KEY_ALGORITHMS.join(', ')}, RSA`)
  return key
}

/** @throws {AuthorityError} where others than the owner can use the file of a private key. */
export function checkKeyMode(path: string): void {
  if ((lstatSync(path).mode & 0o077) !== 0)
    throw new AuthorityError('ERR_AUTHORITY_FILE_MODE', path, 'this private key can be read by others')
}

function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT')
      throw new AuthorityError('ERR_AUTHORITY_FILE_MISSING', path, 'this file is missing', { cause })
    throw new AuthorityError('ERR_AUTHORITY_DIRECTORY', path, `this file cannot be read (${errnoOf(cause)})`, { cause })
  }
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { signatureAlgorithm, tbsDer, signatureValue } = certificate
  return createCheckSignature()(signatureAlgorithm, issuer.subjectPublicKeyInfo, tbsDer, signatureValue) === true
}

function malformed(path: string, message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_FILE_MALFORMED', path, message, { cause })
}

function mismatch(path: string, message: string): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_FILE_MISMATCH', path, message)
}
