import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { createGreeter, type Greeter } from '../../src/tcp/postgresql.ts'

/** A listener whose connections are greeted; `met` are those that came to TLS. */
async function listen(t: TestContext) {
  const met: Socket[] = []
  const refused: string[] = []
  const greeter: Greeter = createGreeter(
    (raw) => met.push(raw),
    (cause) => refused.push(cause),
  )
  const server = createServer((raw) => greeter.greet(raw)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open: Socket[] = []
  t.after(() => {
    for (const socket of [...open, ...met]) socket.destroy()
    greeter.close()
    server.close()
  })
  const dial = async () => {
    const socket = connect({ host: '127.0.0.1', port })
    open.push(socket)
    socket.on('error', () => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  return { greeter, met, refused, dial }
}

suite('who is between TCP and TLS', () => {
  test('is few: the oldest of too many gives way', { timeout: 20_000 }, async (t) => {
    const { greeter, refused, dial } = await listen(t)
    const first = await dial()
    const ended = once(first.resume(), 'close')
    for (let n = 0; n < 32; n++) await Promise.all(Array.from({ length: 32 }, dial))
    await ended
    assert.deepEqual(refused, ['too many have not come to TLS'])
    assert.equal(greeter.pending, 1_024)
  })

  test('is nobody when the door has closed', async (t) => {
    const { greeter, refused, dial } = await listen(t)
    const socket = await dial()
    while (greeter.pending === 0) await new Promise((resolve) => setImmediate(resolve))
    const ended = once(socket.resume(), 'close')
    greeter.close()
    await ended
    assert.deepEqual([greeter.pending, refused], [0, ['the door is closing']])
  })

  test('is nobody any more once TLS begins, or the other side has left', async (t) => {
    const { greeter, met, dial } = await listen(t)
    const asks = await dial()
    asks.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]))
    const [answer] = await once(asks, 'data')
    assert.equal(String(answer), 'S')
    assert.equal(met.length, 1)
    const leaves = await dial()
    leaves.end()
    await once(leaves.resume(), 'close')
    assert.equal(greeter.pending, 0)
  })
})
