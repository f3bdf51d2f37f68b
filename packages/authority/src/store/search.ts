// Search among certificates, page by page. Each question has an index in whose order its pages follow one another.
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { Row, Tables } from './tables.ts'

export const CERTIFICATE_STATES = ['valid', 'revoked', 'expired'] as const
export type CertificateState = (typeof CERTIFICATE_STATES)[number]

/** What a certificate must have to be found: all that is given. */
export interface CertificateFilter {
  readonly party?: string | undefined
  readonly state?: CertificateState | undefined
  /** One of its names whole, or how one begins. */
  readonly name?: string | undefined
  readonly namePrefix?: string | undefined
  /** SHA-256 of its key. */
  readonly spkiSha256?: Uint8Array | undefined
  readonly profile?: string | undefined
  /** The row of its issuer's certificate. */
  readonly issuer?: number | undefined
  /** As it is stored. */
  readonly serial?: string | undefined
  /** What ends before this, and was not revoked before; with a state, what is of that state. */
  readonly expiresBefore?: Temporal.Instant | undefined
  /** At which door it was last seen. */
  readonly door?: string | undefined
  /** Those in force that were seen at this moment or later, or not since then; or never. In force: valid, and not renewed. */
  readonly seenSince?: Temporal.Instant | undefined
  readonly notSeenSince?: Temporal.Instant | undefined
  readonly neverSeen?: boolean | undefined
}

export interface ListQuery extends CertificateFilter {
  readonly now: Temporal.Instant
  readonly limit: number
  /** Where the page before ended, exclusive. */
  readonly after?: Place | undefined
}

/** A place in the order of a list: what it is sorted by, where that is not the row's id alone, and the id. */
export interface Place {
  readonly key?: string | number
  readonly id: number
}

/** A page, and where it ends if there is another. */
export interface Page<Found> {
  readonly found: readonly Found[]
  readonly next?: Place
}

/** By what pages are sorted, before the id. */
export type Order = 'id' | 'end' | 'name' | 'seen'

/** The order of the answers to a question: that of the index that narrows it most. */
export function orderOf(filter: CertificateFilter): Order {
  const { party, state, name, namePrefix, spkiSha256, serial, profile, issuer, expiresBefore } = filter
  const { door, seenSince, notSeenSince, neverSeen } = filter
  if (name !== undefined || namePrefix !== undefined) return 'name'
  if ([party, spkiSha256, serial].some((given) => given !== undefined)) return 'id'
  // Those never seen are in the order of their ends: none has another.
  if (neverSeen === true) return 'end'
  if ([door, seenSince, notSeenSince].some((given) => given !== undefined)) return 'seen'
  if (profile !== undefined || issuer !== undefined) return 'end'
  // Those revoked are few beside all others, and have an index of their own.
  if (state === 'revoked') return 'id'
  return state !== undefined || expiresBefore !== undefined ? 'end' : 'id'
}

/** Behind every text that begins with what stands before it: texts are compared octet by octet, and no name has it. */
const LAST = '\u{10FFFF}'

/** One page of what fits. */
export async function searchCertificates(db: Kysely<Tables>, query: ListQuery): Promise<Page<Row<'certificate'>>> {
  const { limit } = query
  const rows = await pageOf(db, query).execute()
  const [found, last] = [rows.slice(0, limit), rows[limit - 1]]
  // One more than is shown says whether there is a next page.
  if (rows.length <= limit || last === undefined) return { found }
  const order = orderOf(query)
  const id = last.id
  if (order === 'id') return { found, next: { id } }
  if (order === 'seen') return { found, next: { key: last.last_seen_at ?? 0, id } }
  return { found, next: { key: order === 'end' ? last.not_after : (last.matched ?? ''), id } }
}

