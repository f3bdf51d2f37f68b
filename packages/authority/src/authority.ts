// Opens an authority: the directory, the store, the keys, the lists, the doors; in this order, and back in reverse.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createCheckSignature,
  createLocks,
  createSessionIndex,
  describeSession,
  lockedKey,
  revokedKey,
  type SessionIndex,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { type Certificate, readCertificateList, writePem } from '@countersign/x509'
import { createApplication } from './api/application.ts'
import { LISTENER_DOOR, openListener } from './api/listener.ts'
import { checkSocketPath, listenLocally } from './api/local-socket.ts'
import { ANSWERS_KEPT } from './api/once.ts'
import { makeBackup } from './backup/backup.ts'
import { openDirectory } from './directory.ts'
import { createCertify } from './enrollment/certify.ts'
import { createRenew } from './enrollment/renew.ts'
import { createEnroll } from './enrollment/token/enroll.ts'
import { type AuthorityAddress, createInvite } from './enrollment/token/invite.ts'
import { AuthorityError, InvariantError } from './error.ts'
import type { Failpoint } from './failpoints.ts'
import { createFigures } from './figures.ts'
import { housekeeping } from './housekeeping.ts'
import { createIssue, type Issue } from './issuance/issue.ts'
import { recordProfiles } from './issuance/profiles-entry.ts'
import { createIssuerAdministration } from './issuers/administration.ts'
import { type Custody, openCustody } from './keys/custody.ts'
import { guarded, replaceFile } from './keys/files.ts'
import { FILES, ISSUING_ROW, readCertificateFile, readHierarchy } from './keys/hierarchy.ts'
import { type Issuers, openIssuers } from './keys/issuers.ts'
import { type LedgerKey, openLedgerKey } from './keys/ledger-key.ts'
import { ensureSshIssuer } from './keys/ssh-issuer.ts'
import { openIntegration } from './ledger/integrate.ts'
import { formatVerifierKey } from './ledger/key.ts'
import { createReceipts } from './ledger/receipts.ts'
import type { Authority, AuthorityOptions, LocalRequest } from './model.ts'
import { sha256 } from './octets.ts'
import { addressOf, checkOptions, listenerNames, localNames } from './options.ts'
import { ensureAuthority } from './start/first-start.ts'
import { LISTENER_PARTY, type ListenerIdentity, openListenerIdentity } from './start/listener-identity.ts'
import { createChanges } from './status/changes.ts'
import { followElsewhere } from './status/elsewhere.ts'
import { createFeed, type FeedDoor } from './status/feed/feed.ts'
import { createFollowers } from './status/feed/follower.ts'
import { createPublishedAnchors, createPublishedRules, feedRules } from './status/feed/published.ts'
import { certificatesOf, createFeedSource } from './status/feed/source.ts'
import { createLocking } from './status/lock.ts'
import { openStatus } from './status/open.ts'
import { createRevocation } from './status/revoke.ts'
import { isPostgresqlFault, isStorageFault, postgresqlError, storeError } from './store/fault.ts'
import { openMeetings } from './store/meetings.ts'
import { movedFrom } from './store/move.ts'
import { openStore, STORE_FILE, type Store } from './store/store.ts'
import { findOutageBudget } from './watching/reliance.ts'
import { createSightings } from './watching/sightings.ts'
import { warnOfExpiry } from './watching/warn.ts'

const LEDGER_FOLDER = 'ledger'
/** Whoever verifies the ledger must have this from elsewhere than the ledger. */
const LEDGER_KEY_FILE = 'ledger.vkey'

/** How long who asks for a receipt waits for what takes less than a second. */
const RECEIPT_WAIT_MS = 2_000

/** How long a follower of events hears nothing. */
const NEWS_WAIT_MS = 15_000

/** Erased at most in one transaction; the rest follows a minute later. */
const ERASED_AT_ONCE = 1_000

