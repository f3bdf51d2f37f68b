// Client-Cert from a proxy before the door, RFC 9440: who calls is whom the proxy names, judged like any other; and nobody else may say so.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { Agent } from 'node:https'
import { suite, test } from 'node:test'
import { steadyAccess } from '@countersign/mtls'
import type { Decision } from '@countersign/protocol'
import { explainMeeting, readMeeting, writeMeeting } from '@countersign/protocol'
import { chainOf, type Holder, issueLeaf } from '../../../../tools/testing/pki.ts'
import { ask, CALLERS, issuing, openTestDoor, root, type TestDoor, until } from '../../../../tools/testing/web-house.ts'
import { readClientCert } from '../../src/web/client-cert.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'
import { LEAF } from '../support/rfc9440.ts'

const { alice, bob, late, foreign, proxy } = CALLERS
const server = issueLeaf(issuing, 'web.localhost', {
  names: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' }],
  purpose: 'serverAuth',
})

const item = (der: Uint8Array) => `:${Buffer.from(der).toString('base64')}:`
/** As a proxy writes it. */
const saying = (who: Holder) => ({
  'Client-Cert': item(who.certificate.der),
  'Client-Cert-Chain': [item(issuing.certificate.der), item(root.certificate.der)].join(', '),
})
const codeOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { code?: string }).code

const SETTING = { from: 'proxy', allow: ['alice', 'proxy'] } as const
const echo = () => serveHttp((request, response) => response.end(JSON.stringify(request.headers)))

