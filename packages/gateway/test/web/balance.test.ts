// One service at several addresses, and how much it is asked at once.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ask, CALLERS, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { createBalance, type Way } from '../../src/web/balance.ts'
import { type PlainUpstream, serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const NONE: ReadonlySet<Way> = new Set()
const REFUSED = new Error('connect ECONNREFUSED')

/** Balances names in place of dispatchers; `told` is what became of them. Who is in `ill` is found so by its trials. */
function balanceOf(names: readonly string[], everyMs?: number) {
  let now = 0
  let coming: { readonly at: number; readonly act: () => void }[] = []
  const told: string[] = []
  const tried: string[] = []
  const ill = new Set<string>()
  const balance = createBalance(
    names.map((address) => ({
      address,
      dispatcher: { address } as unknown as Way['dispatcher'],
      async probe() {
        tried.push(`${address} at ${now}`)
        if (ill.has(address)) throw REFUSED
      },
    })),
    (address, isDown) => told.push(`${address} ${isDown ? 'down' : 'up'}`),
    everyMs,
    {
      now: () => now,
      in(ms, act) {
        const one = { at: now + ms, act }
        coming.push(one)
        return () => (coming = coming.filter((other) => other !== one))
      },
    },
  )
  const take = (tried = NONE) => {
    const way = balance.take(tried) ?? assert.fail('none')
    return { way, name: (way.dispatcher as unknown as { address: string }).address }
  }
  /** Lets time go by, and what was to be done in it. */
  const pass = async (ms: number) => {
    const end = now + ms
    for (;;) {
      const [next] = coming.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)
      if (next === undefined) break
      coming = coming.filter((other) => other !== next)
      now = next.at
      next.act()
      await new Promise(setImmediate)
    }
    now = end
  }
  return { balance, take, told, tried, ill, pass }
}

suite('an address is taken', () => {
  test('where least is under way, and in turns where it is as much', () => {
    const { take, balance } = balanceOf(['a', 'b', 'c'])
    const first = [take(), take(), take()]
    assert.deepEqual(first.map(({ name }) => name).sort(), ['a', 'b', 'c'])
    first[1]?.way.release('reached')
    assert.equal(take().name, first[1]?.name)
    assert.equal(balance.busy, 3)
  })

  test('not where nobody was reached, until a trial has reached it: after a second, then twice as long each time', async () => {
    const { take, told, tried, ill, pass, balance } = balanceOf(['a', 'b'])
    const first = take()
    ill.add('a')
    assert.equal(first.name, 'a')
    first.way.release(REFUSED)
    await pass(100_000)
    for (let i = 0; i < 4; i++) assert.equal(take().name, 'b')
    const times = [1, 3, 7, 15, 31, 61, 91].map((seconds) => `a at ${seconds * 1000}`)
    assert.deepEqual(tried, times)
    assert.deepEqual(balance.states(), [
      { address: 'a', isUp: false },
      { address: 'b', isUp: true },
    ])
    ill.clear()
    await pass(21_000)
    assert.equal(take().name, 'a')
    await pass(100_000)
    assert.deepEqual(tried, [...times, 'a at 121000'])
    assert.deepEqual(told, ['a down', 'a up'])
  })

  test('after one outage that many requests saw as after one failure', async () => {
    const { take, told, tried, pass } = balanceOf(['a', 'b'])
    const all = Array.from({ length: 8 }, () => take())
    for (const { way, name } of all) way.release(name === 'a' ? REFUSED : 'reached')
    for (let i = 0; i < 4; i++) assert.equal(take().name, 'b')
    await pass(1_000)
    assert.deepEqual([take().name, take().name].sort(), ['a', 'a'])
    assert.deepEqual([told, tried], [['a down', 'a up'], ['a at 1000']])
  })

  test('that was not asked is no better known', async () => {
    const { take, told, ill, pass } = balanceOf(['a'])
    ill.add('a')
    take().way.release(REFUSED)
    await pass(1_000)
    take().way.release('not asked')
    assert.deepEqual(told, ['a down'])
    take().way.release('reached')
    assert.deepEqual(told, ['a down', 'a up'])
  })

  test('that is due first, where none was reached; and none twice for one request', async () => {
    const { take, balance, ill, pass } = balanceOf(['a', 'b'])
    for (const name of ['a', 'b']) ill.add(name)
    const one = take()
    one.way.release(REFUSED)
    await pass(100)
    const two = take()
    assert.notEqual(two.name, one.name)
    two.way.release(REFUSED)
    assert.equal(take().name, one.name)
    assert.equal(take(new Set([one.way])).name, two.name)
    assert.equal(balance.take(new Set([one.way, two.way])), undefined)
  })

  test('reached by a request meanwhile: there is no trial of an outage that is over', async () => {
    const { take, tried, ill, pass } = balanceOf(['a', 'b'])
    ill.add('a')
    const [one, two] = [take(), take(new Set())]
    one.way.release(REFUSED)
    two.way.release(REFUSED)
    assert.deepEqual([one.name, two.name].sort(), ['a', 'b'])
    take().way.release('reached')
    take().way.release('reached')
    await pass(10_000)
    assert.ok(tried.length <= 1, tried.join())
  })

  test('where its health is asked for: not while it is ill, whoever reaches it', async () => {
    const { take, told, tried, ill, pass, balance } = balanceOf(['a', 'b'], 10_000)
    ill.add('b')
    await pass(0)
    assert.deepEqual([tried, told], [['a at 0', 'b at 0'], ['b down']])
    const held = [take(), take(), take()]
    assert.ok(held.every(({ name }) => name === 'a'))
    const other = take(new Set([held[0]?.way ?? assert.fail()]))
    assert.equal(other.name, 'b')
    other.way.release('reached')
    assert.deepEqual(told, ['b down'])
    ill.clear()
    await pass(10_000)
    assert.deepEqual(told, ['b down', 'b up'])
    ill.add('a')
    await pass(10_000)
    assert.deepEqual(told, ['b down', 'b up', 'a down'])
    assert.deepEqual(tried.slice(2), ['a at 10000', 'b at 10000', 'a at 20000', 'b at 20000'])
    balance.close()
    await pass(100_000)
    assert.equal(tried.length, 6)
  })
})

