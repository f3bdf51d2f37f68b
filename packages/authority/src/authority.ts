// Opens an authority: the directory, the store, the keys, the lists, the doors; in this order, and back in reverse.
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createCheckSignature, createLocks, createSessionIndex } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { type Certificate, readCertificate, readCertificateList } from '@countersign/x509'
import { createApplication } from './api/application.ts'
import { LISTENER_DOOR, openListener } from './api/listener.ts'
import { checkSocketPath, listenLocally } from './api/local-socket.ts'
import { keysFor, openPgpOf } from './api/mail-keys.ts'
import { makeBackup } from './backup/backup.ts'
import { createCertify } from './enrollment/certify.ts'
import { issueLocal } from './enrollment/local.ts'
import { createRenew } from './enrollment/renew.ts'
import { createEnrollSsh } from './enrollment/ssh/enroll.ts'
import { createEnroll } from './enrollment/token/enroll.ts'
import { type AuthorityAddress, createInvite } from './enrollment/token/invite.ts'
import { InvariantError } from './error.ts'
import type { Failpoint } from './failpoints.ts'
import { createFigures } from './figures.ts'
import { eraseOld, housekeeping } from './housekeeping.ts'
import { createIssue } from './issuance/issue.ts'
import { recordProfiles } from './issuance/profiles-entry.ts'
import { createIssuerAdministration } from './issuers/administration.ts'
import { FILES, readCertificateFile } from './keys/hierarchy.ts'
import type { Issuers } from './keys/issuers.ts'
import { programKey } from './keys/program-key.ts'
import { openIntegration } from './ledger/integrate.ts'
import { createReceipts } from './ledger/receipts.ts'
import type { Authority, AuthorityOptions } from './model.ts'
import { sha256 } from './octets.ts'
import { addressOf, checkOptions, listenerNames } from './options.ts'
import { openKeys } from './start/open-keys.ts'
import { openOwnIdentities } from './start/own-identities.ts'
import { createChanges } from './status/changes.ts'
import { followElsewhere } from './status/elsewhere.ts'
import { createFeed } from './status/feed/feed.ts'
import { createFollowers } from './status/feed/follower.ts'
import { ownDoor } from './status/feed/own-door.ts'
import { createPublishedAnchors, createPublishedRules, feedRules } from './status/feed/published.ts'
import { certificatesOf, createFeedSource } from './status/feed/source.ts'
import { sshIssuerLines } from './status/krl.ts'
import { createLocking } from './status/lock.ts'
import { openStatus } from './status/open.ts'
import { createRevocation } from './status/revoke.ts'
import { isPostgresqlFault, isStorageFault, postgresqlError, storeError } from './store/fault.ts'
import { openMeetings } from './store/meetings.ts'
import { openPart } from './store/part-of-store.ts'
import { STORE_FILE, type Store } from './store/store.ts'
import { createTimeStamps } from './time-stamps.ts'
import { findOutageBudget } from './watching/reliance.ts'
import { createSightings } from './watching/sightings.ts'
import { warnOfExpiry } from './watching/warn.ts'

const LEDGER_FOLDER = 'ledger'
/** How long who asks for a receipt waits for what takes less than a second. */
const RECEIPT_WAIT_MS = 2_000

/** How long a follower of events hears nothing. */
const NEWS_WAIT_MS = 15_000

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
  const own = { folder, names: listenerNames(options), domain, issuers, store, issue, clock, failpoint }
  const { listener: identity, timeStamping, refresh: refreshOwn } = await openOwnIdentities(own)

  let port = options.listen.port
  const rootSha256 = () => sha256(rootOf(issuers).der)
  const address = (): AuthorityAddress => ({ address: addressOf(options, port), name, rootSha256: rootSha256() })
  const invite = createInvite({ store, domain, authority: address, clock, failpoint, log })
  const revocation = createRevocation({ store, feed, trust, crls, accounts: options.accounts, clock, failpoint, log })
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
    async backup({ target, keys, passphrase }) {
      const secrets = options.secrets?.() ?? []
      await makeBackup({
        directory,
        target,
        rootSha256: sha256(readCertificateFile(join(folder, FILES.rootCertificate)).der).toHex(),
        secrets,
        ownPassphrase: custody.passphrase,
        now: clock(),
        failpoint,
        ...(store.copyTo && { copyStore: store.copyTo }),
        ...(keys && { keys: passphrase === undefined ? {} : { passphrase } }),
      })
      return { secrets: secrets.map(({ name }) => name) }
    },
    certify: createCertify({ issue, domain, authority: () => ({ name }), checkSignature }),
    reload: options.reload,
    accounts: options.accounts,
    openPgp: options.openPgp,
    keyDirectory: options.keyDirectory ?? [],
    figures: { ...figures, families: () => figures.families(looked) },
    enroll: createEnroll({ store, issue, domain, clock, checkSignature }),
    renew: createRenew({ store, issue, clock, checkSignature }),
    enrollSsh: createEnrollSsh({ store, issue, clock }),
    timeStamps: createTimeStamps({ store, identity: timeStamping, clock, failpoint, log }),
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
    refreshOwn().catch((error: unknown) => log('listener.failed', { error: String(error) }))
  })
  const sessions = createSessionIndex(LISTENER_DOOR)
  opened.defer(feed.join(ownDoor(sessions, refreshOwn)))
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
        identity: refreshOwn,
        expiry: () => warnOfExpiry({ store, clock, failpoint, log }),
        erase: () => eraseOld({ store, clock, failpoint }),
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
    mailKeys: async (address) => ({
      certificates: (await keysFor(store, address, 'person-encryption', clock())).map(({ der }) =>
        readCertificate(der),
      ),
      issuers: issuers.published().intermediates,
      ...(options.openPgp && { openPgp: await openPgpOf(options.openPgp, store, address, clock()) }),
    }),
    sshStatus: async () => ({
      authorities: sshIssuerLines(issuers.published().ssh),
      revoked: krl.current(),
    }),
    holdsWithout: async () => (await findOutageBudget(store, feed.doors(), clock())).holdsUntil,
    setting: settingOf(store, failpoint),
    part: (name) => openPart(store, name, failpoint),
    key: (name, isNew) => programKey(folder, name, isNew, custody),
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

/** The root that is told to newcomers. */
function rootOf(issuers: Issuers): Certificate {
  const [root] = issuers.published().roots
  if (root === undefined) throw new InvariantError('there is no root')
  return root
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