/**
 * Opens the authority of a data directory, making it at the first start. A crash at any moment leaves what the next
 * start completes. @throws {AuthorityError} (rejects) with what is wrong, where, and what to do; nothing stays open then.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  checkOptions(options)
  await using opening = new AsyncDisposableStack()
  const authority = await open(options, opening).catch((cause: unknown) => {
    // A database whose damage is found only when it is read.
    if (isPostgresqlFault(cause) && options.store !== undefined) throw postgresqlError('store', cause)
    throw isStorageFault(cause) ? storeError(join(options.directory, STORE_FILE), cause) : cause
  })
  const opened = opening.move()
  return { ...authority, close: () => opened.disposeAsync() }
}

async function open(options: AuthorityOptions, opened: AsyncDisposableStack): Promise<Omit<Authority, 'close'>> {
  const { name, domain, clock, failpoint = () => undefined } = options
  const figures = createFigures(options.log)
  const { log } = figures
  const directory = resolve(options.directory)
  const socketPath = join(directory, 'admin.sock')
  checkSocketPath(socketPath)
  const {
    store: stored,
    issuers,
    custody,
    ledgerKey,
    folder,
    rootFile,
  } = await openKeys({ ...options, log, directory, failpoint }, opened)
  const folderOfLedger = join(directory, LEDGER_FOLDER)
  const grown = createChanges({ waitMs: RECEIPT_WAIT_MS })
  opened.defer(() => grown.close())
  const news = createChanges({ waitMs: NEWS_WAIT_MS })
  opened.defer(() => news.close())
  const integration = await openIntegration({
    store: stored,
    log,
    failpoint,
    directory: folderOfLedger,
    onGrown() {
      grown.tell()
      news.tell()
    },
    ...ledgerKey,
  })
  opened.defer(() => integration.close())
  const store = figures.timed(integration.store)
  await recordProfiles(store, { clock, failpoint })
  const meetings = await openMeetings(options.store ?? join(directory, 'meetings.db'), log)
  opened.defer(() => meetings.close())

  const feed = createFeed(log)
  const changes = createChanges()
  opened.defer(() => changes.close())
  const { trust, crls, krl } = await openStatus({ store, issuers, domain, feed, changes, clock, failpoint, log })
  const issue = createIssue({ store, issuers, domain, clock, failpoint, log })
  const identity = await openListenerIdentity(
    {
      path: join(folder, 'listener.pem'),
      names: listenerNames(options),
      domain,
      issuers,
      store,
      issue,
      failpoint,
    },
    clock(),
  )

  let port = options.listen.port
  const rootSha256 = () => sha256(rootOf(issuers).der)
  const address = (): AuthorityAddress => ({ address: addressOf(options, port), name, rootSha256: rootSha256() })
  const invite = createInvite({ store, domain, authority: address, clock, failpoint, log })
  const revocation = createRevocation({ store, feed, trust, crls, clock, failpoint, log })
  const locks = createLocks()
  locks.replace(await store.parties.locks(clock()), BigInt(await store.status.newest()))
  const locking = createLocking({ store, feed, locks, clock, failpoint, log })
  const checkSignature = createCheckSignature()
  // Before anybody can follow: a door that starts with this authority gets the rules of now.
  const rules = createPublishedRules({ store, feed, clock, failpoint, log })
  if (options.rules !== undefined) await rules.publish(feedRules(options.rules))
  const anchors = createPublishedAnchors({ store, feed, clock, failpoint, log })
  const source = createFeedSource({
    store,
    issuers,
    crls: () => crls.current(),
    rules: rules.current,
    anchors: anchors.current,
    clock,
  })
  await followElsewhere({ store, issuers, feed, source, trust, locks, crls, changes, log })
  const sightings = createSightings({ store, trust, clock, failpoint, log })
  opened.defer(() => sightings.close())
  /** Of doors; what a party says that it met is kept for `why`, and proves of no certificate that it is in use. */
  const record = (meeting: Meeting, onSettled?: (isKept: boolean) => void) => {
    meetings.record(meeting, onSettled)
    sightings.met(meeting)
  }
  const issuerAdministration = createIssuerAdministration({
    store,
    issuers,
    crls,
    revocation,
    folder,
    custody,
    domain,
    clock,
    checkSignature,
    tell(sequence) {
      const [at, { all }] = [clock(), crls.current()]
      trust.replaceCrls(
        all.map((der) => readCertificateList(der)),
        at,
      )
      changes.tell()
      const change = { kind: 'crl', crls: all, certificates: certificatesOf(issuers) } as const
      void feed.tell({ sequence: BigInt(sequence), at, change })
    },
    failpoint,
    log,
  })
  const looked = { store, ledger: integration.ledger, crls, feed, clock }
  const application = await createApplication({
    store,
    issuers,
    issuerAdministration,
    address,
    invite,
    backup: ({ target, keys, passphrase }) =>
      makeBackup({
        directory,
        target,
        rootSha256: sha256(readCertificateFile(join(folder, FILES.rootCertificate)).der).toHex(),
        now: clock(),
        failpoint,
        ...(store.copyTo && { copyStore: store.copyTo }),
        ...(keys && { keys: passphrase === undefined ? {} : { passphrase } }),
      }),
    certify: createCertify({ issue, domain, authority: () => ({ name }), checkSignature }),
    reload: options.reload,
    figures: { ...figures, families: () => figures.families(looked) },
    enroll: createEnroll({ store, issue, domain, clock, checkSignature }),
    renew: createRenew({ store, issue, clock, checkSignature }),
    revocation,
    locking,
    happened: {
      get newest() {
        return integration.newest
      },
      get isClosed() {
        return news.isClosed
      },
      wait: news.wait,
    },
    receipts: createReceipts({ store, ledger: integration.ledger, grown }),
    crls: () => crls.current(),
    krl: () => krl.current(),
    changes,
    doors: feed.doors,
    sessions: () => feed.sessions(),
    follow: createFollowers({ feed, source, record, clock, log }),
    record: (meeting) => meetings.record(meeting),
    meetings: (reference) => meetings.byReference(reference),
    clock,
    failpoint,
    log,
  })
  opened.defer(() => application.close())

  issuers.onChange(() => {
    identity.refresh(clock()).catch((error: unknown) => log('listener.failed', { error: String(error) }))
  })
  const sessions = createSessionIndex(LISTENER_DOOR)
  opened.defer(feed.join(ownDoor(sessions, identity, clock)))
  const listener = await openListener({
    ...options.listen,
    identity,
    trust,
    locks,
    sessions,
    clock,
    record,
    application,
    log,
  })
  opened.defer(() => listener.close())
  port = listener.port
  const local = await listenLocally(socketPath, application)
  opened.defer(() => void local.close())
  opened.defer(
    housekeeping(
      {
        crl: () => crls.refresh(),
        identity: () => identity.refresh(clock()),
        expiry: () => warnOfExpiry({ store, clock, failpoint, log }),
        erase: async () => {
          await store.commit(async ({ invitations, answers }) => {
            // A clock that is ahead by a day erases nothing that is needed when it is set right.
            const dayBefore = clock().subtract({ hours: 24 })
            await invitations.eraseExpired(dayBefore, ERASED_AT_ONCE)
            await answers.eraseBefore(dayBefore.subtract({ hours: ANSWERS_KEPT.hours }), ERASED_AT_ONCE)
            await answers.eraseBeyond(ANSWERS_KEPT.most)
            failpoint('erase.before-commit')
          })
          failpoint('erase.after-commit')
        },
      },
      log,
    ),
  )

  const url = `https://${name}:${port}`
  return {
    root: rootOf(issuers),
    rootSha256: rootSha256(),
    rootFile,
    url,
    address: address().address,
    crlUrl: `${url}/crl/issuing.crl`,
    socketPath,
    trust,
    locks,
    sessions,
    issueLocal: (request) => issueLocal(issue, request, name),
    invite,
    revoke: (request) => revocation.revoke(request),
    publish: (next) => rules.publish(feedRules(next)),
    publishAnchors: (next) => anchors.publish(next),
    figures: () => figures.families(looked),
    parties: async (limit) => (await store.parties.list({ now: clock(), limit })).found.map((one) => one.name),
    join: (door) => feed.join(door),
    record: (meeting) => record(meeting),
    holdsWithout: async () => (await findOutageBudget(store, feed.doors(), clock())).holdsUntil,
    setting: settingOf(store, failpoint),
    async drain(timeoutMs) {
      listener.stop()
      local.close()
      changes.close()
      grown.close()
      news.close()
      application.drain()
      const end = performance.now() + timeoutMs
      while (application.busy() && performance.now() < end) await delay(20)
    },
  }
}

