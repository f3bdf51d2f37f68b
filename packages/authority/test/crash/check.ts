// What must hold of an authority that was ended at any moment: of what its directory and store were then, and after the next start.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { readKeyRevocationList } from '@countersign/ssh'
import { readCertificateList } from '@countersign/x509'
import pg from 'pg'
import { readLedgerDirectory } from '../../src/ledger/directory.ts'
import { parseVerifierKey } from '../../src/ledger/key.ts'
import { CHECKPOINT } from '../../src/ledger/ledger.ts'
import { readBundleFile } from '../../src/ledger/prove.ts'
import { TILE_WIDTH, tileIn } from '../../src/ledger/tile.ts'
import { verifyLedger } from '../../src/ledger/verify-ledger.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally } from '../support/house.ts'
import type { Child } from './child.ts'
import { Cut, type Reach, readStatus, type Seen } from './load.ts'

/** Each answers rows of something that is there without its other half. */
const HALVES: Readonly<Record<string, string>> = {
  'a certificate without its party': 'SELECT id FROM certificate WHERE party NOT IN (SELECT name FROM party)',
  'an invitation without its party': 'SELECT party FROM invitation WHERE party NOT IN (SELECT name FROM party)',
  'a certificate whose key is nobody’s, or another’s': `SELECT id FROM certificate WHERE profile NOT IN ('root', 'issuing') AND NOT EXISTS
    (SELECT 1 FROM party_key k WHERE k.spki_sha256 = certificate.spki_sha256 AND k.party = certificate.party)`,
  'a revoked certificate without its event': `SELECT id FROM certificate WHERE revoked_by IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM event e WHERE e.sequence = revoked_by AND e.kind = 'status')`,
  'a spent token without its certificate': `SELECT party FROM invitation i WHERE (spent_at IS NULL) <> (certificate IS NULL)
    OR (certificate IS NOT NULL AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.id = i.certificate AND c.party = i.party))`,
  'a token’s certificate without the token that is spent': `SELECT id FROM certificate WHERE method = 'token'
    AND id NOT IN (SELECT certificate FROM invitation WHERE certificate IS NOT NULL)`,
  'a serial number twice': 'SELECT serial FROM certificate GROUP BY serial HAVING count(*) > 1',
  'a gap in the ledger': `SELECT given FROM
    (SELECT count(position) AS given, max(position) AS newest FROM ledger_entry) AS positions
    WHERE given <> coalesce(newest + 1, 0)`,
  'a gap in what happened': `SELECT given FROM
    (SELECT count(number) AS given, max(number) AS newest FROM ledger_entry) AS numbers
    WHERE given <> coalesce(newest, 0)`,
  'a list that knows what was not told':
    'SELECT number FROM crl WHERE covers > (SELECT coalesce(max(sequence), 0) FROM event)',
}

/** Counted on both sides: acts, and their entries in the ledger. */
const ACTS = `SELECT (SELECT count(*) FROM certificate) AS issued,
  (SELECT count(*) FROM certificate WHERE revoked_at IS NOT NULL) AS revoked,
  (SELECT count(*) FROM event WHERE kind = 'lock') AS locks,
  (SELECT count(*) FROM event WHERE kind IN ('policy', 'trust')) AS published`

/** The same of a store that has the part of guests. */
const GUEST_HALVES: typeof HALVES = {
  'an account without its party': 'SELECT account FROM guest_account WHERE account NOT IN (SELECT name FROM party)',
}
const GUEST_ACTS = 'SELECT count(*) AS accounts FROM guest_act'

/** Looks at a store while nobody writes to it. It is left as it was. */
export async function checkStore(reach: Omit<Reach, 'place'> & { readonly store?: string }): Promise<void> {
  const ask = reach.store === undefined ? askCopy(reach) : await askPostgresql(reach.store)
  try {
    const [guests] = await ask.rows("SELECT name FROM store_part WHERE name = 'guest'")
    const halves = { ...HALVES, ...(guests && GUEST_HALVES) }
    for (const [what, query] of Object.entries(halves)) assert.deepEqual(await ask.rows(query), [], what)
    const entries = (await ask.rows('SELECT octets FROM ledger_entry')).map(
      ({ octets }) => JSON.parse(Buffer.from(octets as Uint8Array).toString()) as { kind: string; sha256?: string },
    )
    const [acts] = await ask.rows(ACTS)
    const [ofGuests] = guests ? await ask.rows(GUEST_ACTS) : []
    const count = (...kinds: string[]) => entries.filter(({ kind }) => kinds.includes(kind)).length
    assert.deepEqual(
      Object.fromEntries(Object.entries({ ...acts, ...ofGuests }).map(([name, value]) => [name, Number(value)])),
      {
        issued: count('issued'),
        revoked: count('revoked'),
        locks: count('locked', 'unlocked'),
        published: count('policy', 'trust'),
        ...(guests && { accounts: count('account') }),
      },
      'an act without its entry, or an entry without its act',
    )
    const known = new Set(entries.map(({ kind, sha256 }) => kind === 'issued' && sha256))
    for (const [sha256, party] of reach.seen.certificates)
      assert.ok(known.has(sha256), `a certificate of ${party} is out, and not in the ledger's entries`)
  } finally {
    await ask.end()
  }
}

