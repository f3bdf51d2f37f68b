// Everybody that was ever invited or certified: what it is, whose it is, what it may do here, and whether it is locked.
import type { PartyLock } from '@countersign/protocol'
import { MAX_LOCKS } from '@countersign/protocol'
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { instantOf, oneOf } from './row.ts'
import type { Row, Tables } from './tables.ts'

export const PARTY_KINDS = ['person', 'service', 'device', 'host'] as const
export type PartyKind = (typeof PARTY_KINDS)[number]

/** What an administrator may do; `../api/roles.ts` has what each of them means. */
export const ROLES = ['viewer', 'operator', 'officer', 'auditor'] as const
export type Role = (typeof ROLES)[number]

export interface StoredParty {
  readonly name: string
  readonly kind?: PartyKind
  /** Who answers for it, in words of the administrator's. */
  readonly owner?: string
  readonly role?: Role
  readonly labels: readonly string[]
  readonly createdAt: Temporal.Instant
  readonly lock?: StoredLock
}

export interface StoredLock {
  readonly at: Temporal.Instant
  readonly reason?: string
  readonly until?: Temporal.Instant
}

/** What of a party can be changed. Null takes it away. */
export interface PartyChange {
  readonly kind?: PartyKind | null | undefined
  readonly owner?: string | null | undefined
  readonly role?: Role | undefined
  readonly labels?: readonly string[] | undefined
}

export interface PartyQuery {
  readonly kind?: PartyKind | undefined
  readonly owner?: string | undefined
  readonly role?: Role | undefined
  readonly label?: string | undefined
  readonly locked?: boolean | undefined
  readonly now: Temporal.Instant
  readonly limit: number
  /** The last name of the page before, exclusive. */
  readonly after?: string | undefined
}

/** Questions about parties; writes belong into a transaction. */
export interface PartyStore {
  /** Knows `name` from now on. */
  ensure(name: string, now: Temporal.Instant): Promise<void>
  byName(name: string): Promise<StoredParty | undefined>
  change(name: string, change: PartyChange): Promise<void>
  lock(name: string, lock: StoredLock): Promise<void>
  unlock(name: string): Promise<void>
  isLocked(name: string, now: Temporal.Instant): Promise<boolean>
  /** All that are locked, by name. */
  locks(now: Temporal.Instant): Promise<readonly PartyLock[]>
  /** By name. */
  list(query: PartyQuery): Promise<{ readonly found: readonly StoredParty[]; readonly next?: string }>
}

export function createPartyStore(db: Kysely<Tables>): PartyStore {
  const inForce = (now: Temporal.Instant) =>
    sql<SqlBool>`party.locked_at IS NOT NULL AND (party.lock_until IS NULL OR party.lock_until > ${now.epochMilliseconds})`

  const withLabels = async (rows: readonly Row<'party'>[]): Promise<readonly StoredParty[]> => {
    const labels = new Map<string, string[]>(rows.map(({ name }) => [name, []]))
    if (rows.length > 0)
      for (const { party, label } of await db
        .selectFrom('party_label')
        .selectAll()
        .where('party', 'in', [...labels.keys()])
        .orderBy('party')
        .orderBy('label')
        .execute())
        labels.get(party)?.push(label)
    return rows.map((row) => readPartyRow(row, labels.get(row.name) ?? []))
  }

  return {
    async ensure(name, now) {
      await db
        .insertInto('party')
        .values({ name, created_at: now.epochMilliseconds })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute()
    },
    async byName(name) {
      const row = await db.selectFrom('party').selectAll().where('name', '=', name).executeTakeFirst()
      return row && (await withLabels([row]))[0]
    },
    async change(name, { labels, ...columns }) {
      const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
      if (Object.keys(given).length > 0) await db.updateTable('party').set(given).where('name', '=', name).execute()
      if (labels === undefined) return
      await db.deleteFrom('party_label').where('party', '=', name).execute()
      const rows = [...new Set(labels)].map((label) => ({ party: name, label }))
      if (rows.length > 0) await db.insertInto('party_label').values(rows).execute()
    },
    async lock(name, { at, reason, until }) {
      const set = {
        locked_at: at.epochMilliseconds,
        lock_reason: reason ?? null,
        lock_until: until?.epochMilliseconds ?? null,
      }
      await db.updateTable('party').set(set).where('name', '=', name).execute()
    },
    async unlock(name) {
      const set = { locked_at: null, lock_reason: null, lock_until: null }
      await db.updateTable('party').set(set).where('name', '=', name).execute()
    },
    async isLocked(name, now) {
      const locked = db.selectFrom('party').select('name').where('name', '=', name).where(inForce(now))
      return (await locked.executeTakeFirst()) !== undefined
    },
    async locks(now) {
      const locked = db.selectFrom('party').selectAll().where(inForce(now)).orderBy('name').limit(MAX_LOCKS)
      return (await locked.execute()).map(({ name, lock_reason, lock_until }) => ({
        party: name,
        ...(lock_reason !== null && { reason: lock_reason }),
        ...(lock_until !== null && { until: instantOf(lock_until) }),
      }))
    },
    async list({ kind, owner, role, label, locked, now, limit, after = '' }) {
      const asked: Expression<SqlBool>[] = [sql`party.name > ${after}`]
      if (kind !== undefined) asked.push(sql`party.kind = ${kind}`)
      if (owner !== undefined) asked.push(sql`party.owner = ${owner}`)
      if (role !== undefined) asked.push(sql`party.role = ${role}`)
      if (locked === true) asked.push(inForce(now))
      if (locked === false) asked.push(sql`NOT (${inForce(now)})`)
      const all = db
        .selectFrom('party')
        .selectAll('party')
        .where(({ and }) => and(asked))
        .limit(limit + 1)
      const rows = await (label === undefined
        ? all.orderBy('party.name')
        : all
            .innerJoin('party_label as labelled', 'labelled.party', 'party.name')
            .where('labelled.label', '=', label)
            .where('labelled.party', '>', after)
            .orderBy('labelled.party')
      ).execute()
      const found = await withLabels(rows.slice(0, limit))
      const last = found.at(-1)
      return { found, ...(rows.length > limit && last && { next: last.name }) }
    },
  }
}

function readPartyRow(row: Row<'party'>, labels: readonly string[]): StoredParty {
  const { name, kind, owner, role, created_at, locked_at, lock_reason, lock_until } = row
  return {
    name,
    ...(kind !== null && { kind: oneOf(kind, PARTY_KINDS) }),
    ...(owner !== null && { owner }),
    ...(role !== null && { role: oneOf(role, ROLES) }),
    labels,
    createdAt: instantOf(created_at),
    ...(locked_at !== null && {
      lock: {
        at: instantOf(locked_at),
        ...(lock_reason !== null && { reason: lock_reason }),
        ...(lock_until !== null && { until: instantOf(lock_until) }),
      },
    }),
  }
}
