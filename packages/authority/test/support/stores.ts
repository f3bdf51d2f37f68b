// The two databases, each test with one of its own, and rows for them.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext } from 'node:test'
import pg from 'pg'
import { type Postgresql, startPostgresql, withPostgresql } from '../../../../interop/postgresql.ts'
import type { NewCertificate } from '../../src/store/certificates.ts'
import { SCHEMA_VERSION } from '../../src/store/schema.ts'
import { isPostgresql } from '../../src/store/store.ts'
import { START, temporaryDirectory } from './core.ts'

let server: Promise<Postgresql> | undefined
after(async () => (await server)?.[Symbol.asyncDispose]())
let databases = 0

/** A database of the test's own. */
export async function postgresqlPlace(): Promise<string> {
  server ??= startPostgresql()
  const { url } = await server
  const name = `test_${++databases}`
  const client = new pg.Client({ connectionString: url('postgres') })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return url(name)
}

/** What each is called, how a place in it is made, and whether it is here. */
export const PLACES: readonly (readonly [string, (t: TestContext) => Promise<string>, { readonly skip?: string }])[] = [
  ['SQLite', async (t) => join(temporaryDirectory(t), 'store.db'), {}],
  ['PostgreSQL', postgresqlPlace, withPostgresql],
]

let counter = 0

/** 32 octets that no others are. */
export function freshOctets(): Uint8Array {
  const made = new Uint8Array(32)
  new DataView(made.buffer).setUint32(0, ++counter)
  return made
}

/** A row; its octets are only told apart here. */
export function row(party: string, fields: Partial<NewCertificate> = {}): NewCertificate {
  const own = freshOctets()
  return {
    issuer: 2,
    serial: `4${counter.toString(16).padStart(31, '0')}`,
    sha256: own,
    spkiSha256: own,
    party,
    profile: 'client',
    names: [{ kind: 'dNSName', value: `${party}.localhost` }],
    der: own,
    notBefore: START,
    notAfter: START.add({ hours: 24 }),
    issuedAt: START,
    method: 'local',
    evidence: 'test',
    denied: [],
    ...fields,
  }
}

const NO_ISSUERS = `
  DROP TABLE cross_certificate; DROP TABLE issuer_profile; DROP TABLE issuer; DROP INDEX certificate_event;`

/** What undoes each version's upgrade, from the one that it led to. */
const BACK: Readonly<Record<number, { readonly sqlite: string; readonly postgresql: string }>> = {
  4: both('DROP INDEX certificate_profile; DROP INDEX certificate_issuer;'),
  5: {
    sqlite: 'DROP TABLE party_label; DROP TABLE party;',
    postgresql: `DROP TABLE party_label; DROP TABLE party;
      ALTER TABLE event ADD CONSTRAINT event_kind_check CHECK (kind IN ('status', 'crl', 'policy', 'trust'));`,
  },
  6: both('ALTER TABLE certificate DROP COLUMN denied'),
  7: both('DROP TABLE ledger_entry;'),
  8: both(`
    DROP TABLE answer;
    ALTER TABLE certificate DROP COLUMN issued_entry; ALTER TABLE certificate DROP COLUMN revoked_entry;
    DROP INDEX ledger_entry_number; DROP INDEX ledger_entry_waiting;
    ALTER TABLE ledger_entry DROP COLUMN number; ALTER TABLE ledger_entry DROP COLUMN in_tree;
    CREATE INDEX ledger_entry_waiting ON ledger_entry (id) WHERE position IS NULL;`),
  9: both(`${['seen', 'unseen', 'door', 'ending', 'warn', 'succeeded'].map((name) => `DROP INDEX certificate_${name};`).join('')}
    DROP INDEX crl_warn; DROP TABLE unissued; ALTER TABLE crl DROP COLUMN warn_at;
    ALTER TABLE party_key DROP COLUMN ends_at; ALTER TABLE party_key DROP COLUMN compromised_at;
    ${['last_seen_at', 'last_seen_door', 'last_seen_as', 'succeeded_by', 'warn_at', 'overdue'].map((name) => `ALTER TABLE certificate DROP COLUMN ${name};`).join('')}`),
  10: {
    sqlite: NO_ISSUERS,
    postgresql: `${NO_ISSUERS}
      ALTER TABLE crl ADD CONSTRAINT crl_issuer_fkey FOREIGN KEY (issuer) REFERENCES certificate (id) NOT VALID;`,
  },
  11: both('DROP INDEX crl_newest;'),
  // The indexes have the names of those before.
  12: both(''),
  13: both('DROP TABLE store_part;'),
  14: both("DELETE FROM issuer_profile WHERE profile = 'time-stamping'"),
}

function both(sql: string): { readonly sqlite: string; readonly postgresql: string } {
  return { sqlite: sql, postgresql: sql }
}

/** Makes of a store that is closed what a program of before `version` has left. */
export async function setBack(place: string, version: number): Promise<void> {
  for (let from = SCHEMA_VERSION; from > version; from--) {
    const back = BACK[from]
    if (back === undefined) throw new Error(`nothing undoes version ${from}`)
    await execute(place, back.sqlite, back.postgresql)
  }
  await execute(place, `PRAGMA user_version = ${version}`, `UPDATE schema_version SET version = ${version}`)
}

/** Asks either database; the rows that it answers. */
export async function execute(place: string, sqlite: string, postgresql: string): Promise<readonly unknown[]> {
  if (!isPostgresql(place)) {
    using db = new DatabaseSync(place)
    if (/^(?:SELECT|PRAGMA \w+$)/.test(sqlite)) return db.prepare(sqlite).all()
    db.exec(sqlite)
    return []
  }
  const client = new pg.Client({ connectionString: place })
  await client.connect()
  try {
    return (await client.query(postgresql)).rows ?? []
  } finally {
    await client.end()
  }
}
