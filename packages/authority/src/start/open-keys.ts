// What a start finds or makes before anything is served: the store, the keys, and the files for everybody.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePem } from '@countersign/x509'
import { openDirectory } from '../directory.ts'
import { AuthorityError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { type Custody, openCustody } from '../keys/custody.ts'
import { guarded, replaceFile } from '../keys/files.ts'
import { FILES, ISSUING_ROW, readHierarchy } from '../keys/hierarchy.ts'
import { type Issuers, openIssuers } from '../keys/issuers.ts'
import { type LedgerKey, openLedgerKey } from '../keys/ledger-key.ts'
import { ensureSshIssuer } from '../keys/ssh-issuer.ts'
import { formatVerifierKey } from '../ledger/key.ts'
import type { AuthorityOptions } from '../model.ts'
import { movedFrom } from '../store/move.ts'
import { openStore, STORE_FILE, type Store } from '../store/store.ts'
import { ensureAuthority } from './first-start.ts'

/** Whoever verifies the ledger must have this from elsewhere than the ledger. */
const LEDGER_KEY_FILE = 'ledger.vkey'

interface KeyOptions extends AuthorityOptions {
  readonly failpoint: Failpoint
}

/** What there is then. */
export interface OpenKeys {
  readonly store: Store
  readonly issuers: Issuers
  readonly custody: Custody
  readonly ledgerKey: LedgerKey
  /** Of the authority, with its keys. */
  readonly folder: string
  /** Path of `root.pem`. */
  readonly rootFile: string
}

/** The store is opened first: its lock makes this the one process that may make or end the making of an authority. */
export async function openKeys(
  {
    directory,
    store: place,
    organization,
    domain,
    algorithm,
    passphrase,
    issuingKey,
    parts,
    clock,
    failpoint,
    log,
  }: KeyOptions,
  opened: AsyncDisposableStack,
): Promise<OpenKeys> {
  openDirectory(directory)
  const path = place ?? join(directory, STORE_FILE)
  if (place === undefined && !existsSync(path) && existsSync(join(directory, FILES.folder)))
    throw new AuthorityError('ERR_AUTHORITY_STORE_MISSING', path, 'there is an authority, and its store is missing', {
      ...(existsSync(movedFrom(path)) && {
        next: 'it was moved into PostgreSQL: set authority.store in countersign.yaml to where it is',
      }),
    })
  const store = await openStore(path, log, failpoint, parts)
  opened.defer(() => store.close())
  const custody = await openCustody({ passphrase, issuingKey }, opened)
  const now = clock()
  const folder = await ensureAuthority({ directory, store, organization, domain, algorithm, custody, now, failpoint })
  // The first pair stands in files, too, which must not have been exchanged.
  if ((await store.issuers.byId(ISSUING_ROW))?.state === 'active') readHierarchy(folder, now, custody)
  const copy = join(folder, FILES.issuingKey)
  // A key that was moved to a token is not safe there while its file is here.
  if (custody.token !== undefined && existsSync(copy)) log('authority.key-beside-token', { path: copy })
  await ensureSshIssuer(folder, store, now, custody.passphrase, failpoint)
  const issuers = await openIssuers({ store, folder, custody, clock }, opened)
  for (const { kind, state, certificate } of issuers.published().issuers) {
    const { notBefore } = certificate.validity
    // Made while the clock was ahead. It is told, and no reason to end: the clock may be what is wrong now.
    if (kind !== 'root' && state === 'active' && Temporal.Instant.compare(now, notBefore) < 0)
      log('authority.not-yet-valid', { notBefore: notBefore.toString(), now: now.toString() })
  }
  // For people and programs that need the roots: they get them without entering the folder with the keys.
  const rootFile = join(directory, FILES.rootCertificate)
  const writeRoots = () =>
    writePublicFile(
      rootFile,
      issuers
        .published()
        .roots.map(({ der }) => writePem('CERTIFICATE', der))
        .join(''),
    )
  writeRoots()
  issuers.onChange(writeRoots)
  const ledgerKey = await openLedgerKey(folder, store, domain, custody.passphrase, failpoint)
  writePublicFile(join(directory, LEDGER_KEY_FILE), `${formatVerifierKey(ledgerKey.key)}\n`)
  return { store, issuers, custody, ledgerKey, folder, rootFile }
}

function writePublicFile(path: string, text: string): void {
  guarded(path, () => {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) replaceFile(path, text, 0o644)
  })
}