function pageOf(db: Kysely<Tables>, query: ListQuery) {
  const after = query.after ?? { id: 0 }
  const order = orderOf(query)
  const found = db
    .selectFrom('certificate')
    .selectAll('certificate')
    .where(({ and }) => and(conditions(query)))
    .limit(query.limit + 1)
  if (order === 'id')
    return found.select(sql<null>`NULL`.as('matched')).where('certificate.id', '>', after.id).orderBy('certificate.id')
  if (order === 'seen')
    return found
      .select(sql<null>`NULL`.as('matched'))
      .where(sql<SqlBool>`(certificate.last_seen_at, certificate.id) > (${after.key ?? 0}, ${after.id})`)
      .orderBy('certificate.last_seen_at')
      .orderBy('certificate.id')
  if (order === 'end')
    return found
      .select(sql<null>`NULL`.as('matched'))
      .where(sql<SqlBool>`(certificate.not_after, certificate.id) > (${after.key ?? 0}, ${after.id})`)
      .orderBy('certificate.not_after')
      .orderBy('certificate.id')
  const [first, behind] = namesOf(query)
  return found
    .innerJoin('certificate_name as named', 'named.certificate', 'certificate.id')
    .select('named.value as matched')
    .where('named.value', '>=', first)
    .where('named.value', '<=', behind)
    .where(sql<SqlBool>`(named.value, named.certificate) > (${after.key ?? ''}, ${after.id})`)
    .where(({ not, exists, selectFrom }) =>
      // Under the first of its names that fit, and not again under the others.
      not(
        exists(
          selectFrom('certificate_name as other')
            .select('other.value')
            .whereRef('other.certificate', '=', 'named.certificate')
            .where('other.value', '>=', first)
            .where(sql<SqlBool>`(other.value, other.kind) < (named.value, named.kind)`),
        ),
      ),
    )
    .orderBy('named.value')
    .orderBy('named.certificate')
}

function namesOf({ name, namePrefix }: CertificateFilter): readonly [string, string] {
  if (name !== undefined) return [name, name]
  const prefix = namePrefix ?? ''
  return [prefix, `${prefix}${LAST}`]
}

function conditions(query: ListQuery): Expression<SqlBool>[] {
  const { party, state, spkiSha256, profile, issuer, serial, expiresBefore } = query
  const now = query.now.epochMilliseconds
  const asked: Expression<SqlBool>[] = []
  if (party !== undefined) asked.push(sql`certificate.party = ${party}`)
  if (spkiSha256 !== undefined) asked.push(sql`certificate.spki_sha256 = ${spkiSha256}`)
  if (serial !== undefined) asked.push(sql`certificate.serial = ${serial}`)
  if (profile !== undefined) asked.push(sql`certificate.profile = ${profile}`)
  if (issuer !== undefined) asked.push(sql`certificate.issuer = ${issuer}`)
  if (state === 'revoked') asked.push(sql`certificate.revoked_at IS NOT NULL`)
  else if (state !== undefined || expiresBefore !== undefined) asked.push(sql`certificate.revoked_at IS NULL`)
  if (state === 'valid') asked.push(sql`certificate.not_after > ${now}`)
  if (state === 'expired') asked.push(sql`certificate.not_after <= ${now}`)
  if (expiresBefore !== undefined) asked.push(sql`certificate.not_after < ${expiresBefore.epochMilliseconds}`)
  return [...asked, ...seen(query)]
}

function seen({ door, seenSince, notSeenSince, neverSeen, now }: ListQuery): Expression<SqlBool>[] {
  const asked: Expression<SqlBool>[] = []
  if (door !== undefined) asked.push(sql`certificate.last_seen_door = ${door}`)
  if (seenSince !== undefined) asked.push(sql`certificate.last_seen_at >= ${seenSince.epochMilliseconds}`)
  if (notSeenSince !== undefined) asked.push(sql`certificate.last_seen_at < ${notSeenSince.epochMilliseconds}`)
  if (neverSeen === true) asked.push(sql`certificate.last_seen_at IS NULL`)
  else if (asked.length > 0) asked.push(sql`certificate.last_seen_at IS NOT NULL`)
  if (seenSince !== undefined || notSeenSince !== undefined || neverSeen === true)
    // What is not looked at any more, by whoever watches ends, is not in force. Authorities sign, and meet nobody.
    asked.push(sql`certificate.warn_at IS NOT NULL AND certificate.not_after > ${now.epochMilliseconds}
      AND certificate.profile NOT IN ('root', 'issuing', 'intermediate')`)
  return asked
}
