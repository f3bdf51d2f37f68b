// Idempotency keys: an act is done once, whoever asks again, after whatever ended the authority, at whichever of several.
import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { FailpointName } from '../../src/failpoints.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { execute, PLACES } from '../support/stores.ts'

interface Answered {
  readonly status: number
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  readonly body: any
  readonly isReplayed: boolean
}

/** Asks with a key, by node's own HTTP alone. */
async function ask(directory: string, key: string, method: string, path: string, body: unknown): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  const socketPath = join(directory, 'admin.sock')
  const outgoing = httpRequest({ socketPath, agent: false, method, path, headers }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const isReplayed = response.headers['idempotency-replayed'] === 'true'
      resolve({ status: response.statusCode ?? 0, text, body: JSON.parse(text), isReplayed })
    })
  })
  outgoing.on('error', reject)
  outgoing.end(JSON.stringify(body))
  return promise
}

let keys = 0
const newIdempotencyKey = () => `"key of the test ${String(++keys).padStart(4, '0')}"`
const revoke = (directory: string, key: string, subject = 'alice') =>
  ask(directory, key, 'POST', '/v1/revocations', { subject })
const issue = ({ authority }: House, party: string) =>
  authority.issueLocal({ party, profile: 'client', publicKey: newKey().spki })

/** A second authority on the store of the first. */
async function beside(t: TestContext, first: House, store: string): Promise<House> {
  const directory = temporaryDirectory(t)
  cpSync(join(first.directory, 'authority'), join(directory, 'authority'), { recursive: true })
  return openHouse(t, { store, directory })
}

