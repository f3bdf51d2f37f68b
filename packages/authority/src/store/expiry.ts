// What ends and was not renewed: certificates, and revocation lists. Each is looked at when it is time to, and not before.
import { expiringAt } from '@countersign/mtls'
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { NEVER_RENEWED, readCertificateRow, type StoredCertificate } from './certificates.ts'
import { instantOf } from './row.ts'
import type { Page, Place } from './search.ts'
import type { Tables } from './tables.ts'

/** The newest list of an issuer. */
export interface NewestList {
  /** The row of its issuer's certificate; 0 of those that have none. */
  readonly issuer: number
  readonly number: number
  readonly thisUpdate: Temporal.Instant
  readonly nextUpdate: Temporal.Instant
}

/** What is still in force, and of which there is no renewal. */
export interface EndingQuery {
  readonly now: Temporal.Instant
  /** Whether it should have been renewed by now; absent: either. */
  readonly isOverdue?: boolean | undefined
  /** Ends before this. */
  readonly before?: Temporal.Instant | undefined
  readonly limit: number
  readonly after?: Place | undefined
}

/** Questions about ends; writes belong into a transaction. */
export interface ExpiryStore {
  /** Certificates whose moment has come, the earliest first. */
  due(now: Temporal.Instant, limit: number): Promise<readonly StoredCertificate[]>
  /** @param warnAt When it is looked at next; absent: never. */
  mark(id: number, isOverdue: boolean, warnAt?: Temporal.Instant): Promise<void>
  /** After a clock that was ahead: what is in force at `now` is looked at again when it is time, and nothing is told twice. */
  lookAgain(now: Temporal.Instant): Promise<void>
  /** By their rows: the newest other certificate of the same party and profile, where it is in force for longer. */
  replacementsOf(certificates: readonly StoredCertificate[]): Promise<ReadonlyMap<number, StoredCertificate>>
  /** By their ends. */
  ending(query: EndingQuery): Promise<Page<StoredCertificate>>
  /** Lists whose moment has come; of each issuer the newest. */
  dueLists(now: Temporal.Instant, limit: number): Promise<readonly NewestList[]>
  markList(list: NewestList, warnAt: Temporal.Instant): Promise<void>
  /** Of each issuer the newest, those that end first, and before `before`. */
  newestLists(limit: number, before?: Temporal.Instant): Promise<readonly NewestList[]>
  /** Who answers for those parties, where that is known. */
  ownersOf(parties: readonly string[]): Promise<ReadonlyMap<string, string>>
}

/** Of a life, in thousandths: as `expiringAt` has them. */
const [FIRST, LAST] = expiringAt({ notBefore: instantOf(0), notAfter: instantOf(1_000) }).map(
  (at) => at.epochMilliseconds,
)
const moment = (thousandths: number | undefined): Expression<number> =>
  sql<number>`not_before + (not_after - not_before) * ${sql.lit(thousandths)} / 1000`

const FAR: Temporal.Instant = Temporal.Instant.from('9999-12-31T23:59:59Z')

export function createExpiryStore(db: Kysely<Tables>): ExpiryStore {
  const lists = () =>
    db.selectFrom('crl').select(['issuer', 'number', 'this_update', 'next_update']).where('warn_at', 'is not', null)
  const read = (rows: readonly { issuer: number; number: number; this_update: number; next_update: number }[]) =>
    rows.map(({ issuer, number, this_update, next_update }) => ({
      issuer,
      number,
      thisUpdate: instantOf(this_update),
      nextUpdate: instantOf(next_update),
    }))
  return {
    async due(now, limit) {
      const query = db.selectFrom('certificate').selectAll().where('warn_at', '<=', now.epochMilliseconds)
      return (await query.orderBy('warn_at').orderBy('id').limit(limit).execute()).map(readCertificateRow)
    },
    async mark(id, isOverdue, warnAt) {
      const set = { overdue: isOverdue ? 1 : 0, warn_at: warnAt?.epochMilliseconds ?? null }
      await db.updateTable('certificate').set(set).where('id', '=', id).execute()
    },
    async lookAgain(at) {
      const now = at.epochMilliseconds
      const [first, last] = [moment(FIRST), moment(LAST)]
      await sql`
        UPDATE certificate SET
          overdue = CASE WHEN ${first} > ${now} THEN 0 ELSE 1 END,
          warn_at = CASE WHEN ${first} > ${now} THEN ${first} WHEN ${last} > ${now} THEN ${last} ELSE not_after END
        WHERE revoked_at IS NULL AND succeeded_by IS NULL AND not_after > ${now} AND profile <> ${NEVER_RENEWED}
          AND (warn_at IS NULL OR overdue = 1)`.execute(db)
    },
    async replacementsOf(certificates) {
      if (certificates.length === 0) return new Map()
      const rows = await db
        .selectFrom('certificate as old')
        .innerJoin('certificate', (join) =>
          join.on('certificate.id', '=', ({ selectFrom }) =>
            selectFrom('certificate as other')
              .select('other.id')
              .whereRef('other.party', '=', 'old.party')
              .whereRef('other.id', '>', 'old.id')
              .whereRef('other.profile', '=', 'old.profile')
              .where('other.revoked_at', 'is', null)
              .whereRef('other.not_after', '>', 'old.not_after')
              .orderBy('other.id', 'desc')
              .limit(1),
          ),
        )
        .selectAll('certificate')
        .select('old.id as of')
        .where(
          'old.id',
          'in',
          certificates.map(({ id }) => id),
        )
        .execute()
      return new Map(rows.map((row) => [row.of, readCertificateRow(row)]))
    },
    async ending({ now, isOverdue, before, limit, after = { id: 0 } }) {
      const asked: Expression<SqlBool>[] = [
        sql`revoked_at IS NULL AND succeeded_by IS NULL AND not_after > ${now.epochMilliseconds}`,
        sql`(not_after, id) > (${after.key ?? 0}, ${after.id})`,
      ]
      if (isOverdue !== undefined) asked.push(sql`overdue = ${isOverdue ? 1 : 0} AND warn_at IS NOT NULL`)
      if (before !== undefined) asked.push(sql`not_after < ${before.epochMilliseconds}`)
      const rows = await db
        .selectFrom('certificate')
        .selectAll()
        .where(({ and }) => and(asked))
        .orderBy('not_after')
        .orderBy('id')
        .limit(limit + 1)
        .execute()
      const [found, last] = [rows.slice(0, limit).map(readCertificateRow), rows[limit - 1]]
      return { found, ...(rows.length > limit && last && { next: { key: last.not_after, id: last.id } }) }
    },
    async dueLists(now, limit) {
      const query = lists().where('warn_at', '<=', now.epochMilliseconds)
      return read(await query.orderBy('warn_at').limit(limit).execute())
    },
    async markList({ issuer, number }, warnAt) {
      const set = { warn_at: warnAt.epochMilliseconds }
      // A newer one may have come meanwhile.
      const query = db.updateTable('crl').set(set).where('issuer', '=', issuer).where('number', '=', number)
      await query.where('warn_at', 'is not', null).execute()
    },
    async newestLists(limit, before = FAR) {
      const query = lists().where('next_update', '<', before.epochMilliseconds)
      return read(await query.orderBy('next_update').orderBy('this_update').limit(limit).execute())
    },
    async ownersOf(parties) {
      if (parties.length === 0) return new Map()
      const query = db.selectFrom('party').select(['name', 'owner']).where('name', 'in', parties)
      const rows = await query.where('owner', 'is not', null).execute()
      return new Map(rows.flatMap(({ name, owner }) => (owner === null ? [] : [[name, owner] as const])))
    },
  }
}
