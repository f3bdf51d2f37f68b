// Where certificates were seen, and those that met a door and are not ours. All of it may be asked by several at once.
import type { CertificateSummary } from '@countersign/protocol'
import { type Kysely, sql } from 'kysely'
import { SEEN_AS, type SeenAs } from './certificates.ts'
import { instantOf, octetsOf, oneOf } from './row.ts'
import type { NewRow, Row, Tables } from './tables.ts'

/**
 * Who vouches for a certificate that is in no row, the weightiest first: `own`, a door found its path to an anchor of
 * ours; `other`, to one of another authority; `claimed`, to none, and its issuer is called as one of ours.
 */
export const VOUCHED = ['own', 'other', 'claimed'] as const
export type Vouched = (typeof VOUCHED)[number]

/** A certificate that was shown in meetings, one or several. */
export interface Sighting {
  /** Hexadecimal, of the certificate. */
  readonly sha256: string
  /** Of the newest meeting. */
  readonly at: Temporal.Instant
  readonly door: string
  readonly as: SeenAs
  readonly firstAt: Temporal.Instant
  readonly meetings: number
  readonly certificate: CertificateSummary
  /** Absent: nobody does, and it is kept only where it is ours. */
  readonly vouched?: Vouched
  /** What the operator calls another authority. */
  readonly authority?: string
}

/** A certificate that met a door, and was not issued here as far as the store knows. */
export interface Unissued {
  readonly id: number
  readonly sha256: Uint8Array
  readonly spkiSha256: Uint8Array
  readonly vouched: Vouched
  readonly authority?: string
  readonly serial: string
  readonly subject: string
  readonly issuer: string
  readonly notAfter: Temporal.Instant
  /** Of the newest meeting. */
  readonly door: string
  readonly as: SeenAs
  readonly firstSeenAt: Temporal.Instant
  readonly lastSeenAt: Temporal.Instant
  readonly meetings: number
}

/** What of it is asked for. */
export interface UnissuedQuery {
  readonly vouched?: Vouched | undefined
  readonly limit: number
  /** The id where the page before ended, exclusive. */
  readonly after?: number | undefined
}

