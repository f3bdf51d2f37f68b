// Rows counted in a store that nobody has open, or that somebody has.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { countRows } from '../../src/store/count-rows.ts'
import { openStore } from '../../src/store/store.ts'
import { temporaryDirectory } from '../support/core.ts'
import { GUESTS } from '../support/guests.ts'
import { execute, PLACES } from '../support/stores.ts'

const ignore = () => undefined

for (const [what, placeOf, options] of PLACES)
  suite(`rows counted in ${what}`, options, () => {
    test('by a column; none where there is no such table', async (t) => {
      const place = await placeOf(t)
      const store = await openStore(place, ignore, ignore, [GUESTS])
      await store.close()
      const insert =
        "INSERT INTO guest_account (account, door, device, invited_at) VALUES ('carol', 'bank', NULL, 1), ('dan', 'bank', NULL, 1), ('eve', 'shop', NULL, 1)"
      await execute(place, insert, insert)
      assert.deepEqual(
        await countRows(place, 'guest_account', 'door'),
        new Map([
          ['bank', 2],
          ['shop', 1],
        ]),
      )
      assert.deepEqual(await countRows(place, 'nobody_account', 'door'), new Map())
    })
  })

suite('rows that cannot be counted', () => {
  test('because a process has the file open, or it is none', async (t) => {
    const place = join(temporaryDirectory(t), 'store.db')
    const store = await openStore(place, ignore, ignore, [GUESTS])
    t.after(() => store.close())
    await assert.rejects(countRows(place, 'guest_account', 'door'), { code: 'ERR_AUTHORITY_IN_USE' })
    const none = join(temporaryDirectory(t), 'none.db')
    writeFileSync(none, 'x'.repeat(4096))
    await assert.rejects(countRows(none, 'guest_account', 'door'), { code: 'ERR_AUTHORITY_STORE_MALFORMED' })
    await assert.rejects(countRows(join(none, 'nowhere'), 'guest_account', 'door'), { name: 'AuthorityError' })
  })

  test('because PostgreSQL is away', async () => {
    await assert.rejects(countRows('postgres://nobody@127.0.0.1:1/none', 'guest_account', 'door'), {
      code: 'ERR_AUTHORITY_STORE',
    })
  })
})
