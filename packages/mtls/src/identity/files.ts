// Where the parts of an identity stand in its directory, and how they are read back.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, DerError, PemError, readCertificate, readPem, X509Error } from '@countersign/x509'
import type { Credential } from '../model.ts'
import { keyFits } from './create.ts'
import { IdentityError, systemCode } from './error.ts'

/** The paths of an identity's parts. `next…` hold a renewal that has not yet taken their place. */
export interface IdentityPaths {
  readonly directory: string
  readonly key: string
  readonly chain: string
  readonly trust: string
  readonly status: string
  readonly authority: string
  readonly nextKey: string
  readonly nextChain: string
  /** The request of an enrollment that has not come to its end. */
  readonly request: string
  readonly lock: string
  /** What the authority's feed has said so far. */
  readonly feed: string
  /** What was met here and the authority has not yet kept. */
  readonly waiting: string
  /** The rules that it told last. */
  readonly rules: string
  /** The other authorities that it told last. */
  readonly anchors: string
}

export function pathsOf(directory: string): IdentityPaths {
  return {
    directory,
    key: join(directory, 'identity.key'),
    chain: join(directory, 'identity.pem'),
    trust: join(directory, 'trust.pem'),
    status: join(directory, 'status'),
    authority: join(directory, 'authority.json'),
    nextKey: join(directory, 'identity.key.next'),
    nextChain: join(directory, 'identity.pem.next'),
    request: join(directory, 'identity.csr'),
    lock: join(directory, 'identity.lock'),
    feed: join(directory, 'feed.json'),
    waiting: join(directory, 'meetings.waiting'),
    rules: join(directory, 'rules.json'),
    anchors: join(directory, 'anchors.json'),
  }
}

const MAX_KEY_OCTETS = 65_536
const MAX_CHAIN_OCTETS = 1_048_576

/** Checks that only we may use the directory. @throws {IdentityError} */
export async function checkDirectory(directory: string): Promise<void> {
  const status = await stat(directory).catch((error: unknown) => {
    throw readingError(directory, error)
  })
  if (!status.isDirectory()) throw new IdentityError('ERR_IDENTITY_UNREADABLE', directory, 'it is not a directory')
  checkOwner(directory, status)
}

/** Reads a private key that only we may read, PKCS#8 in PEM. @throws {IdentityError} */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  const pem = await readPrivately(path)
  try {
    return createPrivateKey(pem)
  } catch (error) {
    // Node's text may hold a piece of what it read: only its code is told.
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new IdentityError('ERR_IDENTITY_MALFORMED', path, `no private key in PEM (${String(error.code)})`)
  } finally {
    pem.fill(0)
  }
}

/** Reads a private key where there is one. @throws {IdentityError} */
export async function readPrivateKeyIfThere(path: string): Promise<KeyObject | undefined> {
  return unlessMissing(() => readPrivateKey(path))
}

/** Reads a leaf and its chain. @throws {IdentityError} */
export async function readChain(path: string): Promise<readonly [Certificate, ...Certificate[]]> {
  const octets = await readFile(path).catch((error: unknown) => {
    throw readingError(path, error)
  })
  if (octets.length > MAX_CHAIN_OCTETS) throw new IdentityError('ERR_IDENTITY_MALFORMED', path, 'it is too large')
  try {
    const blocks = readPem(octets.toString('utf8'))
    if (blocks.some(({ label }) => label !== 'CERTIFICATE'))
      throw new IdentityError('ERR_IDENTITY_MALFORMED', path, 'it holds something else than certificates')
    const [leaf, ...chain] = blocks.map(({ der }) => readCertificate(der))
    if (leaf === undefined) throw new IdentityError('ERR_IDENTITY_MALFORMED', path, 'it holds no certificate')
    return [leaf, ...chain]
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error || error instanceof PemError)) throw error
    throw new IdentityError('ERR_IDENTITY_MALFORMED', path, `${error.message} [${error.code}]`, { cause: error })
  }
}

/** Reads a leaf and its chain where there are such. @throws {IdentityError} */
export async function readChainIfThere(path: string): Promise<readonly [Certificate, ...Certificate[]] | undefined> {
  return unlessMissing(() => readChain(path))
}

/**
 * Reads the credential in force. A new key takes its place before its certificate does: where that was ended in
 * between, the certificate beside is the one that fits, and `unfinished` says so.
 * @throws {IdentityError}
 */
export async function readCredential(
  paths: IdentityPaths,
): Promise<{ readonly credential: Credential; readonly unfinished: boolean }> {
  const privateKey = await readPrivateKey(paths.key)
  const certificates = await readChainIfThere(paths.chain)
  if (certificates && keyFits(privateKey, certificates[0]))
    return { credential: { privateKey, certificates }, unfinished: false }
  const next = await readChainIfThere(paths.nextChain)
  if (next && keyFits(privateKey, next[0])) return { credential: { privateKey, certificates: next }, unfinished: true }
  throw new IdentityError(certificates ? 'ERR_IDENTITY_KEY_MISMATCH' : 'ERR_IDENTITY_UNFINISHED', paths.chain)
}

async function unlessMissing<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_MISSING') return undefined
    throw error
  }
}

/**
 * Reads a small file that only we may read. The permissions are those of the file that is then read, whatever its name leads
 * to meanwhile. @throws {IdentityError}
 */
export async function readPrivately(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r')
    try {
      const status = await file.stat()
      if (!status.isFile()) throw new IdentityError('ERR_IDENTITY_UNREADABLE', path, 'it is not a file')
      checkOwner(path, status)
      if (status.size > MAX_KEY_OCTETS) throw new IdentityError('ERR_IDENTITY_MALFORMED', path, 'it is too large')
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw error instanceof IdentityError ? error : readingError(path, error)
  }
}

function checkOwner(path: string, status: { readonly mode: number; readonly uid: number }): void {
  // Windows has neither: there the directory's access list is the operator's.
  const us = process.geteuid?.()
  if (us === undefined) return
  if (status.uid !== us) throw new IdentityError('ERR_IDENTITY_OWNER', path, `user ${status.uid}, not ${us}`)
  if ((status.mode & 0o077) !== 0)
    throw new IdentityError('ERR_IDENTITY_MODE', path, `mode ${(status.mode & 0o777).toString(8).padStart(4, '0')}`)
}

function readingError(path: string, error: unknown): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  return code === 'ENOENT'
    ? new IdentityError('ERR_IDENTITY_MISSING', path, undefined, { cause: error })
    : new IdentityError('ERR_IDENTITY_UNREADABLE', path, code, { cause: error })
}
