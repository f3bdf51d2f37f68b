// What an operator has of a house that runs: numbers that a foreign parser reads, a log that can be rotated, another configuration without a restart.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, runProgram } from './support/peers.ts'

const PEERS = {
  ...needs('curl', 'curl'),
  ...needs('python3', 'python3-prometheus-client'),
}
// Debian's own, which has Debian's modules.
const PYTHON = '/usr/bin/python3'
const PARSE = `
import sys, json
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps([[s.name, s.labels, s.value] for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]))
`

suite('a house that is operated', PEERS, () => {
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  let red: { readonly server: Server; readonly port: number }
  let blue: typeof red
  let config: Readonly<Record<string, unknown>> & { doors: readonly Readonly<Record<string, unknown>>[] }

  before(async () => {
    ;[red, blue] = [await sayingHttp('red'), await sayingHttp('blue')]
    config = {
      authority: { listen: '127.0.0.1:0' },
      accessLog: 'access.jsonl',
      metrics: '127.0.0.1:0',
      doors: [
        {
          name: 'raw',
          kind: 'tcp',
          host: 'raw.localhost',
          listen: '127.0.0.1:0',
          upstream: `127.0.0.1:${red.port}`,
          allow: ['alice'],
        },
        {
          name: 'shop',
          kind: 'web',
          host: 'shop.localhost',
          listen: '127.0.0.1:0',
          upstream: { url: `http://127.0.0.1:${red.port}` },
          allow: ['alice'],
        },
      ],
    }
    house = await startHouse({ config })
    alice = await enrolled(house, 'alice')
    bob = await enrolled(house, 'bob')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    red?.server.close()
    blue?.server.close()
  })

  const ask = (door: string, who: PartyFiles) => {
    const port = new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '').port
    return curl(who, ['--resolve', `${door}.localhost:${port}:127.0.0.1`], {
      url: `https://${door}.localhost:${port}/x?secret=1`,
    })
  }
  const linesOf = async (name: string) => {
    const text = await readFile(join(house.directory, name), 'utf8')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line): Record<string, unknown> => JSON.parse(line))
  }
  /** Asks for another configuration, and answers what the house says of it. */
  const reload = async (next: object) => {
    const from = house.events.length
    await writeFile(join(house.directory, 'countersign.yaml'), JSON.stringify(next))
    house.process.kill('SIGHUP')
    const told = await house.event(
      (event) => house.events.indexOf(event) >= from && String(event['event']).startsWith('config.'),
    )
    return told
  }

  test('its numbers are read by the parser of the Prometheus project, and are right', async () => {
    assert.equal((await ask('raw', alice)).body, 'red')
    assert.equal((await ask('raw', bob)).status, 0)
    assert.equal((await ask('shop', alice)).body, 'red')
    const url = String((house.ready as unknown as Record<string, unknown>)['metrics'])
    const text = (await runProgram('curl', ['--silent', '--include', url])).stdout
    assert.match(text, /^content-type: application\/openmetrics-text; version=1\.0\.0/im)
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', PARSE], {
      input: text.slice(text.indexOf('\r\n\r\n') + 4),
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    const samples = JSON.parse(stdout) as [string, Record<string, string>, number][]
    const value = (name: string, labels: Record<string, string>) =>
      samples.find(
        ([found, has]) => found === name && Object.entries(labels).every(([key, text]) => has[key] === text),
      )?.[2]
    assert.equal(value('countersign_meetings_total', { door: 'raw', outcome: 'accepted' }), 1)
    assert.equal(value('countersign_meetings_total', { door: 'raw', code: 'ERR_CALLER_NOT_ALLOWED' }), 1)
    assert.equal(value('countersign_sessions', { door: 'raw', kind: 'tcp' }), 0)
    assert.equal(value('countersign_requests_total', { door: 'shop', status: '200' }), 1)
    assert.equal(value('countersign_request_duration_seconds_bucket', { door: 'shop', le: '+Inf' }), 1)
    assert.ok((value('countersign_carried_bytes_total', { door: 'raw', direction: 'out' }) ?? 0) > 0)
    assert.ok((value('countersign_certificate_not_after_seconds', { door: 'raw' }) ?? 0) > Date.now() / 1000)
    // The list of the authority holds for a day.
    const holds = (value('countersign_outage_holds_until_seconds', {}) ?? 0) - Date.now() / 1000
    assert.ok(holds > 82_800 && holds <= 86_400, String(holds))
    assert.equal(value('countersign_upstream_up', { door: 'shop', address: `127.0.0.1:${red.port}` }), 1)
    const open = value('process_open_fds', {}) ?? 0
    assert.ok(open > 10 && open < (value('process_max_fds', {}) ?? 0))
  })

  test('its numbers are for this machine: a name that leads here is not answered, nor is another path or method', async () => {
    const url = String((house.ready as unknown as Record<string, unknown>)['metrics'])
    const status = async (...more: string[]) =>
      (await runProgram('curl', ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}', ...more])).stdout
    assert.equal(await status('--header', 'Host: rebound.example', url), '421')
    assert.equal(await status(url.replace('/metrics', '/')), '404')
    assert.equal(await status('--data', 'x', url), '405')
    assert.equal(await status('--head', url), '200')
  })

  test('the access log has each meeting and session with its reference; rotated by SIGHUP, it goes on', async () => {
    await rename(join(house.directory, 'access.jsonl'), join(house.directory, 'access.jsonl.1'))
    assert.equal((await reload(config))['event'], 'config.reloaded')
    const [met, refused, done] = (await linesOf('access.jsonl.1')).filter(({ door }) => door === 'raw')
    assert.deepEqual([met?.['event'], met?.['caller'], met?.['ok']], ['meeting', 'alice', true])
    // The session ends when curl has read, and bob comes after.
    const [session, stranger] = refused?.['event'] === 'session.done' ? [refused, done] : [done, refused]
    assert.deepEqual(
      [stranger?.['event'], stranger?.['caller'], stranger?.['code']],
      ['meeting', 'bob', 'ERR_CALLER_NOT_ALLOWED'],
    )
    assert.equal(session?.['reference'], met?.['reference'])
    assert.ok(Number(session?.['octetsOut']) > 0)
    const request = (await linesOf('access.jsonl.1')).find(({ event }) => event === 'request.done')
    assert.deepEqual(
      [request?.['caller'], request?.['path'], request?.['status'], request?.['octetsOut']],
      ['alice', '/x', 200, 3],
    )
    assert.doesNotMatch(await readFile(join(house.directory, 'access.jsonl.1'), 'utf8'), /secret=/)
    await ask('raw', bob)
    await until(async () => (await linesOf('access.jsonl')).some(({ caller }) => caller === 'bob'))
  })

  test('another upstream and another list, in one turn, at every door', async () => {
    const { doors } = config
    const [raw, shop] = doors
    const next = {
      ...config,
      doors: [
        { ...raw, upstream: `127.0.0.1:${blue.port}`, allow: ['bob'] },
        { ...shop, upstream: { url: `http://127.0.0.1:${blue.port}` }, allow: ['alice', 'bob'] },
      ],
    }
    assert.equal((await ask('shop', alice)).body, 'red')
    assert.equal((await reload(next))['event'], 'config.reloaded')
    assert.equal((await ask('raw', alice)).status, 0)
    assert.equal((await ask('raw', bob)).body, 'blue')
    assert.equal((await ask('shop', alice)).body, 'blue')
    assert.equal((await ask('shop', bob)).body, 'blue')
    await reload(config)
    assert.equal((await ask('raw', alice)).body, 'red')
    assert.equal((await ask('shop', bob)).status, 403)
  })

  test('who may no longer come in is cut, and nobody else', async () => {
    await using held = await openSilent()
    const [raw, shop] = config.doors
    const both = { ...config, doors: [{ ...raw, upstream: `127.0.0.1:${held.port}`, allow: ['alice', 'bob'] }, shop] }
    await reload(both)
    const calls = [alice, bob].map((who) => ask('raw', who))
    await until(async () => held.open() === 2)
    await reload({ ...both, doors: [{ ...both.doors[0], allow: ['alice'] }, shop] })
    await until(async () => held.open() === 1)
    assert.equal((await calls[1])?.status, 0)
    const cut = await linesOf('access.jsonl')
    assert.ok(
      cut.some(
        ({ event, caller, code }) => event === 'session.done' && caller === 'bob' && code === 'ERR_CALLER_NOT_ALLOWED',
      ),
    )
    held.say()
    assert.equal((await calls[0])?.body, 'held')
    await reload(config)
  })

  const broken: readonly (readonly [what: string, next: (doors: typeof config.doors) => object, RegExp])[] = [
    ['an unknown key', (doors) => ({ ...config, dors: doors }), /countersign\.yaml:1: there is no key dors.*doors/],
    [
      'another address',
      ([raw, shop]) => ({ ...config, doors: [{ ...raw, listen: '127.0.0.1:1', allow: ['bob'] }, shop] }),
      /door raw: listen is another/,
    ],
    [
      'other names',
      ([raw, shop]) => ({ ...config, doors: [{ ...raw, host: 'elsewhere.localhost' }, shop] }),
      /door raw: host is another/,
    ],
    [
      'another kind of revocation',
      ([raw, shop]) => ({ ...config, doors: [{ ...raw, revocation: 'prefer' }, shop] }),
      /door raw: revocation is another/,
    ],
    [
      'a door that is gone, and one that is new',
      ([raw, shop]) => ({ ...config, doors: [raw, { ...shop, name: 'other' }] }),
      /door shop is gone, which needs a new start; countersign\.yaml:\d+: door other is new/,
    ],
    [
      'a door that must now call others',
      ([raw, shop]) => ({ ...config, doors: [raw, { ...shop, upstream: { url: 'https://127.0.0.1:1' } }] }),
      /door shop: it must now prove itself/,
    ],
    [
      'another authority',
      () => ({ ...config, authority: { listen: '127.0.0.1:0', organization: 'Other' } }),
      /:\d+: authority\.organization is another, which needs a new start/,
    ],
    [
      'a key of the authority that is none',
      () => ({ ...config, authority: { listen: '127.0.0.1:0', organisation: 'Acme' } }),
      /:\d+: authority: there is no key organisation; did you mean organization\?/,
    ],
    [
      'a store that is none',
      () => ({ ...config, authority: { listen: '127.0.0.1:0', store: 'mysql://a/b' } }),
      /authority\.store must be postgres:/,
    ],
    [
      'a secret elsewhere, and another store',
      () => ({ ...config, authority: { listen: '127.0.0.1:0', passphrase: 'absent', store: 'postgres://a/b' } }),
      /authority\.passphrase is another.*authority\.store is another/,
    ],
    [
      'nobody allowed',
      ([raw, shop]) => ({ ...config, doors: [{ ...raw, allow: [] }, shop] }),
      /must name at least one identity/,
    ],
  ]
  for (const [what, next, words] of broken)
    test(`${what}: told, and nothing is changed`, async () => {
      const told = await reload(next(config.doors))
      assert.equal(told['event'], 'config.reload-failed')
      assert.match(String(told['cause']), words)
      assert.equal((await ask('raw', alice)).body, 'red')
      assert.equal((await ask('raw', bob)).status, 0)
    })
})

async function sayingHttp(word: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${word.length}\r\nConnection: close\r\n\r\n${word}`),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** A service that takes connections, and answers when it is told to. */
async function openSilent(): Promise<{ readonly port: number; open(): number; say(): void } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket
      .on('error', () => socket.destroy())
      .once('close', () => sockets.delete(socket))
      .resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    say() {
      for (const socket of sockets) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nheld')
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it does not come to hold')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a SIGHUP that comes as the house says that it is ready ends nothing', async () => {
  for (let i = 0; i < 5; i++) {
    await using house = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    house.process.kill('SIGHUP')
    await house.event(({ event }) => event === 'config.reloaded')
  }
})