suite('a door before a service at several addresses', () => {
  const naming = (name: string): Promise<PlainUpstream> => serveHttp((_request, response) => response.end(name))
  const gone = async () => {
    const upstream = await naming('gone')
    await upstream[Symbol.asyncDispose]()
    return upstream.url
  }

  test('goes to each', async () => {
    await using one = await naming('one')
    await using two = await naming('two')
    await using door = await openTestDoor({ url: [one.url, two.url] })
    const bodies = new Set<string>()
    for (let i = 0; i < 4; i++) bodies.add((await ask(door, alice, '/')).body)
    assert.deepEqual([...bodies].sort(), ['one', 'two'])
  })

  test('goes past one that is not there, with a body too, and tells so once', async () => {
    await using there = await serveHttp(async (request, response) => {
      const text = (await request.setEncoding('utf8').toArray()).join('')
      response.end(`had ${text}`)
    })
    await using door = await openTestDoor({ url: [await gone(), there.url] })
    for (let i = 0; i < 4; i++)
      assert.equal((await ask(door, alice, '/', { method: 'POST', body: `${i}` })).body, `had ${i}`)
    assert.deepEqual(
      door.logs.map(({ event }) => event),
      ['upstream.down'],
    )
  })

  test('is 502 where none is there', async () => {
    await using door = await openTestDoor({ url: [await gone(), await gone()] })
    assert.equal((await ask(door, alice, '/')).status, 502)
  })

  test('sends what may have arrived to no other', async () => {
    await using breaks = await serveOctets((socket) => socket.once('data', () => socket.destroy()))
    await using other = await naming('other')
    await using door = await openTestDoor({ url: [breaks.url, other.url] })
    const statuses = []
    for (let i = 0; i < 2; i++) statuses.push((await ask(door, alice, '/', { method: 'POST', body: 'pay' })).status)
    assert.deepEqual(statuses.sort(), [200, 502])
    assert.deepEqual([breaks.reached, other.reached], [1, 1])
  })

  test('cannot be opened where they are http and https', async () => {
    await assert.rejects(openTestDoor({ url: ['http://127.0.0.1:1', 'https://127.0.0.1:2'] }), /partly http and partly/)
  })
})

suite('an address that is left alone', () => {
  const named = (name: string, port?: number) => serveHttp((_request, response) => response.end(name), port)

  test('is tried by a connection, and has requests again when it took one', async () => {
    const first = await named('gone')
    const { port } = new URL(first.url)
    await first[Symbol.asyncDispose]()
    await using other = await named('other')
    await using door = await openTestDoor({ url: [first.url, other.url] })
    for (let i = 0; i < 3; i++) assert.equal((await ask(door, alice, '/')).body, 'other')
    assert.deepEqual(door.door.upstreams?.(), [
      { address: `127.0.0.1:${port}`, isUp: false },
      { address: new URL(other.url).host, isUp: true },
    ])
    await using back = await named('back', Number(port))
    await until(() => door.logs.some(({ event }) => event === 'upstream.up'), 'it is found')
    assert.equal(back.reached, 0)
    const bodies = new Set([(await ask(door, alice, '/')).body, (await ask(door, alice, '/')).body])
    assert.deepEqual([...bodies].sort(), ['back', 'other'])
  })

  test('is never tried once the door is closed', async () => {
    const first = await named('gone')
    const { port } = new URL(first.url)
    await first[Symbol.asyncDispose]()
    await using other = await named('other')
    const door = await openTestDoor({ url: [first.url, other.url] })
    await ask(door, alice, '/')
    await ask(door, alice, '/')
    await door[Symbol.asyncDispose]()
    let connections = 0
    await using back = await serveHttp(() => undefined, Number(port))
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    connections += back.open.size
    assert.deepEqual([connections, back.reached], [0, 0])
  })
})

