import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { createSessionIndex, describeSession, revokedKey } from '@countersign/mtls'
import { readReceipt } from '@countersign/protocol'
import { readCertificateList } from '@countersign/x509'
import { sha256 } from '../../src/octets.ts'
import type { FeedDoor } from '../../src/status/feed/feed.ts'
import { askLocally, enrollmentBody, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'

const ADMIN_ROUTES = [
  ['POST', '/v1/invitations', { party: 'bob' }],
  ['POST', '/v1/revocations', { subject: 'alice' }],
  ['GET', '/v1/certificates'],
  ['GET', '/v1/certificates/alice'],
  ['GET', '/v1/sessions'],
  ['GET', '/v1/meetings/M-7F3K-92QD'],
] as const

const serialOf = (serialNumber: bigint) => serialNumber.toString(16).padStart(32, '0')

suite('who may administer', () => {
  test('an administrator over TLS, until that certificate is revoked: then the connection ends', async (t) => {
    const house = await openHouse(t)
    const admin = await enrollParty(t, house, 'root-of-ops', { profile: 'admin' })
    const caller = await meet(t, placeOf(house.authority), admin)
    assert.equal((await caller.ask('GET', '/v1/sessions')).status, 200)
    const ended = once(caller.socket, 'close')
    const answer = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'root-of-ops' })
    const receipt = readReceipt(answer.body)
    assert.deepEqual(receipt.confirmed, ['authority'])
    assert.equal(receipt.cuts.length, 1)
    assert.equal(receipt.cuts[0]?.party, 'root-of-ops')
    await ended
    const again = await meet(t, placeOf(house.authority), admin)
    assert.equal((await again.ask('GET', '/v1/sessions')).body.code, 'ERR_CALLER_REVOKED')
  })

  for (const profile of ['client', 'server', 'service', undefined] as const)
    test(`nobody else: ${profile ?? 'without a certificate'}`, async (t) => {
      const house = await openHouse(t)
      const held = profile && (await enrollParty(t, house, 'alice', { profile }))
      for (const [method, path, body] of ADMIN_ROUTES) {
        const caller = await meet(t, placeOf(house.authority), held)
        const answer = await caller.ask(method, path, body)
        assert.equal(answer.status, 403, path)
        assert.equal(answer.body.code, 'ERR_ADMIN_FORBIDDEN', path)
        caller.socket.destroy()
      }
      const listed = await askLocally(house.directory, 'GET', '/v1/certificates?state=revoked')
      assert.deepEqual(listed.body.certificates, [])
    })

  test('another authority’s administrator does not get through the gate', async (t) => {
    const [house, other] = [await openHouse(t), await openHouse(t)]
    const foreign = await enrollParty(t, other, 'root-of-ops', { profile: 'admin' })
    const caller = await meet(t, placeOf(house.authority), foreign)
    const answer = await caller.ask('GET', '/v1/sessions')
    assert.equal(answer.status, 403)
    assert.equal(answer.body.code, 'ERR_CALLER_UNKNOWN_ISSUER')
  })
})

