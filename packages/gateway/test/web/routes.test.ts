// Requests find their service by host and path, and no way of writing a path gets round a route.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { replaceableAccess, steadyAccess } from '@countersign/mtls'
import type { Decision } from '@countersign/protocol'
import { ask, CALLERS, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { createRoutes, isUnclear } from '../../src/web/routes.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const HOSTS = ['a.example', 'b.example'] as const

suite('a route is found', () => {
  const routes = createRoutes(HOSTS, [
    { path: '/', name: 'all' },
    { path: '/admin', name: 'admin' },
    { path: '/admin/keys', name: 'keys' },
    { host: 'b.example', path: '/admin', name: 'b' },
  ])
  const found: readonly (readonly [host: string | undefined, path: string, name: string])[] = [
    ['a.example', '/', 'all'],
    ['a.example', '/admin', 'admin'],
    ['a.example', '/admin?x=/../', 'admin'],
    ['a.example', '/admin/', 'admin'],
    ['a.example', '/admin/users', 'admin'],
    ['a.example', '/admin/USERS', 'admin'],
    ['a.example', '/Administrator', 'all'],
    ['a.example', '/admin/keys/1', 'keys'],
    ['a.example', '/administrator', 'all'],
    ['a.example', '/admin;x=1/keys', 'keys'],
    ['A.example.:443', '/admin/keys', 'keys'],
    ['b.example', '/admin/keys', 'b'],
    ['b.example:8443', '/', 'all'],
    [undefined, '/admin/keys', 'keys'],
    ['a.example', '/a%20b/%C3%BC', 'all'],
    // As encyclopedias name their pages.
    ['a.example', '/wiki/What_is_this%3F', 'all'],
    ['a.example', '/admin/keys/Why%3F.', 'keys'],
    ['a.example', `/wiki/${'.'.repeat(16_000)}a`, 'all'],
  ]
  for (const [host, path, name] of found)
    test(`${host ?? 'no host'} ${path.slice(0, 40)} → ${name}`, () => {
      const route = routes.find(host, path)
      assert.ok(typeof route === 'object')
      assert.equal(route.name, name)
    })

  // What IIS, Tomcat, nginx, Express and others have been seen to read as /admin.
  const unclear = [
    '//admin',
    '/x/../admin',
    '/./admin',
    '/x/..',
    '/x/..;/admin',
    '/.;/admin',
    '/%61dmin',
    '/%2e/admin',
    '/x%2f..%2fadmin',
    '/x%2F%2E%2E%2Fadmin',
    '/x%5c..%5cadmin',
    '/x\\..\\admin',
    '/%2561dmin',
    '/%252e%252e/admin',
    '/admin%7e',
    '/admin%3bx',
    '/;x/admin',
    '/x%c0%afadmin',
    '/admin%00',
    // Express, IIS.
    '/ADMIN',
    '/Admin/users',
    '/admin/Keys/1',
    // Windows forgets what ends a name.
    '/admin.',
    '/admin%20/users',
    '/admin/keys.%20.',
    // Decoded first, and taken apart then.
    '/admin%3Fx',
    '/admin%23/x',
  ]
  for (const path of unclear)
    test(`${path} chooses no route`, () => assert.equal(routes.find('a.example', path), 'unclear'))

  test('where paths choose nothing, none is unclear', () => {
    const only = createRoutes(HOSTS, [{ path: '/' }])
    for (const path of unclear) assert.equal(typeof only.find('a.example', path), 'object')
    assert.equal(isUnclear('/a;b=c/d.e/%F0%9F%94%92'), false)
  })

  test('there may be none', () =>
    assert.equal(createRoutes(HOSTS, [{ path: '/x' }]).find('a.example', '/y'), undefined))
})

suite('a door with routes', () => {
  test('carries each request to its service, and says where there is none', async () => {
    await using shop = await serveHttp((request, response) => response.end(`shop ${request.url}`))
    await using admin = await serveHttp((request, response) => response.end(`admin ${request.url}`))
    await using door = await openTestDoor(undefined, {
      routes: [
        { path: '/admin', upstream: { url: admin.url } },
        { host: 'real.example', path: '/', upstream: { url: shop.url } },
      ],
    })
    assert.equal((await ask(door, alice, '/admin/x?y')).body, 'admin /admin/x?y')
    assert.equal((await ask(door, alice, '/z', { headers: { Host: 'real.example' } })).body, 'shop /z')
    const none = await ask(door, alice, '/z')
    assert.deepEqual([none.status, codeOf(none.body)], [404, 'ERR_DOOR_NO_ROUTE'])
    const unclear = await ask(door, alice, '/x/../admin')
    assert.deepEqual([unclear.status, codeOf(unclear.body)], [400, 'ERR_DOOR_REQUEST'])
    assert.deepEqual([shop.reached, admin.reached], [1, 1])
  })

  test('cannot be opened with a host that is not its own, or two routes for one place', async () => {
    const upstream = { url: 'http://127.0.0.1:9' }
    const strange = openTestDoor(undefined, { routes: [{ host: 'elsewhere.example', path: '/', upstream }] })
    await assert.rejects(strange, /route 1: host must be one of the door's hosts: hello\.localhost, /)
    const twice = openTestDoor(upstream, { routes: [{ path: '/', upstream }] })
    await assert.rejects(twice, /route 2: path must differ from that of route 1/)
  })
})

suite('a route with a service of its own', () => {
  /** Rules by which who may have the door, and `more`, is known. */
  const rules = (more: readonly string[]) =>
    steadyAccess(({ what }): Decision => {
      if (what === undefined || more.includes(what)) return { ok: true, by: { rule: 'test' } } as unknown as Decision
      return { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [] }
    })
  const routesTo = (url: string) => [
    { path: '/admin', service: 'admin', upstream: { url } },
    { path: '/', upstream: { url } },
  ]

  test('is for whom the rules let have it, in each version of HTTP', async () => {
    await using upstream = await serveHttp((request, response) => response.end(request.url))
    await using door = await openTestDoor(undefined, {
      routes: routesTo(upstream.url),
      access: rules(['service:admin']),
    })
    assert.equal((await ask(door, alice, '/admin')).body, '/admin')
    using caller = await connectHttp2(door, alice)
    assert.equal(
      (await askHttp2(caller.session, { ':path': '/admin/1', ':authority': 'hello.localhost' })).body,
      '/admin/1',
    )
  })

  test('is refused to others with the reference, who go on with the rest on the same connection', async () => {
    await using upstream = await serveHttp((request, response) => response.end(request.url))
    await using door = await openTestDoor(undefined, { routes: routesTo(upstream.url), access: rules([]) })
    using caller = await connectHttp2(door, alice)
    const get = (path: string) => askHttp2(caller.session, { ':path': path, ':authority': 'hello.localhost' })
    const refused = await get('/admin')
    assert.deepEqual([refused.status, codeOf(refused.body)], [403, 'ERR_CALLER_NOT_ALLOWED'])
    const [meeting, record] = door.records
    assert.equal(JSON.parse(refused.body).reference, record?.reference)
    assert.notEqual(record?.reference, meeting?.reference)
    assert.ok(record && !record.outcome.ok)
    assert.equal(record.outcome.refusal.note, `service:admin, on the connection of ${meeting?.reference}`)
    assert.deepEqual(
      record.steps.map(({ outcome }) => outcome),
      ['proved', 'proved', 'proved', 'proved', 'refused', 'not reached'],
    )
    assert.ok(!refused.body.includes('service:admin'), 'the note is for the operator')
    // The same no is the same record.
    assert.equal(JSON.parse((await get('/admin/x')).body).reference, record.reference)
    assert.equal(door.records.length, 2)
    assert.equal((await get('/')).body, '/')
    assert.equal(upstream.reached, 1)
    assert.deepEqual(
      door.logs.map(({ event, fields }) => [event, fields['code']]),
      [
        ['request.refused', 'ERR_CALLER_NOT_ALLOWED'],
        ['request.refused', 'ERR_CALLER_NOT_ALLOWED'],
      ],
    )
  })

  test('is refused where the policy breaks, and a browser reads a page', async () => {
    await using upstream = await serveHttp((request, response) => response.end(request.url))
    const access = steadyAccess(({ what }): Decision => {
      if (what === undefined) return { ok: true, rule: 'test' }
      throw new Error('a bug of the policy')
    })
    await using door = await openTestDoor(undefined, { routes: routesTo(upstream.url), access })
    const { status, body, headers } = await ask(door, alice, '/admin', { headers: { Accept: 'text/html' } })
    assert.equal(status, 403)
    assert.match(headers['content-type'] ?? '', /^text\/html/)
    assert.ok(body.includes(door.records[1]?.reference ?? 'none') && body.includes('ERR_GATE_FAULT'))
    assert.ok(!body.includes('a bug of the policy'))
    assert.deepEqual(
      door.logs.filter(({ event }) => event === 'gate.fault').map(({ fields }) => String(fields['error'])),
      ['Error: a bug of the policy'],
    )
    assert.equal(upstream.reached, 0)
  })

  test('ends at once when the rules no longer let have it, and nothing else does', async () => {
    await using upstream = await serveHttp((request, response) => {
      response.writeHead(200).flushHeaders()
      // Goes on for ever.
      if (!request.url?.startsWith('/short')) response.write('begun')
      else response.end('short')
    })
    const access = replaceableAccess(rules(['service:admin']))
    await using door = await openTestDoor(undefined, { routes: routesTo(upstream.url), access })
    using caller = await connectHttp2(door, alice)
    const open = (path: string) => {
      const stream = caller.session.request({ ':path': path, ':authority': 'hello.localhost' })
      let text = ''
      stream.on('data', (octets) => {
        text += String(octets)
      })
      stream.on('error', () => undefined)
      return { stream, text: () => text }
    }
    const [admin, rest] = [open('/admin'), open('/')]
    await until(() => admin.text() === 'begun' && rest.text() === 'begun', 'both answers have begun')
    access.replace(rules([]))
    await until(() => admin.stream.destroyed, 'the answer of the service is cut')
    assert.equal(rest.stream.destroyed, false)
    const later = await askHttp2(caller.session, { ':path': '/admin', ':authority': 'hello.localhost' })
    assert.equal(later.status, 403)
    access.replace(rules(['service:admin']))
    // Nothing that was refused is remembered.
    const again = open('/admin')
    await until(() => again.text() === 'begun', 'it is answered again')
  })

  test('in HTTP/1.1 its end ends the connection', async () => {
    await using upstream = await serveHttp((_request, response) => void response.write('begun'))
    const access = replaceableAccess(rules(['service:admin']))
    await using door = await openTestDoor(undefined, { routes: routesTo(upstream.url), access })
    const cut = assert.rejects(ask(door, alice, '/admin'), /aborted|hang up|ECONNRESET/)
    await until(() => upstream.reached === 1 && upstream.open.size === 1, 'the request is there')
    access.replace(rules([]))
    await cut
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })
})

function codeOf(body: string): unknown {
  return (JSON.parse(body) as { readonly code: unknown }).code
}
