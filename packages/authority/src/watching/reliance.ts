// What relies on the authority, from what the store has: as much of it as the first failures need.

import type { KnownDoor } from '../status/feed/feed.ts'
import { NEVER_RENEWED } from '../store/certificates.ts'
import type { Place } from '../store/search.ts'
import type { Repositories } from '../store/store.ts'
import { type OutageBudget, outageBudget, type Reliance } from './outage.ts'
import { isReplacedBy } from './overdue.ts'

/** Of each kind; beyond the first of them nobody asks. */
const ENOUGH = 20
const PAGE = 100
/** Looked at for what was replaced, at most: beyond it, what was replaced counts too, and the moment is too early rather than too late. */
const MAX_PAGES = 50
/** Issued in this process, and anew at its next start: nobody waits for the authority with them. */
const OWN_METHODS: ReadonlySet<string> = new Set(['local', 'self'])

export async function findOutageBudget(
  store: Repositories,
  doors: readonly KnownDoor[],
  now: Temporal.Instant,
): Promise<OutageBudget> {
  const [lists, certificates] = [await firstLists(store), await firstCertificates(store, now)]
  return outageBudget({ lists, doors, certificates }, now)
}

async function firstLists(store: Repositories): Promise<Reliance['lists']> {
  const lists: { issuer: string; nextUpdate: Temporal.Instant }[] = []
  for (const { issuer, nextUpdate } of await store.expiry.newestLists(PAGE)) {
    const known = await store.issuers.byId(issuer)
    // What an issuer signed that signs nothing any more, has ended too, or is on no list that anybody needs.
    if (known !== undefined && known.state !== 'retired' && known.kind !== 'ssh')
      lists.push({ issuer: known.name, nextUpdate })
    if (lists.length === ENOUGH) break
  }
  return lists
}

async function firstCertificates(store: Repositories, now: Temporal.Instant): Promise<Reliance['certificates']> {
  const certificates: Reliance['certificates'][number][] = []
  let after: Place | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const { found, next } = await store.expiry.ending({ now, isOverdue: false, limit: PAGE, after })
    const others = await store.expiry.replacementsOf(found)
    for (const certificate of found) {
      const { party, profile, serial, notAfter, method } = certificate
      if (OWN_METHODS.has(method) || profile === NEVER_RENEWED) continue
      const other = others.get(certificate.id)
      if (page === MAX_PAGES - 1 || other === undefined || !isReplacedBy(certificate, other))
        certificates.push({ party, profile, serial, notAfter })
      if (certificates.length === ENOUGH) return certificates
    }
    if (next === undefined) break
    after = next
  }
  return certificates
}
