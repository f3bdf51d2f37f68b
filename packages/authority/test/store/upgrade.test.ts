// Stores that earlier programs have left, led on to this one: each version, on both databases, with all rows; and what stops
// in the middle leaves the old store or the new one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SCHEMA_VERSION } from '../../src/store/schema.ts'
import { openStore } from '../../src/store/store.ts'
import { POSTGRESQL_UPGRADES } from '../../src/store/upgrades.ts'
import { START } from '../support/core.ts'
import { execute, freshOctets, PLACES, row, setBack } from '../support/stores.ts'

const ignore = () => undefined
/** PostgreSQL begins with the first of these; a test of `open.test.ts` has a store of SQLite that is older. */
const VERSIONS = Object.keys(POSTGRESQL_UPGRADES).map(Number)

/** What every version has, in its own order. */
const ROWS: Readonly<Record<string, string>> = {
  certificate:
    'id, issuer, serial, sha256, spki_sha256, party, profile, names, der, not_before, not_after, issued_at, method, evidence, revoked_at, reason, revoked_by',
  certificate_name: 'certificate, kind, value',
  party_key: 'spki_sha256, party, first_seen, revoked_at',
  event: 'sequence, at, kind, node',
  invitation: 'id, mac_key, party, profile, names, created_at, expires_at, spent_at, request_sha256, certificate',
  crl: 'issuer, number, der, this_update, next_update, covers',
  setting: 'key, value',
}

const rowsOf = async (place: string): Promise<Readonly<Record<string, readonly unknown[]>>> => {
  const found: Record<string, readonly unknown[]> = {}
  for (const [table, columns] of Object.entries(ROWS)) {
    const query = `SELECT ${columns} FROM ${table} ORDER BY 1, 2`
    // Structures alone: SQLite's rows have no prototype, and its octets are no Buffer.
    found[table] = JSON.parse(JSON.stringify(await execute(place, query, query), hexadecimal))
  }
  return found
}

function hexadecimal(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('hex') : value
}

/** Names of tables with their columns, and of indexes. */
const shapeOf = async (place: string): Promise<readonly string[]> => {
  const rows = await execute(
    place,
    `SELECT m.name AS a, c.name AS b, upper(c.type) || c."notnull" AS c FROM sqlite_schema m, pragma_table_info(m.name) c
      WHERE m.type = 'table' UNION ALL SELECT name, tbl_name, '' FROM sqlite_schema WHERE type = 'index'`,
    `SELECT table_name AS a, column_name AS b, data_type || is_nullable AS c FROM information_schema.columns
      WHERE table_schema = 'public' UNION ALL SELECT indexname, tablename, '' FROM pg_indexes WHERE schemaname = 'public'`,
  )
  return rows.map((each) => JSON.stringify(each)).sort()
}

const versionOf = async (place: string): Promise<unknown> => {
  const [found] = await execute(place, 'PRAGMA user_version', 'SELECT version FROM schema_version')
  return Object.values(found ?? {})[0]
}

/** Opens the store in a process that is ended at that moment. */
function endAt(place: string, failpoint: string): void {
  const script = `
    import { openStore } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)}
    await openStore(${JSON.stringify(place)}, () => undefined, (name) => {
      if (name === ${JSON.stringify(failpoint)}) process.kill(process.pid, 'SIGKILL')
    })`
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  })
  assert.equal(signal, 'SIGKILL', stderr)
}

