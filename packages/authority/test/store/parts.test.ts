// Parts of the store that other programs bring: made, led on, written and moved with it, on both databases.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AccountAct, StorePart } from '@countersign/authority'
import { withPostgresql } from '../../../../interop/postgresql.ts'
import { MAX_ENTRY_OCTETS } from '../../src/ledger/bundle.ts'
import { moveStore } from '../../src/store/move.ts'
import { openPart } from '../../src/store/part-of-store.ts'
import { SCHEMA_VERSION } from '../../src/store/schema.ts'
import { openStore } from '../../src/store/store.ts'
import { START, temporaryDirectory } from '../support/core.ts'
import { GUEST_VERSION_1, GUESTS, type GuestTables } from '../support/guests.ts'
import { execute, PLACES, postgresqlPlace, setBack } from '../support/stores.ts'

const ignore = () => undefined
const quiet = { log: ignore, onTable: ignore }
const NEWER: StorePart = { ...GUESTS, version: 3, upgrades: { ...GUESTS.upgrades, 2: () => '' } }

const invited = (account: string, evidence = 'a letter'): AccountAct => ({
  evidence,
  act: 'invited',
  door: 'bank',
  account,
  at: START,
})

const guest = (account: string) => ({ account, door: 'bank', device: null, invited_at: START.epochMilliseconds })

const versionsIn = async (place: string) => {
  const query = 'SELECT name, version FROM store_part ORDER BY name'
  return (await execute(place, query, query)).map((row) => {
    const { name, version } = row as { name: unknown; version: unknown }
    return [name, Number(version)]
  })
}

