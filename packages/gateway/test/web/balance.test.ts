// One service at several addresses, and how much it is asked at once.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ask, CALLERS, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { createBalance, type Way } from '../../src/web/balance.ts'
import { type PlainUpstream, serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const NONE: ReadonlySet<Way> = new Set()
const REFUSED = new Error('connect ECONNREFUSED')

/** Balances names in place of dispatchers; `told` is what became of them. */
function balanceOf(...names: readonly string[]) {
  let now = 0
  const told: string[] = []
  const balance = createBalance(
    names.map((address) => ({ address, dispatcher: { address } as unknown as Way['dispatcher'] })),
    (address, isDown) => told.push(`${address} ${isDown ? 'down' : 'up'}`),
    () => now,
  )
  const take = (tried = NONE) => {
    const way = balance.take(tried) ?? assert.fail('none')
    return { way, name: (way.dispatcher as unknown as { address: string }).address }
  }
  const pass = (ms: number) => {
    now += ms
  }
  return { balance, take, told, pass }
}

suite('an address is taken', () => {
  test('where least is under way, and in turns where it is as much', () => {
    const { take, balance } = balanceOf('a', 'b', 'c')
    const first = [take(), take(), take()]
    assert.deepEqual(first.map(({ name }) => name).sort(), ['a', 'b', 'c'])
    first[1]?.way.release('reached')
    assert.equal(take().name, first[1]?.name)
    assert.equal(balance.busy, 3)
  })

  test('not where nobody was reached, for a second and then twice as long each time', () => {
    const { take, told, pass } = balanceOf('a', 'b')
    const first = take()
    first.way.release(REFUSED)
    const other = first.name === 'a' ? 'b' : 'a'
    for (let i = 0; i < 4; i++) assert.equal(take().name, other)
    pass(1_000)
    const again = take()
    assert.equal(again.name, first.name)
    again.way.release(REFUSED)
    pass(1_999)
    assert.equal(take().name, other)
    pass(1)
    const better = take()
    assert.equal(better.name, first.name)
    better.way.release('reached')
    assert.deepEqual(told, [`${first.name} down`, `${first.name} up`])
  })

  test('after one outage that many requests saw as after one failure', () => {
    const { take, told, pass } = balanceOf('a', 'b')
    const all = Array.from({ length: 8 }, () => take())
    for (const { way, name } of all) way.release(name === 'a' ? REFUSED : 'reached')
    for (let i = 0; i < 4; i++) assert.equal(take().name, 'b')
    pass(1_000)
    assert.deepEqual([take().name, take().name].sort(), ['a', 'a'])
    assert.deepEqual(told, ['a down'])
  })

  test('that was not asked is no better known', () => {
    const { take, told, pass } = balanceOf('a')
    take().way.release(REFUSED)
    pass(1_000)
    take().way.release('not asked')
    assert.deepEqual(told, ['a down'])
    take().way.release('reached')
    assert.deepEqual(told, ['a down', 'a up'])
  })

  test('that is due first, where none was reached; and none twice for one request', () => {
    const { take, balance, pass } = balanceOf('a', 'b')
    const one = take()
    one.way.release(REFUSED)
    pass(100)
    const two = take()
    assert.notEqual(two.name, one.name)
    two.way.release(REFUSED)
    assert.equal(take().name, one.name)
    assert.equal(take(new Set([one.way])).name, two.name)
    assert.equal(balance.take(new Set([one.way, two.way])), undefined)
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