suite('a proxy that is believed', () => {
  test('brings its caller to the upstream, and the record says by whose word', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const { status, body } = await ask(door, proxy, '/', { headers: saying(alice) })
    assert.equal(status, 200)
    const seen = JSON.parse(body) as Record<string, string>
    assert.equal(seen['client-cert'], item(alice.certificate.der))
    assert.equal(seen['client-cert-chain'], item(issuing.certificate.der))
    const [own, record] = door.records
    assert.equal(own?.caller.name, 'proxy')
    assert.ok(record?.outcome.ok)
    assert.equal(record.caller.name, 'alice')
    assert.notEqual(record.reference, own?.reference)
    const { evidence } = record.steps[3]
    assert.ok(evidence?.kind === 'forwarded')
    assert.equal(evidence.by, 'proxy')
    assert.equal(evidence.certificate.sha256, hash('sha256', alice.certificate.der, 'hex'))
    assert.match(explainMeeting(record, record.at).rows[3]?.text ?? '', /^alice, .*, as proxy says$/)
    assert.deepEqual(readMeeting(JSON.parse(JSON.stringify(writeMeeting(record)))), record)
    assert.deepEqual([door.done[0]?.['caller'], door.done[0]?.['reference']], ['alice', record.reference])
  })

  test('brings several on one connection, each met once, over both versions', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, { from: 'proxy', allow: ['alice', 'bob', 'proxy'] })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const who of [alice, bob, alice, bob]) {
      const { body } = await ask(door, proxy, '/', { agent, headers: saying(who) })
      assert.equal((JSON.parse(body) as Record<string, string>)['client-cert'], item(who.certificate.der))
    }
    assert.deepEqual(
      door.records.map(({ caller }) => caller.name),
      ['proxy', 'alice', 'bob'],
    )
    assert.deepEqual(
      door.sessions.list().map(({ meeting }) => meeting.caller.name),
      ['proxy', 'alice', 'bob'],
    )
    agent.destroy()
    await until(() => door.sessions.size === 0, 'they end with the connection')
    using caller = await connectHttp2(door, proxy)
    const { body } = await askHttp2(caller.session, { ':path': '/', ':authority': 'hello.localhost', ...saying(bob) })
    assert.equal((JSON.parse(body) as Record<string, string>)['client-cert'], item(bob.certificate.der))
  })

  test('is asked of the policy by whom it names, whose proof is bound to nothing here and who saw no door', async () => {
    const asked: unknown[] = []
    const access = steadyAccess(({ caller, callee, proofs, what }): Decision => {
      asked.push([caller.name, what, proofs[0]?.binding, callee.identities.length > 0])
      return { ok: true, rule: 'test' }
    })
    await using upstream = await echo()
    await using door = await openTestDoor(undefined, {
      from: 'proxy',
      access,
      routes: [{ path: '/admin', service: 'admin', upstream: { url: upstream.url } }],
    })
    assert.equal((await ask(door, proxy, '/admin', { headers: saying(alice) })).status, 200)
    assert.deepEqual(asked, [
      ['proxy', undefined, 'channel', true],
      ['alice', undefined, 'none', false],
      ['alice', 'service:admin', 'none', false],
    ])
  })

  const refused: readonly (readonly [name: string, headers: Record<string, string>, code: string])[] = [
    ['who is not on the list', saying(bob), 'ERR_CALLER_NOT_ALLOWED'],
    ['whose certificate has expired', saying(late), 'ERR_CALLER_EXPIRED'],
    ['of another authority', { 'Client-Cert': item(foreign.certificate.der) }, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['with a certificate for servers', saying(server), 'ERR_CALLER_WRONG_PURPOSE'],
    ['that is an issuer', { 'Client-Cert': item(issuing.certificate.der) }, 'ERR_CALLER_WRONG_PURPOSE'],
    ['whose certificate is none', { 'Client-Cert': ':aGVsbG8=:' }, 'ERR_CALLER_MALFORMED'],
    ['without its issuer', { 'Client-Cert': item(alice.certificate.der) }, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['without a certificate', {}, 'ERR_CALLER_NO_CERTIFICATE'],
    ['in another spelling', { client_cert: item(alice.certificate.der) }, 'ERR_CALLER_NO_CERTIFICATE'],
    ['in the words of Envoy', { 'X-Forwarded-Client-Cert': 'Hash=ab' }, 'ERR_CALLER_NO_CERTIFICATE'],
  ]
  for (const [name, headers, code] of refused)
    test(`brings nobody in ${name}: a record of its own, and the connection goes on`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream, SETTING)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const answer = await ask(door, proxy, '/', { agent, headers })
      assert.deepEqual([answer.status, codeOf(answer)], [403, code])
      const record = door.records[1]
      assert.ok(record && !record.outcome.ok)
      assert.equal(record.outcome.refusal.code, code)
      assert.equal((JSON.parse(answer.body) as { reference: string }).reference, record.reference)
      assert.equal(upstream.reached, 0)
      await ask(door, proxy, '/', { agent, headers })
      assert.equal(door.records.length, 2, 'the same no is the same record')
      assert.equal((await ask(door, proxy, '/', { agent, headers: saying(alice) })).status, 200)
      assert.equal(door.records.filter(({ caller }) => caller.name === 'proxy').length, 1)
      agent.destroy()
    })

  test('may bring nobody where the name asks and the list has it', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, { from: 'proxy', allow: ['proxy', 'nobody'], callers: 'ask' })
    const { status, body } = await ask(door, proxy, '/')
    assert.equal(status, 200)
    assert.equal((JSON.parse(body) as Record<string, string>)['client-cert'], undefined)
  })

  const sentence = item(alice.certificate.der)
  const unreadable: readonly (readonly [name: string, fields: Record<string, string | string[]>])[] = [
    ['twice', { 'Client-Cert': [sentence, sentence] }],
    ['as a list', { 'Client-Cert': `${sentence}, ${sentence}` }],
    ['with a parameter', { 'Client-Cert': `${sentence};a=1` }],
    ['without colons', { 'Client-Cert': sentence.replaceAll(':', '') }],
    ['as PEM in a URL', { 'Client-Cert': '-----BEGIN%20CERTIFICATE-----' }],
    ['empty', { 'Client-Cert': '' }],
    ['with a space in it', { 'Client-Cert': `${sentence.slice(0, 9)} ${sentence.slice(9)}` }],
    ['without padding', { 'Client-Cert': ':aGVsbG8:' }],
    ['with a chain and no certificate', { 'Client-Cert-Chain': item(issuing.certificate.der) }],
    ['with an empty member of the chain', { 'Client-Cert': sentence, 'Client-Cert-Chain': `${sentence},,${sentence}` }],
    ['with a chain without end', { 'Client-Cert': sentence, 'Client-Cert-Chain': Array(16).fill(':AA==:').join() }],
  ]
  for (const [name, headers] of unreadable)
    test(`that says it ${name} is 400`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream, SETTING)
      const answer = await ask(door, proxy, '/', { headers })
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'ERR_DOOR_CLIENT_CERT'])
      assert.equal(upstream.reached, 0)
    })
})

