// What a stranger learns of a Web Key Directory: keys of the domains that are named, and of nobody else whether they are anybody.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'

const of = (local: string, domain = 'acme.example', hash = `hash-of-${local}`) =>
  `/.well-known/openpgpkey/${domain}/hu/${hash}?l=${encodeURIComponent(local)}`

suite('a Web Key Directory', () => {
  const setUp = async (t: Parameters<typeof openHouse>[0], keyDirectory: readonly string[] = ['acme.example']) => {
    const house = await openHouse(t, { openPgp: true, keyDirectory })
    const san = ['email:alice@acme.example', 'email:alice@home.example']
    const alice = await enrollParty(t, house, 'alice', { profile: 'person', san })
    const asAlice = await meet(t, placeOf(house.authority), alice)
    const keep = async (...octets: readonly number[]) => {
      const key = Buffer.from(octets).toString('base64')
      assert.equal((await asAlice.ask('POST', '/v1/mail/keys', { key })).status, 201)
    }
    const stranger = await meet(t, placeOf(house.authority))
    return {
      house,
      keep,
      ask: (path: string, host?: string) => stranger.ask('GET', path, undefined, host ? { host } : {}),
    }
  }
  const textOf = (octets: Uint8Array) => Buffer.from(octets).subarray(2).toString()

  test('tells anybody the key of an address, with that user id alone: of version 4 where there is one', async (t) => {
    const { keep, ask } = await setUp(t)
    await keep(6, 1)
    const modern = await ask(of('alice'))
    assert.deepEqual([modern.status, modern.type, modern.octets[1]], [200, 'application/octet-stream', 1])
    assert.equal(textOf(modern.octets), ' of alice@acme.example')
    await keep(4, 2)
    await keep(6, 3)
    assert.equal((await ask(of('alice'))).octets[1], 2)
    const direct = await ask('/.well-known/openpgpkey/hu/hash-of-alice?l=alice', 'acme.example:443')
    assert.deepEqual([direct.status, direct.octets[1]], [200, 2])
  })

  test('tells anybody the authority’s own keys, by their address', async (t) => {
    const { ask } = await setUp(t)
    assert.deepEqual([...(await ask(of('openpgp'))).octets], [4, 99])
    assert.equal((await ask(of('openpgp', 'home.example'))).status, 404)
  })

  test('has a policy, which says nothing, of the domains that are named', async (t) => {
    const { ask } = await setUp(t)
    for (const [path, host, status] of [
      ['/.well-known/openpgpkey/acme.example/policy', undefined, 200],
      ['/.well-known/openpgpkey/policy', 'acme.example', 200],
      ['/.well-known/openpgpkey/home.example/policy', undefined, 404],
      ['/.well-known/openpgpkey/policy', 'home.example', 404],
    ] as const)
      assert.equal((await ask(path, host)).status, status, path)
    assert.equal((await ask('/.well-known/openpgpkey/acme.example/policy')).octets.length, 0)
  })

  test('answers alike, and as late, of whom has no key, is locked, was revoked, is of another domain, or is nobody', async (t) => {
    const { house, keep, ask } = await setUp(t)
    await keep(6, 1)
    const lateAs = async (path: string) => {
      const start = performance.now()
      const { status, body, octets } = await ask(path)
      assert.ok(performance.now() - start >= 99, path)
      assert.equal(status, 404, path)
      return JSON.stringify([body, octets.length])
    }
    const nobody = await lateAs(of('nobody'))
    assert.equal(await lateAs(of('alice', 'home.example')), nobody)
    assert.equal(await lateAs(of('alice', 'acme.example', 'hash-of-bob')), nobody)
    assert.equal(await lateAs('/.well-known/openpgpkey/acme.example/hu/hash-of-alice'), nobody)
    assert.equal(await lateAs(of('alice\0', 'acme.example', 'hash-of-alice')), nobody)
    assert.equal(await lateAs(of('a'.repeat(129))), nobody)
    await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    assert.equal(await lateAs(of('alice')), nobody)
    await askLocally(house.directory, 'POST', '/v1/parties/alice/unlock', {})
    assert.equal((await ask(of('alice'))).status, 200)
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.equal(await lateAs(of('alice')), nobody)
  })

  test('is none where no domain is named: every address is nobody’s', async (t) => {
    const { keep, ask } = await setUp(t, [])
    await keep(6, 1)
    const [known, unknown] = [await ask(of('alice')), await ask(of('nobody'))]
    assert.deepEqual([known.status, known.body], [404, unknown.body])
  })
})
