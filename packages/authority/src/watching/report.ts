// What ends, and whether anybody renews it: the answer to whoever asks, from what the store has.
import { expiringAt } from '@countersign/mtls'
import type { StoredCertificate } from '../store/certificates.ts'
import type { EndingQuery, NewestList } from '../store/expiry.ts'
import type { Place } from '../store/search.ts'
import type { Repositories } from '../store/store.ts'
import { isReplacedBy, latenessOf } from './overdue.ts'

/** A certificate in force that nobody has renewed. */
export interface EndingCertificate {
  readonly certificate: StoredCertificate
  /** Who answers for its party. */
  readonly owner?: string
  /** When whoever renews has done so, at the latest. */
  readonly renewBefore: Temporal.Instant
  readonly isOverdue: boolean
  /** What its party has in its place, though it did not renew by it. */
  readonly replacedBy?: StoredCertificate
}

/** A revocation list that should have been followed by another. */
export interface EndingList extends NewestList {
  readonly name: string
}

/** One page; lists stand on the first. */
export interface Ending {
  readonly certificates: readonly EndingCertificate[]
  readonly lists: readonly EndingList[]
  readonly next?: Place
}

/** Lists looked at; those that end first. */
const MAX_LISTS = 10_000

/** @param query `isOverdue` absent: also what need not have been renewed yet. */
export async function reportEnding(store: Repositories, query: EndingQuery): Promise<Ending> {
  const { found, next } = await store.expiry.ending(query)
  const owners = await store.expiry.ownersOf([...new Set(found.map(({ party }) => party))])
  const others = await store.expiry.replacementsOf(found.filter(({ isOverdue }) => isOverdue))
  const certificates: EndingCertificate[] = []
  for (const certificate of found) {
    const other = others.get(certificate.id)
    const owner = owners.get(certificate.party)
    certificates.push({
      certificate,
      renewBefore: expiringAt(certificate)[0],
      isOverdue: certificate.isOverdue === true,
      ...(owner !== undefined && { owner }),
      ...(other && isReplacedBy(certificate, other) && { replacedBy: other }),
    })
  }
  const lists = query.after === undefined ? await lateLists(store, query) : []
  return { certificates, lists, ...(next && { next }) }
}

async function lateLists(
  store: Repositories,
  { now, before }: Pick<EndingQuery, 'now' | 'before'>,
): Promise<readonly EndingList[]> {
  const late = (await store.expiry.newestLists(MAX_LISTS, before)).filter(
    ({ thisUpdate, nextUpdate }) =>
      latenessOf({ notBefore: thisUpdate, notAfter: nextUpdate }, now).stage !== undefined,
  )
  const named: EndingList[] = []
  for (const list of late) {
    const issuer = await store.issuers.byId(list.issuer)
    if (issuer?.state !== 'retired') named.push({ ...list, name: issuer?.name ?? String(list.issuer) })
  }
  return named
}