for (const [what, placeOf, options] of PLACES)
  suite(`a store of an earlier program in ${what}`, options, () => {
    /** A store of that version with rows of every kind; answers what is in it. */
    async function leave(place: string, version: number): Promise<Readonly<Record<string, readonly unknown[]>>> {
      const store = await openStore(place, ignore)
      const [valid, revoked] = [row('alice'), row('bob', { notAfter: START.add({ hours: 48 }) })]
      await store.commit(async ({ certificates, invitations, status, set }) => {
        for (const id of [1, 2])
          await certificates.addAuthority(
            id,
            row(id === 1 ? 'authority/root' : 'authority/issuing', {
              profile: id === 1 ? 'root' : 'issuing',
              issuer: 1,
            }),
          )
        for (const one of [valid, revoked]) {
          assert.ok(await certificates.takeKey(one.spkiSha256, one.party, START, one.notAfter))
          const id = await certificates.add(one)
          if (one === revoked)
            await certificates.revoke({ ...one, id }, START, 'superseded', await status.addEvent('status', START))
        }
        const [id, macKey] = [freshOctets(), freshOctets()]
        const expiresAt = START.add({ minutes: 10 })
        await invitations.add({ id, macKey, party: 'carol', profile: 'client', names: [], createdAt: START, expiresAt })
        await status.addCrl({
          issuer: 2,
          number: 7,
          der: freshOctets(),
          thisUpdate: START,
          nextUpdate: START.add({ hours: 24 }),
          covers: 1,
        })
        await set('authority.domain', 'acme.example')
      })
      await store.close()
      await setBack(place, version)
      assert.equal(Number(await versionOf(place)), version)
      return rowsOf(place)
    }

    test('is led on from each version, keeps every row, and is as a new one', async (t) => {
      const fresh = await placeOf(t)
      await (await openStore(fresh, ignore)).close()
      const shape = await shapeOf(fresh)
      assert.ok(shape.length > 50)
      let count = 0
      for (const version of VERSIONS) {
        const place = await placeOf(t)
        const before = await leave(place, version)
        const store = await openStore(place, ignore)
        const alice = await store.certificates.byParty('alice', 10)
        assert.equal(alice.length, 1)
        assert.equal((await store.certificates.byParty('bob', 10))[0]?.revocation?.reason, 'superseded')
        assert.equal((await store.parties.list({ now: START, limit: 10 })).found.length, version < 5 ? 5 : 0)
        // It goes on: the next number, the next row.
        assert.equal(await store.commit(({ status }) => status.addEvent('lock', START)), 2)
        await store.close()
        const { event = [], ...after } = await rowsOf(place)
        assert.deepEqual({ ...after, event: event.slice(0, -1) }, { ...before }, `version ${version}`)
        assert.equal(Number(await versionOf(place)), SCHEMA_VERSION)
        assert.deepEqual(await shapeOf(place), shape, `version ${version}`)
        count += Object.values(before).flat().length
      }
      t.diagnostic(`versions ${VERSIONS.join(', ')} to ${SCHEMA_VERSION}: ${count} rows kept`)
    })

    test('one of a later version is refused with what to do, and left as it was', async (t) => {
      const place = await placeOf(t)
      await leave(place, SCHEMA_VERSION)
      const later = SCHEMA_VERSION + 1
      await execute(place, `PRAGMA user_version = ${later}`, `UPDATE schema_version SET version = ${later}`)
      await assert.rejects(openStore(place, ignore), {
        code: 'ERR_AUTHORITY_STORE_NEWER',
        message: `it was written by a newer version (schema ${later}; this program knows ${SCHEMA_VERSION})`,
        next: /^start the newer version/,
      })
      assert.equal(Number(await versionOf(place)), later)
    })

    for (const [failpoint, left] of [
      ['schema.before-commit', 'the old one'],
      ['schema.after-commit', 'the new one'],
    ] as const)
      test(`killed at ${failpoint}, it is ${left}, and the next start goes on`, async (t) => {
        const place = await placeOf(t)
        const [oldest = 0] = VERSIONS
        const before = await leave(place, oldest)
        endAt(place, failpoint)
        assert.equal(Number(await versionOf(place)), left === 'the old one' ? oldest : SCHEMA_VERSION)
        assert.deepEqual(await rowsOf(place), before)
        await (await openStore(place, ignore)).close()
        assert.equal(Number(await versionOf(place)), SCHEMA_VERSION)
        assert.deepEqual(await rowsOf(place), before)
      })

    test('one that cannot be led on to its end stays as it was, all of it', async (t) => {
      const place = await placeOf(t)
      const [oldest = 0] = VERSIONS
      const before = await leave(place, oldest)
      // In the way of a later one of the upgrades.
      const inTheWay = 'CREATE TABLE ledger_entry (id INTEGER)'
      await execute(place, inTheWay, inTheWay)
      const shape = await shapeOf(place)
      await assert.rejects(openStore(place, ignore), { name: 'AuthorityError' })
      assert.equal(Number(await versionOf(place)), oldest)
      assert.deepEqual(await shapeOf(place), shape)
      await execute(place, 'DROP TABLE ledger_entry', 'DROP TABLE ledger_entry')
      await (await openStore(place, ignore)).close()
      assert.deepEqual(await rowsOf(place), before)
    })
  })
