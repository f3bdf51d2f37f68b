// What an act answered names its entries, and each comes with the proof that anyone can verify offline.
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { checkReceipt, parseVerifierKey } from '@countersign/authority'
import { createReceipts } from '../../src/ledger/receipts.ts'
import { createChanges } from '../../src/status/changes.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, type House, openHouse } from '../support/house.ts'
import { newKey } from '../support/keys.ts'
import { PLACES } from '../support/stores.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON that tests take apart
type Json = any

const keyOf = (directory: string) => parseVerifierKey(readFileSync(join(directory, 'ledger.vkey'), 'utf8').trimEnd())

/** What is asked at `directory`, with its entries as `ledger`. */
async function receiptAt(directory: string, answer: Json, ids: readonly string[] = answer.entries): Promise<Json> {
  const { status, body } = await askLocally(directory, 'GET', `/v1/ledger/entries?ids=${ids}`)
  assert.equal(status, 200, JSON.stringify(body))
  return { ...answer, ledger: body.entries }
}

/** A house in which alice, who has two certificates, was locked, unlocked and revoked. */
async function actedHouse(t: TestContext): Promise<{ house: House; locked: Json; unlocked: Json; revoked: Json }> {
  const house = await openHouse(t)
  for (const _ of [1, 2])
    await house.authority.issueLocal({ party: 'alice', profile: 'client', publicKey: newKey().spki })
  const post = async (path: string, body: object) => {
    const answer = await askLocally(house.directory, 'POST', path, body)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    return receiptAt(house.directory, answer.body)
  }
  const lock = { reason: 'lost on the train', until: '2100-01-01T00:00:00Z' }
  const locked = await post('/v1/parties/alice/lock', lock)
  const unlocked = await post('/v1/parties/alice/unlock', {})
  return { house, locked, unlocked, revoked: await post('/v1/revocations', { subject: 'alice', reason: 'superseded' }) }
}

