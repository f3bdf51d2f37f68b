// A certificate of an authority that is not ours, in two files that somebody else renews, as an ACME client does.
import { stat } from 'node:fs/promises'
import { matchesName, referenceOf } from '@countersign/verify'
import type { Certificate } from '@countersign/x509'
import type { Clock, Credential, Log, OwnIdentity } from '../model.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { createIdentity, keyFits } from './create.ts'
import { IdentityError } from './error.ts'
import { readChain, readPrivateKey } from './files.ts'

/** Renewals come weeks before they are needed: what counts is that somebody who waits for one sees it. */
const LOOK_MS = 5_000

/** Which files, and what they must be good for. */
export interface CertificateFiles {
  /** PEM: the leaf, then each issuer of the one before, with or without the root. */
  readonly chain: string
  /** PEM, ours alone (0600). */
  readonly key: string
  /** DNS names and IP addresses that the leaf must prove. */
  readonly names: readonly string[]
}

/** Follows the files. */
export interface FollowedCertificate extends OwnIdentity {
  /** Looks at the files now, whatever they say of their time. Never fails: what cannot be used is logged, and the pair of before stays. */
  reread(): Promise<void>
  close(): void
}

/** Opens them. @throws {IdentityError} (rejects) where they cannot be used as they are. */
export async function followCertificate(
  files: CertificateFiles,
  {
    door,
    clock,
    log,
    everyMs = LOOK_MS,
  }: { readonly door: string; readonly clock: Clock; readonly log: Log; readonly everyMs?: number },
): Promise<FollowedCertificate> {
  let seen = await stampOf(files)
  const identity = createIdentity(await readPair(files, clock()))
  let settling = seen
  let reading: Promise<void> | undefined
  const read = async () => {
    try {
      const credential = await readPair(files, clock())
      if (isSame(credential, identity.current())) return
      identity.replace(credential)
      const { notAfter } = credential.certificates[0].validity
      log('certificate.replaced', { door, notAfter: notAfter.toString() })
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error
      log('certificate.unusable', { door, error: error.message, code: error.code })
    }
  }
  const reread = () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
  const look = async () => {
    const now = await stampOf(files)
    // Two files are not replaced at once: they are read when they have stood still from one look to the next.
    const hasSettled = now === settling
    settling = now
    if (!hasSettled || now === seen) return
    seen = now
    await reread()
  }
  const failed = (error: unknown) => log('certificate.unusable', { door, error: String(error) })
  const timer = setInterval(() => void look().catch(failed), everyMs).unref()
  return {
    current: () => identity.current(),
    onChange: (listener) => identity.onChange(listener),
    reread: () => reread().catch(failed),
    close: () => clearInterval(timer),
  }
}

/** A pair that can be presented: the key fits, each certificate was signed by the next, its time is now, and it proves the names. */
async function readPair({ chain, key, names }: CertificateFiles, now: Temporal.Instant): Promise<Credential> {
  const privateKey = await readPrivateKey(key)
  const certificates = await readChain(chain)
  const [leaf] = certificates
  if (!keyFits(privateKey, leaf)) throw new IdentityError('ERR_IDENTITY_KEY_MISMATCH', chain)
  const { notBefore, notAfter } = leaf.validity
  if (Temporal.Instant.compare(now, notBefore) < 0 || Temporal.Instant.compare(now, notAfter) > 0)
    throw new IdentityError(
      'ERR_IDENTITY_NOT_NOW',
      chain,
      `it is good from ${notBefore.toString()} to ${notAfter.toString()}`,
    )
  checkSignatures(chain, certificates)
  const missing = names.filter((name) => !matchesName(leaf, referenceOf(name)))
  if (missing.length > 0) throw new IdentityError('ERR_IDENTITY_NAMES', chain, missing.join(', '))
  return { certificates, privateKey }
}

/** Whether each was signed by the next: whom browsers believe is theirs to say. */
function checkSignatures(path: string, certificates: readonly Certificate[]): void {
  const check = createCheckSignature()
  for (const [index, one] of certificates.entries()) {
    const issuer = certificates[index + 1]
    if (issuer === undefined) continue
    const isNamed = Buffer.compare(one.issuer.der, issuer.subject.der) === 0
    const key = issuer.subjectPublicKeyInfo
    if (isNamed && check(one.signatureAlgorithm, key, one.tbsDer, one.signatureValue) === true) continue
    const detail = `certificate ${index + 2} did not issue certificate ${index + 1}`
    throw new IdentityError('ERR_IDENTITY_CHAIN', path, detail)
  }
}

function isSame(one: Credential, other: Credential): boolean {
  return (
    one.certificates.length === other.certificates.length &&
    one.certificates.every(
      ({ der }, index) => Buffer.compare(der, other.certificates[index]?.der ?? der.subarray(1)) === 0,
    )
  )
}

/** Changes when either file does, also behind a link; a file that is not there has a stamp too. */
async function stampOf({ chain, key }: CertificateFiles): Promise<string> {
  const stamps = await Promise.all(
    [chain, key].map((path) =>
      stat(path, { bigint: true }).then(
        ({ ino, size, mtimeNs, ctimeNs, mode }) => [ino, size, mtimeNs, ctimeNs, mode].join(':'),
        (error: unknown) => String(error),
      ),
    ),
  )
  return stamps.join(' ')
}
