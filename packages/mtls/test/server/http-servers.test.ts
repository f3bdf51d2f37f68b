import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import Fastify from 'fastify'
import { chainOf, createIssuer, issueLeaf } from '../../../../tools/testing/pki.ts'
import { createFetch } from '../../src/client/fetch.ts'
import { connectHttp2 } from '../../src/client/http2.ts'
import { countersign } from '../../src/fastify.ts'
import { createIdentity } from '../../src/identity/create.ts'
import { createHttp2Server, createHttpsServer } from '../../src/server/http-servers.ts'
import { meetingOf } from '../../src/server/meeting-of.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { portOf } from '../support/door.ts'
import { dns } from '../support/pki.ts'
import { aliceWith, root, site } from '../support/website.ts'

const serverWith = (allow: readonly string[]) => {
  const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() })
  return { identity: { ...createIdentity({ certificates: chainOf(site), privateKey: site.privateKey }), trust }, allow }
}

async function listen<Kind extends ReturnType<typeof createHttpsServer> | ReturnType<typeof createHttp2Server>>(
  server: Kind,
) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server,
    port: portOf(server),
    [Symbol.asyncDispose]: async () => {
      server.close()
      await Promise.all(server.sessions.list().map((session) => session.cut('ERR_DOOR_DRAINING')))
      await once(server, 'close')
    },
  }
}

const HTTPS = (allow: readonly string[]) =>
  createHttpsServer(serverWith(allow), ({ socket }, response) => response.end(`hello ${meetingOf(socket)?.peer.name}`))
const HTTP2 = (allow: readonly string[]) =>
  createHttp2Server(serverWith(allow), ({ socket, httpVersion }, response) => {
    response.end(`hello ${meetingOf(socket)?.peer.name} over ${httpVersion}`)
  })

suite('createHttpsServer', () => {
  test('serves whom it names, and knows who it is', async () => {
    await using site = await listen(HTTPS(['alice']))
    const response = await createFetch(aliceWith())(`https://site.localhost:${site.port}/`)
    assert.equal(await response.text(), 'hello alice')
    assert.equal(site.server.sessions.size, 1)
  })

  test('tells others why not, with a reference', async () => {
    await using site = await listen(HTTPS(['bob']))
    await assert.rejects(createFetch(aliceWith())(`https://site.localhost:${site.port}/`), {
      name: 'DoorRefusedError',
      code: 'ERR_CALLER_NOT_ALLOWED',
      status: 403,
      reference: /^M-/,
    })
    assert.equal(site.server.sessions.size, 0)
  })

  test('does not start where the list names nobody rightly', () => {
    assert.throws(() => HTTPS(['']), RangeError)
  })
})

suite('createHttp2Server', () => {
  const target = (port: number) => {
    const identity = aliceWith()
    return { host: 'site.localhost', port, identity, trust: identity.trust } as const
  }

  test('serves whom it names in either version', async () => {
    await using site = await listen(HTTP2(['alice']))
    const { session } = await connectHttp2(target(site.port))
    let text = ''
    for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk
    session.close()
    assert.equal(text, 'hello alice over 2.0')
    const response = await createFetch(aliceWith())(`https://site.localhost:${site.port}/`)
    assert.equal(await response.text(), 'hello alice over 1.1')
  })

  test('tells others why not in either version', async () => {
    await using site = await listen(HTTP2(['bob']))
    const { session } = await connectHttp2(target(site.port))
    const stream = session.request({ ':path': '/' })
    let status: unknown
    stream.on('response', (headers) => {
      status = headers[':status']
    })
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    assert.equal(status, 403)
    assert.equal(JSON.parse(text).code, 'ERR_CALLER_NOT_ALLOWED')
    await assert.rejects(createFetch(aliceWith())(`https://site.localhost:${site.port}/`), {
      code: 'ERR_CALLER_NOT_ALLOWED',
    })
  })
})

suite('the plug-in of Fastify', () => {
  const appWith = async (allow: readonly string[]) => {
    const app = Fastify({ serverFactory: (handler) => createHttpsServer(serverWith(allow), handler) })
    app.register(countersign)
    app.get('/', async ({ peer, meeting }) => `hello ${peer.name}, ${meeting.callee.name}`)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app
  }

  test('gives each request who asks and the meeting', async () => {
    const app = await appWith(['alice'])
    const response = await createFetch(aliceWith())(`https://site.localhost:${portOf(app.server)}/`)
    assert.equal(await response.text(), 'hello alice, site.localhost')
    await app.close()
  })

  test('whom the list does not name is told so before Fastify hears of it', async () => {
    const app = await appWith(['bob'])
    let heard = 0
    app.server.on('request', () => heard++)
    await assert.rejects(createFetch(aliceWith())(`https://site.localhost:${portOf(app.server)}/`), {
      code: 'ERR_CALLER_NOT_ALLOWED',
    })
    assert.equal(heard, 0)
    await app.close()
  })

  test('a stranger’s own authority does not help', async () => {
    const app = await appWith(['*'])
    const other = createIssuer('Other')
    const mallory = issueLeaf(other, 'alice', { names: [dns('alice.localhost')], purpose: 'clientAuth' })
    const { trust } = aliceWith()
    const identity = createIdentity({ certificates: chainOf(mallory), privateKey: mallory.privateKey })
    await assert.rejects(createFetch({ ...identity, trust })(`https://site.localhost:${portOf(app.server)}/`), {
      code: 'ERR_CALLER_UNKNOWN_ISSUER',
    })
    await app.close()
  })

  test('a request that did not come by the gate gets no further', async () => {
    const app = Fastify()
    app.register(countersign)
    app.get('/', async () => 'secret')
    const { statusCode, body } = await app.inject('/')
    assert.equal(statusCode, 500)
    assert.ok(!body.includes('secret'))
    await app.close()
  })
})
