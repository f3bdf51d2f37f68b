import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { createCertificateStore, type ListQuery, type NewCertificate } from '../../src/store/certificates.ts'
import { createInvitationStore } from '../../src/store/invitations.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { createStatusStore } from '../../src/store/status.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { START, temporaryDirectory } from '../support/core.ts'

function open(t: TestContext): Store {
  const store = openStore(join(temporaryDirectory(t), 'store.db'))
  t.after(() => store.close())
  return store
}

let counter = 0
/** A row; its octets are only told apart here. */
function row(party: string, fields: Partial<NewCertificate> = {}): NewCertificate {
  const octets = new Uint8Array(32)
  new DataView(octets.buffer).setUint32(0, ++counter)
  return {
    issuer: 2,
    serial: counter.toString(16).padStart(32, '4'),
    sha256: octets,
    spkiSha256: octets,
    party,
    profile: 'client',
    names: [{ kind: 'dNSName', value: `${party}.localhost` }],
    der: octets,
    notBefore: START,
    notAfter: START.add({ hours: 24 }),
    issuedAt: START,
    method: 'local',
    evidence: 'test',
    ...fields,
  }
}

suite('certificates in the store', () => {
  test('a row is read as it was written', async (t) => {
    const { commit, certificates } = open(t)
    const certificate = row('alice')
    const id = await commit(() => certificates.add(certificate))
    assert.deepEqual(certificates.byId(id), { ...certificate, id })
    assert.deepEqual(certificates.bySha256(certificate.sha256)?.id, id)
    assert.deepEqual(
      certificates.bySerial(certificate.serial).map((found) => found.id),
      [id],
    )
  })

  test('a serial number is one issuer’s once, and another issuer may have it too', async (t) => {
    const { commit, certificates } = open(t)
    const first = row('alice')
    await commit(() => certificates.add(first))
    await assert.rejects(
      commit(() => certificates.add(row('bob', { serial: first.serial }))),
      /UNIQUE/,
    )
    await commit(() => certificates.add(row('bob', { serial: first.serial, issuer: 3 })))
    assert.equal(certificates.bySerial(first.serial).length, 2)
  })

  test('a key is taken when another party has it, or when it was revoked', async (t) => {
    const { commit, certificates, status } = open(t)
    const certificate = row('alice')
    const id = await commit(() => certificates.add(certificate))
    assert.equal(certificates.keyTaken(certificate.spkiSha256, 'alice'), false)
    assert.equal(certificates.keyTaken(certificate.spkiSha256, 'bob'), true)
    await commit(() => certificates.revoke(id, START, 'superseded', status.addEvent('status', START)))
    assert.equal(certificates.keyTaken(certificate.spkiSha256, 'alice'), true)
  })

  test('lists go page by page through every state, none twice, none left out', async (t) => {
    const { commit, certificates, status } = open(t)
    await commit(() => {
      for (let i = 0; i < 30; i++) {
        const expired = i % 3 === 1
        const id = certificates.add(
          row(i % 2 === 0 ? 'alice' : 'bob', { notAfter: START.add({ seconds: expired ? -10 - (i % 5) : 3600 - i }) }),
        )
        if (i % 3 === 2) certificates.revoke(id, START, 'unspecified', status.addEvent('status', START))
      }
    })
    const walk = (query: Pick<ListQuery, 'party' | 'state'>): number[] => {
      const ids: number[] = []
      let after: ListQuery['after']
      for (;;) {
        const page = certificates.list({ ...query, now: START, limit: 4, ...(after && { after }) })
        ids.push(...page.map(({ id }) => id))
        const last = page.at(-1)
        if (last === undefined) return ids.sort((one, other) => one - other)
        after = { id: last.id, notAfter: last.notAfter.epochMilliseconds }
      }
    }
    const all = Array.from({ length: 30 }, (_, i) => i + 1)
    assert.deepEqual(walk({}), all)
    assert.deepEqual(
      walk({ state: 'valid' }),
      all.filter((id) => id % 3 === 1),
    )
    assert.deepEqual(
      walk({ state: 'expired' }),
      all.filter((id) => id % 3 === 2),
    )
    assert.deepEqual(
      walk({ state: 'revoked' }),
      all.filter((id) => id % 3 === 0),
    )
    assert.deepEqual(
      walk({ party: 'alice' }),
      all.filter((id) => id % 2 === 1),
    )
    for (const [index, state] of (['revoked', 'valid', 'expired'] as const).entries())
      assert.deepEqual(
        walk({ party: 'bob', state }),
        all.filter((id) => id % 2 === 0 && id % 3 === index),
      )
  })

  test('every question has an index: nothing reads the whole table', (t) => {
    const db = new DatabaseSync(':memory:')
    t.after(() => db.close())
    db.exec(SCHEMA)
    // What `prepare` is asked for, taken from a database that writes it down.
    const asked: string[] = []
    const prepare = (sql: string) => {
      asked.push(sql)
      return db.prepare(sql)
    }
    const spy = new Proxy(db, { get: (target, key) => (key === 'prepare' ? prepare : Reflect.get(target, key)) })
    for (const create of [createCertificateStore, createInvitationStore, createStatusStore]) create(spy)
    assert.ok(asked.length > 20)
    for (const sql of asked) {
      const plan = db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((step) => String(step['detail']))
      for (const detail of plan) {
        if (/^SCAN/.test(detail)) assert.match(detail, /CONSTANT ROW|USING (COVERING )?INDEX/, sql)
        assert.doesNotMatch(detail, /TEMP B-TREE FOR ORDER BY/, sql)
      }
    }
  })
})
