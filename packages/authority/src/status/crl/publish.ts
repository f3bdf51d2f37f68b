// The revocation lists of all issuers: each signed anew at once after a revocation, and hourly, whatever the clock does.
import type { Clock, Log } from '@countersign/mtls'
import { type CertificateList, readCertificateList, writeCertificateList } from '@countersign/x509'
import { InvariantError } from '../../error.ts'
import type { Failpoint } from '../../failpoints.ts'
import { lintCrl } from '../../issuance/lint.ts'
import type { Issuers, PublishedIssuer } from '../../keys/issuers.ts'
import type { Signer } from '../../keys/signer.ts'
import { sameOctets, wholeSecond } from '../../octets.ts'
import { CRL_FROM_SETTING } from '../../store/restored.ts'
import type { StoredCrl } from '../../store/status.ts'
import type { Store, StoreTransaction } from '../../store/store.ts'
import { buildCrl, thisUpdateOf } from './build.ts'

/** How long a list holds, and when it is signed anew: a door may miss 23 of them. */
const HOLDS: Temporal.Duration = Temporal.Duration.from({ hours: 24 })
const REFRESH_MILLISECONDS = 60 * 60 * 1000

/** The current lists; the same value until the next one. */
export interface Lists {
  /** DER of each issuer's that has one, those below a root first. */
  readonly all: readonly Uint8Array[]
  /** By the issuer's name. */
  of(name: string): Uint8Array | undefined
}

export interface CrlPublisher {
  /**
   * Signs lists that know every event committed so far, of the issuers with these rows, or of all that issue. Calls that
   * come together share one list. An issuer whose key is elsewhere gets its list from there.
   */
  publish(issuers?: readonly number[]): Promise<void>
  /**
   * Publishes each list that is missing, misses a revocation, or is older than an hour by the clock (or from after it), and
   * finds those that another authority on this store has made.
   */
  refresh(): Promise<void>
  /** Signs the last list of an issuer: it holds until the end of its certificate. */
  publishLast(issuer: PublishedIssuer): Promise<void>
  /** After the first `refresh`. */
  current(): Lists
}

interface Publishing {
  readonly store: Store
  readonly issuers: Issuers
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
  /** Called after a new list is durable. `sequence` is its event's. */
  readonly onPublished: (crl: CertificateList, sequence: number, at: Temporal.Instant) => void
}

