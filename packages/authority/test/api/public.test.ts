import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fastify from 'fastify'
import { publicRoutes } from '../../src/api/public.ts'
import { sha256 } from '../../src/octets.ts'
import { createChanges } from '../../src/status/changes.ts'
import type { Lists } from '../../src/status/crl/publish.ts'
import { NAME, openCore } from '../support/core.ts'

const listsOf = (octet: number): Lists => ({ all: [Uint8Array.of(octet), Uint8Array.of(2)], of: () => undefined })
const LIST_OCTETS = 48 << 20

suite('large lists', () => {
  for (const path of ['/crl/issuing.crl', '/status'])
    test(`${path} costs little for a caller that does not read, and comes whole to one that does`, async (t) => {
      const { store, clock, issuers } = await openCore(t)
      const list = new Uint8Array(LIST_OCTETS).map((_, index) => index % 251)
      const lists = { all: [list, new Uint8Array(1)], of: () => list }
      const address = { address: '127.0.0.1:1', name: NAME, rootSha256: new Uint8Array(32) }
      const app = fastify()
      publicRoutes(app, {
        issuers,
        store,
        clock,
        crls: () => lists,
        krl: () => new Uint8Array(1),
        address: () => address,
        changes: createChanges(),
      })
      await app.listen({ host: '127.0.0.1', port: 0 })
      t.after(() => app.close())

      const accepted: Promise<Socket[]> = once(app.server, 'connection')
      const caller = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
      t.after(() => caller.destroy())
      caller.write(`GET ${path} HTTP/1.1\r\nhost: ${NAME}\r\nconnection: close\r\n\r\n`)
      const [server] = await accepted
      caller.pause()
      await delay(500)
      assert.ok(server!.bytesWritten > 0)
      assert.ok(server!.writableLength < 1 << 20, `${server!.writableLength} octets wait for a caller`)

      const chunks: Buffer[] = []
      caller.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
      await once(caller, 'end')
      const octets = Buffer.concat(chunks)
      const body = octets.subarray(octets.indexOf('\r\n\r\n') + 4)
      const found = path === '/status' ? Buffer.from(JSON.parse(body.toString()).crls[0], 'base64') : body
      assert.deepEqual(sha256(found), sha256(list))
    })
})

suite('GET /status, by who waits for what is new', () => {
  /** A site whose lists the test replaces. */
  async function open(t: TestContext, changes = createChanges({ mostWaiting: 10, waitMs: 10_000 })) {
    const { store, clock, issuers } = await openCore(t)
    let lists = listsOf(1)
    const app = fastify()
    const address = { address: '127.0.0.1:1', name: NAME, rootSha256: new Uint8Array(32) }
    publicRoutes(app, {
      issuers,
      store,
      clock,
      crls: () => lists,
      krl: () => new Uint8Array(1),
      address: () => address,
      changes,
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    t.after(() => {
      changes.close()
      return app.close()
    })
    const ask = async (query = '') => {
      const response = await fetch(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/status${query}`)
      return (await response.json()) as { version: string; crls?: string[]; retryAfterSeconds?: number }
    }
    const publish = (octet: number) => {
      lists = listsOf(octet)
      changes.tell()
    }
    return { ask, publish, changes }
  }

  test('has the lists at once, without a version, and for one of before', async (t) => {
    const { ask, publish } = await open(t)
    const first = await ask()
    assert.deepEqual(first.crls, ['AQ==', 'Ag=='])
    publish(3)
    const second = await ask(`?after=${first.version}`)
    assert.deepEqual(second.crls, ['Aw==', 'Ag=='])
    assert.notEqual(second.version, first.version)
  })

  test('waits for the next, and for nothing that is no other list', async (t) => {
    const { ask, publish, changes } = await open(t)
    const { version } = await ask()
    let isAnswered = false
    const waiting = ask(`?after=${version}`).then((answer) => {
      isAnswered = true
      return answer
    })
    await delay(100)
    changes.tell()
    await delay(50)
    assert.equal(isAnswered, false)
    publish(4)
    assert.deepEqual((await waiting).crls, ['BA==', 'Ag=='])
  })

  test('is told after a while that nothing is new, and when the authority stops', async (t) => {
    const { ask } = await open(t, createChanges({ mostWaiting: 10, waitMs: 50 }))
    const { version } = await ask()
    assert.deepEqual(await ask(`?after=${version}`), { version })
    const stopping = await open(t)
    const waiting = stopping.ask(`?after=${(await stopping.ask()).version}`)
    await delay(50)
    stopping.changes.close()
    assert.equal((await waiting).crls, undefined)
  })

  test('is one of few: others are told when to come again, and who leaves makes room', async (t) => {
    const { ask, publish, changes } = await open(t, createChanges({ mostWaiting: 1, waitMs: 10_000 }))
    const { version } = await ask()
    const gone = Promise.withResolvers<void>()
    const first = changes.wait(() => false, gone.promise)
    assert.deepEqual(await ask(`?after=${version}`), { version, retryAfterSeconds: 300 })
    gone.resolve()
    assert.equal(await first, true)
    const waiting = ask(`?after=${version}`)
    await delay(50)
    publish(5)
    assert.equal((await waiting).retryAfterSeconds, undefined)
  })
})
