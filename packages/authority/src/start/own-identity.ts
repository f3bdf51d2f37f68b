// A certificate of the authority's own, of its listener or its time-stamps: made when it is first needed, kept, renewed by itself in
// its last third.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import {
  type Credential,
  createIdentity,
  type KeyAlgorithm,
  keyAlgorithmOfSpki,
  makeKey,
  type OwnIdentity,
} from '@countersign/mtls'
import type { Identity } from '@countersign/protocol'
import { type Certificate, readCertificate, readPem, writePem } from '@countersign/x509'
import { AuthorityError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import type { Issue } from '../issuance/issue.ts'
import { identitiesOf } from '../issuance/issue-x509.ts'
import { identityOf, sameIdentity } from '../issuance/names.ts'
import { X509_PROFILES } from '../issuance/profiles.ts'
import { replaceFile } from '../keys/files.ts'
import { checkKeyMode } from '../keys/hierarchy.ts'
import type { Issuers } from '../keys/issuers.ts'
import { sha256 } from '../octets.ts'
import type { Store } from '../store/store.ts'

/** The party that the authority itself is. */
export const OWN_PARTY = 'authority'

export interface KeptIdentity extends OwnIdentity {
  /** Issues a new one where the current one is in its last third, was revoked, has other names, or another issuer signs now. */
  refresh(now: Temporal.Instant): Promise<void>
}

/** What opening one takes. */
export interface KeptParts {
  /** Key and chain in one file, so that a crash cannot part them. */
  readonly path: string
  readonly profile: 'server' | 'time-stamping'
  /** What the record of its certificates says that they are for. */
  readonly evidence: string
  readonly names: readonly Identity[]
  readonly domain: string
  readonly issuers: Issuers
  readonly store: Store
  readonly issue: Issue
  readonly failpoint: Failpoint
}

/** Reads the identity that is kept, or issues one. @throws {AuthorityError} when it cannot be issued */
export async function openKeptIdentity(parts: KeptParts, now: Temporal.Instant): Promise<KeptIdentity> {
  const kept = readKept(parts)
  const chain = kept && (await goodChainOf(kept, parts, now))
  const identity = createIdentity(kept && chain ? { ...kept, certificates: chain } : await makeCredential(parts, kept))
  return {
    current: () => identity.current(),
    onChange: (listener) => identity.onChange(listener),
    async refresh(at) {
      const current = identity.current()
      const certificates = await goodChainOf(current, parts, at)
      if (certificates === undefined) return identity.replace(await makeCredential(parts, current))
      const isSame = certificates.length === current.certificates.length
      if (!isSame || certificates.some((one, index) => one !== current.certificates[index]))
        identity.replace({ ...current, certificates })
    },
  }
}

/** The certificates of a credential that is good, with what leads from it to every root now. */
async function goodChainOf(
  credential: Credential,
  parts: KeptParts,
  now: Temporal.Instant,
): Promise<Credential['certificates'] | undefined> {
  return (await isGood(credential, parts, now)) ? chainOf(credential.certificates[0], parts) : undefined
}

async function isGood({ certificates: [leaf] }: Credential, parts: KeptParts, now: Temporal.Instant): Promise<boolean> {
  const { notBefore, notAfter } = leaf.validity
  const lifetime = notAfter.epochMilliseconds - notBefore.epochMilliseconds
  if (notAfter.epochMilliseconds - now.epochMilliseconds < lifetime / 3) return false
  // A clock that was set back: valid again soon, but not now.
  if (Temporal.Instant.compare(now, notBefore) < 0) return false
  const stored = await parts.store.certificates.bySha256(sha256(leaf.der))
  if (stored === undefined || stored.revocation !== undefined) return false
  const wanted = identitiesOf(parts.domain, OWN_PARTY, parts.names, X509_PROFILES[parts.profile].spiffeId)
  const found = (leaf.subjectAltName ?? []).map(identityOf)
  return (
    found.length === wanted.length &&
    wanted.every((one) => found.some((other) => other !== undefined && sameIdentity(one, other)))
  )
}

/** What leads from a leaf to every root, as it is now; undefined where its issuer signs such certificates no more. */
async function chainOf(
  leaf: Certificate,
  { store, issuers, profile }: KeptParts,
): Promise<Credential['certificates'] | undefined> {
  const stored = await store.certificates.bySha256(sha256(leaf.der))
  const issuer = issuers.published().issuers.find(({ id }) => id === stored?.issuer)
  if (issuer?.state !== 'active' || !issuer.profiles.includes(profile)) return undefined
  return [leaf, ...issuers.above(issuer.certificate)]
}

function readKept({ path }: KeptParts): Credential | undefined {
  if (!existsSync(path)) return undefined
  checkKeyMode(path)
  try {
    const blocks = readPem(readFileSync(path, 'utf8'))
    const key = blocks.find(({ label }) => label === 'PRIVATE KEY')
    const leaf = blocks.find(({ label }) => label === 'CERTIFICATE')
    if (key === undefined || leaf === undefined) throw new RangeError('a key and a certificate are expected')
    return {
      certificates: [readCertificate(leaf.der)],
      privateKey: createPrivateKey({ key: Buffer.from(key.der), format: 'der', type: 'pkcs8' }),
    }
  } catch (cause) {
    throw new AuthorityError('ERR_AUTHORITY_FILE_MALFORMED', path, 'this is not a key and its certificate', {
      cause,
      next: 'delete it; a new one is made at the next start',
    })
  }
}

async function makeCredential(
  { path, profile, evidence, names, issuers, issue, failpoint }: KeptParts,
  before: Credential | undefined,
): Promise<Credential> {
  const privateKey = makeKey(profile === 'server' ? await kindOfListener(issuers) : 'p256')
  const publicKey = createPublicKey(privateKey)
  const issued = await issue(
    {
      kind: 'x509',
      publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
      names,
      profile,
    },
    {
      method: 'self',
      party: OWN_PARTY,
      evidence,
      ...(before && { succeeds: sha256(before.certificates[0].der) }),
    },
  )
  if (!issued.ok)
    throw new AuthorityError(
      'ERR_AUTHORITY_REFUSED',
      path,
      `there is no certificate for the ${evidence} (${issued.refusal.code})`,
    )
  failpoint('own-identity.before-write')
  replaceFile(path, pemOf(privateKey, issued.credential), 0o600)
  failpoint('own-identity.after-write')
  return { certificates: issued.credential, privateKey }
}

/** What the listener shows says to those who enroll which kind of key they make. */
async function kindOfListener(issuers: Issuers): Promise<KeyAlgorithm> {
  const signing = await issuers.signing('server')
  return ('code' in signing ? undefined : keyAlgorithmOfSpki(signing.certificate.subjectPublicKeyInfo)) ?? 'p256'
}

function pemOf(privateKey: KeyObject, certificates: readonly { readonly der: Uint8Array }[]): string {
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return key + certificates.map(({ der }) => writePem('CERTIFICATE', der)).join('')
}