suite('a receipt', () => {
  test('names its entries, which are in the ledger within the time that one waits, and holds', async (t) => {
    const { house, locked, unlocked, revoked } = await actedHouse(t)
    const key = keyOf(house.directory)
    const kinds = (receipt: Json) => {
      const { entries, findings } = checkReceipt(receipt, key)
      assert.deepEqual(findings, [])
      return entries.map(({ index, says }) => [index, says['kind'], says['party']])
    }
    // What the start has left there comes first.
    const at: number = locked.ledger[0].index
    assert.deepEqual(kinds(locked), [[at, 'locked', 'alice']])
    assert.deepEqual(kinds(unlocked), [[at + 1, 'unlocked', 'alice']])
    assert.deepEqual(kinds(revoked), [
      [at + 2, 'revoked', 'alice'],
      [at + 3, 'revoked', 'alice'],
    ])
    const shown = (await askLocally(house.directory, 'GET', '/v1/certificates/alice')).body
    const named = shown.certificates.flatMap((one: Json) => [one.entry, one.revocation.entry])
    assert.deepEqual(
      kinds(await receiptAt(house.directory, shown, named)).map(([, kind]) => kind),
      ['issued', 'issued', 'revoked', 'revoked'],
    )
    const invited = await askLocally(house.directory, 'POST', '/v1/invitations', {
      party: 'ops/ann',
      profile: 'admin',
      role: 'viewer',
    })
    assert.deepEqual(kinds(await receiptAt(house.directory, invited.body)), [[at + 4, 'role', 'ops/ann']])
    const changed = await askLocally(house.directory, 'PATCH', '/v1/parties/ops%2Fann', { role: 'operator' })
    assert.deepEqual(kinds(await receiptAt(house.directory, changed.body)), [[at + 5, 'role', 'ops/ann']])
    const unchanged = await askLocally(house.directory, 'PATCH', '/v1/parties/ops%2Fann', { role: 'operator' })
    assert.equal(unchanged.body.entries, undefined)
  })

  test('does not hold where anything in it was changed', async (t) => {
    const { house, locked, unlocked, revoked } = await actedHouse(t)
    const shown = (await askLocally(house.directory, 'GET', '/v1/certificates/alice')).body
    const whole = await receiptAt(
      house.directory,
      shown,
      shown.certificates.flatMap((one: Json) => [one.entry, one.revocation.entry]),
    )
    const other = keyOf((await openHouse(t)).directory)
    const own = keyOf(house.directory)
    const CLAIM = 'ERR_LEDGER_RECEIPT_CLAIM'
    const PROOF = 'ERR_LEDGER_RECEIPT_PROOF'
    const base64 = (text: string) => new TextEncoder().encode(text).toBase64()
    const cases: readonly (readonly [string, Json, (receipt: Json) => void, readonly string[]])[] = [
      ['another party', revoked, (r) => (r.revoked[0].party = 'bob'), [CLAIM]],
      ['another serial number', revoked, (r) => (r.revoked[1].serialNumber = '01'), [CLAIM]],
      ['another reason', revoked, (r) => (r.revoked[0].reason = 'keyCompromise'), [CLAIM]],
      ['another time', revoked, (r) => (r.revoked[0].at = '2020-01-01T00:00:00Z'), [CLAIM]],
      ['another event', locked, (r) => (r.sequence = '99'), [CLAIM]],
      ['one more that was revoked', revoked, (r) => r.revoked.push({ ...r.revoked[0], serialNumber: '02' }), [CLAIM]],
      ['an entry taken away', revoked, (r) => r.ledger.pop(), [CLAIM]],
      ['the entries of another act', locked, (r) => (r.ledger = unlocked.ledger), [CLAIM]],
      ['a lock without its end', locked, (r) => (r.party.lock.until = '2099-01-01T00:00:00Z'), [CLAIM]],
      ['a lock that was none', locked, (r) => delete r.party.lock, [CLAIM]],
      ['another certificate', whole, (r) => (r.certificates[0].der = r.certificates[1].der), [CLAIM, CLAIM]],
      ['another profile', whole, (r) => (r.certificates[0].profile = 'admin'), [CLAIM]],
      ['an entry that was edited', locked, (r) => (r.ledger[0].entry = base64('{"kind":"locked"}')), [PROOF, CLAIM]],
      ['another index', locked, (r) => r.ledger[0].index++, [PROOF, CLAIM]],
      ['the proof of another entry', locked, (r) => (r.ledger[0].proof = unlocked.ledger[0].proof), [PROOF, CLAIM]],
      ['a proof that is none', locked, (r) => (r.ledger[0].proof = 'c2sp.org/tlog-proof@v1\n'), [PROOF, CLAIM]],
      [
        'a checkpoint that was edited',
        locked,
        (r) => (r.ledger[0].proof = r.ledger[0].proof.replace('/ledger\n', '/ledger\n1')),
        ['ERR_LEDGER_CHECKPOINT', CLAIM],
      ],
      ['an entry that waits', locked, (r) => (r.ledger[0].state = 'waiting'), ['ERR_LEDGER_RECEIPT_WAITING', CLAIM]],
    ]
    for (const [what, receipt, act, codes] of cases) {
      const changed = structuredClone(receipt)
      act(changed)
      assert.deepEqual(
        checkReceipt(changed, own).findings.map(({ code }) => code),
        codes,
        what,
      )
    }
    assert.deepEqual(
      checkReceipt(locked, other).findings.map(({ code }) => code),
      ['ERR_LEDGER_CHECKPOINT', CLAIM],
      'the key of another ledger',
    )
    for (const none of [undefined, null, 7, [], {}, { ledger: {} }, { ledger: [{}] }, { entries: ['7'] }])
      assert.throws(() => checkReceipt(none, own), { name: 'ShapeError' }, JSON.stringify(none))
  })

  test('says that an entry waits where the ledger does not go on', async (t) => {
    const house = await openHouse(t)
    const entry = { id: 7, octets: new Uint8Array(1) }
    const grown = createChanges({ waitMs: 20 })
    const ledger = { checkpoint: { size: 3 }, prove: () => assert.fail('it is not there') } as never
    for (const position of [undefined, 3]) {
      const store = { ledger: { byIds: async () => [{ ...entry, ...(position !== undefined && { position }) }] } }
      const receipts = createReceipts({ store: store as never, ledger, grown })
      assert.deepEqual(await receipts([7], new Promise(() => undefined)), [entry])
    }
    grown.close()
    for (const ids of ['', '0', '-1', '1,', '1;2', 'x', '1234567890123456', Array(101).fill('1').join(',')]) {
      const { status, body } = await askLocally(house.directory, 'GET', `/v1/ledger/entries?ids=${ids}`)
      assert.deepEqual([status, body.code], [400, 'ERR_ADMIN_REQUEST'], ids)
    }
    const unknown = await askLocally(house.directory, 'GET', '/v1/ledger/entries?ids=999')
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'ERR_ADMIN_NOT_FOUND'])
  })

  const [, postgresql] = PLACES
  const [, placeOf, options] = postgresql ?? assert.fail()
  test('of one authority is proved by another on the same store, with the same octets', options, async (t) => {
    const store = await placeOf(t)
    const first = await openHouse(t, { store })
    await first.authority.issueLocal({ party: 'alice', profile: 'client', publicKey: newKey().spki })
    const directory = temporaryDirectory(t)
    cpSync(join(first.directory, 'authority'), join(directory, 'authority'), { recursive: true })
    const second = await openHouse(t, { store, directory })
    const { body } = await askLocally(first.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    const there = await receiptAt(second.directory, body)
    assert.deepEqual(checkReceipt(there, keyOf(first.directory)).findings, [])
    assert.deepEqual(await receiptAt(first.directory, body), there)
  })
})
