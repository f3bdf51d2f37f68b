// A store moved from its file into PostgreSQL: what `pg` reads there is what `node:sqlite` reads in the file.
import assert from 'node:assert/strict'
import { existsSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { withPostgresql } from '../../../../interop/postgresql.ts'
import { moveStore, type TableCopy } from '../../src/store/move.ts'
import { openStore } from '../../src/store/store.ts'
import { PRIMARY_KEYS } from '../../src/store/tables.ts'
import { START, temporaryDirectory } from '../support/core.ts'
import { execute, freshOctets, postgresqlPlace, row } from '../support/stores.ts'

const log = () => undefined
const quiet = { log, onTable: log }
/** More than are copied at once. */
const CERTIFICATES = 1_203

/** A directory with a store in which every table has rows, and numbers were given that no row has any more. */
async function filled(t: TestContext): Promise<string> {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openStore(path, log)
  await store.commit(async (tx) => {
    await tx.certificates.addAuthority(1, row('authority/root', { profile: 'root', issuer: 1 }))
    await tx.certificates.addAuthority(2, row('authority/issuing', { profile: 'issuing', issuer: 1 }))
    for (let i = 0; i < CERTIFICATES; i++) {
      const party = `pärty-${i}-\u{1f511}"`
      const certificate = row(party, { denied: i % 2 === 0 ? [] : ([{ kind: 'dNSName', value: '*' }] as never) })
      await tx.parties.ensure(party, START)
      await tx.certificates.takeKey(certificate.spkiSha256, certificate.party, START, START)
      await tx.certificates.add(certificate)
    }
    await tx.set('test', '\u{ffff}\u{10000}')
    await tx.set('test/é', '')
    await tx.answers.add(
      { caller: 'local', keySha256: freshOctets() },
      { requestSha256: freshOctets(), at: START, status: 201, body: freshOctets(), isWhole: true },
    )
    const [name, kind, state, profiles] = ['one', 'intermediate', 'active', ['client', 'server']] as const
    await tx.issuers.add({ name, kind, id: 2, state, spkiSha256: freshOctets(), profiles, createdAt: START })
    await tx.issuers.addCross({ issuer: 'one', sha256: freshOctets(), der: freshOctets(), notAfter: START })
    await tx.status.addEvent('status', START)
    await tx.invitations.add({
      id: freshOctets(),
      macKey: freshOctets(),
      party: 'bob',
      profile: 'client',
      names: [],
      createdAt: START,
      expiresAt: START.add({ hours: 1 }),
    })
  })
  await store.close()
  using db = new DatabaseSync(path)
  db.exec(`
    INSERT INTO ledger_entry (octets, position) VALUES (x'00ff', 0), (x'', NULL);
    INSERT INTO party_label (party, label) SELECT name, 'group:' || name FROM party LIMIT 7;
    INSERT INTO crl VALUES (2, 9007199254740991, x'30', 1, 2, 1, NULL);
    INSERT INTO unissued VALUES (7, x'01', x'02', 'other', 'é', '0f', 'CN=a', 'CN=b', 9, 'web', 'caller', 1, 2, 3);
    UPDATE certificate SET revoked_at = 5, reason = 'keyCompromise', revoked_by = 1 WHERE id = 9;
    INSERT INTO event (at, kind) VALUES (1, 'crl');
    DELETE FROM event WHERE sequence = 2;`)
  return dirname(path)
}

const plain = (rows: readonly unknown[]) =>
  rows.map((each) =>
    Object.fromEntries(
      Object.entries(each as object).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ]),
    ),
  )

