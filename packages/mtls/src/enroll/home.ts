// An identity's directory as a renewal finds it: who we are, whom we believe, and where the authority is met.
import { readFile } from 'node:fs/promises'
import { fieldOf, ShapeError } from '@countersign/protocol'
import type { Certificate } from '@countersign/x509'
import { parseAddress } from '../client/target.ts'
import type { NewFile } from '../identity/durable.ts'
import { IdentityError, systemCode } from '../identity/error.ts'
import { checkDirectory, type IdentityPaths, pathsOf } from '../identity/files.ts'
import { type AuthorityAddress, trustFile } from '../identity/write.ts'
import type { Clock, ConnectTarget, KnownCallee, Trust } from '../model.ts'
import { readTrustFiles } from '../trust/trust-files.ts'
import { authorityField } from './answer.ts'
import { EnrollmentError } from './error.ts'

/** What a renewal, or fetching the lists, may be told. */
export interface RenewOptions {
  readonly clock?: Clock
  /** For each step that waits for the authority. */
  readonly timeoutMs?: number
}

/** What a directory says before anybody is asked. */
export interface Home {
  readonly paths: IdentityPaths
  readonly anchors: readonly Certificate[]
  readonly authority: AuthorityAddress
  readonly clock: Clock
  readonly waiting: { readonly timeoutMs?: number }
}

const SYSTEM_CLOCK = () => Temporal.Now.instant()

/** @throws {IdentityError | TrustFileError | EnrollmentError} when the directory is not whole. */
export async function openHome(directory: string, { clock = SYSTEM_CLOCK, timeoutMs }: RenewOptions): Promise<Home> {
  const paths = pathsOf(directory)
  await checkDirectory(directory)
  const { anchors } = await readTrust(paths, 'prefer')
  return {
    paths,
    anchors: anchors.flatMap(({ certificate }) => certificate ?? []),
    authority: await readAuthority(paths.authority),
    clock,
    waiting: timeoutMs === undefined ? {} : { timeoutMs },
  }
}

/** Reads trust and the lists as they stand now. @throws {TrustFileError} */
export function readTrust(paths: IdentityPaths, revocation: 'require' | 'prefer'): Promise<Trust> {
  return readTrustFiles({ trustFile: paths.trust, statusDirectory: paths.status, revocation })
}

/**
 * The file of anchors with those that are believed from now on: beside what stands there at this moment, as others write it
 * too. The directory is locked. @throws {TrustFileError}
 */
export async function withSuccessors(
  paths: IdentityPaths,
  successors: readonly Certificate[],
): Promise<readonly NewFile[]> {
  if (successors.length === 0) return []
  const here = (await readTrust(paths, 'prefer')).anchors.flatMap(({ certificate }) => certificate ?? [])
  const fresh = successors.filter(({ der }) => !here.some((one) => Buffer.compare(one.der, der) === 0))
  return fresh.length === 0 ? [] : [trustFile(paths, [...here, ...fresh])]
}

/** The part of the options of `connect` that a home knows. */
export type AuthorityTarget = Omit<ConnectTarget, 'identity'> & Pick<KnownCallee, 'name'>

/** How the authority of this home is met; as whom and by which trust is the caller's to say. */
export function authorityTarget({ authority: { address, name }, clock, waiting }: Home): AuthorityTarget {
  const target = parseAddress(address)
  // `readAuthority` has read it.
  if (target === undefined) throw new RangeError(`${address} is no host:port`)
  const wanted = { kind: 'dNSName', value: name } as const
  return { ...target, ...waiting, name: wanted, alpn: ['http/1.1'], door: 'authority', clock }
}

/** Where the authority of the identity in `directory` is met again. @throws {IdentityError | EnrollmentError} */
export function authorityOf(directory: string): Promise<AuthorityAddress> {
  return readAuthority(pathsOf(directory).authority)
}

async function readAuthority(path: string): Promise<AuthorityAddress> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = systemCode(error)
    if (code === undefined) throw error
    throw code === 'ENOENT'
      ? new IdentityError('ERR_IDENTITY_MISSING', path, undefined, { cause: error })
      : new IdentityError('ERR_IDENTITY_UNREADABLE', path, code, { cause: error })
  })
  try {
    return authorityField(fieldOf(JSON.parse(text)))
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof ShapeError)) throw cause
    throw new EnrollmentError('ERR_ENROLL_AUTHORITY_FILE', { detail: `${path}: ${cause.message}` }, { cause })
  }
}
