// The schema of login: its tables are those of the types, and what they say must hold does.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { LOGIN_PART, type SchemaWords, VERSION_1 } from '../src/store/schema.ts'
import { PRIMARY_KEYS } from '../src/store/tables.ts'
import { rowsOfVersion1, UPGRADED } from './support/earlier.ts'
import { SQLITE_WORDS, testStore } from './support/store.ts'

suite('the part of the store', () => {
  test('has the tables that it says, each with the primary key that it says', (t) => {
    const { database } = testStore(t)
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid").all()
    assert.deepEqual(new Set(tables.map(({ name }) => name)), new Set(Object.keys(LOGIN_PART.primaryKeys)))
    for (const [table, keys] of Object.entries(PRIMARY_KEYS)) {
      const columns = database.prepare(`SELECT name, pk FROM pragma_table_info('${table}') WHERE pk > 0 ORDER BY pk`)
      assert.deepEqual(
        columns.all().map(({ name }) => name),
        keys,
      )
    }
  })

  test('refers to nothing that a copy has not written before', (t) => {
    const { database } = testStore(t)
    const order = Object.keys(LOGIN_PART.primaryKeys)
    for (const [index, table] of order.entries())
      for (const { table: other } of database.prepare(`PRAGMA foreign_key_list(${table})`).all())
        assert.ok(order.indexOf(String(other)) < index, `${table} refers to ${other}`)
  })

  test('is in the words of whoever takes it up', () => {
    const words: SchemaWords = {
      database: 'postgresql',
      integer: 'INT8',
      text: 'WORDS',
      octets: 'BYTEA',
      strict: '',
      withoutRowid: '',
    }
    const schema = LOGIN_PART.schemaIn(words)
    assert.doesNotMatch(schema, /\b(?:INTEGER|TEXT|BLOB|STRICT)\b/)
  })

  test('of version 1 is led on with all of its rows, and is then as a new one is', (t) => {
    const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true })
    t.after(() => database.close())
    database.exec(VERSION_1(SQLITE_WORDS) + rowsOfVersion1("x'00'"))
    // In one transaction, as the store of the house does it.
    for (const upgrade of Object.values(LOGIN_PART.upgrades))
      database.exec(`BEGIN IMMEDIATE; ${upgrade(SQLITE_WORDS)}; COMMIT`)
    for (const [table, row] of Object.entries(UPGRADED))
      assert.deepEqual({ ...database.prepare(`SELECT * FROM ${table}`).get() }, row)
    const shapeOf = (one: DatabaseSync) =>
      one
        .prepare("SELECT name, sql FROM sqlite_schema WHERE name LIKE 'login%' ORDER BY name")
        .all()
        .map(({ name, sql }) => [name, sql])
    assert.deepEqual(shapeOf(database), shapeOf(testStore(t).database))
    assert.deepEqual(database.prepare('PRAGMA foreign_key_check').all(), [])
    assert.throws(() => database.exec('DELETE FROM login_account'), /FOREIGN KEY/)
    assert.throws(() => database.exec('UPDATE login_account SET record = NULL'), /CHECK/)
    assert.throws(() => database.exec('SELECT password_at FROM login_account'), /no such column/)
  })

  test('has a number for each row that may be long, and for none that is short', (t) => {
    const { database } = testStore(t)
    const numbered = database.prepare(
      "SELECT name FROM pragma_table_list WHERE wr = 0 AND name LIKE 'login%' ORDER BY name",
    )
    assert.deepEqual(
      numbered.all().map(({ name }) => name),
      ['login_account', 'login_device', 'login_session'],
    )
  })

  test('takes no account that is open without a password', (t) => {
    const { database } = testStore(t)
    const insert = (columns: string, values: string) => () =>
      database.exec(
        `INSERT INTO login_account (account, door, name${columns}) VALUES ('carol', 'bank', 'Carol'${values})`,
      )
    assert.throws(insert(', opened_at', ', 1'), /CHECK/)
    assert.throws(insert(', opened_at, record', ", 1, 'r'"), /CHECK/)
    insert(', opened_at, record, of_password', ", 1, 'r', 'p'")()
    assert.throws(insert('', ''), /UNIQUE/)
  })

  test('takes no rows of accounts that are not there, nor half an end of a session', (t) => {
    const { database } = testStore(t)
    const fails = (sql: string, why: RegExp) => assert.throws(() => database.exec(sql), why)
    const device = "INSERT INTO login_device VALUES ('d', 'carol', 'n', 'set-up', 0, 1, 1, NULL, NULL)"
    fails(device, /FOREIGN KEY/)
    database.exec("INSERT INTO login_account (account, door, name) VALUES ('carol', 'bank', 'Carol')")
    database.exec(device)
    fails("INSERT INTO login_device VALUES ('e', 'carol', 'n', 'x', 2, 1, 1, NULL, NULL)", /CHECK/)
    fails("INSERT INTO login_recovery_code VALUES (x'00', 'dave', NULL)", /FOREIGN KEY/)
    const session = (device: string, ended: string) =>
      `INSERT INTO login_session VALUES ('s', 'carol', 'bank', ${device}, NULL, x'00', NULL, 1, NULL, 1, 2, '[]', '[]', '{}', ${ended})`
    fails(session('NULL', 'NULL, NULL'), /CHECK/)
    fails(session("'d'", '5, NULL'), /CHECK/)
    database.exec(session("'d'", "5, 'ERR_PERSON_SIGNED_OUT'"))
    const waiting = (kind: string, readyAt: string) =>
      `INSERT INTO login_waiting VALUES ('w', 'carol', '${kind}', '42', '[]', NULL, NULL, 'open', 1, 2, ${readyAt})`
    fails(waiting('recovery', 'NULL'), /CHECK/)
    fails(waiting('device', '5'), /CHECK/)
    fails(waiting('other', 'NULL'), /CHECK/)
    database.exec(waiting('recovery', '5'))
  })
})
