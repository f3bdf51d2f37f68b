import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fastify from 'fastify'
import { publicRoutes } from '../../src/api/public.ts'
import { sha256 } from '../../src/octets.ts'
import { NAME, openCore } from '../support/core.ts'

const LIST_OCTETS = 48 << 20

suite('large lists', () => {
  for (const path of ['/crl/issuing.crl', '/status'])
    test(`${path} costs little for a caller that does not read, and comes whole to one that does`, async (t) => {
      const { root, issuing } = (await openCore(t)).hierarchy
      const list = new Uint8Array(LIST_OCTETS).map((_, index) => index % 251)
      const lists = { issuing: list, root: new Uint8Array(1) }
      const address = { address: '127.0.0.1:1', name: NAME, rootSha256: sha256(root.der) }
      const app = fastify()
      publicRoutes(app, { root, issuing, crls: () => lists, address: () => address })
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
