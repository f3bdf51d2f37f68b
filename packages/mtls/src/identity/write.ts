// Writing an identity to its directory so that a crash at any instant leaves the old one or the new one.

import type { KeyObject } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, type CertificateList, writePem } from '@countersign/x509'
import { scopeOfCrl } from '../trust/trust.ts'
import { makePrivateDirectory, type NewFile, renameDurably, replaceFiles } from './durable.ts'
import { IdentityError, systemCode } from './error.ts'
import { checkDirectory, type IdentityPaths, pathsOf } from './files.ts'

/** Where the authority of an identity is met again. */
export interface AuthorityAddress {
  /** host:port */
  readonly address: string
  /** The DNS name that its certificate must prove. */
  readonly name: string
}

/** The parts of an identity that are to be written; absent ones stay as they are. Secret: `privateKey`. */
export interface IdentityParts {
  readonly privateKey?: KeyObject
  /** Leaf first; written without the self-signed root, which proves nothing to anybody who does not have it. */
  readonly certificates?: readonly [Certificate, ...Certificate[]]
  readonly anchors?: readonly Certificate[]
  readonly crls?: readonly CertificateList[]
  readonly authority?: AuthorityAddress
}

/**
 * Writes an identity. Everything is on the disk before the first name changes, the key comes first and the certificate,
 * which says that the identity is whole, comes last.
 * @throws {IdentityError} when it cannot be written; then nothing is changed and nothing half-made stays.
 */
export async function writeIdentity(directory: string, parts: IdentityParts): Promise<void> {
  const paths = await prepareDirectory(directory)
  // A key and its certificate cannot take their places in one step: they stand beside first, from where either half is found.
  const both = parts.privateKey !== undefined && parts.certificates !== undefined
  await replaceFiles([
    ...(parts.privateKey ? [keyFile(both ? paths.nextKey : paths.key, parts.privateKey)] : []),
    ...(parts.anchors ? [trustFile(paths, parts.anchors)] : []),
    ...crlFiles(paths, parts.crls ?? []),
    ...(parts.authority ? [authorityFile(paths, parts.authority)] : []),
    ...(parts.certificates ? [chainFile(both ? paths.nextChain : paths.chain, parts.certificates)] : []),
  ])
  if (both) await promoteNext(paths)
}

/** Makes the directory where there is none, and checks that only we may use it. @throws {IdentityError} */
export async function prepareDirectory(directory: string): Promise<IdentityPaths> {
  const paths = pathsOf(directory)
  await makePrivateDirectory(directory)
  await checkDirectory(directory)
  await makePrivateDirectory(paths.status)
  return paths
}

/** Puts the key and the certificate that stand beside, and fit, in their places: the key first. @throws {IdentityError} */
export async function promoteNext(paths: IdentityPaths): Promise<void> {
  await renameDurably(paths.nextKey, paths.key)
  await finishPromotion(paths)
}

/** Ends what {@link promoteNext} began; where another process has done so, there is nothing to do. @throws {IdentityError} */
export async function finishPromotion(paths: IdentityPaths): Promise<void> {
  try {
    await renameDurably(paths.nextChain, paths.chain)
  } catch (error) {
    if (!(error instanceof IdentityError && systemCode(error.cause) === 'ENOENT')) throw error
  }
}

export function keyFile(path: string, privateKey: KeyObject): NewFile {
  return { path, octets: privateKey.export({ format: 'pem', type: 'pkcs8' }), mode: 0o600 }
}

export function chainFile(path: string, certificates: readonly Certificate[]): NewFile {
  return pemFile(
    path,
    certificates.filter((one, index) => index === 0 || !isSelfIssued(one)),
  )
}

export function crlFiles(paths: IdentityPaths, crls: readonly CertificateList[]): readonly NewFile[] {
  return crls.map((crl) => ({
    path: join(paths.status, `${scopeOfCrl(crl).slice(0, 32)}.crl`),
    octets: crl.der,
    mode: 0o644,
  }))
}

/** The roots that are believed. */
export function trustFile(paths: IdentityPaths, anchors: readonly Certificate[]): NewFile {
  return pemFile(paths.trust, anchors)
}

function pemFile(path: string, certificates: readonly Certificate[]): NewFile {
  return { path, octets: certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''), mode: 0o644 }
}

export function authorityFile(paths: IdentityPaths, { address, name }: AuthorityAddress): NewFile {
  return { path: paths.authority, octets: `${JSON.stringify({ address, name })}\n`, mode: 0o644 }
}

/** RFC 5280 §6.1: self-issued, by the octets of both names. */
function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return subject.der.toHex() === issuer.der.toHex()
}

/** Whether something stands at `path`. @throws {IdentityError} where that cannot be known. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return false
    throw code === undefined ? error : new IdentityError('ERR_IDENTITY_UNREADABLE', path, code, { cause: error })
  }
}
