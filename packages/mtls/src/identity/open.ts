// An identity that lives in a directory, as an enrollment wrote it.

import { enroll } from '../enroll/enroll.ts'
import { keepRenewed } from '../enroll/keep-renewed.ts'
import { createReporter } from '../explain/reporter.ts'
import { trustDomainOf } from '../gate/side.ts'
import type { Clock, Credential, Log, OwnIdentity, Trust } from '../model.ts'
import { sha256OfAnchors } from '../trust/trust.ts'
import { readAnchors, readCrls, readTrustFiles, TrustFileError } from '../trust/trust-files.ts'
import { unfailing } from '../warn.ts'
import { IdentityError } from './error.ts'
import { checkDirectory, pathsOf, readCredential } from './files.ts'
import { follow } from './follow.ts'
import { finishPromotion, isThere } from './write.ts'

/** An identity in a directory, with the trust and the revocation lists beside it. It follows what other processes write there. */
export interface DirectoryIdentity extends OwnIdentity {
  readonly directory: string
  readonly trust: Trust
  /** Reads the directory anew. @throws {IdentityError | TrustFileError} and the old credential and trust stay. */
  reload(): Promise<void>
  /** Answers when the authority knows of every callee that was refused, or could not be told. */
  settled(): Promise<void>
  /** Stops following and renewing. What is in memory stays usable. */
  close(): void
}

/** By which clock an identity goes, and whom it tells what it can no longer read. */
export interface OpenIdentityOptions {
  readonly clock?: Clock
  /** An invitation: where the directory holds no certificate yet, it is enrolled first. Secret. */
  readonly token?: string
  /**
   * Whether it renews itself and fetches revocation lists in time, as `keepRenewed` does, for as long as the process
   * lives for other reasons. Default true; false where another program keeps the directory.
   */
  readonly renew?: boolean
  /**
   * Whether it is told by its authority of new revocation lists as soon as they are signed, while it renews itself. Default
   * true; false where a feed tells.
   */
  readonly watch?: boolean
  /**
   * Told `identity.reload-failed` with file and reason, when what is on the disk can no longer be used; `trust.changed`
   * when `trust.pem` names other authorities than at the start, for which the program must be started anew; and what
   * `keepRenewed` tells. Default: a warning of the process for these two, `identity.revoked` and `identity.expiring`.
   */
  readonly log?: Log
}

/**
 * Opens the identity in `directory`: key and certificate fit, nobody else may read them, trust and status are whole.
 * @throws {IdentityError} when key, certificate or permissions are not as they must be.
 * @throws what `enroll` throws, when it had to be called.
 * @throws {TrustFileError} when `trust.pem` or `status/` are not.
 */
export async function openIdentity(directory: string, options: OpenIdentityOptions = {}): Promise<DirectoryIdentity> {
  const { clock = () => Temporal.Now.instant(), token, renew = true, watch = true } = options
  const log = unfailing(options.log ?? warnOfNeed)
  const paths = pathsOf(directory)
  // One that is there is used as it is: the same program starts the first time and every time after.
  if (token !== undefined && !(await isThere(paths.chain))) await enroll(token, { directory, clock })
  const listeners = new Set<() => void>()
  let current = await readDirectory(directory)
  const trust = await readTrustFiles({
    trustFile: paths.trust,
    statusDirectory: paths.status,
    revocation: 'require',
    domain: trustDomainOf(current.certificates[0]),
  })

  const lookAtAnchors = async () => {
    const certificates = await readAnchors(paths.trust)
    const now = sha256OfAnchors(certificates)
    if (now === anchorsOnDisk) return
    anchorsOnDisk = now
    const has = (der: Uint8Array) => certificates.some((one) => Buffer.compare(one.der, der) === 0)
    // Roots that follow are believed as soon as they are written; one that is gone counts from the next start on.
    if (trust.anchors.every(({ certificate }) => certificate !== undefined && has(certificate.der)))
      return trust.replaceAuthorities({ anchors: certificates, issuers: trust.issuers })
    if (now !== trust.anchorsSha256) log('trust.changed', { directory, file: paths.trust })
  }
  let anchorsOnDisk = trust.anchorsSha256
  const reload = async () => {
    const next = await readDirectory(directory)
    await lookAtAnchors()
    trust.replaceCrls(await readCrls(paths.status), clock())
    if (sameCredential(current, next)) return
    current = next
    for (const listener of [...listeners]) listener()
  }
  const following = follow([directory, paths.status], () =>
    reload().catch((error: unknown) => {
      if (!(error instanceof IdentityError || error instanceof TrustFileError)) throw error
      log('identity.reload-failed', { directory, code: error.code, file: error.file, reason: error.message })
    }),
  )
  const own = {
    directory,
    trust,
    current: () => current,
    onChange(listener: () => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const reporter = createReporter(own, clock, log)
  const identity = { ...own, reload, report: reporter.report, settled: reporter.settled, close: following.close }
  if (!renew) return identity
  const keeper = keepRenewed(identity, { clock, log, watch, ref: false })
  return {
    ...identity,
    close() {
      following.close()
      // What is under way may end by itself: wherever it is interrupted, one working identity is there.
      void keeper.close()
    },
  }
}

/** Where nobody listens, what would end in a refusal must not come unseen. All else is news. */
const warnOfNeed: Log = (event, fields) => {
  const { directory, notAfter, next, reason, file } = fields ?? {}
  const said: Readonly<Record<string, string>> = {
    'identity.expiring': `the certificate in ${String(directory)} ends at ${String(notAfter)}; ${String(next)}`,
    'identity.revoked': `the certificate in ${String(directory)} was revoked; ${String(next)}`,
    'identity.reload-failed': `the identity in ${String(directory)} stays as it was, as its files cannot be used: ${String(reason)}`,
    'trust.changed': `${String(file)} names other authorities than at the start: start this program anew`,
  }
  const warning = said[event]
  if (warning !== undefined) process.emitWarning(warning, { code: event })
}

async function readDirectory(directory: string): Promise<Credential> {
  const paths = pathsOf(directory)
  await checkDirectory(directory)
  const { credential, unfinished } = await readCredential(paths)
  // Programs that read the two files alone need them to fit; on a disk that we may only read, we at least know.
  if (unfinished)
    await finishPromotion(paths).catch((error: unknown) => {
      if (!(error instanceof IdentityError)) throw error
    })
  return credential
}

function sameCredential(one: Credential, other: Credential): boolean {
  const octets = (credential: Credential) => credential.certificates.map(({ der }) => der.toHex()).join()
  return octets(one) === octets(other)
}