for (const [what, placeOf, options] of PLACES)
  suite(`parts of a store in ${what}`, options, () => {
    const open = async (t: TestContext, place: string, parts: readonly StorePart[]) => {
      const store = await openStore(place, ignore, ignore, parts)
      let isOpen = true
      const close = async () => {
        if (isOpen) await store.close()
        isOpen = false
      }
      t.after(close)
      return { store, close }
    }

    test('are made with it, and an act with its entry in the ledger is one transaction', async (t) => {
      const { store } = await open(t, await placeOf(t), [GUESTS])
      const part = openPart<GuestTables>(store, 'guest', ignore)
      const answer = await part.commit(async ({ db, record }) => {
        await db.insertInto('guest_account').values(guest('carol')).execute()
        await record(invited('carol'))
        return 'done'
      })
      assert.equal(answer, 'done')
      assert.deepEqual(
        (await part.db.selectFrom('guest_account').selectAll().execute()).map((row) => ({ ...row })),
        [guest('carol')],
      )
      await store.commit(({ ledger }) => ledger.number(9))
      const entries = (await store.ledger.from(0, 9)).map((octets) => new TextDecoder().decode(octets))
      assert.deepEqual(entries, [
        `{"version":1,"kind":"account","at":"${START}","account":"carol","door":"bank","act":"invited","evidence":"a letter"}`,
      ])
      const party = await store.parties.byName('carol')
      assert.deepEqual([party?.kind, party?.labels], ['person', []])
    })

    test('what was said of a party before stays', async (t) => {
      const { store } = await open(t, await placeOf(t), [GUESTS])
      await store.commit(async ({ parties }) => {
        await parties.ensure('robot', START)
        await parties.change('robot', { kind: 'device', labels: ['site:berlin'] })
      })
      await openPart(store, 'guest', ignore).commit(({ record }) => record(invited('robot')))
      const party = await store.parties.byName('robot')
      assert.deepEqual([party?.kind, party?.labels], ['device', ['site:berlin']])
    })

    test('nothing of an act stays that throws, whose entry is too long, or that the database refuses', async (t) => {
      const { store } = await open(t, await placeOf(t), [GUESTS])
      const part = openPart<GuestTables>(store, 'guest', ignore)
      const act = (account: string, more: (record: (entry: AccountAct) => Promise<void>) => Promise<void>) =>
        part.commit(async ({ db, record }) => {
          await db.insertInto('guest_account').values(guest(account)).execute()
          await record(invited(account))
          await more(record)
        })
      const thrown = new Error('thought better of it')
      const results = await Promise.allSettled([
        act('ann', () => Promise.reject(thrown)),
        act('ben', (record) => record(invited('ben', 'x'.repeat(MAX_ENTRY_OCTETS)))),
        act('carol', async () => undefined),
      ])
      assert.deepEqual(
        results.map(({ status }) => status),
        ['rejected', 'rejected', 'fulfilled'],
      )
      assert.equal((results[0] as PromiseRejectedResult).reason, thrown)
      assert.equal((results[1] as PromiseRejectedResult).reason.code, 'ERR_LEDGER_ENTRY_LIMIT')
      await assert.rejects(act('carol', async () => undefined))
      const rows = await part.db.selectFrom('guest_account').select('account').execute()
      assert.deepEqual(
        rows.map(({ account }) => account),
        ['carol'],
      )
      assert.equal(await store.ledger.waiting(), 1)
      assert.equal(await store.parties.byName('ann'), undefined)
      assert.equal(await store.parties.byName('ben'), undefined)
    })

    test('a part that the store was opened without has nothing to ask', async (t) => {
      const { store } = await open(t, await placeOf(t), [GUESTS])
      assert.throws(() => openPart(store, 'login', ignore), TypeError)
      await assert.rejects(
        store.commit(async (tx) => void tx.part('login')),
        TypeError,
      )
    })

    test('are led on with their rows, stay where a start lacks them, and are counted by themselves', async (t) => {
      const place = await placeOf(t)
      const first = await open(t, place, [GUEST_VERSION_1])
      const before = openPart<GuestTables>(first.store, 'guest', ignore)
      await before.commit(({ db }) => db.insertInto('guest_account').values(guest('carol')).execute())
      await first.close()
      assert.deepEqual(await versionsIn(place), [['guest', 1]])
      await (await open(t, place, [])).close()
      assert.deepEqual(await versionsIn(place), [['guest', 1]])
      const { store, close } = await open(t, place, [
        GUESTS,
        { ...GUEST_VERSION_1, name: 'other', primaryKeys: {}, schemaIn: () => '' },
      ])
      const acts = await openPart<GuestTables>(store, 'guest', ignore).db.selectFrom('guest_act').selectAll().execute()
      assert.deepEqual(
        acts.map((row) => ({ ...row })),
        [{ id: 1, account: 'carol', door: 'bank', act: 'invited' }],
      )
      await close()
      assert.deepEqual(await versionsIn(place), [
        ['guest', 2],
        ['other', 1],
      ])
    })

    test('come to a store of an earlier program in the transaction of its upgrade', async (t) => {
      const place = await placeOf(t)
      await (await open(t, place, [])).close()
      await setBack(place, SCHEMA_VERSION - 1)
      await (await open(t, place, [GUESTS])).close()
      assert.deepEqual(await versionsIn(place), [['guest', 2]])
    })

    test('a newer one is refused with what to do, and everything left as it was', async (t) => {
      const place = await placeOf(t)
      await (await open(t, place, [NEWER])).close()
      const other = {
        ...GUEST_VERSION_1,
        name: 'other',
        primaryKeys: {},
        schemaIn: () => 'CREATE TABLE other (id INTEGER)',
      }
      await assert.rejects(openStore(place, ignore, ignore, [other, GUESTS]), {
        code: 'ERR_AUTHORITY_STORE_NEWER',
        message: 'its part guest was written by a newer version (3; this program knows 2)',
        next: /^start the newer version/,
      })
      assert.deepEqual(await versionsIn(place), [['guest', 3]])
      await (await open(t, place, [])).close()
    })

    test('one that cannot be made, or led on, leaves the store as it was', async (t) => {
      const place = await placeOf(t)
      const broken = {
        ...GUESTS,
        schemaIn: () => 'CREATE TABLE guest_account (id INTEGER); CREATE TABLE guest_account (id INTEGER)',
      }
      await assert.rejects(openStore(place, ignore, ignore, [broken]), { name: 'AuthorityError' })
      await (await open(t, place, [GUEST_VERSION_1])).close()
      const gap = { ...GUESTS, upgrades: {} }
      await assert.rejects(openStore(place, ignore, ignore, [gap]), {
        code: 'ERR_AUTHORITY_STORE',
        message: 'nothing leads its part guest on from 1',
      })
      assert.deepEqual(await versionsIn(place), [['guest', 1]])
    })

    for (const [why, parts, message] of [
      ['the same name twice', [GUESTS, NEWER], /two parts of the store are called guest/],
      ['a name that is none', [{ ...GUESTS, name: 'guest; DROP' }], /is no name/],
      [
        'a table that could be another’s',
        [{ ...GUESTS, primaryKeys: { certificate: ['id'] } }],
        /does not begin with guest_/,
      ],
      ['no version', [{ ...GUESTS, version: 0 }], /has no version/],
    ] as const)
      test(`${why}: refused before anything is opened`, async (t) => {
        const place = await placeOf(t)
        await assert.rejects(openStore(place, ignore, ignore, parts), {
          code: 'ERR_AUTHORITY_OPTION',
          path: 'parts',
          message,
        })
      })

    for (const [failpoint, left] of [
      ['schema.before-commit', []],
      ['schema.after-commit', [['guest', 2]]],
    ] as const)
      test(`killed at ${failpoint}, it has them or it has not`, async (t) => {
        const place = await placeOf(t)
        await (await open(t, place, [])).close()
        const script = `
          import { openStore } from ${JSON.stringify(new URL('../../src/store/store.ts', import.meta.url).href)}
          import { GUESTS } from ${JSON.stringify(new URL('../support/guests.ts', import.meta.url).href)}
          await openStore(${JSON.stringify(place)}, () => undefined, (name) => {
            if (name === ${JSON.stringify(failpoint)}) process.kill(process.pid, 'SIGKILL')
          }, [GUESTS])`
        const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
          encoding: 'utf8',
          cwd: fileURLToPath(new URL('../..', import.meta.url)),
        })
        assert.equal(signal, 'SIGKILL', stderr)
        assert.deepEqual(await versionsIn(place), left)
        await (await open(t, place, [GUESTS])).close()
        assert.deepEqual(await versionsIn(place), [['guest', 2]])
      })
  })

