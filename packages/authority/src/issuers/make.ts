// New issuers, and further certificates of their keys: keys made here, and what a root here signs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keyAlgorithmOfSpki, makeKey } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import { type Certificate, type Name, nameOf, OID, readCertificate, writeCertificate } from '@countersign/x509'
import { AuthorityError, InvariantError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { makeSerial } from '../issuance/build.ts'
import { buildAndLint } from '../issuance/lint.ts'
import { LEAF_PROFILES, type ProfileName, SSH_PROFILE_NAMES } from '../issuance/profiles.ts'
import { replaceFile } from '../keys/files.ts'
import { readKeyFile } from '../keys/hierarchy.ts'
import { MAX_PUBLISHED, type PublishedIssuer } from '../keys/issuers.ts'
import { formatKey } from '../keys/key-file.ts'
import { openTokenSigner } from '../keys/pkcs11/token-signer.ts'
import { keySigner, type Signer } from '../keys/signer.ts'
import { issuedEntry, issuerEntry } from '../ledger/entry.ts'
import { serialHex, sha256 } from '../octets.ts'
import type { NewCertificate } from '../store/certificates.ts'
import type { IssuerKind, NewIssuer } from '../store/issuers.ts'
import type { Repositories, StoreTransaction } from '../store/store.ts'
import type { IssuerParts, NewIssuerRequest } from './model.ts'

/** What each kind signs, where nothing else is said. */
export const PROFILES_OF: Readonly<Record<IssuerKind, readonly ProfileName[]>> = {
  root: ['intermediate'],
  intermediate: LEAF_PROFILES,
  ssh: SSH_PROFILE_NAMES,
}

/** Files of the authority's folder that are no issuer's. */
const RESERVED = ['ledger', 'listener']

/** What speaks against a name; undefined where nothing does. */
export function faultOfName(name: string): string | undefined {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(name))
    return 'name: small letters, digits and hyphens between them; at most 32 characters'
  return RESERVED.includes(name) ? `name: ${name} is the name of something else here` : undefined
}

/** Why there can be no more; those that are told last would be told no more. */
export async function faultOfOneMore({ issuers }: Repositories): Promise<Refusal | undefined> {
  const { length } = await issuers.published(MAX_PUBLISHED)
  return length < MAX_PUBLISHED
    ? undefined
    : { code: 'ERR_ISSUER_STATE', note: `everybody is told of ${MAX_PUBLISHED} issuers, and of no more` }
}

/** A key, until it is let go. */
export interface NewKey extends AsyncDisposable {
  readonly signer: Signer
  readonly keyPlace: string
}

/** The key of a new issuer: made in a file here, or there on its token. */
export async function keyOfNew(
  { name, kind, algorithm, key }: NewIssuerRequest,
  { folder, custody, issuers }: IssuerParts,
): Promise<NewKey | Refusal> {
  if (key !== undefined) {
    const token = await openTokenSigner(key)
    return { signer: token, keyPlace: key, [Symbol.asyncDispose]: () => token.close() }
  }
  const keyPlace = `${name}.key`
  const path = join(folder, keyPlace)
  const here = { keyPlace, [Symbol.asyncDispose]: async () => undefined }
  // Of a command that was cut short, or put there by hand: no issuer has it yet.
  if (existsSync(path)) return { ...here, signer: keySigner(readKeyFile(path, custody.passphrase)) }
  const [root] = issuers.published().roots
  const usual = kind === 'ssh' ? 'ed25519' : ((root && keyAlgorithmOfSpki(root.subjectPublicKeyInfo)) ?? 'p256')
  const made = makeKey(algorithm ?? usual)
  replaceFile(path, formatKey(made, custody.passphrase), 0o600)
  return { ...here, signer: keySigner(made) }
}

/** The name in the certificate of an issuer of this authority. */
export function subjectOf(name: string, { issuers }: IssuerParts): Name {
  const [root] = issuers.published().roots
  const organization = root?.subject.rdnSequence.flat().find(({ type }) => type === OID.organizationName)?.text
  const organizationName = organization ?? name
  return nameOf([
    ['organizationName', organizationName],
    ['commonName', `${organizationName} ${name}`],
  ])
}