interface KeyOptions extends AuthorityOptions {
  readonly failpoint: Failpoint
}

/** The store is opened first: its lock makes this the one process that may make or end the making of an authority. */
async function openKeys(
  {
    directory,
    store: place,
    organization,
    domain,
    algorithm,
    passphrase,
    issuingKey,
    clock,
    failpoint,
    log,
  }: KeyOptions,
  opened: AsyncDisposableStack,
): Promise<{
  store: Store
  issuers: Issuers
  custody: Custody
  ledgerKey: LedgerKey
  folder: string
  rootFile: string
}> {
  openDirectory(directory)
  const path = place ?? join(directory, STORE_FILE)
  if (place === undefined && !existsSync(path) && existsSync(join(directory, FILES.folder)))
    throw new AuthorityError('ERR_AUTHORITY_STORE_MISSING', path, 'there is an authority, and its store is missing', {
      ...(existsSync(movedFrom(path)) && {
        next: 'it was moved into PostgreSQL: set authority.store in countersign.yaml to where it is',
      }),
    })
  const store = await openStore(path, log, failpoint)
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

/** The root that is told to newcomers. */
function rootOf(issuers: Issuers): Certificate {
  const [root] = issuers.published().roots
  if (root === undefined) throw new InvariantError('there is no root')
  return root
}

function writePublicFile(path: string, text: string): void {
  guarded(path, () => {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) replaceFile(path, text, 0o644)
  })
}