suite('the health of a service', () => {
  const HEALTH = { path: '/healthz?x=1', everySeconds: 0.05 }
  /** What its health answers, and by whom it was asked. */
  async function serveWell(name: string) {
    const own = { status: 200, asked: [] as string[] }
    const upstream = await serveHttp((request, response) => {
      if (request.url !== HEALTH.path) return void response.end(name)
      own.asked.push(`${request.method} ${request.headers.host} ${request.headers['client-cert'] ?? 'nobody'}`)
      if (own.status > 0) response.writeHead(own.status).end()
    })
    return Object.assign(own, { url: upstream.url, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() })
  }
  const isUp = (door: Awaited<ReturnType<typeof openTestDoor>>, url: string) =>
    door.door.upstreams?.().find(({ address }) => url.endsWith(address))?.isUp

  test('is asked before anybody comes; who answers 2xx or 3xx is well, and no other', async () => {
    await using one = await serveWell('one')
    await using two = await serveWell('two')
    one.status = 503
    await using door = await openTestDoor({ url: [one.url, two.url], health: HEALTH })
    await until(() => isUp(door, one.url) === false && two.asked.length > 0, 'one is ill')
    for (let i = 0; i < 4; i++) assert.equal((await ask(door, alice, '/')).body, 'two')
    assert.equal(new Set(two.asked).size, 1)
    assert.equal(two.asked[0], `GET ${new URL(two.url).host} nobody`)
    assert.match(String(door.logs[0]?.fields['cause']), /\/healthz\?x=1 is answered by 503/)
    for (const [status, well] of [
      [204, true],
      [302, true],
      [399, true],
      [400, false],
      [200, true],
      [500, false],
      // No answer in time.
      [0, false],
      [200, true],
    ] as const) {
      one.status = status
      await until(() => isUp(door, one.url) === well, `${status}`)
    }
    assert.equal(isUp(door, two.url), true)
  })

  test('counts for no caller where all are ill: what comes is tried all the same', async () => {
    await using one = await serveWell('one')
    one.status = 500
    await using door = await openTestDoor({ url: one.url, health: HEALTH })
    await until(() => isUp(door, one.url) === false, 'it is ill')
    assert.equal((await ask(door, alice, '/')).body, 'one')
    assert.equal(isUp(door, one.url), false)
  })

  test('of one that is gone, and of one whose answer does not end, is not well', async () => {
    await using one = await serveWell('one')
    await using endless = await serveHttp((_request, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('a'.repeat(100)), 5)
      response.once('close', () => clearInterval(timer))
    })
    const gone = await serveWell('gone')
    await gone[Symbol.asyncDispose]()
    await using door = await openTestDoor({ url: [gone.url, endless.url, one.url], health: HEALTH })
    await until(() => isUp(door, gone.url) === false && isUp(door, endless.url) === false, 'both are found out')
    assert.equal((await ask(door, alice, '/')).body, 'one')
  })
})

suite('a limit', () => {
  test('of requests under way: the next is told to come again, and comes when one has ended', async () => {
    const waiting: (() => void)[] = []
    await using upstream = await serveHttp((_request, response) => void waiting.push(() => response.end('done')))
    await using door = await openTestDoor({ url: upstream.url, maxRequests: 2 })
    const first = [ask(door, alice, '/'), ask(door, alice, '/')]
    await until(() => waiting.length === 2, 'two are there')
    const third = await ask(door, alice, '/')
    assert.deepEqual([third.status, third.headers['retry-after']], [503, '1'])
    assert.equal(JSON.parse(third.body).code, 'ERR_DOOR_UPSTREAM_BUSY')
    for (const end of waiting.splice(0)) end()
    assert.deepEqual(
      (await Promise.all(first)).map(({ body }) => body),
      ['done', 'done'],
    )
    const fourth = ask(door, alice, '/')
    await until(() => waiting.length === 1, 'there is room again')
    waiting[0]?.()
    assert.equal((await fourth).status, 200)
  })

  for (const [how, headers] of [
    ['that is announced', { 'Content-Length': '11' }],
    ['that comes in chunks', { 'Transfer-Encoding': 'chunked' }],
  ] as const)
    test(`of a body ${how}`, async () => {
      await using upstream = await serveHttp(async (request, response) => {
        request.on('error', () => undefined)
        for await (const _ of request);
        response.end('took it')
      })
      await using door = await openTestDoor({ url: upstream.url, maxBodyOctets: 10 })
      const long = await ask(door, alice, '/', { method: 'POST', body: 'a'.repeat(11), headers })
      assert.deepEqual([long.status, JSON.parse(long.body).code], [413, 'ERR_DOOR_BODY_LIMIT'])
      const short = await ask(door, alice, '/', { method: 'POST', body: 'a'.repeat(10) })
      assert.equal(short.body, 'took it')
    })
})