/** Signs a certificate of an issuer's key, by a root or by itself. */
export async function signAuthority(
  profile: 'root' | 'cross-root' | 'intermediate',
  subject: Name,
  publicKey: Uint8Array,
  signer: Signer,
  more: {
    readonly issuer?: Certificate
    readonly keyIdentifier?: Uint8Array | undefined
    readonly failpoint: Failpoint
    readonly now: Temporal.Instant
  },
): Promise<Certificate> {
  const { issuer, keyIdentifier, now } = more
  const given = { ...(issuer && { issuer }), ...(keyIdentifier && { keyIdentifier }) }
  const content = { profile, subject, publicKey, identities: [], serial: makeSerial(), now, ...given }
  const linted = buildAndLint(content)
  if (!linted.ok) throw new InvariantError(linted.findings.map(({ id, detail }) => `${id}: ${detail}`).join('; '))
  more.failpoint('issuer.before-sign')
  const signature = await signer.sign(linted.tbs)
  more.failpoint('issuer.after-sign')
  return readCertificate(writeCertificate(linted.tbs, signer.algorithm, signature))
}

/** The root that signs new issuers now, with its key; or why none can. */
export async function signingRoot(
  { issuers }: IssuerParts,
  name?: string,
): Promise<{ readonly root: PublishedIssuer; readonly signer: Signer } | Refusal> {
  const roots = issuers.published().issuers.filter(({ kind }) => kind === 'root')
  const root =
    name === undefined ? roots.find(({ state }) => state === 'active') : roots.find((one) => one.name === name)
  if (root === undefined)
    return { code: 'ERR_ADMIN_NOT_FOUND', note: name === undefined ? 'no root is active' : `no root is called ${name}` }
  if (!issuers.hasKey(root)) return { code: 'ERR_ISSUER_KEY_ELSEWHERE', note: `the key of ${root.name} is not here` }
  return { root, signer: await issuers.signerOf(root) }
}

/** The row of a certificate of an issuer's own. */
export function certificateRow(
  certificate: Certificate,
  {
    name,
    profile,
    issuer,
    now,
    by,
  }: {
    name: string
    profile: 'root' | 'cross-root' | 'intermediate'
    issuer: number
    now: Temporal.Instant
    by: string
  },
): NewCertificate {
  return {
    issuer,
    serial: serialHex(certificate.serialNumber),
    sha256: sha256(certificate.der),
    spkiSha256: sha256(certificate.subjectPublicKeyInfo.der),
    party: `authority/${name}`,
    profile,
    names: [],
    der: certificate.der,
    notBefore: certificate.validity.notBefore,
    notAfter: certificate.validity.notAfter,
    issuedAt: now,
    method: 'administrator',
    evidence: by,
    denied: [],
  }
}

/** Records the certificate of an issuer, and answers its row. A root is its own issuer. */
export async function recordCertificate(
  tx: StoreTransaction,
  row: NewCertificate,
  now: Temporal.Instant,
): Promise<number> {
  const entry = await tx.ledger.add(issuedEntry(row))
  await tx.parties.ensure(row.party, now)
  const { spkiSha256, party, notAfter } = row
  // No party is certified for the key of an issuer.
  if (!(await tx.certificates.takeKey(spkiSha256, party, now, notAfter)))
    throw new AuthorityError('ERR_AUTHORITY_REFUSED', party, 'this key is another party’s')
  return row.profile === 'root' ? tx.certificates.addRoot({ ...row, entry }) : tx.certificates.add({ ...row, entry })
}

/** Adds the issuer, in the ledger too. */
export async function recordIssuer(tx: StoreTransaction, issuer: NewIssuer, now: Temporal.Instant): Promise<void> {
  await tx.issuers.add(issuer)
  await tx.ledger.add(issuerEntry(issuer, now))
}