suite('a request with an idempotency key', () => {
  test('is done once, and answered the same each time: every act, also after a restart', async (t) => {
    const house = await openHouse(t)
    const { directory } = house
    await issue(house, 'alice')
    await issue(house, 'bob')
    const acts: readonly (readonly [string, string, unknown])[] = [
      ['POST', '/v1/invitations', { party: 'carol' }],
      ['POST', '/v1/invitations', { party: 'ops/ann', profile: 'admin', role: 'viewer' }],
      ['POST', '/v1/certificates', { party: 'dave', request: requestFor(newKey()).toBase64() }],
      ['PATCH', '/v1/parties/bob', { owner: 'alice' }],
      ['POST', '/v1/parties/bob/lock', { reason: 'lost' }],
      ['POST', '/v1/parties/bob/unlock', {}],
      ['POST', '/v1/revocations', { subject: 'alice' }],
      ['POST', '/v1/backups', { target: join(temporaryDirectory(t), 'backup') }],
    ]
    const asked = acts.map((act) => ({ act, key: newIdempotencyKey() }))
    const firsts: Answered[] = []
    for (const { act, key } of asked) {
      const first = await ask(directory, key, ...act)
      assert.ok([200, 201].includes(first.status), first.text)
      assert.equal(first.isReplayed, false)
      firsts.push(first)
    }
    const again = async () => {
      for (const [i, { act, key }] of asked.entries())
        assert.deepEqual(await ask(directory, key, ...act), { ...firsts[i], isReplayed: true }, act[1])
    }
    await again()
    // Without one, or with another one, it is another act.
    assert.equal((await revoke(directory, newIdempotencyKey())).status, 409)
    assert.equal((await askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice' })).status, 409)
    const invited = await ask(directory, newIdempotencyKey(), 'POST', '/v1/invitations', { party: 'carol' })
    assert.notEqual(invited.body.token, firsts[0]?.body.token)
    await house.authority.close()
    await openHouse(t, { directory })
    await again()
  })

  test('is refused with another request, and what was refused may be corrected under its key', async (t) => {
    const house = await openHouse(t)
    const { directory } = house
    await issue(house, 'alice')
    await issue(house, 'bob')
    const key = newIdempotencyKey()
    assert.equal((await revoke(directory, key, 'nobody')).status, 404)
    assert.equal((await revoke(directory, key, 'alice')).status, 200)
    for (const [method, path, body] of [
      ['POST', '/v1/revocations', { subject: 'bob' }],
      ['POST', '/v1/revocations', { subject: 'alice', reason: 'superseded' }],
      ['POST', '/v1/revocations?x=1', { subject: 'alice' }],
      ['POST', '/v1/parties/bob/lock', { subject: 'alice' }],
      ['PATCH', '/v1/parties/bob', { owner: 'alice' }],
    ] as const) {
      const other = await ask(directory, key, method, path, body)
      assert.deepEqual([other.status, other.body.code], [422, 'ERR_ADMIN_KEY_REUSED'], path)
    }
    for (const wrong of [
      'x',
      '"short"',
      'no quotes around it',
      `"${'x'.repeat(256)}"`,
      '"sixteen octets \u00e9"',
      '""',
    ])
      assert.deepEqual((await revoke(directory, wrong)).body.code, 'ERR_ADMIN_REQUEST', wrong)
    const dry = newIdempotencyKey()
    assert.equal((await ask(directory, dry, 'POST', '/v1/revocations', { subject: 'bob', dryRun: true })).status, 200)
  })

  test('is of its caller: another one with the same key does something else', async (t) => {
    const house = await openHouse(t)
    await issue(house, 'alice')
    const ann = await enrollParty(t, house, 'ops/ann', { profile: 'admin' })
    const remote = await meet(t, placeOf(house.authority), ann)
    const key = newIdempotencyKey()
    assert.equal((await revoke(house.directory, key)).status, 200)
    const answer = await remote.ask('POST', '/v1/revocations', { subject: 'alice' }, { 'idempotency-key': key })
    assert.deepEqual([answer.status, answer.body.code], [409, 'ERR_ADMIN_CONFLICT'])
  })

  test('that is still being done is answered so, and of rivals one acts', async (t) => {
    const house = await openHouse(t)
    await issue(house, 'alice')
    const key = newIdempotencyKey()
    const answers = await Promise.all(Array.from({ length: 8 }, () => revoke(house.directory, key)))
    const done = answers.filter(({ status }) => status === 200)
    assert.ok(done.length >= 1)
    assert.equal(new Set(done.map(({ text }) => text)).size, 1)
    assert.equal(done.filter(({ isReplayed }) => !isReplayed).length, 1)
    for (const { status, body } of answers)
      if (status !== 200) assert.deepEqual([status, body.code], [409, 'ERR_ADMIN_KEY_RUNNING'])
  })

  test('keeps no secret in clear: neither the token nor the key is in the store', async (t) => {
    const house = await openHouse(t)
    const key = '"a key that nobody finds"'
    const { body } = await ask(house.directory, key, 'POST', '/v1/invitations', { party: 'carol' })
    await house.authority.close()
    const octets = readFileSync(join(house.directory, 'store.db'))
    assert.ok(octets.includes('carol'))
    for (const secret of [body.token, body.token.slice(10, 40), key.slice(1, -1)])
      assert.equal(octets.includes(secret), false, secret)
  })

  test('whose authority ended after the act, and before its answer, is not done again', async (t) => {
    const directory = temporaryDirectory(t)
    let fatal: FailpointName | undefined
    const house = await openHouse(t, {
      directory,
      failpoint(name) {
        if (name === fatal) throw new Error('the end')
      },
    })
    await issue(house, 'alice')
    const key = newIdempotencyKey()
    fatal = 'revoke.before-cut'
    assert.equal((await revoke(directory, key)).status, 500)
    fatal = undefined
    const after = await revoke(directory, key)
    assert.deepEqual([after.status, after.isReplayed, after.body.interrupted], [200, true, true], after.text)
    assert.deepEqual(
      after.body.revoked.map(({ party }: { party: string }) => party),
      ['alice'],
    )
    assert.equal((await revoke(directory, newIdempotencyKey())).status, 409)
    // Where it was undone, nothing was answered.
    await issue(house, 'bob')
    const undone = newIdempotencyKey()
    fatal = 'revoke.before-commit'
    assert.equal((await revoke(directory, undone, 'bob')).status, 500)
    fatal = undefined
    assert.deepEqual([(await revoke(directory, undone, 'bob')).isReplayed], [false])
  })

  const [, postgresql] = PLACES
  const [, placeFor, options] = postgresql ?? assert.fail()
  test('is done once at two authorities on one store', options, async (t) => {
    const store = await placeFor(t)
    const first = await openHouse(t, { store })
    const second = await beside(t, first, store)
    await issue(first, 'alice')
    const key = newIdempotencyKey()
    const one = await revoke(first.directory, key)
    assert.equal(one.status, 200, one.text)
    assert.deepEqual(await revoke(second.directory, key), { ...one, isReplayed: true })

    for (let round = 0; round < 5; round++) {
      const party = `party-${round}`
      const invite = newIdempotencyKey()
      const answers = await Promise.all(
        [first, second, first, second].map(({ directory }) =>
          ask(directory, invite, 'POST', '/v1/invitations', { party }),
        ),
      )
      for (const { status, body } of answers)
        if (status !== 201) assert.deepEqual([status, body.code], [409, 'ERR_ADMIN_KEY_RUNNING'])
      assert.equal(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size, 1)
      const sql = `SELECT id FROM invitation WHERE party = '${party}'`
      assert.equal((await execute(store, sql, sql)).length, 1)
    }

    // What the other has begun and not ended is not answered for it, until it must have ended.
    await execute(store, '', 'UPDATE answer SET is_whole = 0')
    assert.equal((await revoke(second.directory, key)).body.code, 'ERR_ADMIN_KEY_RUNNING')
    first.clock.advance({ seconds: 31 })
    second.clock.advance({ seconds: 31 })
    assert.deepEqual(await revoke(second.directory, key), { ...one, isReplayed: true })
  })
})