export function createCrlPublisher(publishing: Publishing): CrlPublisher {
  const { store, issuers, clock, failpoint, log, onPublished } = publishing
  const under = new Map<number, Promise<void>>()
  let held = new Map<string, Uint8Array>()
  let latest: Lists | undefined

  const hold = (found: ReadonlyMap<string, Uint8Array>) => {
    const isSame =
      found.size === held.size && [...found].every(([name, der]) => sameOctets(der, held.get(name) ?? NONE))
    if (latest !== undefined && isSame) return
    held = new Map(found)
    const named = held
    latest = {
      all: issuers.published().issuers.flatMap(({ name }) => named.get(name) ?? []),
      of: (name) => named.get(name),
    }
  }

  const publishOne = async (issuer: PublishedIssuer, isLast: boolean = false): Promise<void> => {
    const { id, name } = issuer
    // Beside the transaction: a token opens when it likes.
    const signer = await issuers.signerOf(issuer)
    const { crl, sequence } = await store.commit(async (tx) => {
      // Of several authorities on one store, one makes the next list.
      await tx.alone(`crl ${id}`)
      // From here on a new call needs a new list: its event may come too late for this one.
      under.delete(id)
      const made = await makeCrl(publishing, { ...issuer, isLast }, signer, tx)
      await tx.status.addCrl(made)
      const event = await tx.status.addEvent('crl', clock())
      failpoint('crl.before-commit')
      return { crl: made, sequence: event }
    })
    hold(new Map([...held, [name, crl.der]]))
    failpoint('crl.after-commit')
    onPublished(readCertificateList(crl.der), sequence, clock())
  }
  const publish = (issuer: PublishedIssuer): Promise<void> => {
    const { id } = issuer
    const joined = under.get(id)
    if (joined !== undefined) return joined
    const own = publishOne(issuer).finally(() => {
      // A later one may have its place.
      if (under.get(id) === own) under.delete(id)
    })
    under.set(id, own)
    return own
  }

  /** A root signs a list when it has something to say; its key may be far away. */
  const isDue = async ({ id, kind }: PublishedIssuer, newest: StoredCrl | undefined): Promise<boolean> => {
    if (newest === undefined) return true
    if (await store.certificates.isRevokedAfter(id, newest.covers)) return true
    if (kind === 'root') return false
    const age = thisUpdateOf(clock()).epochMilliseconds - newest.thisUpdate.epochMilliseconds
    // After a restore, doors may know a newer one than the newest here.
    const isBehind = newest.number < Number((await store.setting(CRL_FROM_SETTING)) ?? 0)
    return isBehind || age < 0 || age >= REFRESH_MILLISECONDS
  }

  return {
    async publish(ids) {
      const all = issuers.published().issuers
      const wanted =
        ids === undefined ? all.filter(({ kind }) => kind !== 'root') : all.filter(({ id }) => ids.includes(id))
      for (const issuer of wanted.filter((one) => !issuers.hasKey(one)))
        log('crl.key-elsewhere', { issuer: issuer.name, next: 'sign its list where its key is, and import it' })
      await Promise.all(wanted.filter(issuers.hasKey).map(publish))
    },
    publishLast: (issuer) => publishOne(issuer, true),
    async refresh() {
      const found = new Map<string, Uint8Array>()
      for (const issuer of issuers.published().issuers) {
        const newest = await store.status.newestCrl(issuer.id)
        if (newest !== undefined) found.set(issuer.name, newest.der)
        if (issuers.hasKey(issuer) && (await isDue(issuer, newest))) {
          await publish(issuer)
          found.set(issuer.name, held.get(issuer.name) ?? NONE)
        }
      }
      hold(found)
    },
    current() {
      if (latest === undefined) throw new InvariantError('a list is asked for before the first refresh')
      return latest
    },
  }
}

const NONE: Uint8Array = new Uint8Array()

/** Signs the next list. Its number follows the newest stored one, in the same transaction that stores this one. */
async function makeCrl(
  { clock, failpoint, log }: Publishing,
  { id, kind, certificate, isLast }: PublishedIssuer & { readonly isLast: boolean },
  signer: Signer,
  { status, certificates, setting }: StoreTransaction,
): Promise<StoredCrl> {
  const previous = await status.newestCrl(id)
  const now = clock()
  const number = Math.max((previous?.number ?? 0) + 1, Number((await setting(CRL_FROM_SETTING)) ?? 0))
  // Before the entries are read: what is revoked meanwhile may be among them, and is covered by the next list.
  const covers = await status.newestStatus()
  const entries = await certificates.revokedOf(id, keptSince(previous, now), previous?.covers ?? 0)
  const soon = now.add(HOLDS)
  // The key of a root may be gone tomorrow: its list holds as long as what it speaks of.
  const last = isLast ? certificate.validity.notAfter : kind === 'root' ? await certificates.lastEndOf(id) : undefined
  const nextUpdate = wholeSecond(last !== undefined && Temporal.Instant.compare(last, soon) > 0 ? last : soon)
  const contents = { issuer: certificate, number: BigInt(number), entries, nextUpdate, now }
  const linted = lintCrl(buildCrl(contents), contents)
  if (!linted.ok) {
    log('crl.lint', { findings: linted.findings })
    throw new InvariantError(linted.findings.map(({ id: lint }) => lint).join(', '))
  }
  failpoint('crl.before-sign')
  const der = writeCertificateList(linted.tbs, signer.algorithm, await signer.sign(linted.tbs))
  failpoint('crl.after-sign')
  return { issuer: id, number, der, thisUpdate: thisUpdateOf(now), nextUpdate, covers }
}

/**
 * RFC 5280 §3.3: an entry stays until it was on one list issued beyond its certificate's validity.
 * A clock that was ahead must not have taken entries away that are still needed: the earlier of the two times counts.
 */
function keptSince(previous: StoredCrl | undefined, now: Temporal.Instant): Temporal.Instant {
  if (previous === undefined) return Temporal.Instant.fromEpochMilliseconds(0)
  return Temporal.Instant.compare(previous.thisUpdate, now) < 0 ? previous.thisUpdate : now
}
