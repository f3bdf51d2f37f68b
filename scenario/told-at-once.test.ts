// An application with nothing but `openIdentity`: who is revoked at the authority is out there, too, at once.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { connect, createServer, type DirectoryIdentity, MeetingRefusedError, openIdentity } from '@countersign/mtls'
import { startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'

const LATEST_MS = 3_000

/** Opens it; it is closed with the test's scope. */
async function opened(directory: string, events: string[] = []): Promise<DirectoryIdentity & Disposable> {
  const identity = await openIdentity(directory, { log: (event) => void events.push(event) })
  return Object.assign(identity, { [Symbol.dispose]: () => identity.close() })
}

suite('an application that only opens its identity', () => {
  test('cuts whom the authority revokes, and takes nobody of those any more', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-told-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    await using house = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] }, directory })
    const shop = await enrolled(house, 'shop', ['--profile', 'server', '--san', 'shop.localhost'])
    const people = [await enrolled(house, 'alice'), await enrolled(house, 'bob')]

    const events: string[] = []
    using own = await opened(shop.directory, events)
    const server = createServer({ identity: own, allow: ['alice', 'bob'] }, (socket) => void socket.write('hello'))
    stack.defer(() => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const name = { kind: 'dNSName', value: 'shop.localhost' } as const
    const meet = async (identity: DirectoryIdentity) => {
      const { socket } = await connect({ host: '127.0.0.1', port, name, identity, trust: identity.trust })
      socket.on('error', () => socket.destroy())
      const said = await new Promise<string | undefined>((resolve) =>
        socket.once('data', (octets) => resolve(String(octets))).once('close', () => resolve(undefined)),
      )
      return { socket, said }
    }
    const hersTold: string[] = []
    using alice = await opened(people[0]?.directory ?? '', hersTold)
    using bob = await opened(people[1]?.directory ?? '')
    const [hers, his] = [await meet(alice), await meet(bob)]
    assert.deepEqual([hers.said, his.said], ['hello', 'hello'])
    // It has begun to wait for what is new.
    await new Promise((resolve) => setTimeout(resolve, 1_500))

    const began = performance.now()
    const closed = new Promise<void>((resolve) => hers.socket.once('close', () => resolve()))
    const revoked = await house.run(['revoke', 'alice'])
    assert.equal(revoked.code, 0, revoked.stderr)
    await closed
    assert.ok(performance.now() - began < LATEST_MS, `${performance.now() - began} ms`)
    assert.equal(his.socket.destroyed, false)
    his.socket.destroy()
    const still = await meet(bob)
    assert.equal(still.said, 'hello')
    still.socket.destroy()
    const again = await meet(alice).catch((error: unknown) => error)
    if (again instanceof Error) assert.ok(again instanceof MeetingRefusedError)
    else assert.notEqual((again as { said?: string }).said, 'hello')
    assert.ok(events.includes('identity.status-refreshed'))
    // She hears it herself, from whoever keeps her identity.
    for (let i = 0; i < 100 && !hersTold.includes('identity.revoked'); i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.ok(hersTold.includes('identity.revoked'))
  })
})