suite('parts of a store that is moved into PostgreSQL', withPostgresql, () => {
  /** A directory with a store in which both tables have rows, and numbers were given that no row has any more. */
  async function filled(t: TestContext, part: StorePart = GUESTS): Promise<string> {
    const path = join(temporaryDirectory(t), 'store.db')
    const store = await openStore(path, ignore, ignore, [part])
    await openPart<GuestTables>(store, 'guest', ignore).commit(async ({ db, record }) => {
      for (const account of ['é', 'carol', 'bob']) {
        await db.insertInto('guest_account').values(guest(account)).execute()
        if (part === GUEST_VERSION_1) continue
        await db.insertInto('guest_act').values({ account, door: 'bank', act: 'invited' }).execute()
        await record(invited(account))
      }
      if (part !== GUEST_VERSION_1) await db.deleteFrom('guest_act').where('id', '=', 3).execute()
    })
    await store.close()
    return dirname(path)
  }

  test('go with it, and their numbers go on', async (t) => {
    const [directory, url] = [await filled(t), await postgresqlPlace()]
    const { tables } = await moveStore(directory, url, { ...quiet, parts: [GUESTS] })
    assert.deepEqual(
      tables.filter(({ table }) => /^(?:guest|store)_/.test(table)).map(({ table, rows }) => [table, rows]),
      [
        ['store_part', 1],
        ['guest_account', 3],
        ['guest_act', 2],
      ],
    )
    assert.deepEqual(await versionsIn(url), [['guest', 2]])
    const store = await openStore(url, ignore, ignore, [GUESTS])
    t.after(() => store.close())
    const { db } = openPart<GuestTables>(store, 'guest', ignore)
    assert.deepEqual(
      (await db.selectFrom('guest_account').select('account').orderBy('account').execute()).map((row) => row.account),
      ['bob', 'carol', 'é'],
    )
    const next = { account: 'dan', door: 'bank', act: 'invited' }
    const { id } = await db.insertInto('guest_act').values(next).returning('id').executeTakeFirstOrThrow()
    assert.equal(id, 4)
  })

  test('are led on where the file is of an earlier program, and a part that it has not is not made', async (t) => {
    const [directory, url] = [await filled(t, GUEST_VERSION_1), await postgresqlPlace()]
    const other = { ...GUEST_VERSION_1, name: 'other', primaryKeys: {}, schemaIn: () => '' }
    const { kept, tables } = await moveStore(directory, url, { ...quiet, parts: [other, GUESTS] })
    assert.deepEqual(await versionsIn(url), [['guest', 2]])
    // Begun anew, it finds what it has written.
    renameSync(kept, join(directory, 'store.db'))
    assert.deepEqual((await moveStore(directory, url, { ...quiet, parts: [GUESTS] })).tables, tables)
  })

  test('one that the program does not know, or another account there, stops the move', async (t) => {
    const [directory, url] = [await filled(t), await postgresqlPlace()]
    await assert.rejects(moveStore(directory, url, quiet), {
      code: 'ERR_AUTHORITY_STORE_NEWER',
      message: 'it has a part that this program does not know: guest',
    })
    await assert.rejects(moveStore(directory, url, { ...quiet, parts: [GUESTS, GUESTS] }), {
      code: 'ERR_AUTHORITY_OPTION',
    })
    const store = await openStore(url, ignore, ignore, [GUESTS])
    await openPart<GuestTables>(store, 'guest', ignore).commit(({ db }) =>
      db.insertInto('guest_account').values(guest('mallory')).execute(),
    )
    await store.close()
    await assert.rejects(moveStore(directory, url, { ...quiet, parts: [GUESTS] }), {
      code: 'ERR_AUTHORITY_STORE_OCCUPIED',
    })
  })
})
