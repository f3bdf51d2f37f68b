// Routes with a service of their own, under a policy, with curl; and what is under way ends when the rules change.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

const RULES = `
meet:
  - {rule: everybody may shop, who: any, what: service:shop}
  - {rule: ops administer, who: group:ops, what: service:admin}
expect:
  - party:alice can meet service:admin
  - party:bob cannot meet service:admin
`

suite('routes of a door', needs('curl', 'curl'), () => {
  let directory: string
  let house: RunningHouse
  let service: Server
  const people: Record<string, PartyFiles> = {}

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-routes-'))
    await writeFile(join(directory, 'policy.yaml'), RULES)
    service = createServer((request, response) => {
      response.write(`service ${request.url}\n`)
      if (!request.url?.endsWith('/watch')) response.end()
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
    house = await startHouse({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { alice: { labels: ['group:ops'] }, bob: {} },
        doors: [
          {
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost'],
            listen: '127.0.0.1:0',
            routes: [{ path: '/admin', service: 'admin', upstream: { url: [url, 'http://127.0.0.1:1'] } }],
            upstream: 'demo',
          },
        ],
      },
    })
    for (const party of ['alice', 'bob']) people[party] = await enrolled(house, party)
  })
  after(async () => {
    await house?.stop('SIGKILL')
    service?.close()
    service?.closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  })

  const visit = (party: string, path: string, ...args: readonly string[]) => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    return curl(
      people[party] as PartyFiles,
      ['--resolve', `shop.localhost:${port}:127.0.0.1`, '--path-as-is', ...args],
      {
        url: `https://shop.localhost:${port}${path}`,
      },
    )
  }

  test('each gets what the rules let have, and nobody gets round them by a path', async () => {
    assert.equal((await visit('alice', '/admin/users')).body, 'service /admin/users\n')
    assert.equal((await visit('bob', '/')).status, 200)
    for (const version of ['--http1.1', '--http2']) {
      const { status, body } = await visit('bob', '/admin/users', version)
      const { code, reference } = JSON.parse(body) as { code: string; reference: string }
      assert.deepEqual([status, code], [403, 'ERR_POLICY_NOT_ALLOWED'])
      await house.event((event) => event['event'] === 'request.refused' && event['reference'] === reference)
      for (const path of ['/x/../admin', '//admin', '/%61dmin', '/x/..%2fadmin', '/ADMIN'])
        assert.equal((await visit('bob', path, version)).status, 400, path)
    }
  })

  test('rules can speak of it, and questions answer', async () => {
    assert.equal((await house.run(['config', 'check'])).code, 0)
    const who = await house.run(['who-can', 'service:admin', '--json'])
    assert.deepEqual(
      (JSON.parse(who.stdout) as { who: { who: string }[] }).who.map((each) => each.who),
      ['alice'],
    )
    await writeFile(join(directory, 'policy.yaml'), RULES.replaceAll('service:admin', 'service:admn'))
    const checked = await house.run(['config', 'check'])
    assert.notEqual(checked.code, 0)
    assert.match(checked.stdout + checked.stderr, /party:alice can meet service:admn: there is no such service/)
    await writeFile(join(directory, 'policy.yaml'), RULES)
  })

  test('what is under way ends when the rules change', async () => {
    const arrived = () => new Promise<void>((resolve) => service.once('request', () => resolve()))
    const watching = [visit('alice', '/admin/watch', '--http1.1')]
    await arrived()
    watching.push(visit('alice', '/admin/watch', '--http2'))
    await arrived()
    await writeFile(join(directory, 'policy.yaml'), RULES.replace('group:ops, what', 'group:chiefs, what'))
    house.process.kill('SIGHUP')
    await house.event(({ event }) => event === 'policy.replaced')
    const [first, second] = (await Promise.all(watching)).map(({ code }) => code)
    // curl: 56, the connection was reset; 18, it ended within the answer; 92, the stream was.
    assert.ok(first === 56 || first === 18, `${first}`)
    assert.equal(second, 92)
    assert.equal((await visit('alice', '/admin/users')).status, 403)
    assert.equal((await visit('alice', '/')).status, 200)
  })
})