/** The authority's own listener follows revocations as every door does; its own certificate may be among them. */
function ownDoor(sessions: SessionIndex, identity: ListenerIdentity, clock: AuthorityOptions['clock']): FeedDoor {
  return {
    name: LISTENER_DOOR,
    // Nobody needs it where the authority is away.
    doors: [],
    sessions: async () => sessions.list().map(describeSession),
    async apply({ change }) {
      if (change.kind === 'lock') return sessions.cut(change.locks.map(lockedKey), 'ERR_POLICY_LOCKED')
      if (change.kind !== 'status') return []
      const cuts = await sessions.cut(change.revoked.map(revokedKey), 'ERR_CALLER_REVOKED')
      if (change.revoked.some(({ party }) => party === LISTENER_PARTY)) await identity.refresh(clock())
      return cuts
    },
  }
}

async function issueLocal(
  issue: Issue,
  request: LocalRequest,
  authorityName: string,
): ReturnType<Authority['issueLocal']> {
  const { party, profile, publicKey, succeeds } = request
  const issued = await issue(
    { kind: 'x509', publicKey, names: localNames(request, authorityName), profile },
    { method: 'local', party, evidence: 'this process', ...(succeeds && { succeeds }) },
  )
  if (issued.ok) return issued.credential
  const { code, note } = issued.refusal
  throw new AuthorityError('ERR_AUTHORITY_REFUSED', party, note === undefined ? code : `${code}: ${note}`)
}

function settingOf(store: Store, failpoint: Failpoint): Authority['setting'] {
  function setting(key: string): Promise<string | undefined>
  function setting(key: string, value: string): Promise<void>
  async function setting(key: string, value?: string): Promise<unknown> {
    // Apart from the authority's own settings, which bind the store to its keys.
    const name = `program.${key}`
    if (value === undefined) return store.setting(name)
    await store.commit(async (tx) => {
      await tx.set(name, value)
      failpoint('setting.before-commit')
    })
    return failpoint('setting.after-commit')
  }
  return setting
}
