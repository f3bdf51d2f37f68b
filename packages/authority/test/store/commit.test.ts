import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { createCommit } from '../../src/store/commit.ts'

function open(t: TestContext): { db: DatabaseSync; rows: () => unknown[] } {
  const db = new DatabaseSync(':memory:')
  t.after(() => db.close())
  db.exec('CREATE TABLE thing (value INTEGER UNIQUE) STRICT')
  return {
    db,
    rows: () =>
      db
        .prepare('SELECT value FROM thing ORDER BY value')
        .all()
        .map((row) => row['value']),
  }
}

const insert = (db: DatabaseSync, value: number) => db.prepare('INSERT INTO thing VALUES (?)').run(value)

suite('commit', () => {
  test('what waits together is one transaction, and each gets its own result', async (t) => {
    const { db, rows } = open(t)
    const commit = createCommit(db, 'x.db')
    const inTransaction: boolean[] = []
    const works = [1, 2, 3].map((value) =>
      commit(() => {
        insert(db, value)
        inTransaction.push(db.isTransaction)
        return value * 10
      }),
    )
    assert.deepEqual(rows(), [], 'nothing runs before the flush')
    assert.deepEqual(await Promise.all(works), [10, 20, 30])
    assert.deepEqual(inTransaction, [true, true, true])
    assert.deepEqual(rows(), [1, 2, 3])
    assert.equal(db.isTransaction, false)
  })

  test('work that throws is undone alone', async (t) => {
    const { db, rows } = open(t)
    const commit = createCommit(db, 'x.db')
    const outcomes = await Promise.allSettled([
      commit(() => insert(db, 1)),
      commit(() => {
        insert(db, 2)
        throw new RangeError('not this one')
      }),
      commit(() => insert(db, 3)),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(rows(), [1, 3])
  })

  test('a broken constraint undoes the work that broke it, and no other', async (t) => {
    const { db, rows } = open(t)
    const commit = createCommit(db, 'x.db')
    const [first, second] = await Promise.allSettled([commit(() => insert(db, 7)), commit(() => insert(db, 7))])
    assert.equal(first.status, 'fulfilled')
    assert.equal(second.status, 'rejected')
    assert.deepEqual(rows(), [7])
  })

  test('work sees what the work before it in the same batch has done', async (t) => {
    const { db, rows } = open(t)
    const commit = createCommit(db, 'x.db')
    const add = (value: number) => {
      insert(db, value)
      return rows().length
    }
    const counts = await Promise.all([1, 2, 3].map((value) => commit(() => add(value))))
    assert.deepEqual(counts, [1, 2, 3])
  })

  test('when the transaction cannot be made, everything that waited is told so', async (t) => {
    const { db } = open(t)
    const commit = createCommit(db, '/somewhere/x.db')
    const waiting = Promise.allSettled([commit(() => 1), commit(() => 2)])
    db.exec('BEGIN')
    const outcomes = await waiting
    db.exec('ROLLBACK')
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.equal(outcome.reason.code, 'ERR_AUTHORITY_STORE')
      assert.equal(outcome.reason.path, '/somewhere/x.db')
    }
    assert.equal(await commit(() => 3), 3, 'the next one works again')
  })
})