suite('what there is to see', () => {
  test('certificates page by page, and one thing whole by party, serial number or SHA-256', async (t) => {
    const house = await openHouse(t)
    const parties = ['alice', 'bob', 'carol']
    const held = await Promise.all(parties.map((party) => enrollParty(t, house, party)))
    const seen: string[] = []
    let after = ''
    for (;;) {
      const { body } = await askLocally(house.directory, 'GET', `/v1/certificates?limit=2&state=valid${after}`)
      seen.push(...body.certificates.map((one: { party: string }) => one.party))
      if (body.next === undefined) break
      after = `&after=${body.next}`
    }
    assert.deepEqual(seen.sort(), ['alice', 'authority', 'authority/issuing', 'authority/root', 'bob', 'carol'])
    const leaf = held[0]!.certificates[0]!
    const { body: byParty } = await askLocally(house.directory, 'GET', '/v1/certificates/alice')
    assert.equal(byParty.certificates.length, 1)
    const [one] = byParty.certificates
    assert.equal(one.der, leaf.der.toBase64())
    assert.equal(one.subject, 'CN=alice')
    assert.equal(one.state, 'valid')
    assert.equal(one.method, 'token')
    assert.equal(one.serialNumber, serialOf(leaf.serialNumber))
    for (const subject of [one.serialNumber, one.serialNumber.toUpperCase(), one.sha256]) {
      const { body } = await askLocally(house.directory, 'GET', `/v1/certificates/${subject}`)
      assert.deepEqual(body.certificates, byParty.certificates, subject)
    }
    const colons = one.serialNumber.match(/../g).join(':')
    const withColons = await askLocally(house.directory, 'GET', `/v1/certificates/${colons}`)
    assert.deepEqual(withColons.body.certificates, byParty.certificates)
  })

  test('certificates are searched by each of their columns, and page on in the order of the question', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice', {
      profile: 'service',
      san: ['dns:db.acme.example', 'dns:db2.acme.example'],
    })
    await enrollParty(t, house, 'bob', { san: ['dns:web.acme.example'] })
    const [leaf, issuing] = [held.certificates[0]!, held.certificates[1]!]
    const search = async (query: string) => {
      const { status, body } = await askLocally(house.directory, 'GET', `/v1/certificates?${query}`)
      assert.equal(status, 200, query)
      return body
    }
    const { certificates } = await search('party=alice')
    const mine = certificates[0]
    const soon = leaf.validity.notAfter.add({ seconds: 1 }).toString()
    for (const query of [
      'name=db.acme.example',
      'namePrefix=db',
      `spkiSha256=${mine.spkiSha256.toUpperCase()}`,
      'profile=service',
      `serial=${mine.serialNumber}`,
      `name=db.acme.example&expiresBefore=${encodeURIComponent(soon)}&state=valid&issuer=authority/issuing`,
    ]) {
      const { certificates } = await search(query)
      assert.deepEqual(certificates, [mine], query)
    }
    assert.deepEqual((await search(`name=db.acme.example&expiresBefore=${leaf.validity.notAfter}`)).certificates, [])
    const bySha256 = await search(`issuer=${sha256(issuing.der).toHex()}&limit=2`)
    assert.equal(bySha256.certificates.length, 2)
    const rest = await search(`issuer=authority/issuing&limit=2&after=${bySha256.next}`)
    assert.equal(rest.certificates.length, 1, 'alice, bob and the listener')
    for (const other of ['party=alice', 'namePrefix=db', '']) {
      const answer = await askLocally(house.directory, 'GET', `/v1/certificates?${other}&after=${bySha256.next}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'ERR_ADMIN_REQUEST'], other)
      assert.match(answer.body.detail, /^after: it is of the pages of another question/)
    }
  })

  test('a party’s keys, from its first on', async (t) => {
    const house = await openHouse(t)
    const first = await enrollParty(t, house, 'alice')
    house.clock.advance({ seconds: 2 })
    const second = await enrollParty(t, house, 'alice')
    const spki = (held: typeof first) => sha256(held.certificates[0]!.subjectPublicKeyInfo.der).toHex()
    const serialNumber = serialOf(first.certificates[0]!.serialNumber)
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: serialNumber })
    const { body } = await askLocally(house.directory, 'GET', '/v1/certificates/alice')
    assert.deepEqual(
      body.keys.map((key: { spkiSha256: string; revokedAt?: string }) => [key.spkiSha256, key.revokedAt !== undefined]),
      [
        [spki(first), true],
        [spki(second), false],
      ],
    )
    const one = await askLocally(house.directory, 'GET', `/v1/certificates/${serialNumber}`)
    assert.equal('keys' in one.body, false, 'one certificate has no history')
  })

  test('open sessions at every door', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice')
    const caller = await meet(t, placeOf(house.authority), held)
    await caller.ask('GET', '/v1/ready')
    const { body } = await askLocally(house.directory, 'GET', '/v1/sessions')
    const mine = body.sessions.filter((session: { party?: string }) => session.party === 'alice')
    assert.equal(mine.length, 1)
    assert.equal(mine[0].door, 'authority')
    assert.match(mine[0].reference, /^M-/)
    assert.ok(mine[0].octetsSent > 0)
  })

  for (const [path, status, code] of [
    ['/v1/certificates/nobody', 404, 'ERR_ADMIN_NOT_FOUND'],
    [`/v1/certificates/${'ab'.repeat(32)}`, 404, 'ERR_ADMIN_NOT_FOUND'],
    ['/v1/certificates?state=lost', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?limit=0', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?limit=1001', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?after=x', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?after=1-2', 400, 'ERR_ADMIN_REQUEST'],
    [`/v1/certificates?after=${btoa('[1,2,3]')}`, 400, 'ERR_ADMIN_REQUEST'],
    [`/v1/certificates?after=${btoa('[-1]')}`, 400, 'ERR_ADMIN_REQUEST'],
    [`/v1/certificates?namePrefix=a&after=${btoa('[1,"\\u0000"]')}`, 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?colour=red', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?name=a&namePrefix=a', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?name=', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?name=a%00', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?name=a&name=b', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?spkiSha256=abcd', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?serial=xyz', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?expiresBefore=tomorrow', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?expiresBefore=2026-12-01', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/certificates?issuer=nobody', 404, 'ERR_ADMIN_NOT_FOUND'],
    ['/v1/certificates/a%00', 404, 'ERR_ADMIN_NOT_FOUND'],
    ['/v1/meetings/M-0000-0000', 404, 'ERR_ADMIN_NO_MEETING'],
    ['/v1/meetings/nothing', 400, 'ERR_ADMIN_REQUEST'],
    ['/v1/absent', 404, 'ERR_ADMIN_NOT_FOUND'],
    ['/%ff', 400, 'ERR_ADMIN_REQUEST'],
    [`/v1/certificates/${'a'.repeat(300)}`, 414, 'ERR_ADMIN_REQUEST'],
  ] as const)
    test(`${path.slice(0, 40)} is ${code}`, async (t) => {
      const { directory } = await openHouse(t)
      const answer = await askLocally(directory, 'GET', path)
      assert.equal(answer.body.code, code)
      assert.equal(answer.status, status)
      assert.equal(answer.type, 'application/problem+json')
      for (const field of ['type', 'title', 'status', 'code', 'next', 'clause', 'fault'])
        assert.ok(field in answer.body, field)
      assert.equal(answer.body.status, answer.status)
    })
})

/** A door with sessions of the test's own making; `cutting` says how it answers. */
function fakeDoor(t: Parameters<typeof openHouse>[0], house: House, name: string): FeedDoor {
  const index = createSessionIndex(name)
  const door: FeedDoor = {
    name,
    sessions: async () => index.list().map(describeSession),
    apply: async ({ change }) =>
      change.kind === 'status' ? index.cut(change.revoked.map(revokedKey), 'ERR_CALLER_REVOKED') : [],
  }
  t.after(house.authority.join(door))
  return door
}

suite('revocation', () => {
  for (const by of ['party', 'serialNumber', 'sha256'] as const)
    test(`by ${by}: the receipt, the list, the state`, async (t) => {
      const house = await openHouse(t)
      const held = await enrollParty(t, house, 'alice')
      const { body: shown } = await askLocally(house.directory, 'GET', '/v1/certificates/alice')
      const subject = shown.certificates[0][by]
      const answer = await askLocally(house.directory, 'POST', '/v1/revocations', { subject, reason: 'superseded' })
      assert.equal(answer.status, 200)
      const receipt = readReceipt(answer.body)
      assert.equal(receipt.revoked.length, 1)
      assert.equal(receipt.revoked[0]?.serialNumber, held.certificates[0]?.serialNumber)
      assert.equal(receipt.revoked[0]?.reason, 'superseded')
      const status = await (await meet(t, placeOf(house.authority))).ask('GET', '/status')
      const list = readCertificateList(Uint8Array.fromBase64(status.body.crls[0]))
      assert.equal(list.revokedCertificates[0]?.userCertificate, held.certificates[0]?.serialNumber)
      assert.equal(list.revokedCertificates[0]?.reasonCode, 'superseded')
      const { body } = await askLocally(house.directory, 'GET', '/v1/certificates?state=revoked')
      assert.deepEqual(body.certificates[0].revocation.reason, 'superseded')
      const second = await askLocally(house.directory, 'POST', '/v1/revocations', { subject })
      assert.equal(second.status, 409)
      assert.equal(second.body.code, 'ERR_ADMIN_CONFLICT')
    })

  test('by party ends its open invitation too', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    const invited = await house.authority.invite({ party: 'alice' })
    assert.ok(invited.ok)
    await house.authority.revoke({ subject: 'alice', reason: 'privilegeWithdrawn' })
    const caller = await meet(t, placeOf(house.authority))
    const body = enrollmentBody(invited.token, requestFor(newKey()), caller.exporter)
    assert.equal((await caller.ask('POST', '/enroll', body)).body.code, 'ERR_ENROLL_TOKEN_EXPIRED')
  })

  test('a dry run tells what would be cut, and changes nothing', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice')
    const caller = await meet(t, placeOf(house.authority), held)
    await caller.ask('GET', '/v1/ready')
    const answer = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice', dryRun: true })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.dryRun, true)
    const receipt = readReceipt(answer.body)
    assert.equal(receipt.sequence, 0n)
    assert.deepEqual(
      receipt.cuts.map(({ door, party }) => [door, party]),
      [['authority', 'alice']],
    )
    assert.deepEqual([receipt.confirmed, receipt.unconfirmed], [[], []])
    assert.equal((await caller.ask('GET', '/v1/ready')).status, 200, 'the session goes on')
    const { body } = await askLocally(house.directory, 'GET', '/v1/certificates?state=revoked')
    assert.deepEqual(body.certificates, [])
  })

  test('doors that do not answer stand in the receipt, and hold it up for a second at most', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    fakeDoor(t, house, 'web')
    t.after(
      house.authority.join({ name: 'stuck', sessions: async () => [], apply: () => new Promise(() => undefined) }),
    )
    const start = performance.now()
    const answer = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    const took = performance.now() - start
    assert.deepEqual(answer.body.confirmed, ['authority', 'web'])
    assert.deepEqual(answer.body.unconfirmed, ['stuck'])
    assert.ok(took < 1_600, `${took} ms`)
  })

  test('the trust of doors in this process knows it before the answer', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'alice')
    const { trust } = house.authority
    const version = trust.version
    const answer = readReceipt(
      (await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })).body,
    )
    const [revoked] = answer.revoked
    assert.ok(trust.announced(revoked!.issuerSpkiSha256, held.certificates[0]!.serialNumber))
    assert.ok(trust.version > version)
    assert.ok(trust.crls.some(({ entries }) => entries.has(held.certificates[0]!.serialNumber)))
  })

  test("of the authority's own listener: from the next connection on it presents another certificate", async (t) => {
    const { authority, directory } = await openHouse(t)
    const before = (await meet(t, placeOf(authority))).socket.getPeerX509Certificate()?.serialNumber
    const answer = await askLocally(directory, 'POST', '/v1/revocations', { subject: 'authority' })
    assert.equal(answer.status, 200)
    const after = (await meet(t, placeOf(authority))).socket.getPeerX509Certificate()?.serialNumber
    assert.notEqual(after, before)
  })

  for (const [body, status, code] of [
    [{ subject: 'nobody' }, 404, 'ERR_ADMIN_NOT_FOUND'],
    [{ subject: 'authority/issuing' }, 400, 'ERR_ADMIN_REQUEST'],
    [{ subject: 'authority/root' }, 400, 'ERR_ADMIN_REQUEST'],
    [{ subject: '' }, 400, 'ERR_ADMIN_REQUEST'],
    [{ subject: 'alice', reason: 'certificateHold' }, 400, 'ERR_ADMIN_REQUEST'],
    [{ subject: 'alice', reason: 'removeFromCRL' }, 400, 'ERR_ADMIN_REQUEST'],
    [{ subject: 'alice', dryrun: true }, 400, 'ERR_ADMIN_REQUEST'],
    [{}, 400, 'ERR_ADMIN_REQUEST'],
    ['{"subject"', 400, 'ERR_ADMIN_REQUEST'],
    ['{"subject":"alice","__proto__":{"dryRun":true}}', 400, 'ERR_ADMIN_REQUEST'],
    ['[]', 400, 'ERR_ADMIN_REQUEST'],
    [`{"subject":"${'a'.repeat(70_000)}"}`, 413, 'ERR_ADMIN_REQUEST'],
  ] as const)
    test(`${JSON.stringify(body).slice(0, 50)} is ${code}`, async (t) => {
      const { directory } = await openHouse(t)
      const answer = await askLocally(directory, 'POST', '/v1/revocations', body)
      assert.equal(answer.status, status)
      assert.equal(answer.body.code, code)
    })
})
