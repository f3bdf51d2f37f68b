// The keys that parties have had: since when, by which certificates, until when, and whether somebody else may have them.
import { type Kysely, type SqlBool, sql } from 'kysely'
import { instantOf, octetsOf } from './row.ts'
import type { Tables } from './tables.ts'

/** One key of a party's. */
export interface PartyKey {
  readonly spkiSha256: Uint8Array
  readonly firstSeen: Temporal.Instant
  /** Of the last of its certificates, revoked or not. */
  readonly endsAt: Temporal.Instant
  /** Since when it is nobody's any more: one of its certificates was revoked. */
  readonly revokedAt?: Temporal.Instant
  /** Since when others may have it: one was revoked for that. */
  readonly compromisedAt?: Temporal.Instant
}

/** A certificate of a key, in its history. */
export interface CertificateOfKey {
  readonly serial: string
  readonly sha256: Uint8Array
  readonly profile: string
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
  readonly revokedAt?: Temporal.Instant
}

/** Where a page of keys ended. */
export interface KeyPlace {
  readonly firstSeen: number
  readonly spkiSha256: Uint8Array
}

export interface KeyQuery {
  readonly party: string
  readonly limit: number
  /** Exclusive. */
  readonly after?: KeyPlace | undefined
}

/** Questions about keys; what is written of them, certificates write. */
export interface KeyStore {
  /** The oldest first. */
  ofParty(query: KeyQuery): Promise<{ readonly found: readonly PartyKey[]; readonly next?: KeyPlace }>
  /** Of one key the newest, at most `limit`. */
  certificatesOf(spkiSha256: Uint8Array, limit: number): Promise<readonly CertificateOfKey[]>
}

export function createKeyStore(db: Kysely<Tables>): KeyStore {
  return {
    async ofParty({ party, limit, after }) {
      let query = db.selectFrom('party_key').selectAll().where('party', '=', party)
      if (after !== undefined)
        query = query.where(sql<SqlBool>`(first_seen, spki_sha256) > (${after.firstSeen}, ${after.spkiSha256})`)
      const rows = await query
        .orderBy('first_seen')
        .orderBy('spki_sha256')
        .limit(limit + 1)
        .execute()
      const found = rows.slice(0, limit).map((row) => ({
        spkiSha256: octetsOf(row.spki_sha256),
        firstSeen: instantOf(row.first_seen),
        endsAt: instantOf(row.ends_at),
        ...(row.revoked_at !== null && { revokedAt: instantOf(row.revoked_at) }),
        ...(row.compromised_at !== null && { compromisedAt: instantOf(row.compromised_at) }),
      }))
      const last = found.at(-1)
      if (rows.length <= limit || last === undefined) return { found }
      return { found, next: { firstSeen: last.firstSeen.epochMilliseconds, spkiSha256: last.spkiSha256 } }
    },
    async certificatesOf(spkiSha256, limit) {
      const rows = await db
        .selectFrom('certificate')
        .select(['serial', 'sha256', 'profile', 'not_before', 'not_after', 'revoked_at'])
        .where('spki_sha256', '=', spkiSha256)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        serial: row.serial,
        sha256: octetsOf(row.sha256),
        profile: row.profile,
        notBefore: instantOf(row.not_before),
        notAfter: instantOf(row.not_after),
        ...(row.revoked_at !== null && { revokedAt: instantOf(row.revoked_at) }),
      }))
    },
  }
}
