// The issuing authority's revocation list: signed anew at once after a revocation, and hourly, whatever the clock does.
import type { Clock, Log } from '@countersign/mtls'
import { type CertificateList, readCertificateList, writeCertificateList } from '@countersign/x509'
import { InvariantError } from '../../error.ts'
import type { Failpoint } from '../../failpoints.ts'
import { lintCrl } from '../../issuance/lint.ts'
import type { Hierarchy } from '../../keys/hierarchy.ts'
import { sameOctets, wholeSecond } from '../../octets.ts'
import { CRL_FROM_SETTING } from '../../store/restored.ts'
import type { StoredCrl } from '../../store/status.ts'
import type { Store, StoreTransaction } from '../../store/store.ts'
import { buildCrl, thisUpdateOf } from './build.ts'

/** How long a list holds, and when it is signed anew: a door may miss 23 of them. */
const HOLDS: Temporal.Duration = Temporal.Duration.from({ hours: 24 })
const REFRESH_MILLISECONDS = 60 * 60 * 1000

export interface CrlPublisher {
  /** Signs a list that knows every event committed so far. Calls that come together share one list. */
  publish(): Promise<void>
  /** Publishes when the list is missing, misses an event, or is older than an hour by the clock (or from after it). */
  refresh(): Promise<void>
  /** DER of the issuing authority's list and of the root's; the same value until the next list. After the first `refresh`. */
  current(): { readonly issuing: Uint8Array; readonly root: Uint8Array }
}

interface Publishing {
  readonly store: Store
  readonly hierarchy: Hierarchy
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
  /** Called after a new list is durable. `sequence` is its event's. */
  readonly onPublished: (crl: CertificateList, sequence: number, at: Temporal.Instant) => void
}

export function createCrlPublisher(publishing: Publishing): CrlPublisher {
  const { store, hierarchy, clock, failpoint, onPublished } = publishing
  let under: Promise<void> | undefined
  let latest: ReturnType<CrlPublisher['current']> | undefined

  const publish = async (): Promise<void> => {
    const { crl, sequence } = await store.commit(async (tx) => {
      // Of several authorities on one store, one makes the next list.
      await tx.alone(`crl ${hierarchy.issuerId}`)
      // From here on a new call needs a new list: its event may come too late for this one.
      under = undefined
      const made = await makeCrl(publishing, tx)
      await tx.status.addCrl(made)
      const event = await tx.status.addEvent('crl', clock())
      failpoint('crl.before-commit')
      return { crl: made, sequence: event }
    })
    latest = { issuing: crl.der, root: latest?.root ?? derOf(await store.status.newestCrl(hierarchy.rootId)) }
    failpoint('crl.after-commit')
    onPublished(readCertificateList(crl.der), sequence, clock())
  }

  return {
    publish() {
      under ??= publish()
      return under
    },
    async refresh() {
      const newest = await store.status.newestCrl(hierarchy.issuerId)
      const age = newest && thisUpdateOf(clock()).epochMilliseconds - newest.thisUpdate.epochMilliseconds
      const covered = newest && newest.covers >= (await store.status.newestStatus())
      // After a restore, doors may know a newer one than the newest here.
      const isBehind = newest !== undefined && newest.number < Number((await store.setting(CRL_FROM_SETTING)) ?? 0)
      if (age === undefined || !covered || isBehind || age < 0 || age >= REFRESH_MILLISECONDS) await this.publish()
      // Another authority on this store may have made it.
      else if (latest === undefined || !sameOctets(latest.issuing, newest.der))
        latest = { issuing: newest.der, root: derOf(await store.status.newestCrl(hierarchy.rootId)) }
    },
    current() {
      if (latest === undefined) throw new InvariantError('a list is asked for before the first refresh')
      return latest
    },
  }
}

/** Signs the next list. Its number follows the newest stored one, in the same transaction that stores this one. */
async function makeCrl(
  { hierarchy, clock, failpoint, log }: Publishing,
  { status, certificates, setting }: StoreTransaction,
): Promise<StoredCrl> {
  const { issuing, issuerId, signer } = hierarchy
  const previous = await status.newestCrl(issuerId)
  const now = clock()
  const number = Math.max((previous?.number ?? 0) + 1, Number((await setting(CRL_FROM_SETTING)) ?? 0))
  // Before the entries are read: what is revoked meanwhile may be among them, and is covered by the next list.
  const covers = await status.newestStatus()
  const entries = await certificates.revokedOf(issuerId, keptSince(previous, now), previous?.covers ?? 0)
  const nextUpdate = wholeSecond(now.add(HOLDS))
  const contents = { issuer: issuing, number: BigInt(number), entries, nextUpdate, now }
  const linted = lintCrl(buildCrl(contents), contents)
  if (!linted.ok) {
    log('crl.lint', { findings: linted.findings })
    throw new InvariantError(linted.findings.map(({ id }) => id).join(', '))
  }
  failpoint('crl.before-sign')
  const der = writeCertificateList(linted.tbs, signer.algorithm, await signer.sign(linted.tbs))
  failpoint('crl.after-sign')
  return { issuer: issuerId, number, der, thisUpdate: thisUpdateOf(now), nextUpdate, covers }
}

/**
 * RFC 5280 §3.3: an entry stays until it was on one list issued beyond its certificate's validity.
 * A clock that was ahead must not have taken entries away that are still needed: the earlier of the two times counts.
 */
function keptSince(previous: StoredCrl | undefined, now: Temporal.Instant): Temporal.Instant {
  if (previous === undefined) return Temporal.Instant.fromEpochMilliseconds(0)
  return Temporal.Instant.compare(previous.thisUpdate, now) < 0 ? previous.thisUpdate : now
}

function derOf(crl: StoredCrl | undefined): Uint8Array {
  if (crl === undefined) throw new InvariantError('a revocation list is missing')
  return crl.der
}
