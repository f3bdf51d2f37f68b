// Each role against each route. What must come out stands here, written by hand, and nowhere else.
import assert from 'node:assert/strict'
import { after, before, suite, type TestContext, test } from 'node:test'
import {
  askLocally,
  type Caller,
  enrollmentBody,
  type House,
  heldOf,
  meet,
  openHouse,
  placeOf,
} from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

type Who = 'nobody' | 'party' | 'viewer' | 'auditor' | 'operator' | 'officer'
const EVERYBODY: readonly Who[] = ['nobody', 'party', 'viewer', 'auditor', 'operator', 'officer']
const ADMINISTRATORS: readonly Who[] = ['viewer', 'auditor', 'operator', 'officer']

/**
 * Who gets past the question who asks. Bodies are such that nothing is done: what is permitted is answered with what is
 * wrong with the rest of the request, or with what there is.
 */
const MATRIX: readonly (readonly ['GET' | 'POST' | 'PATCH' | 'DELETE', string, unknown, readonly Who[]])[] = [
  ['GET', '/livez', undefined, EVERYBODY],
  ['GET', '/readyz', undefined, EVERYBODY],
  ['GET', '/v1/ready', undefined, EVERYBODY],
  ['GET', '/v1/openapi.json', undefined, EVERYBODY],
  ['GET', '/status', undefined, EVERYBODY],
  ['GET', '/root.pem', undefined, EVERYBODY],
  ['GET', '/crl/issuing.crl', undefined, EVERYBODY],
  ['GET', '/crl/root.crl', undefined, EVERYBODY],
  ['GET', '/ssh/ca.pub', undefined, EVERYBODY],
  ['GET', '/ssh/revoked.krl', undefined, EVERYBODY],
  ['GET', '/.well-known/openpgpkey/nothing/hu/nothing?l=x', undefined, EVERYBODY],
  ['GET', '/.well-known/openpgpkey/hu/nothing?l=x', undefined, EVERYBODY],
  ['GET', '/.well-known/openpgpkey/nothing/policy', undefined, EVERYBODY],
  ['GET', '/.well-known/openpgpkey/policy', undefined, EVERYBODY],
  ['POST', '/enroll', {}, EVERYBODY],
  ['POST', '/renew', {}, EVERYBODY],
  ['GET', '/v1/mail/keys?address=alice@acme.example', undefined, ['party', ...ADMINISTRATORS]],
  ['POST', '/v1/mail/keys', {}, EVERYBODY],
  ['POST', '/v1/ssh/certificates', {}, EVERYBODY],
  ['POST', '/v1/timestamps', {}, ['party', ...ADMINISTRATORS]],
  ['POST', '/v1/own/meetings', {}, ['party', ...ADMINISTRATORS]],
  ['GET', '/v1/own/meetings/M-7F3K-92QD', undefined, ['party', ...ADMINISTRATORS]],
  ['GET', '/v1/certificates', undefined, ADMINISTRATORS],
  ['GET', '/v1/certificates/nothing', undefined, ADMINISTRATORS],
  ['GET', '/v1/expiring', undefined, ADMINISTRATORS],
  ['GET', '/v1/outage-budget', undefined, ADMINISTRATORS],
  ['GET', '/v1/unissued', undefined, ADMINISTRATORS],
  ['GET', '/v1/parties', undefined, ADMINISTRATORS],
  ['GET', '/v1/parties/nothing', undefined, ADMINISTRATORS],
  ['GET', '/v1/parties/nothing/keys', undefined, ADMINISTRATORS],
  ['GET', '/v1/accounts', undefined, ADMINISTRATORS],
  ['GET', '/v1/accounts?door=nothing', undefined, ADMINISTRATORS],
  ['GET', '/metrics', undefined, ADMINISTRATORS],
  ['GET', '/v1/events?follow=false', undefined, ADMINISTRATORS],
  ['GET', '/v1/ledger/entries?ids=999', undefined, ADMINISTRATORS],
  ['GET', '/v1/issuers', undefined, ADMINISTRATORS],
  ['GET', '/v1/issuers/nothing', undefined, ADMINISTRATORS],
  ['POST', '/v1/issuers', { name: '/' }, ['officer']],
  ['POST', '/v1/issuers/import', { pem: 'nothing' }, ['officer']],
  ['POST', '/v1/issuers/nothing/request', {}, ['officer']],
  ['POST', '/v1/issuers/nothing/crosses', { by: 'root' }, ['officer']],
  ['POST', '/v1/issuers/nothing/state', { state: 'active' }, ['officer']],
  ['GET', '/v1/openpgp/authorities', undefined, ADMINISTRATORS],
  ['POST', '/v1/openpgp/authorities', { wrong: true }, ['officer']],
  ['POST', '/v1/openpgp/authorities/nothing/revocation', { wrong: true }, ['officer']],
  ['GET', '/v1/sessions', undefined, ADMINISTRATORS],
  ['GET', '/v1/meetings/M-7F3K-92QD', undefined, ['auditor', 'operator', 'officer']],
  ['POST', '/v1/invitations', { party: '/' }, ['operator', 'officer']],
  ['POST', '/v1/invitations', { party: '/', profile: 'admin' }, ['officer']],
  ['POST', '/v1/invitations', { party: '/', profile: 'admin', role: 'viewer' }, ['officer']],
  ['POST', '/v1/accounts/invitations', { party: '/', door: 'bank' }, ['operator', 'officer']],
  ['POST', '/v1/accounts/invitations', { party: 'nothing', door: 'bank' }, ['operator', 'officer']],
  ['DELETE', '/v1/accounts/nothing/nothing/devices/nothing', undefined, ['operator', 'officer']],
  ['POST', '/v1/certificates', { party: '/', request: '' }, ['operator', 'officer']],
  ['POST', '/v1/certificates', { party: '/', request: '', profile: 'admin' }, ['officer']],
  ['POST', '/v1/revocations', { subject: 'nothing' }, ['operator', 'officer']],
  ['POST', '/v1/revocations', { subject: 'nothing', dryRun: true }, ['operator', 'officer']],
  ['POST', '/v1/backups', {}, ['officer']],
  ['POST', '/v1/reload', { wrong: true }, ['officer']],
  ['PATCH', '/v1/parties/nothing', { kind: 'person' }, ['operator', 'officer']],
  ['PATCH', '/v1/parties/nothing', { role: 'officer' }, ['officer']],
  ['PATCH', '/v1/parties/no%20thing', { create: true }, ['operator', 'officer']],
  ['PATCH', '/v1/parties/no%20thing', { create: true, role: 'officer' }, ['officer']],
  ['POST', '/v1/parties/nothing/lock', {}, ['operator', 'officer']],
  ['POST', '/v1/parties/nothing/unlock', {}, ['operator', 'officer']],
]

