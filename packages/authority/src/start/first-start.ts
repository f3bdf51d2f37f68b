// The making of an authority, in steps that a crash may fall between:
// (1) everything is written to `authority.new`; (2) the store records it, in one transaction; (3) the folder gets its name.
// What a crash leaves is found by the start after it: before (2) all is made anew, after (2) only the rename is missing.
import type { KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type KeyAlgorithm, keyAlgorithmOfSpki, makeKey } from '@countersign/mtls'
import { type Certificate, readCertificate, writeCertificate, writeCertificateList, writePem } from '@countersign/x509'
import { AuthorityError, InvariantError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { authorityName, makeSerial } from '../issuance/build.ts'
import { buildAndLint, type Linted, type LintedTbs, lintCrl } from '../issuance/lint.ts'
import { LEAF_PROFILES } from '../issuance/profiles.ts'
import type { Custody } from '../keys/custody.ts'
import { guarded, syncDirectory, writeNewFile } from '../keys/files.ts'
import { FILES, ISSUING_ROW, ROOT_ROW, readCertificateFile } from '../keys/hierarchy.ts'
import { formatKey } from '../keys/key-file.ts'
import { keySigner, type Signer } from '../keys/signer.ts'
import { issuedEntry, issuerEntry } from '../ledger/entry.ts'
import { serialHex, sha256 } from '../octets.ts'
import { buildCrl, thisUpdateOf } from '../status/crl/build.ts'
import type { NewCertificate } from '../store/certificates.ts'
import type { StoredCrl } from '../store/status.ts'
import { STORE_FILE, type Store, type StoreTransaction } from '../store/store.ts'

interface FirstStart {
  readonly directory: string
  readonly store: Store
  readonly organization: string
  readonly domain: string
  readonly algorithm?: KeyAlgorithm | undefined
  readonly custody?: Custody
  readonly now: Temporal.Instant
  readonly failpoint: Failpoint
}

/** Settings of the store that bind it to the files and the configuration. */
const ROOT_SETTING = 'authority.root-sha256'
const DOMAIN_SETTING = 'authority.domain'

/**
 * Makes the authority where there is none, ends a start that was cut short, and refuses parts that are not of one whole.
 * Answers the folder with its files. @throws {AuthorityError}
 */
export async function ensureAuthority(start: FirstStart): Promise<string> {
  const { directory, store, domain, failpoint } = start
  const folder = join(directory, FILES.folder)
  const unfinished = `${folder}.new`
  if ((await store.setting(ROOT_SETTING)) === undefined) {
    if (existsSync(folder))
      throw new AuthorityError(
        'ERR_AUTHORITY_STORE_MISSING',
        directory,
        'there is an authority, and the store knows none',
        {
          ...(existsSync(join(directory, STORE_FILE)) && {
            next: 'its store is still a file: countersign authority store --move-to takes it there',
          }),
        },
      )
    guarded(unfinished, () => rmSync(unfinished, { recursive: true, force: true }))
    const made = await makeAuthority(start, unfinished)
    await store.commit(async (tx) => {
      // Of several that start on one store, one makes the authority.
      await tx.alone('first start')
      if ((await tx.setting(ROOT_SETTING)) !== undefined)
        throw new AuthorityError(
          'ERR_AUTHORITY_FILE_MISMATCH',
          folder,
          'another authority has just been made in this store',
          {
            next: `copy its folder ${FILES.folder} into this data directory, and start again`,
          },
        )
      await record(tx, made)
      await tx.set(ROOT_SETTING, sha256(made.root.der).toHex())
      await tx.set(DOMAIN_SETTING, domain)
      failpoint('start.before-commit')
    })
    failpoint('start.after-commit')
  }
  const rootSha256 = await store.setting(ROOT_SETTING)
  if (!existsSync(folder)) finish(directory, unfinished, folder, rootSha256, failpoint)
  if (!isOfStore(folder, rootSha256))
    throw new AuthorityError('ERR_AUTHORITY_FILE_MISMATCH', folder, 'this root is not the one that store.db belongs to')
  const known = await store.setting(DOMAIN_SETTING)
  if (known !== domain)
    throw new AuthorityError('ERR_AUTHORITY_DOMAIN', directory, `this authority is of the trust domain ${known}`)
  const { subjectPublicKeyInfo } = readCertificateFile(join(folder, FILES.rootCertificate))
  const kind = keyAlgorithmOfSpki(subjectPublicKeyInfo)
  if (start.algorithm !== undefined && kind !== start.algorithm)
    throw new AuthorityError('ERR_AUTHORITY_ALGORITHM', directory, `this authority was made with keys of ${kind}`)
  return folder
}

function finish(
  directory: string,
  unfinished: string,
  folder: string,
  rootSha256: string | undefined,
  failpoint: Failpoint,
): void {
  if (!existsSync(unfinished) || !isOfStore(unfinished, rootSha256))
    throw new AuthorityError(
      'ERR_AUTHORITY_FILE_MISSING',
      folder,
      "the authority's certificates and keys are missing",
      {
        next: `restore it from a backup, or copy the folder ${FILES.folder} of another authority on this store`,
      },
    )
  failpoint('start.before-rename')
  guarded(folder, () => {
    renameSync(unfinished, folder)
    syncDirectory(directory)
  })
  failpoint('start.after-rename')
}

function isOfStore(folder: string, rootSha256: string | undefined): boolean {
  const root = readCertificateFile(join(folder, FILES.rootCertificate))
  return sha256(root.der).toHex() === rootSha256
}

interface Made {
  readonly root: Certificate
  readonly issuing: Certificate
  readonly rootCrl: StoredCrl
  readonly now: Temporal.Instant
}

async function makeAuthority(
  { directory, organization, algorithm: kind = 'p256', custody = {}, now, failpoint }: FirstStart,
  folder: string,
): Promise<Made> {
  const rootKey = makeKey(kind)
  const rootSigner = keySigner(rootKey)
  const { signer: issuingSigner, key: issuingKey } = issuingKeyOf(custody, kind)
  const { algorithm } = rootSigner

  const rootTbs = insist(
    buildAndLint({
      profile: 'root',
      subject: authorityName(organization, 'Root 1'),
      publicKey: rootSigner.publicKey.der,
      identities: [],
      serial: makeSerial(),
      now,
    }),
  )
  failpoint('start.before-sign-root')
  const root = readCertificate(writeCertificate(rootTbs, algorithm, await rootSigner.sign(rootTbs)))
  failpoint('start.after-sign-root')

  const issuingTbs = insist(
    buildAndLint({
      profile: 'intermediate',
      subject: authorityName(organization, 'Issuing 1'),
      publicKey: issuingSigner.publicKey.der,
      identities: [],
      issuer: root,
      serial: makeSerial(),
      now,
    }),
  )
  failpoint('start.before-sign-issuing')
  const issuing = readCertificate(writeCertificate(issuingTbs, algorithm, await rootSigner.sign(issuingTbs)))
  failpoint('start.after-sign-issuing')

  // The root's key may leave on the first day: its list must hold as long as the one certificate that it speaks of.
  const crl = { issuer: root, number: 1n, entries: [], nextUpdate: issuing.validity.notAfter, now }
  const crlTbs = insist(lintCrl(buildCrl(crl), crl))
  failpoint('start.before-sign-root-crl')
  const crlDer = writeCertificateList(crlTbs, algorithm, await rootSigner.sign(crlTbs))
  failpoint('start.after-sign-root-crl')

  writeFolder(folder, directory, { root, issuing, rootKey, issuingKey }, custody.passphrase)
  const { nextUpdate } = crl
  const rootCrl = { issuer: ROOT_ROW, number: 1, der: crlDer, thisUpdate: thisUpdateOf(now), nextUpdate, covers: 0 }
  return { root, issuing, rootCrl, now }
}

/** A key that is on a token is there already, and written nowhere. */
function issuingKeyOf({ token }: Custody, kind: KeyAlgorithm): { readonly signer: Signer; readonly key?: KeyObject } {
  if (token !== undefined) return { signer: token }
  const key = makeKey(kind)
  return { signer: keySigner(key), key }
}

function writeFolder(
  folder: string,
  directory: string,
  made: { root: Certificate; issuing: Certificate; rootKey: KeyObject; issuingKey: KeyObject | undefined },
  passphrase: string | undefined,
): void {
  guarded(folder, () => mkdirSync(folder, { mode: 0o700 }))
  writeNewFile(join(folder, FILES.rootKey), formatKey(made.rootKey, passphrase), 0o600)
  if (made.issuingKey !== undefined)
    writeNewFile(join(folder, FILES.issuingKey), formatKey(made.issuingKey, passphrase), 0o600)
  writeNewFile(join(folder, FILES.rootCertificate), writePem('CERTIFICATE', made.root.der), 0o644)
  writeNewFile(join(folder, FILES.issuingCertificate), writePem('CERTIFICATE', made.issuing.der), 0o644)
  syncDirectory(folder)
  syncDirectory(directory)
}

async function record(tx: StoreTransaction, { root, issuing, rootCrl, now }: Made): Promise<void> {
  for (const [id, row, kind, profiles] of [
    [ROOT_ROW, rowOf(root, 'root', now), 'root', ['intermediate']],
    [ISSUING_ROW, rowOf(issuing, 'issuing', now), 'intermediate', LEAF_PROFILES],
  ] as const) {
    const entry = await tx.ledger.add(issuedEntry(row))
    await tx.certificates.addAuthority(id, { ...row, entry })
    await tx.parties.ensure(row.party, now)
    const { profile: name, spkiSha256 } = row
    const issuer = {
      name,
      kind,
      id,
      state: 'active',
      keyPlace: `${name}.key`,
      spkiSha256,
      profiles,
      createdAt: now,
    } as const
    await tx.issuers.add(issuer)
    await tx.ledger.add(issuerEntry(issuer, now))
  }
  await tx.status.addCrl(rootCrl)
}

function rowOf<Name extends 'root' | 'issuing'>(
  certificate: Certificate,
  profile: Name,
  now: Temporal.Instant,
): NewCertificate & { readonly profile: Name } {
  return {
    // The root is its own issuer.
    issuer: ROOT_ROW,
    serial: serialHex(certificate.serialNumber),
    sha256: sha256(certificate.der),
    spkiSha256: sha256(certificate.subjectPublicKeyInfo.der),
    party: `authority/${profile}`,
    profile,
    names: [],
    der: certificate.der,
    notBefore: certificate.validity.notBefore,
    notAfter: certificate.validity.notAfter,
    issuedAt: now,
    method: 'self',
    evidence: 'first start',
    denied: [],
  }
}

function insist(linted: Linted): LintedTbs {
  if (linted.ok) return linted.tbs
  throw new InvariantError(linted.findings.map(({ id, detail }) => `${id}: ${detail}`).join('; '))
}