suite('a store moved into PostgreSQL', withPostgresql, () => {
  test('is the same in every column of every row, and numbers go on', async (t) => {
    const directory = await filled(t)
    const url = await postgresqlPlace()
    const before = new Map<string, unknown[]>()
    {
      using db = new DatabaseSync(join(directory, 'store.db'))
      const tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        .all()
        .map(({ name }) => String(name))
      assert.deepEqual(tables, Object.keys(PRIMARY_KEYS).sort())
      for (const table of tables) {
        before.set(table, plain(db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()))
        // Of parts, `parts.test.ts` has some.
        assert.ok(before.get(table)?.length || table === 'store_part', `${table} has rows`)
      }
    }
    const told: TableCopy[] = []
    const { tables, kept } = await moveStore(directory, url, { log, onTable: (copied) => told.push(copied) })
    assert.deepEqual(told, tables)
    assert.equal(kept, join(directory, 'store.db.moved'))
    assert.ok(existsSync(kept))
    assert.ok(!existsSync(join(directory, 'store.db')))
    for (const [table, rows] of before) {
      const columns = Object.keys(rows[0] ?? { name: '', version: 0 })
      const there = await execute(url, '', `SELECT ${columns.join()} FROM ${table} ORDER BY 1, 2`)
      // `pg` reads BIGINT as text.
      const strings = plain(there).map((each) =>
        Object.values(each).map((value) => (value === null ? null : String(value))),
      )
      assert.deepEqual(
        strings,
        plain(rows).map((each) => Object.values(each).map((value) => (value === null ? null : String(value)))),
        table,
      )
      assert.equal(tables.find((each) => each.table === table)?.rows, rows.length)
    }
    const store = await openStore(url, log)
    t.after(() => store.close())
    assert.equal(await store.commit(({ status }) => status.addEvent('crl', START)), 3)
    const certificate = row('late')
    await store.commit(({ certificates }) => certificates.takeKey(certificate.spkiSha256, 'late', START, START))
    assert.equal(await store.commit(({ certificates }) => certificates.add(certificate)), CERTIFICATES + 3)
  })

  test('that was cut short before the file got its name ends, and writes nothing twice', async (t) => {
    const directory = await filled(t)
    const url = await postgresqlPlace()
    const { tables, kept } = await moveStore(directory, url, quiet)
    renameSync(kept, join(directory, 'store.db'))
    assert.deepEqual((await moveStore(directory, url, quiet)).tables, tables)
    assert.ok(!existsSync(join(directory, 'store.db')))
  })

  test('is refused where the database holds anything else, to the last octet, and the file stays', async (t) => {
    const directory = await filled(t)
    const url = await postgresqlPlace()
    const { kept } = await moveStore(directory, url, quiet)
    renameSync(kept, join(directory, 'store.db'))
    await execute(url, '', "UPDATE certificate SET evidence = 'Test' WHERE id = 1204")
    await assert.rejects(moveStore(directory, url, quiet), {
      code: 'ERR_AUTHORITY_STORE_OCCUPIED',
      message: /certificate/,
    })
    const other = await postgresqlPlace()
    const store = await openStore(other, log)
    await store.commit((tx) => tx.set('whose', 'another'))
    await store.close()
    await assert.rejects(moveStore(directory, other, quiet), { code: 'ERR_AUTHORITY_STORE_OCCUPIED' })
    assert.deepEqual(await execute(other, '', 'SELECT count(*)::int AS n FROM certificate'), [{ n: 0 }])
    assert.ok(existsSync(join(directory, 'store.db')))
  })

  test('is refused while an authority has it open, where there is none, and where an earlier one lies', async (t) => {
    const directory = await filled(t)
    const url = await postgresqlPlace()
    const store = await openStore(join(directory, 'store.db'), log)
    await assert.rejects(moveStore(directory, url, quiet), { code: 'ERR_AUTHORITY_IN_USE' })
    await store.close()
    await assert.rejects(moveStore(temporaryDirectory(t), url, quiet), { code: 'ERR_AUTHORITY_STORE_MISSING' })
    await moveStore(directory, url, quiet)
    await assert.rejects(moveStore(directory, url, quiet), {
      code: 'ERR_AUTHORITY_STORE_MISSING',
      next: /moved already/,
    })
    const again = await openStore(join(directory, 'store.db'), log)
    await again.close()
    await assert.rejects(moveStore(directory, url, quiet), { code: 'ERR_AUTHORITY_EXPORT' })
  })

  test('does nothing where PostgreSQL is not there', async (t) => {
    const directory = await filled(t)
    await assert.rejects(moveStore(directory, 'postgres:///none?host=/nonexistent', quiet), {
      code: 'ERR_AUTHORITY_STORE',
    })
    assert.ok(existsSync(join(directory, 'store.db')))
  })
})
