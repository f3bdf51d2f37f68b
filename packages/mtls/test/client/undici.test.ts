import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { Agent, fetch, Pool, request } from 'undici'
import type { ConnectedCallback } from '../../src/client/undici.ts'
import { undiciConnector } from '../../src/client/undici.ts'
import { createRoot, NOW, pemOf } from '../support/pki.ts'
import { alice, door, identity, revocationOf, trustOf } from '../support/world.ts'

const options = { identity, trust: trustOf(), clock: () => NOW }

async function startWebsite() {
  const seen: string[] = []
  const key = door.privateKey.export({ format: 'pem', type: 'pkcs8' })
  const tls = { key, cert: pemOf(door.certificates), requestCert: true, rejectUnauthorized: false }
  const server = createServer(tls, ({ socket }, response) => {
    seen.push((socket as TLSSocket).getPeerX509Certificate()?.subject ?? '')
    response.end('hello')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

suite('undiciConnector', () => {
  test('undici’s fetch and pool meet the callee through the gate, on kept connections', async () => {
    await using website = await startWebsite()
    const url = `https://door.localhost:${website.port}/`
    const dispatcher = new Agent({ connect: undiciConnector(options) })
    const response = await fetch(url, { dispatcher })
    assert.deepEqual([response.status, await response.text()], [200, 'hello'])
    await dispatcher.close()

    const pool = new Pool(url, { connections: 1, connect: undiciConnector(options) })
    for (let i = 0; i < 2; i++) await (await pool.request({ path: '/', method: 'GET' })).body.text()
    await pool.close()
    assert.deepEqual(website.seen, Array(3).fill('CN=alice'))
    assert.equal(identity.current(), alice)
  })

  test('a refused callee is the request’s error, whatever Host field the request has', async () => {
    await using website = await startWebsite()
    const stranger = new Agent({
      connect: undiciConnector({ ...options, trust: trustOf({ anchors: [createRoot('other').certificate] }) }),
    })
    const error = await fetch(`https://door.localhost:${website.port}/`, { dispatcher: stranger }).catch(
      (e: unknown) => e,
    )
    assert.ok(error instanceof Error)
    assert.equal((error.cause as { code?: string }).code, 'ERR_CALLEE_UNKNOWN_ISSUER')
    await stranger.close()

    const dispatcher = new Agent({ connect: undiciConnector(options) })
    await assert.rejects(
      request(`https://other.localhost:${website.port}/`, { dispatcher, headers: { host: 'door.localhost' } }),
      { code: 'ERR_CALLEE_WRONG_NAME' },
    )
    await dispatcher.close()
    assert.deepEqual(website.seen, [])
  })

  test('a kept connection to a callee that is revoked is used no more', async () => {
    await using website = await startWebsite()
    const trust = trustOf()
    const pool = new Pool(`https://door.localhost:${website.port}/`, {
      connections: 1,
      connect: undiciConnector({ ...options, trust }),
    })
    const ask = async () => (await pool.request({ path: '/', method: 'GET' })).body.text()
    await ask()
    trust.announce([revocationOf(door)], NOW)
    await assert.rejects(ask(), (error) => 'code' in Object(error) && Object(error).code === 'ERR_CALLEE_REVOKED')
    await pool.close()
    assert.equal(website.seen.length, 1)
  })

  test('nothing is proved over plain http, so it is refused', async () => {
    const { promise, resolve } = Promise.withResolvers<Parameters<ConnectedCallback>>()
    undiciConnector(options)({ hostname: 'door.localhost', protocol: 'http:', port: '80' }, (...result) =>
      resolve(result),
    )
    const [error, socket] = await promise
    assert.match(String(error), /no identity can be proved over http:/)
    assert.equal(socket, null)
  })
})
