// Every question of the store has an index: nothing reads a whole table. Asked of SQLite's planner.
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { Kysely } from 'kysely'
import { createCertificateStore } from '../../src/store/certificates.ts'
import { createExpiryStore } from '../../src/store/expiry.ts'
import { createInvitationStore } from '../../src/store/invitations.ts'
import { createIssuerStore } from '../../src/store/issuers.ts'
import { createKeyStore } from '../../src/store/keys.ts'
import { createPartyStore } from '../../src/store/parties.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import type { CertificateFilter } from '../../src/store/search.ts'
import { sqliteDialect } from '../../src/store/sqlite/dialect.ts'
import { createStatusStore } from '../../src/store/status.ts'
import type { Tables } from '../../src/store/tables.ts'
import { createWatchStore } from '../../src/store/watch.ts'
import { START } from '../support/core.ts'
import { sighting } from '../support/sighting.ts'
import { row } from '../support/stores.ts'

suite('questions to the store', () => {
  test('have their index each', async (t) => {
    const database = new DatabaseSync(':memory:')
    t.after(() => database.close())
    database.exec(SCHEMA.sqlite)
    const asked = new Set<string>()
    const db = new Kysely<Tables>({ dialect: sqliteDialect(database), log: ({ query }) => void asked.add(query.sql) })
    const alone = async () => undefined
    const [certificates, invitations] = [createCertificateStore(db), createInvitationStore(db)]
    const status = createStatusStore(db, alone, null)
    const hash = new Uint8Array(32)
    await certificates.byId(1)
    await certificates.bySha256(hash)
    await certificates.bySerial('0f')
    await certificates.byParty('alice', 10)
    await certificates.currentOfParty('alice', START)
    await certificates.currentOfAddress('alice@acme.example', 'person-encryption', START, 10)
    await certificates.renewedOf('alice', START, 10)
    await certificates.takeKey(hash, 'alice', START, START)
    await certificates.revokedOf(2, START, 0)
    await certificates.revokedBy(1)
    await certificates.revokedAfter(2, 1)
    await certificates.isRevokedAfter(2, 1)
    await certificates.lastEndOf(2)
    await certificates.hasCurrentOf(2, START)
    const filters: readonly CertificateFilter[] = [
      { name: 'a.example' },
      { namePrefix: 'a.' },
      { spkiSha256: hash },
      { profile: 'client' },
      { issuer: 2 },
      { profile: 'client', issuer: 2 },
      { serial: '0f' },
      { party: 'alice' },
      {},
    ]
    for (const filter of filters)
      for (const state of [undefined, 'valid', 'expired', 'revoked'] as const)
        for (const expiresBefore of [undefined, START])
          await certificates.list({ now: START, limit: 10, ...filter, state, expiresBefore })
    for (const filter of [
      { door: 'web' },
      { door: 'web', seenSince: START },
      { seenSince: START },
      { notSeenSince: START },
      { neverSeen: true },
      { neverSeen: true, profile: 'client' },
    ])
      await certificates.list({ now: START, limit: 10, ...filter })
    await certificates.succeed(hash, 'alice', 2)
    const watch = createWatchStore(db)
    const met = sighting(hash, 1, { vouched: 'own' })
    await watch.rowsOf([met.sha256])
    await watch.see([{ ...met, row: 1 }], START)
    await watch.meetUnissued([met], START)
    for (const vouched of [undefined, 'own'] as const) await watch.unissued({ vouched, limit: 10, after: 1 })
    const expiry = createExpiryStore(db)
    await expiry.due(START, 10)
    await expiry.mark(1, true, START)
    await expiry.lookAgain(START)
    await expiry.replacementsOf([{ ...row('alice'), id: 1 }])
    for (const isOverdue of [undefined, true, false])
      for (const before of [undefined, START])
        await expiry.ending({ now: START, isOverdue, before, limit: 10, after: { key: 1, id: 1 } })
    await expiry.dueLists(START, 10)
    await expiry.newestLists(10)
    await expiry.newestLists(10, START)
    await expiry.markList({ issuer: 2, number: 1, thisUpdate: START, nextUpdate: START }, START)
    await expiry.ownersOf(['alice', 'bob'])
    const keys = createKeyStore(db)
    for (const after of [undefined, { firstSeen: 1, spkiSha256: hash }])
      await keys.ofParty({ party: 'alice', limit: 10, after })
    await keys.certificatesOf(hash, 10)
    await invitations.byId(hash)
    await invitations.isInvited('alice', START)
    await invitations.endOfParty('alice', START)
    await invitations.eraseExpired(START, 10)
    const parties = createPartyStore(db)
    await parties.ensure('alice', START)
    await parties.byName('alice')
    await parties.isLocked('alice', START)
    await parties.locks(START)
    await parties.lock('alice', { at: START })
    await parties.unlock('alice')
    await parties.change('alice', { owner: 'bob', labels: ['group:ops'] })
    for (const query of [
      { kind: 'person' },
      { owner: 'bob' },
      { role: 'viewer' },
      { label: 'group:ops' },
      { locked: true },
      {},
    ] as const)
      await parties.list({ ...query, now: START, limit: 10, after: 'a' })
    const issuers = createIssuerStore(db)
    await issuers.byName('a')
    await issuers.byId(1)
    await issuers.byKey(hash)
    await issuers.signerOf('client')
    await issuers.published(9)
    await issuers.crossesOf(['a', 'b'], START)
    for (const state of [undefined, 'next'] as const) await issuers.list({ state, after: 'a', limit: 9 })
    await issuers.change('a', { state: 'next' })
    await issuers.setProfiles('a', [], false)
    await status.addEvent('status', START)
    await status.newestStatus()
    await status.newest()
    await status.eventsAfter(0, 10)
    await status.newestCrl(1)
    assert.ok(asked.size > 20)
    // Of an insert, the plan names what refers to the table, which is looked at only where a row is replaced.
    for (const sql of [...asked].filter((each) => !each.startsWith('insert'))) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
      for (const { detail } of plan as { detail: string }[]) {
        // `seen` are the values that the statement itself has. One row from the end of a table in its own order is no scan, though it is called so.
        const isOfTheEnd = /^select "sequence" from "event" order by "sequence" desc limit/.test(sql)
        if (detail.startsWith('SCAN') && !isOfTheEnd)
          assert.match(detail, /CONSTANT ROW|USING (?:COVERING )?INDEX|newest|SCAN seen$/, sql)
        assert.doesNotMatch(detail, /TEMP B-TREE FOR ORDER BY/, sql)
      }
    }
  })
})
