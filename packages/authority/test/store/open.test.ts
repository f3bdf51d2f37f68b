import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { openDatabase } from '../../src/store/open.ts'
import { openStore } from '../../src/store/store.ts'
import { temporaryDirectory } from '../support/core.ts'

const KIND = { version: 3, schema: 'CREATE TABLE thing (value TEXT) STRICT', synchronous: 'FULL' } as const

const ignore = () => undefined

/** Of version 1, as far as it was changed since. */
const FIRST_SCHEMA = `
CREATE TABLE certificate (
  id INTEGER PRIMARY KEY, issuer INTEGER NOT NULL, serial TEXT NOT NULL, sha256 BLOB NOT NULL UNIQUE,
  spki_sha256 BLOB NOT NULL, party TEXT NOT NULL, profile TEXT NOT NULL, names TEXT NOT NULL, der BLOB NOT NULL,
  not_before INTEGER NOT NULL, not_after INTEGER NOT NULL, issued_at INTEGER NOT NULL, method TEXT NOT NULL,
  evidence TEXT NOT NULL, revoked_at INTEGER, reason TEXT, revoked_by INTEGER REFERENCES event (sequence),
  UNIQUE (issuer, serial)
) STRICT;
CREATE INDEX certificate_key ON certificate (spki_sha256);
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('status', 'crl'))
) STRICT;
CREATE TABLE crl (
  issuer INTEGER NOT NULL REFERENCES certificate (id), number INTEGER NOT NULL, der BLOB NOT NULL,
  this_update INTEGER NOT NULL, next_update INTEGER NOT NULL, covers INTEGER NOT NULL, PRIMARY KEY (issuer, number)
) STRICT;
CREATE TABLE invitation (id BLOB PRIMARY KEY, party TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX event_status ON event (sequence) WHERE kind = 'status';`

suite('opening a database', () => {
  test('it is made with mode 0600, its schema and its version, and found again', (t) => {
    const path = join(temporaryDirectory(t), 'x.db')
    const db = openDatabase(path, KIND)
    db.exec("INSERT INTO thing VALUES ('kept')")
    db.close()
    const again = openDatabase(path, KIND)
    assert.equal(again.prepare('SELECT value FROM thing').get()?.['value'], 'kept')
    assert.equal(again.prepare('PRAGMA user_version').get()?.['user_version'], 3)
    assert.equal(again.prepare('PRAGMA synchronous').get()?.['synchronous'], 2)
    assert.equal(again.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    for (const file of readdirSync(join(path, '..')))
      assert.equal(statSync(join(path, '..', file)).mode & 0o777, 0o600, file)
    again.close()
  })

  test('another process is refused at once while it is open', async (t) => {
    const path = join(temporaryDirectory(t), 'store.db')
    const store = await openStore(path, ignore)
    t.after(() => store.close())
    const script = `
      import { openStore } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)}
      try { await openStore(${JSON.stringify(path)}, () => undefined) } catch ({ code, path, next }) { console.log(JSON.stringify({ code, path, next })) }`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
      encoding: 'utf8',
    })
    assert.deepEqual(JSON.parse(stdout), {
      code: 'ERR_AUTHORITY_IN_USE',
      path,
      next: 'stop the other process, or use another data directory',
    })
  })

  test('a second opening in the same process is refused too', async (t) => {
    const path = join(temporaryDirectory(t), 'store.db')
    const store = await openStore(path, ignore)
    t.after(() => store.close())
    await assert.rejects(openStore(path, ignore), { name: 'AuthorityError', code: 'ERR_AUTHORITY_IN_USE' })
  })

  test('one from a newer version is refused, and left as it was', (t) => {
    const path = join(temporaryDirectory(t), 'x.db')
    openDatabase(path, { ...KIND, version: 4 }).close()
    assert.throws(() => openDatabase(path, KIND), {
      code: 'ERR_AUTHORITY_STORE_NEWER',
      path,
      message: 'it was written by a newer version (schema 4; this program knows 3)',
    })
    const db = new DatabaseSync(path)
    assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 4)
    db.close()
  })

  test('one from an older version is led on to this one, step by step, with what it holds', (t) => {
    const path = join(temporaryDirectory(t), 'x.db')
    openDatabase(path, KIND).close()
    const upgrades = {
      3: 'ALTER TABLE thing ADD COLUMN size INTEGER',
      4: 'ALTER TABLE thing RENAME COLUMN size TO octets',
    }
    const db = openDatabase(path, { ...KIND, schema: 'THIS IS NOT RUN', version: 5, upgrades })
    assert.equal(db.prepare('SELECT octets FROM thing').get(), undefined)
    assert.equal(db.prepare('PRAGMA user_version').get()?.['user_version'], 5)
    db.close()
  })

  test('a store of version 1 goes on with its events, what refers to them, and the next number', async (t) => {
    const path = join(temporaryDirectory(t), 'store.db')
    const old = new DatabaseSync(path)
    old.exec(FIRST_SCHEMA)
    old.exec(`
      INSERT INTO event (sequence, at, kind) VALUES (1, 5, 'crl'), (7, 6, 'status');
      INSERT INTO certificate VALUES
        (1, 1, '0f', x'01', x'02', 'alice', 'client', '[{"kind":"dNSName","value":"a.example"}]', x'30', 0, 9, 3,
         'token', '', 6, 'keyCompromise', 7);
      PRAGMA user_version = 1`)
    old.close()
    const store = await openStore(path, ignore)
    t.after(() => store.close())
    assert.deepEqual(
      (await store.status.eventsAfter(0, 9)).map(({ sequence, kind }) => [sequence, kind]),
      [
        [1, 'crl'],
        [7, 'status'],
      ],
    )
    const nine = Temporal.Instant.fromEpochMilliseconds(9)
    assert.equal(await store.commit(({ status }) => status.addEvent('policy', nine)), 8)
    assert.deepEqual(
      (await store.certificates.revokedBy(7)).map(({ party }) => party),
      ['alice'],
    )
    // Whose the key is, and that it is nobody's any more, is known as before.
    assert.equal(await store.certificates.keyTaken(Uint8Array.of(2), 'alice'), true)
    assert.equal(await store.certificates.keyTaken(Uint8Array.of(3), 'alice'), false)
    const row = (await store.certificates.byId(1)) ?? assert.fail('its certificate')
    const unheardOf = store.commit(({ certificates }) => certificates.revoke(row, nine, 'unspecified', 99))
    await assert.rejects(unheardOf, 'what refers to events still must refer to one')
  })

  for (const [what, contents] of [
    ['random octets', Buffer.alloc(8192, 'x')],
    ['a truncated header', Buffer.from('SQLite format 3\0')],
  ] as const)
    test(`${what} are refused as malformed`, (t) => {
      const path = join(temporaryDirectory(t), 'x.db')
      writeFileSync(path, contents)
      assert.throws(() => openDatabase(path, KIND), { code: 'ERR_AUTHORITY_STORE_MALFORMED', path })
    })

  test('a place where nothing can be made is refused', (t) => {
    const path = join(temporaryDirectory(t), 'absent', 'x.db')
    assert.throws(() => openDatabase(path, KIND), { name: 'AuthorityError', path })
  })
})
