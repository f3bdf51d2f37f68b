// An authority without its sockets: the store, the keys and what works on them, in a directory of the test's own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createCheckSignature } from '@countersign/mtls'
import type { Identity } from '@countersign/protocol'
import type { CertificateList } from '@countersign/x509'
import { createRenew, type Renew } from '../../src/enrollment/renew.ts'
import { createEnroll, type Enroll } from '../../src/enrollment/token/enroll.ts'
import { createInvite, type Invite } from '../../src/enrollment/token/invite.ts'
import type { FailpointName } from '../../src/failpoints.ts'
import { createIssue, type Issue, type Issued } from '../../src/issuance/issue.ts'
import type { X509ProfileName } from '../../src/issuance/profiles.ts'
import { type Hierarchy, readHierarchy } from '../../src/keys/hierarchy.ts'
import { type Issuers, openIssuers } from '../../src/keys/issuers.ts'
import { ensureSshIssuer } from '../../src/keys/ssh-issuer.ts'
import { sha256 } from '../../src/octets.ts'
import { ensureAuthority } from '../../src/start/first-start.ts'
import { type CrlPublisher, createCrlPublisher } from '../../src/status/crl/publish.ts'
import type { RevocationReason } from '../../src/store/certificates.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { newKey } from './keys.ts'

export const DOMAIN = 'acme.example'
export const NAME = 'authority.localhost'
export const START: Temporal.Instant = Temporal.Instant.from('2026-11-24T09:00:00.123Z')

const ending = new WeakMap<TestContext, (() => Promise<void>)[]>()

/** A directory that is gone after the test; mode 0700. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-authority-'))
  t.after(async () => {
    await ended(t)
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** Ends all that `endAfter` was told of: before what they work in is taken away. */
export async function ended(t: TestContext): Promise<void> {
  for (const end of ending.get(t) ?? []) await end()
}

/** Ends what works in directories of the test before they are removed; `end` may be called again. */
export function endAfter(t: TestContext, end: () => Promise<void>): void {
  ending.set(t, [...(ending.get(t) ?? []), end])
  t.after(end)
}

/** A clock that moves when the test says so. */
export interface TestClock {
  (): Temporal.Instant
  advance(by: Temporal.DurationLike): void
}

export function testClock(start: Temporal.Instant = START): TestClock {
  let now = start
  const clock = () => now
  return Object.assign(clock, {
    advance(by: Temporal.DurationLike) {
      now = now.add(by)
    },
  })
}

export interface Core {
  readonly directory: string
  readonly clock: TestClock
  readonly store: Store
  readonly hierarchy: Hierarchy
  readonly issuers: Issuers
  readonly issue: Issue
  readonly invite: Invite
  readonly enroll: Enroll
  readonly renew: Renew
  readonly crls: CrlPublisher
  /** Every list that was published, oldest first. */
  readonly published: CertificateList[]
  readonly events: [string, unknown][]
  /** Revokes the certificate of that row, in the store alone. */
  revoke(recordId: number, reason?: RevocationReason): Promise<void>
  /** Issues to `party` with a new key. */
  certify(
    party: string,
    options?: { profile?: X509ProfileName; names?: readonly Identity[]; publicKey?: Uint8Array },
  ): Promise<Extract<Issued, { ok: true }>>
}

export interface CoreOptions {
  readonly directory?: string
  readonly clock?: TestClock
  readonly failpoint?: (name: FailpointName) => void
}

export async function openCore(t: TestContext, options: CoreOptions = {}): Promise<Core> {
  const { directory = temporaryDirectory(t), clock = testClock(), failpoint = () => undefined } = options
  const events: [string, unknown][] = []
  const log = (event: string, fields?: unknown) => void events.push([event, fields])
  const store = await openStore(join(directory, 'store.db'), log)
  t.after(() => store.close())
  const start = { directory, store, organization: 'Acme', domain: DOMAIN, now: clock(), failpoint }
  const folder = await ensureAuthority(start)
  const hierarchy = readHierarchy(folder, clock())
  await ensureSshIssuer(folder, store, clock(), undefined)
  const opened = new AsyncDisposableStack()
  t.after(() => opened.disposeAsync())
  const issuers = await openIssuers({ store, folder, custody: {}, clock }, opened)
  const issue = createIssue({ store, issuers, domain: DOMAIN, clock, failpoint, log })
  const checkSignature = createCheckSignature()
  const authority = { address: '127.0.0.1:8440', name: NAME, rootSha256: sha256(hierarchy.root.der) }
  const published: CertificateList[] = []
  return {
    directory,
    clock,
    store,
    hierarchy,
    issuers,
    issue,
    events,
    published,
    invite: createInvite({ store, domain: DOMAIN, authority: () => authority, clock, failpoint, log }),
    enroll: createEnroll({ store, issue, domain: DOMAIN, clock, checkSignature }),
    renew: createRenew({ store, issue, clock, checkSignature }),
    crls: createCrlPublisher({
      store,
      issuers,
      clock,
      failpoint,
      log,
      onPublished: (crl) => void published.push(crl),
    }),
    revoke: (recordId, reason = 'keyCompromise') =>
      store.commit(async ({ certificates, status }) => {
        const row = await certificates.byId(recordId)
        if (row === undefined) throw new Error('it is not recorded')
        await certificates.revoke(row, clock(), reason, await status.addEvent('status', clock()))
      }),
    async certify(party, { profile = 'client', names = [], publicKey = newKey().spki } = {}) {
      const issued = await issue(
        { kind: 'x509', publicKey, names, profile },
        { method: 'local', party, evidence: 'test' },
      )
      if (!issued.ok) throw new Error(issued.refusal.code)
      return issued
    },
  }
}
