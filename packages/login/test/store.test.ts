// The schema of login: its tables are those of the types, and what they say must hold does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { LOGIN_PART, type SchemaWords } from '../src/store/schema.ts'
import { PRIMARY_KEYS } from '../src/store/tables.ts'
import { testStore } from './support/store.ts'

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
    const words: SchemaWords = { integer: 'INT8', text: 'WORDS', octets: 'BYTEA', withoutRowid: '' }
    const schema = LOGIN_PART.schemaIn(words)
    assert.doesNotMatch(schema, /\b(?:INTEGER|TEXT|BLOB|STRICT)\b/)
  })

  test('takes no account that is open without a password', (t) => {
    const { database } = testStore(t)
    const insert = (columns: string, values: string) => () =>
      database.exec(
        `INSERT INTO login_account (account, door, name${columns}) VALUES ('carol', 'bank', 'Carol'${values})`,
      )
    assert.throws(insert(', opened_at', ', 1'), /CHECK/)
    assert.throws(insert(', opened_at, record, of_password', ", 1, 'r', 'p'"), /CHECK/)
    insert(', opened_at, record, of_password, password_at', ", 1, 'r', 'p', 1")()
    assert.throws(insert('', ''), /UNIQUE/)
  })

  test('takes no rows of accounts that are not there, nor half an end of a session', (t) => {
    const { database } = testStore(t)
    const fails = (sql: string, why: RegExp) => assert.throws(() => database.exec(sql), why)
    const device = "INSERT INTO login_device VALUES ('d', 'carol', 'n', '{}', '{}', 'set-up', 0, 1, 1, NULL, NULL)"
    fails(device, /FOREIGN KEY/)
    database.exec("INSERT INTO login_account (account, door, name) VALUES ('carol', 'bank', 'Carol')")
    database.exec(device)
    fails("INSERT INTO login_device VALUES ('e', 'carol', 'n', '{}', '{}', 'x', 2, 1, 1, NULL, NULL)", /CHECK/)
    fails("INSERT INTO login_recovery_code VALUES (x'00', 'dave', 1, NULL)", /FOREIGN KEY/)
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