/** Questions about what is seen; writes belong into a transaction. */
export interface WatchStore {
  /** The rows of the certificates that are stored, by their SHA-256 in hexadecimal. */
  rowsOf(sha256: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Each was seen, and not later than `now`, whatever the clock of its door says. What was seen later already stays. */
  see(sightings: readonly (Sighting & { readonly row: number })[], now: Temporal.Instant): Promise<void>
  /** Keeps what is not ours, within bounds: of each kind of voucher those seen last. Answers what was never seen before. */
  meetUnissued(sightings: readonly Sighting[], now: Temporal.Instant): Promise<readonly Sighting[]>
  /** In the order in which they were first seen. */
  unissued(query: UnissuedQuery): Promise<{ readonly found: readonly Unissued[]; readonly next?: number }>
}

/** Certificates kept of each kind of voucher: one kind does not wash another away. About 600 octets each. */
const MAX_UNISSUED = 10_000

/** @param maxUnissued For tests. */
export function createWatchStore(db: Kysely<Tables>, maxUnissued: number = MAX_UNISSUED): WatchStore {
  const forget = async (vouched: Vouched): Promise<void> => {
    const last = db
      .selectFrom('unissued')
      .select('last_seen_at')
      .where('vouched', '=', vouched)
      .orderBy('last_seen_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .offset(maxUnissued - 1)
    await db.deleteFrom('unissued').where('vouched', '=', vouched).where('last_seen_at', '<', last).execute()
  }

  return {
    async rowsOf(sha256) {
      if (sha256.length === 0) return new Map()
      const octets = sha256.map((hex) => Uint8Array.fromHex(hex))
      const rows = await db.selectFrom('certificate').select(['id', 'sha256']).where('sha256', 'in', octets).execute()
      return new Map(rows.map((row) => [octetsOf(row.sha256).toHex(), row.id]))
    },
    async see(sightings, now) {
      if (sightings.length === 0) return
      // Of two that write the same rows, neither waits for what the other one has.
      const ordered = sightings.toSorted((one, other) => one.row - other.row)
      const values = ordered.map(
        ({ row, at, door, as }) =>
          sql`(CAST(${row} AS BIGINT), CAST(${atMost(at, now)} AS BIGINT), CAST(${door} AS TEXT), CAST(${as} AS TEXT))`,
      )
      await sql`
        UPDATE certificate SET last_seen_at = seen.column2, last_seen_door = seen.column3, last_seen_as = seen.column4
        FROM (VALUES ${sql.join(values)}) AS seen
        WHERE certificate.id = seen.column1
          AND (certificate.last_seen_at IS NULL OR certificate.last_seen_at < seen.column2)`.execute(db)
    },
    async meetUnissued(sightings, now) {
      const fresh: Sighting[] = []
      for (const sighting of sightings) {
        if (sighting.vouched === undefined) continue
        const row = rowOf(sighting, sighting.vouched, now)
        const known = db.selectFrom('unissued').select('id').where('sha256', '=', row.sha256)
        if ((await known.executeTakeFirst()) === undefined) fresh.push(sighting)
        await db
          .insertInto('unissued')
          .values(row)
          .onConflict((conflict) =>
            conflict.column('sha256').doUpdateSet({
              meetings: sql`unissued.meetings + excluded.meetings`,
              first_seen_at: sql`CASE WHEN unissued.first_seen_at < excluded.first_seen_at THEN unissued.first_seen_at ELSE excluded.first_seen_at END`,
              last_seen_at: sql`CASE WHEN unissued.last_seen_at > excluded.last_seen_at THEN unissued.last_seen_at ELSE excluded.last_seen_at END`,
              door: sql`excluded.door`,
              seen_as: sql`excluded.seen_as`,
              vouched: sql`excluded.vouched`,
              authority: sql`excluded.authority`,
            }),
          )
          .execute()
      }
      for (const vouched of new Set(sightings.map((one) => one.vouched)))
        if (vouched !== undefined) await forget(vouched)
      return fresh
    },
    async unissued({ vouched, limit, after = 0 }) {
      let query = db
        .selectFrom('unissued')
        .selectAll()
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit + 1)
      if (vouched !== undefined) query = query.where('vouched', '=', vouched)
      const rows = await query.execute()
      const [found, last] = [rows.slice(0, limit), rows[limit - 1]]
      return { found: found.map(readRow), ...(rows.length > limit && last && { next: last.id }) }
    },
  }
}

function atMost(at: Temporal.Instant, now: Temporal.Instant): number {
  return Math.min(at.epochMilliseconds, now.epochMilliseconds)
}

function rowOf(
  { sha256, certificate, authority, door, as, at, firstAt, meetings }: Sighting,
  vouched: Vouched,
  now: Temporal.Instant,
): NewRow<'unissued'> {
  return {
    sha256: Uint8Array.fromHex(sha256),
    spki_sha256: Uint8Array.fromHex(certificate.spkiSha256),
    vouched,
    authority: authority ?? null,
    serial: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    not_after: certificate.notAfter.epochMilliseconds,
    door,
    seen_as: as,
    first_seen_at: atMost(firstAt, now),
    last_seen_at: atMost(at, now),
    meetings,
  }
}

function readRow(row: Row<'unissued'>): Unissued {
  return {
    id: row.id,
    sha256: octetsOf(row.sha256),
    spkiSha256: octetsOf(row.spki_sha256),
    vouched: oneOf(row.vouched, VOUCHED),
    ...(row.authority !== null && { authority: row.authority }),
    serial: row.serial,
    subject: row.subject,
    issuer: row.issuer,
    notAfter: instantOf(row.not_after),
    door: row.door,
    as: oneOf(row.seen_as, SEEN_AS),
    firstSeenAt: instantOf(row.first_seen_at),
    lastSeenAt: instantOf(row.last_seen_at),
    meetings: row.meetings,
  }
}
