// A store filled as it would be after years: each row a copy of one that the authority wrote itself, under other names,
// numbers and hashes. The columns are those of the store, whichever there are.
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

export interface Seeding {
  /** The party whose one certificate is copied, and one whose certificate is revoked, for the event that says so. */
  readonly party: string
  readonly revoked: string
  readonly count: number
}

/** Expressions that take the place of what the row that is copied has, by column. */
type Other = Readonly<Record<string, string>>

const DAY_MS = 86_400_000
/** One in a hundred was revoked. */
const REVOKED = '(n % 100 = 0)'
/** From a month ago to three months ahead. */
const ENDS = `${Date.now() - 30 * DAY_MS} + (n * 7919 % 120) * ${DAY_MS} + n % 86400000`
const WARNED = `${ENDS} - ${8 * DAY_MS}`
const OVERDUE = `NOT ${REVOKED} AND ${WARNED} < ${Date.now()} AND ${ENDS} > ${Date.now()}`
const UNSEEN = 'n % 3 = 0'
export const SEEDED_DOORS = 50

/** Of the nth copy; `seedDomain` is under which its name is. */
export const nameOfSeed = (n: number): string => `s${n}.seed.example`
export const partyOfSeed = (n: number): string => `seed/m${n}`
export const serialOfSeed = (n: number): string => `5eed${n.toString(16).padStart(28, '0')}`
export const keyOfSeed = (n: number): Uint8Array => createHash('sha256').update(`key ${n}`).digest()

/** Adds `count` certificates with all that belongs to them to the store in the file `path`, which nobody has open. */
export function seed(path: string, { party, revoked, count }: Seeding): void {
  using db = openForSeeds(path)
  const row = db.prepare('SELECT id, issued_entry, names FROM certificate WHERE party = ?').get(party)
  const event = db.prepare('SELECT revoked_by FROM certificate WHERE party = ?').get(revoked)?.['revoked_by']
  if (row === undefined || typeof event !== 'number')
    throw new Error(`${party} and ${revoked} have no certificates to copy`)
  const { id, issued_entry: entry } = row
  const last = (table: string) => Number(db.prepare(`SELECT max(id) AS id FROM ${table}`).get()?.['id'])
  const [lastCertificate, lastEntry] = [last('certificate'), last('ledger_entry')]
  const serial = `'5eed' || printf('%028x', n)`
  const name = `'seed/m' || n`
  const host = `'s' || n || '.seed.example'`
  // The host first: the party's name stands within it.
  const textual = (column: string) =>
    `replace(replace(${column}, '${hostOf(String(row['names']))}', ${host}), '${party}', ${name})`
  const copy = copier(db, count)
  db.exec('BEGIN')
  copy('ledger_entry', `id = ${entry}`, {
    id: `${lastEntry + 1} + n`,
    octets: `CAST(${textual('CAST(octets AS TEXT)')} AS BLOB)`,
    number: 'NULL',
    position: 'NULL',
  })
  copy('certificate', `id = ${id}`, {
    id: `${lastCertificate + 1} + n`,
    serial,
    sha256: `hash('certificate ' || n)`,
    spki_sha256: `hash('key ' || n)`,
    party: name,
    names: textual('names'),
    der: 'patched(der, n)',
    issued_entry: `${lastEntry + 1} + n`,
    // What is in force is looked at again: at its end, where it is overdue already.
    warn_at: `iif(${REVOKED} OR ${ENDS} < ${Date.now()}, NULL, max(${WARNED}, iif(${OVERDUE}, ${ENDS}, 0)))`,
    overdue: `iif(${OVERDUE}, 1, 0)`,
    // A third was never seen, and the others within the last forty days.
    last_seen_at: `iif(${UNSEEN}, NULL, ${Date.now()} - (n * 31 % 40) * ${DAY_MS} - n % 86400000)`,
    last_seen_door: `iif(${UNSEEN}, NULL, 'web' || (n % ${SEEDED_DOORS}))`,
    last_seen_as: `iif(${UNSEEN}, NULL, 'caller')`,
    not_after: ENDS,
    not_before: `${ENDS} - ${90 * DAY_MS}`,
    issued_at: `${ENDS} - ${90 * DAY_MS}`,
    revoked_at: `iif(${REVOKED}, ${Date.now()}, NULL)`,
    reason: `iif(${REVOKED}, 'superseded', NULL)`,
    revoked_by: `iif(${REVOKED}, ${event}, NULL)`,
  })
  copy('certificate_name', `certificate = ${id}`, {
    certificate: `${lastCertificate + 1} + n`,
    value: textual('value'),
  })
  copy('party_key', `party = '${party}'`, {
    spki_sha256: `hash('key ' || n)`,
    party: name,
    ends_at: ENDS,
    revoked_at: `iif(${REVOKED}, ${Date.now()}, NULL)`,
  })
  copy('party', `name = '${party}'`, { name })
  db.exec('COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)')
}

/** The DNS name among its names, which are JSON. */
function hostOf(names: string): string {
  const found = (JSON.parse(names) as { kind: string; value: string }[]).find(({ kind }) => kind === 'dNSName')
  if (found === undefined) throw new Error('the certificate that is copied has no DNS name')
  return found.value
}

/** As long as the one that is copied, and another one. */
function patched(der: Uint8Array, n: number): Uint8Array {
  const copy = Uint8Array.from(der)
  new DataView(copy.buffer).setUint32(copy.length - 4, n)
  return copy
}

/** Adds `count` issuers that have retired, each with its certificate. */
export function seedIssuers(path: string, count: number): void {
  using db = openForSeeds(path)
  const row = db.prepare("SELECT name, id FROM issuer WHERE kind = 'intermediate'").get()
  if (row === undefined) throw new Error('there is no issuer to copy')
  const last = Number(db.prepare('SELECT max(id) AS id FROM certificate').get()?.['id'])
  const copy = copier(db, count)
  db.exec('BEGIN')
  copy('certificate', `id = ${row['id']}`, {
    id: `${last + 1} + n`,
    serial: `'5eed' || printf('%028x', n)`,
    sha256: `hash('issuer ' || n)`,
    spki_sha256: `hash('issuer key ' || n)`,
    der: 'patched(der, n)',
    warn_at: 'NULL',
  })
  copy('issuer', `name = '${row['name']}'`, {
    name: `'seed-' || n`,
    id: `${last + 1} + n`,
    state: `'retired'`,
    key_place: 'NULL',
    spki_sha256: `hash('issuer key ' || n)`,
  })
  copy('issuer_profile', `issuer = '${row['name']}'`, { issuer: `'seed-' || n`, signs: '0' })
  db.exec('COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)')
}

function openForSeeds(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000')
  db.function('hash', { deterministic: true }, (text) => createHash('sha256').update(String(text)).digest())
  db.function('patched', { deterministic: true }, (der, n) => patched(der as Uint8Array, Number(n)))
  return db
}

/** Copies the row of a table that fits `where` so many times, each with the expressions in `other`. */
function copier(db: DatabaseSync, count: number): (table: string, where: string, other: Other) => void {
  return (table, where, other) => {
    const columns = db
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map((each) => String(each['name']))
    const values = columns.map((column) => other[column] ?? column)
    db.exec(`
      WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < ${count - 1})
      INSERT INTO ${table} (${columns.join()}) SELECT ${values.join()} FROM counted, ${table} AS copied WHERE ${where}`)
  }
}
