import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { resetSocket } from '../../src/sessions/reset.ts'

/** Two ends of a connection, neither of which ends because the other does. */
async function pair(t: TestContext, path?: string): Promise<[Socket, Socket]> {
  const server: Server = createServer({ allowHalfOpen: true })
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  const address = server.address()
  const at = typeof address === 'string' ? { path: address } : { port: address?.port ?? 0, host: '127.0.0.1' }
  const far = connect({ ...at, allowHalfOpen: true })
  const [near] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  far.resume()
  return [near, far]
}

/** How the far end hears of it. */
const heard = (socket: Socket) =>
  new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
    socket.once('end', () => resolve('end'))
  })

test('a connection is reset', async (t) => {
  const [near, far] = await pair(t)
  const told = heard(far)
  resetSocket(near)
  await once(near, 'close')
  assert.equal(await told, 'ECONNRESET')
})

test('one that has just ended is closed, which a reset alone would leave open', async (t) => {
  const [near, far] = await pair(t)
  const told = heard(far)
  near.end()
  resetSocket(near)
  // An error would be thrown here; Node emits no close where the reset was refused.
  await once(near, 'close')
  assert.equal(await told, 'end')
})

test('one on a Unix socket is closed', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-reset-'))
  t.after(() => rm(directory, { recursive: true }))
  const [near, far] = await pair(t, join(directory, 'socket'))
  const told = heard(far)
  resetSocket(near)
  await once(near, 'close')
  assert.equal(await told, 'end')
})

test('one that is destroyed stays so', async (t) => {
  const [near] = await pair(t)
  near.destroy()
  await once(near, 'close')
  resetSocket(near)
  assert.ok(near.destroyed)
})