interface Ask {
  rows(query: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  end(): Promise<void>
}

/** Of a copy: opening the database would mend what a crash has left, and the next start shall do that. */
function askCopy({ t, directory }: Pick<Reach, 't' | 'directory'>): Ask {
  const copy = join(temporaryDirectory(t), 'store.db')
  for (const end of ['', '-wal'])
    if (existsSync(join(directory, `store.db${end}`))) copyFileSync(join(directory, `store.db${end}`), `${copy}${end}`)
  const db = new DatabaseSync(copy)
  assert.deepEqual(db.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']])
  assert.deepEqual(db.prepare('PRAGMA foreign_key_check').all(), [])
  return { rows: async (query) => db.prepare(query).all(), end: async () => db.close() }
}

async function askPostgresql(store: string): Promise<Ask> {
  const client = new pg.Client({ connectionString: store })
  await client.connect()
  return { rows: async (query) => (await client.query(query)).rows, end: () => client.end() }
}

/** The ledger's files verify by themselves, and go on where the checkpoint that was kept ends. */
export async function checkLedger(directory: string, seen: Seen): Promise<void> {
  const folder = join(directory, 'ledger')
  if (!existsSync(join(folder, CHECKPOINT))) return assert.equal(seen.kept, undefined, 'a ledger is gone')
  const key = parseVerifierKey(readFileSync(join(directory, 'ledger.vkey'), 'utf8').trimEnd())
  const verdict = await verifyLedger({ directory: folder, key, ...(seen.kept && { kept: seen.kept }) })
  assert.ok(verdict.ok, JSON.stringify(verdict))
  assert.ok(verdict.checkpoint.size >= (seen.kept?.size ?? 0))
  seen.kept = verdict.checkpoint
}

/** Asks an authority that has started again. */
export async function checkRunning(reach: Reach): Promise<void> {
  const { directory, place, seen } = reach
  seen.root ??= place.root
  assert.equal(place.root, seen.root, 'one root')
  const rows = await certificatesOf(reach)
  const known = new Map(rows.map((row) => [row.sha256, row]))
  for (const [sha256, party] of seen.certificates)
    assert.equal(known.get(sha256)?.party, party, `a certificate of ${party} is out that the store does not know`)
  const serials = new Map(rows.map((row) => [row.serialNumber, row]))
  assert.equal(serials.size, rows.length, 'serial numbers are unique')

  const before = seen.newestList
  const lists = (await readStatus(reach)).map((der) => readCertificateList(der))
  const list = lists.find(({ issuer }) => issuer.der.toHex() === seen.issuing) ?? assert.fail('no list')
  assert.ok((list.cRLNumber ?? 0n) >= before, `list ${list.cRLNumber} after list ${before}`)
  const listed = new Set(list.revokedCertificates.map(({ userCertificate }) => userCertificate))
  const { octets } = await askLocally(directory, 'GET', '/ssh/revoked.krl')
  const { certificates } = readKeyRevocationList(Uint8Array.from(octets))
  const isListed = ({ profile, serialNumber }: Row): boolean => {
    const serial = BigInt(`0x${serialNumber}`)
    if (!profile.startsWith('ssh-')) return listed.has(serial)
    return certificates.some((one) => one.serials.some(({ first, last }) => first <= serial && serial <= last))
  }
  for (const serial of seen.revoked) assert.equal(serials.get(serial)?.state, 'revoked', 'a revocation was forgotten')
  // Also those whose receipt never arrived: what the store says, the lists say, and nothing else.
  for (const row of rows) assert.equal(isListed(row), row.state === 'revoked', `a ${row.profile} in its list`)

  for (const [party, locked] of seen.locked) {
    const { body } = await askLocally(directory, 'GET', `/v1/parties/${party}`)
    assert.equal(body.lock !== undefined, locked, `the lock of ${party}`)
  }
  const { accounts } = (await askLocally(directory, 'GET', '/v1/accounts?door=bank&limit=1000')).body
  for (const [party, hasDevice] of seen.accounts) {
    const found = accounts.find((one: { account: string }) => one.account === party)
    assert.equal(found?.devices.length, hasDevice ? 1 : 0, `the account of ${party}`)
  }
  for (const [party, text] of seen.labels) {
    const { body } = await askLocally(directory, 'GET', `/v1/parties/${party}`)
    assert.deepEqual([body.role, body.labels], ['auditor', [text]], `what ${party} is`)
  }
}

interface Row {
  readonly party: string
  readonly profile: string
  readonly sha256: string
  readonly serialNumber: string
  readonly state: string
}

async function certificatesOf({ directory }: Reach): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let after = ''; ; ) {
    const { body } = await askLocally(directory, 'GET', `/v1/certificates?limit=1000${after}`)
    rows.push(...body.certificates)
    if (body.next === undefined) return rows
    after = `&after=${encodeURIComponent(body.next)}`
  }
}

/** What a caller holds comes into the tree, within a second of a start, or of the act. @throws {Cut} when it has ended */
export async function untilInLedger({ process }: Child, directory: string, seen: Seen): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 5_000; await delay(20)) {
    if ([...seen.certificates.keys()].every((sha256) => seen.inLedger.has(sha256))) return
    if (process.exitCode !== null || process.signalCode !== null) throw new Cut('the ledger')
    await readOn(directory, seen)
  }
  assert.fail('a certificate is out that the ledger does not have')
}

/** Bundles that were not read whole before. */
async function readOn(directory: string, seen: Seen): Promise<void> {
  const read = readLedgerDirectory(join(directory, 'ledger'))
  const [, size = '0'] = new TextDecoder().decode(await read(CHECKPOINT)).split('\n')
  for (let index = Math.floor(seen.ledgerRead / TILE_WIDTH); ; index++) {
    const name = tileIn(Number(size), 'entries', index)
    if (name === undefined) break
    for (const entry of await readBundleFile(read, name))
      seen.inLedger.add(JSON.parse(new TextDecoder().decode(entry)).sha256)
  }
  seen.ledgerRead = Number(size)
}
