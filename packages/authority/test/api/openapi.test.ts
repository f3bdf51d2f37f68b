import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { imprintOf, writeTimeStampReq } from '@countersign/x509'
import type { z } from 'zod'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { problem } from '../../src/api/answers.ts'
import { OPERATIONS } from '../../src/api/operations.ts'
import { deviceOf } from '../support/guests.ts'
import { askLocally, enrollmentBody, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { faultsOf } from '../support/openapi.ts'
import { sshEnrollmentBody } from '../support/ssh.ts'

suite('the API in OpenAPI', () => {
  test('keeps the rules of OpenAPI 3.1, and anyone may read it', async (t) => {
    const house = await openHouse(t)
    const { status, body } = await (await meet(t, placeOf(house.authority))).ask('GET', '/v1/openapi.json')
    assert.equal(status, 200)
    assert.deepEqual(faultsOf(body), [])
    assert.deepEqual(
      Object.entries(body.paths as Record<string, object>)
        .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
        .sort(),
      Object.keys(OPERATIONS)
        .map((key) => key.replaceAll(/:(\w+)/g, '{$1}'))
        .sort(),
    )
    const search = body.paths['/v1/certificates'].get
    assert.match(search.description, /^administrators: viewer, operator, officer, auditor$/)
    const { schema } = search.parameters.find((one: { name: string }) => one.name === 'limit')
    assert.deepEqual(schema, { type: 'integer', minimum: 1, maximum: 1_000, default: 100 })
  })

  const PARTIES = ['paths', '/v1/parties', 'get'] as const
  const PARTY = ['paths', '/v1/parties/{party}', 'get', 'parameters'] as const
  const PROBLEM = ['components', 'schemas', 'Problem'] as const
  /** What is put where; undefined takes it away. */
  const wrong: readonly (readonly [string, readonly (string | number)[], unknown])[] = [
    ['another version', ['openapi'], '3.0.3'],
    ['no title', ['info', 'title'], ''],
    ['a path without a slash', ['paths', 'v1'], {}],
    ['a method that is none', ['paths', '/v1/ready', 'fetch'], {}],
    ['a parameter of the path that is not declared', PARTY, []],
    ['one that is not required', [...PARTY, 0, 'required'], false],
    ['a parameter twice', [...PARTIES, 'parameters', 1, 'name'], 'kind'],
    ['no answer', [...PARTIES, 'responses'], {}],
    ['a status that is none', [...PARTIES, 'responses', '20'], { description: 'x' }],
    ['an answer without a description', [...PARTIES, 'responses', '200', 'description'], undefined],
    ['one name for two', [...PARTIES, 'operationId'], 'getV1Ready'],
    ['a reference to nothing', PROBLEM, undefined],
    ['a scheme of security that is none', [...PARTIES, 'security'], [{ password: [] }]],
    ['a type that is none', [...PROBLEM, 'properties', 'title', 'type'], 'text'],
    ['what is required and no property', [...PROBLEM, 'required', 0], 'colour'],
    ['a keyword that is none', [...PROBLEM, 'minimun'], 1],
    ['a pattern that is none', [...PROBLEM, 'properties', 'title', 'pattern'], '('],
  ]
  test('is held against rules that find what is wrong', async (t) => {
    const house = await openHouse(t)
    const { body } = await askLocally(house.directory, 'GET', '/v1/openapi.json')
    for (const [what, path, value] of wrong) {
      const document = structuredClone(body)
      let at = document
      for (const key of path.slice(0, -1)) at = at[key]
      at[path.at(-1) ?? ''] = value
      // As it would travel.
      assert.equal(faultsOf(JSON.parse(JSON.stringify(document))).length, 1, what)
    }
  })

  test('says what is really answered, and how it is refused', async (t) => {
    const done = { file: 'x.yaml', applied: ['door web: allow'], warnings: [] }
    const house = await openHouse(t, {
      reload: async () => ({ ok: true, ...done }),
      people: ['bank'],
      openPgp: true,
      keyDirectory: ['acme.example', 'localhost'],
    })
    const { directory, authority } = house
    const alice = await enrollParty(t, house, 'alice', { san: ['dns:alice.example'] })
    const holder = await meet(t, placeOf(authority), alice)
    const seen = new Set<string>()
    /** Holds one answer against its form. */
    const holds = (key: string, { status, body }: { readonly status: number; readonly body: unknown }) => {
      const operation = OPERATIONS[key] ?? assert.fail(key)
      assert.equal(status, operation.status, `${key}: ${JSON.stringify(body)}`)
      if (typeof operation.answer === 'string') assert.equal(typeof body, 'string')
      else assert.deepEqual((operation.answer as z.ZodType).safeParse(body).error?.issues ?? [], [], key)
      seen.add(key)
    }
    const local = async (key: string, path: string, body?: unknown) => {
      const [method] = key.split(' ') as ['GET' | 'POST' | 'PATCH' | 'DELETE']
      const answer = await askLocally(directory, method, path, body)
      holds(key, answer)
      return answer.body
    }
    for (const path of ['/livez', '/readyz', '/v1/ready', '/v1/openapi.json', '/status', '/root.pem'])
      await local(`GET ${path}`, path)
    for (const path of ['/ssh/ca.pub', '/ssh/revoked.krl']) await local(`GET ${path}`, path)
    for (const issuer of ['issuing', 'root']) await local('GET /crl/:issuer', `/crl/${issuer}.crl`)
    const { token } = await local('POST /v1/invitations', '/v1/invitations', { party: 'bob', san: ['ip:192.0.2.1'] })
    const stranger = await meet(t, placeOf(authority))
    holds(
      'POST /enroll',
      await stranger.ask('POST', '/enroll', enrollmentBody(token, requestFor(newKey()), stranger.exporter)),
    )
    holds('POST /renew', await holder.ask('POST', '/renew', { request: requestFor(newKey()).toBase64() }))
    holds(
      'POST /v1/ssh/certificates',
      await holder.ask(
        'POST',
        '/v1/ssh/certificates',
        sshEnrollmentBody('ssh-user', newSshKey('Ed25519'), holder.exporter),
      ),
    )
    const query = writeTimeStampReq({ messageImprint: imprintOf('SHA-256', new Uint8Array(32)) })
    const asQuery = { 'content-type': 'application/timestamp-query' }
    holds('POST /v1/timestamps', await holder.ask('POST', '/v1/timestamps', query, asQuery))
    await local('POST /v1/certificates', '/v1/certificates', {
      party: 'carol',
      request: requestFor(newKey()).toBase64(),
    })
    await local('PATCH /v1/parties/:party', '/v1/parties/bob', {
      kind: 'host',
      owner: 'alice',
      labels: ['site:berlin'],
    })
    const lock = { reason: 'x', until: '2100-01-01T00:00:00Z' }
    const { entries } = await local('POST /v1/parties/:party/lock', '/v1/parties/bob/lock', lock)
    await local('GET /metrics', '/metrics')
    await local('GET /v1/events', '/v1/events?follow=false')
    await local('GET /v1/ledger/entries', `/v1/ledger/entries?ids=${entries}`)
    await local('GET /v1/parties/:party', '/v1/parties/bob')
    await local('GET /v1/parties/:party/keys', '/v1/parties/bob/keys')
    await local('GET /v1/parties', '/v1/parties?limit=1')
    await local('POST /v1/parties/:party/unlock', '/v1/parties/bob/unlock', {})
    await local('GET /v1/sessions', '/v1/sessions')
    assert.deepEqual(await local('POST /v1/reload', '/v1/reload', {}), done)
    await local('POST /v1/revocations', '/v1/revocations', { subject: 'bob', dryRun: true })
    await local('POST /v1/revocations', '/v1/revocations', { subject: 'bob' })
    await local('GET /v1/certificates', '/v1/certificates?limit=2')
    await local('GET /v1/certificates', '/v1/certificates?state=revoked')
    await local('GET /v1/certificates/:subject', '/v1/certificates/bob')
    await local('GET /v1/expiring', '/v1/expiring?all=true')
    await local('GET /v1/outage-budget', '/v1/outage-budget')
    await local('GET /v1/unissued', '/v1/unissued?vouched=own')
    for (const party of ['carol', 'dan'])
      await local('POST /v1/accounts/invitations', '/v1/accounts/invitations', { party, door: 'bank' })
    await local('GET /v1/accounts', '/v1/accounts?limit=1')
    await local(
      'DELETE /v1/accounts/:door/:account/devices/:device',
      `/v1/accounts/bank/carol/devices/${deviceOf('carol')}`,
    )
    await local('GET /v1/accounts', '/v1/accounts?door=bank')
    const made = await local('POST /v1/issuers', '/v1/issuers', { name: 'issuing-2' })
    await local('POST /v1/issuers', '/v1/issuers', { name: 'root-2', kind: 'root' })
    await local('POST /v1/issuers/:issuer/crosses', '/v1/issuers/issuing-2/crosses', { by: 'root-2' })
    await local('POST /v1/issuers/:issuer/request', `/v1/issuers/${made.name}/request`, {})
    await local('POST /v1/issuers/:issuer/state', '/v1/issuers/issuing-2/state', { state: 'active' })
    const roots = await local('GET /root.pem', '/root.pem')
    await local('POST /v1/issuers/import', '/v1/issuers/import', { pem: roots })
    await local('GET /v1/issuers', '/v1/issuers?limit=2')
    await local('GET /v1/issuers/:issuer', '/v1/issuers/root')
    const own = '/v1/openpgp/authorities'
    const [before] = (await local(`GET ${own}`, own)).authorities
    await local(`POST ${own}`, own, {})
    await local(`POST ${own}/:fingerprint/revocation`, `${own}/${before.fingerprint}/revocation`, {})
    const report = {
      ...{
        reference: 'M-7F3K-92QD',
        door: '192.0.2.7:8443',
        seenBy: 'caller',
        at: '2026-11-24T12:00:00Z',
        resumed: false,
      },
      ...{ caller: { name: 'x', identities: [] }, callee: { name: 'shop.example', identities: [] } },
      steps: ['proved', 'proved', 'refused', 'not reached', 'not reached', 'not reached'].map((outcome) => ({
        by: 'caller',
        outcome,
      })),
      outcome: { ok: false, refusal: { code: 'ERR_CALLEE_WRONG_NAME' } },
    }
    holds('POST /v1/own/meetings', await holder.ask('POST', '/v1/own/meetings', report))
    const dora = await enrollParty(t, house, 'dora', { profile: 'person', san: ['email:alice@acme.example'] })
    const asDora = await meet(t, placeOf(authority), dora)
    holds('POST /v1/mail/keys', await asDora.ask('POST', '/v1/mail/keys', { key: 'BgE=' }))
    for (const [key, path] of [
      ['/:domain/hu/:hash', '/acme.example/hu/hash-of-alice?l=alice'],
      ['/:domain/policy', '/acme.example/policy'],
      ['/policy', '/policy'],
    ])
      await local(`GET /.well-known/openpgpkey${key}`, `/.well-known/openpgpkey${path}`)
    const direct = '/.well-known/openpgpkey/hu/hash-of-alice?l=alice'
    holds('GET /.well-known/openpgpkey/hu/:hash', await holder.ask('GET', direct, undefined, { host: 'acme.example' }))
    holds('GET /v1/mail/keys', await holder.ask('GET', '/v1/mail/keys?address=alice@acme.example'))
    holds('GET /v1/own/meetings/:reference', await holder.ask('GET', '/v1/own/meetings/M-7F3K-92QD'))
    await local('GET /v1/meetings/:reference', '/v1/meetings/M-7F3K-92QD')
    await local('POST /v1/backups', '/v1/backups', { target: `${directory}/backup` })
    assert.deepEqual(
      Object.keys(OPERATIONS).filter((key) => !seen.has(key)),
      [],
      'each was asked',
    )
    for (const [method, path, body] of [
      ['GET', '/v1/certificates?state=lost'],
      ['GET', '/v1/parties/nobody'],
      ['POST', '/v1/revocations', {}],
      ['GET', '/v1/absent'],
    ] as const) {
      const refused = await askLocally(directory, method, path, body)
      assert.equal(refused.type, 'application/problem+json')
      assert.deepEqual(problem.safeParse(refused.body).error?.issues ?? [], [], path)
    }
  })
})
