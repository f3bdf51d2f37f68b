// Accounts of people over the API: whoever keeps them is a program of its own, with a part of the store.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readBundle } from '../../src/ledger/bundle.ts'
import { deviceOf } from '../support/guests.ts'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'

const invitation = (party: string, more: object = {}): readonly ['POST', string, object] => [
  'POST',
  '/v1/accounts/invitations',
  { party, door: 'bank', ...more },
]

suite('accounts of people', () => {
  test('are invited, listed page by page and lose a device, and each act is an event', async (t) => {
    const house = await openHouse(t, { people: ['bank', 'shop'] })
    const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
      askLocally(house.directory, method, path, body)
    const invited = await ask(...invitation('carol', { email: 'carol@acme.example', ttlSeconds: 60 }))
    assert.equal(invited.status, 201)
    assert.deepEqual(invited.body, {
      url: 'https://bank/#secret',
      expiresAt: house.clock().add({ seconds: 60 }).toString(),
    })
    assert.equal((await ask(...invitation('bob'))).status, 201)
    assert.equal((await ask(...invitation('bob', { door: 'shop' }))).status, 201)
    const nameOf = ({ door, account }: { door: string; account: string }) => `${door}/${account}`
    const pages: string[][] = []
    for (let after = ''; pages.length < 9; ) {
      const { body } = await ask('GET', `/v1/accounts?limit=2${after}`)
      pages.push(body.accounts.map(nameOf))
      if (body.next === undefined) break
      after = `&after=${body.next}`
    }
    assert.deepEqual(pages, [['bank/bob', 'bank/carol'], ['shop/bob']])
    const path = `/v1/accounts/bank/carol/devices/${deviceOf('carol')}`
    assert.deepEqual((await ask('DELETE', path)).body, { door: 'bank', account: 'carol', device: deviceOf('carol') })
    assert.equal((await ask('DELETE', path)).status, 404)
    const { body } = await ask('GET', '/v1/accounts?door=bank')
    assert.deepEqual(
      body.accounts.map((one: { devices: unknown[] }) => one.devices.length),
      [1, 0],
    )
    const party = await ask('GET', '/v1/parties/carol')
    assert.equal(party.body.kind, 'person')
    assert.equal((await ask('POST', '/v1/parties/carol/lock', {})).status, 200)
    await house.authority.close()
    const events = readEntries(house.directory).filter(({ kind }) => kind === 'account')
    assert.deepEqual(
      events.map(({ account, door, act, evidence }) => [account, door, act, evidence]),
      [
        ['carol', 'bank', 'invited', 'of bank'],
        ['bob', 'bank', 'invited', 'of bank'],
        ['bob', 'shop', 'invited', 'of shop'],
        ['carol', 'bank', 'device removed', 'of bank'],
      ],
    )
  })

  test('end with the party that is revoked, in one act, and again only where there is something to end', async (t) => {
    const house = await openHouse(t, { people: ['bank', 'shop'] })
    const ask = (method: 'GET' | 'POST', path: string, body?: unknown) =>
      askLocally(house.directory, method, path, body)
    const revoke = (subject: string, dryRun = false) =>
      ask('POST', '/v1/revocations', { subject, reason: 'keyCompromise', dryRun })
    for (const door of ['bank', 'shop']) await ask(...invitation('carol', { door }))
    await ask(...invitation('bob'))
    await enrollParty(t, house, 'carol')
    const foreseen = await revoke('carol', true)
    assert.deepEqual([foreseen.status, foreseen.body.accounts], [200, ['bank', 'shop']])
    const { status, body } = await revoke('carol')
    assert.deepEqual([status, body.accounts, body.revoked.length], [200, ['bank', 'shop'], 1])
    assert.equal((await revoke('carol')).status, 409)
    const left = (await ask('GET', '/v1/accounts')).body.accounts as { account: string; devices: unknown[] }[]
    assert.deepEqual(
      left.map(({ account, devices }) => [account, devices.length]),
      [['bob', 1], ['carol', 0], ['carol', 0]], // biome-ignore format: a row each
    )
    // Who has no certificate is revoked as well.
    const bob = await revoke('bob')
    assert.deepEqual([bob.status, bob.body.accounts, bob.body.revoked], [200, ['bank'], []])
    assert.equal((await revoke('bob')).status, 404)
    await house.authority.close()
    const acts = readEntries(house.directory).filter(({ act }) => act === 'revoked')
    assert.deepEqual(acts.map(({ account, door, evidence }) => `${account} ${door} ${evidence}`).sort(), [
      'bob bank keyCompromise',
      'carol bank keyCompromise',
      'carol shop keyCompromise',
    ])
  })

  const device = deviceOf('carol')
  for (const [method, path, body, status, code] of [
    [...invitation('carol', { door: 'door' }), 404, 'ERR_ADMIN_NOT_FOUND'],
    [...invitation('no thing'), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('authority'), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol\0'), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { door: 'bank\0' }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { door: undefined }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { email: 'carol' }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { email: `${'x'.repeat(250)}@a.example` }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { email: 'a@b.example\r\nBcc: c@d.example' }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { ttlSeconds: 0 }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { ttlSeconds: 2_592_001 }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { role: 'officer' }), 400, 'ERR_ADMIN_REQUEST'],
    [...invitation('carol', { again: 'yes' }), 400, 'ERR_ADMIN_REQUEST'],
    ['GET', '/v1/accounts?door=door', undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['GET', '/v1/accounts?limit=1001', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', '/v1/accounts?after=x', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', `/v1/accounts?after=${btoa('["bank"]')}`, undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', `/v1/accounts?door=shop&after=${btoa('["bank","bob"]')}`, undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['GET', '/v1/accounts?party=carol', undefined, 400, 'ERR_ADMIN_REQUEST'],
    ['DELETE', `/v1/accounts/bank/bob/devices/${device}`, undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['DELETE', `/v1/accounts/shop/carol/devices/${device}`, undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['DELETE', `/v1/accounts/bank%00/carol/devices/${device}`, undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['DELETE', `/v1/accounts/bank/carol%00/devices/${device}`, undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['DELETE', '/v1/accounts/bank/carol/devices/x', undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['DELETE', '/v1/accounts/bank/carol', undefined, 404, 'ERR_ADMIN_NOT_FOUND'],
  ] as const)
    test(`${method} ${path} ${JSON.stringify(body ?? '').slice(0, 60)} is ${code}`, async (t) => {
      const { directory } = await openHouse(t, { people: ['bank'] })
      assert.equal((await askLocally(directory, ...invitation('carol'))).status, 201)
      const answer = await askLocally(directory, method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code])
      const { body: listed } = await askLocally(directory, 'GET', '/v1/accounts')
      assert.deepEqual(
        listed.accounts.map((one: { account: string; devices: unknown[] }) => [one.account, one.devices.length]),
        [['carol', 1]],
      )
    })

  test('in a house where nobody signs in, there are none', async (t) => {
    const { directory } = await openHouse(t)
    assert.deepEqual((await askLocally(directory, 'GET', '/v1/accounts')).body, { accounts: [] })
    for (const [method, path, body] of [
      invitation('carol'),
      ['GET', '/v1/accounts?door=bank', undefined],
      ['DELETE', `/v1/accounts/bank/carol/devices/${device}`, undefined],
    ] as const) {
      const answer = await askLocally(directory, method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [404, 'ERR_ADMIN_NOT_FOUND'], path)
    }
  })

  test('asked again under its key, an invitation is the one before', async (t) => {
    const { directory } = await openHouse(t, { people: ['bank'] })
    const key = { 'idempotency-key': '"of this invitation alone"' }
    const first = await askLocally(directory, ...invitation('carol'), key)
    const second = await askLocally(directory, ...invitation('carol'), key)
    assert.deepEqual([second.status, second.body], [201, first.body])
    const other = await askLocally(directory, ...invitation('bob'), key)
    assert.deepEqual([other.status, other.body.code], [422, 'ERR_ADMIN_KEY_REUSED'])
    const { body } = await askLocally(directory, 'GET', '/v1/accounts')
    assert.deepEqual(
      body.accounts.map((one: { account: string }) => one.account),
      ['carol'],
    )
  })

  test('an administrator’s is an officer’s matter', async (t) => {
    const house = await openHouse(t, { people: ['bank'] })
    const admin = async (party: string, role: string) => {
      const held = await enrollParty(t, house, party, { profile: 'admin' })
      assert.equal((await askLocally(house.directory, 'PATCH', `/v1/parties/${party}`, { role })).status, 200)
      return meet(t, placeOf(house.authority), held)
    }
    const operator = await admin('operator', 'operator')
    const officer = await admin('officer', 'officer')
    const removal = `/v1/accounts/bank/officer/devices/${deviceOf('officer')}`
    const asks: readonly (readonly ['POST' | 'DELETE', string, object?])[] = [
      invitation('officer'),
      ['DELETE', removal],
    ]
    for (const asked of asks) {
      const denied = await operator.ask(...asked)
      assert.deepEqual([denied.status, denied.body.code], [403, 'ERR_ADMIN_ROLE'])
      assert.ok((await officer.ask(...asked)).status < 300)
    }
    assert.equal((await operator.ask(...invitation('carol'))).status, 201)
    // Nor may an operator take an account from its owner, by inviting somebody to set it up anew.
    const again = invitation('carol', { again: true, proofed: 'passport, at the counter' })
    const denied = await operator.ask(...again)
    assert.deepEqual([denied.status, denied.body.code], [403, 'ERR_ADMIN_ROLE'])
    assert.equal((await officer.ask(...again)).status, 201)
    // Nor an officer who does not say by what the person has proved who they are.
    for (const proofed of [undefined, '', 'x'.repeat(201), 'passport\nopened by: nobody', 'pass\u202eport'])
      assert.equal((await officer.ask(...invitation('carol', { again: true, proofed }))).status, 400, String(proofed))
  })
})

/** What the ledger's files have. */
function readEntries(directory: string): readonly Record<string, string>[] {
  const [size] = readFileSync(join(directory, 'ledger/checkpoint'), 'utf8').split('\n').slice(1)
  const octets = readFileSync(join(directory, `ledger/tile/entries/000.p/${size}`))
  return readBundle(octets).map((entry) => JSON.parse(new TextDecoder().decode(entry)))
}