suite('what anybody else says of its caller', () => {
  const tried: readonly (readonly [name: string, from: string | undefined, who: Holder])[] = [
    ['a caller that is no proxy', 'proxy', alice],
    ['the proxy, where none is named', undefined, proxy],
    ['another party than is named', 'edge', proxy],
  ]
  for (const [name, from, who] of tried)
    test(`is taken out and not believed: ${name}`, async () => {
      await using upstream = await echo()
      const setting = { allow: ['alice', 'proxy', 'bob'], ...(from !== undefined && { from }) }
      await using door = await openTestDoor(upstream, setting)
      const { body } = await ask(door, who, '/', { headers: saying(bob) })
      assert.equal((JSON.parse(body) as Record<string, string>)['client-cert'], item(who.certificate.der))
      assert.equal(door.records.length, 1)
    })

  test('is not heard where the door does not let the proxy itself in', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, { from: 'proxy', allow: ['alice'] })
    const answer = await ask(door, proxy, '/', { headers: saying(alice) })
    assert.equal(codeOf(answer), 'ERR_CALLER_NOT_ALLOWED')
    assert.equal(upstream.reached, 0)
  })
})

suite('a caller behind a proxy that is revoked', () => {
  const revoke = (door: TestDoor, { certificate }: Holder) => {
    const issuerSpkiSha256 = hash('sha256', issuing.certificate.subjectPublicKeyInfo.der, 'hex')
    const at = Temporal.Now.instant()
    door.trust.announce(
      [{ issuerSpkiSha256, serialNumber: certificate.serialNumber, party: 'x', at, reason: 'keyCompromise' }],
      at,
    )
  }

  test('loses what is under way, others and the proxy go on, and it does not come in again', async () => {
    await using slow = await serveOctets((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    })
    await using door = await openTestDoor(slow, { from: 'proxy', allow: ['alice', 'bob', 'proxy'] })
    using caller = await connectHttp2(door, proxy)
    const get = (who: Holder) =>
      askHttp2(caller.session, { ':path': '/', ':authority': 'hello.localhost', ...saying(who) })
    const [ofAlice, ofBob] = [get(alice), get(bob)]
    await until(() => slow.open.size === 2, 'both are under way')
    revoke(door, alice)
    assert.equal((await ofAlice).rstCode, 2)
    await until(() => slow.open.size === 1, 'her request is let go, and his is not')
    assert.equal(caller.session.destroyed, false)
    const again = await get(alice)
    assert.deepEqual([again.status, codeOf(again)], [403, 'ERR_CALLER_REVOKED'])
    revoke(door, proxy)
    assert.notEqual((await ofBob).rstCode, 0)
    await until(() => door.sessions.size === 0 && slow.open.size === 0, 'with the proxy, everybody')
  })

  test('in HTTP/1.1 takes the connection of the proxy along', async () => {
    await using slow = await serveOctets((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    })
    await using door = await openTestDoor(slow, SETTING)
    const cut = assert.rejects(ask(door, proxy, '/', { headers: saying(alice) }), /aborted|hang up|ECONNRESET/)
    await until(() => slow.open.size === 1, 'it is under way')
    revoke(door, alice)
    await cut
    await until(() => slow.open.size === 0, 'the upstream is let go')
  })
})

suite('readClientCert', () => {
  test('reads the example of RFC 9440, Appendix A', () => {
    const [der, ...others] = readClientCert(['Host', 'h', 'client-cert', `:${LEAF}:`]) ?? []
    assert.deepEqual(others, [])
    assert.equal(Buffer.from(der ?? []).toString('base64'), LEAF)
  })

  test('puts a chain that came apart together, in its order', () => {
    const [one, two, three] = chainOf(alice)
    const fields = [
      'Client-Cert',
      item(one.der),
      'client-cert-chain',
      item(two!.der),
      'Client-Cert-Chain',
      item((three ?? one).der),
    ]
    assert.deepEqual(
      readClientCert(fields)?.map((der) => Buffer.from(der).toString('hex')),
      [one, two!, three ?? one].map(({ der }) => Buffer.from(der).toString('hex')),
    )
  })
})