const DENIALS = new Set(['ERR_ADMIN_FORBIDDEN', 'ERR_ADMIN_ROLE'])

/** Enrolls an administrator as its role says. */
async function enrolled(t: TestContext, house: House, party: string, more: object) {
  const invited = await askLocally(house.directory, 'POST', '/v1/invitations', { party, ...more })
  assert.equal(invited.status, 201, JSON.stringify(invited.body))
  const [newcomer, key] = [await meet(t, placeOf(house.authority)), newKey()]
  const answer = await newcomer.ask(
    'POST',
    '/enroll',
    enrollmentBody(invited.body.token, requestFor(key), newcomer.exporter),
  )
  return meet(t, placeOf(house.authority), heldOf(key, answer))
}

suite('who may ask for what', () => {
  let house: House
  const callers = new Map<Who, Caller>()
  const ends: (() => unknown)[] = []
  const ending = () => ({ after: (end: () => unknown) => void ends.unshift(end) }) as unknown as TestContext
  before(async () => {
    // One house for all of them, which ends after the suite.
    const t = ending()
    house = await openHouse(t)
    callers.set('nobody', await meet(t, placeOf(house.authority)))
    callers.set('party', await enrolled(t, house, 'alice', { profile: 'client' }))
    for (const role of ['viewer', 'auditor', 'operator'] as const)
      callers.set(role, await enrolled(t, house, `ops/${role}`, { profile: 'admin', role }))
    callers.set('officer', await enrolled(t, house, 'ops/officer', { profile: 'admin' }))
  })
  after(async () => {
    for (const end of ends) await end()
  })

  for (const [method, path, body, expected] of MATRIX)
    test(`${method} ${path} ${JSON.stringify(body) ?? ''}`, async () => {
      for (const who of EVERYBODY) {
        const answer = await (callers.get(who) ?? assert.fail(who)).ask(method, path, body)
        assert.notEqual(Math.floor(answer.status / 100), 5, who)
        const isDenied = DENIALS.has(answer.body.code)
        assert.equal(isDenied, !expected.includes(who), `${who}: ${answer.status} ${answer.body.code}`)
        if (isDenied)
          assert.equal(answer.body.code, who === 'nobody' || who === 'party' ? 'ERR_ADMIN_FORBIDDEN' : 'ERR_ADMIN_ROLE')
        else if (path.startsWith('/v1/') && method !== 'GET') assert.ok([400, 404].includes(answer.status), who)
      }
    })

  test('the socket in the data directory is an officer’s', async () => {
    for (const [method, path, body] of MATRIX) {
      if (path === '/enroll' || path === '/renew' || /\/(own|mail|ssh|timestamps)/.test(path)) continue
      const { body: answer } = await askLocally(house.directory, method, path, body)
      assert.equal(DENIALS.has(answer.code), false, path)
    }
  })

  test('upon an administrator an officer acts, and no operator', async () => {
    const operator = callers.get('operator') ?? assert.fail()
    const officer = callers.get('officer') ?? assert.fail()
    const { body } = await askLocally(house.directory, 'GET', '/v1/certificates?party=ops%2Fofficer')
    const [{ serialNumber, sha256 }] = body.certificates
    const past = '2020-01-01T00:00:00Z'
    for (const [path, asked, status] of [
      ['/v1/parties/ops%2Fofficer/lock', { until: past }, 400],
      ['/v1/parties/ops%2Fviewer/lock', { until: past }, 400],
      ['/v1/parties/ops%2Fviewer/unlock', {}, 409],
      ['/v1/revocations', { subject: 'ops/officer', reason: 'superseded' }, undefined],
      ['/v1/revocations', { subject: serialNumber }, undefined],
      ['/v1/revocations', { subject: sha256 }, undefined],
      ['/v1/invitations', { party: 'ops/officer', san: ['dns:*'] }, 400],
      ['/v1/accounts/invitations', { party: 'ops/officer', door: 'bank' }, 404],
      ['/v1/certificates', { party: 'ops/viewer', request: '' }, 400],
    ] as const) {
      const denied = await operator.ask('POST', path, asked)
      assert.deepEqual([denied.status, denied.body.code], [403, 'ERR_ADMIN_ROLE'], path)
      assert.equal(denied.body.detail, 'administrators.change, as operator')
      if (status !== undefined) assert.equal((await officer.ask('POST', path, asked)).status, status, path)
    }
    const { body: after } = await askLocally(house.directory, 'GET', '/v1/certificates?state=revoked')
    assert.deepEqual(after.certificates, [])
    assert.equal((await operator.ask('POST', '/v1/parties/alice/lock', {})).status, 200)
    assert.equal((await operator.ask('POST', '/v1/parties/alice/unlock', {})).status, 200)
    callers.set('party', await enrolled(ending(), house, 'bob', { profile: 'client' }))
  })

  test('the key of an issuer is named on the machine itself, whoever asks elsewhere', async () => {
    const officer = callers.get('officer') ?? assert.fail()
    const key = 'pkcs11:object=x?module-path=/nowhere/module.so'
    const refused = await officer.ask('POST', '/v1/issuers', { name: 'x', key })
    assert.deepEqual([refused.status, refused.body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
    const asked = await askLocally(house.directory, 'POST', '/v1/issuers', { name: 'x', key })
    assert.notEqual(asked.body.code, 'ERR_ADMIN_FORBIDDEN')
  })

  test('every operation is here', async () => {
    const { body } = await askLocally(house.directory, 'GET', '/v1/openapi.json')
    const blank = (path: string) =>
      path.replaceAll(/\{\w+\}|no%20thing|nothing|M-7F3K-92QD|(?:issuing|root)\.crl/g, '{}').replace(/\?.*/, '')
    const asked = new Set(MATRIX.map(([method, path]) => `${method} ${blank(path)}`))
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${blank(path)}`),
    )
    assert.deepEqual([...asked].sort(), described.sort())
  })

  test('a role that was changed counts at the next request, on the same connection', async () => {
    const operator = callers.get('operator') ?? assert.fail()
    const revoke = () => operator.ask('POST', '/v1/revocations', { subject: 'nothing' })
    assert.equal((await revoke()).body.code, 'ERR_ADMIN_NOT_FOUND')
    await askLocally(house.directory, 'PATCH', '/v1/parties/ops%2Foperator', { role: 'viewer' })
    const denied = await revoke()
    assert.deepEqual([denied.status, denied.body.code], [403, 'ERR_ADMIN_ROLE'])
    assert.equal(denied.body.detail, 'certificates.revoke, as viewer')
    await askLocally(house.directory, 'PATCH', '/v1/parties/ops%2Foperator', { role: 'operator' })
    assert.equal((await revoke()).body.code, 'ERR_ADMIN_NOT_FOUND')
  })

  for (const [method, path, body] of [
    ['POST', '/v1/invitations', { party: 'bob', role: 'viewer' }],
    ['POST', '/v1/invitations', { party: 'bob', profile: 'service', role: 'officer' }],
    ['POST', '/v1/invitations', { party: 'bob', profile: 'admin', role: 'king' }],
    ['PATCH', '/v1/parties/ops%2Fviewer', { role: null }],
    ['PATCH', '/v1/parties/ops%2Fviewer', { role: 'king' }],
  ] as const)
    test(`a role is not: ${JSON.stringify(body)}`, async () => {
      const answer = await askLocally(house.directory, method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [400, 'ERR_ADMIN_REQUEST'])
      assert.equal((await askLocally(house.directory, 'GET', '/v1/parties/ops%2Fviewer')).body.role, 'viewer')
    })
})
