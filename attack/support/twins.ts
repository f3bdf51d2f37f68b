// Doors in processes of their own, which follow the authority of a house: two behind a balancer, or one that hears nothing any more.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enroll } from '@countersign/mtls'
import type { Reference } from '@countersign/protocol'
import { inviteNow } from '../../scenario/support/administer.ts'
import type { RunningHouse } from '../../scenario/support/house.ts'
import type { Follower, FollowerOptions, Target, Twins } from '../model.ts'
import { startRelay } from './relay.ts'
import type { TwinClock, TwinStart, TwinWord } from './twin-process.ts'

/** Starts two of the same ticket keys, with an identity each; `target` is what they are like. For `await using`. */
export async function startTwins(house: RunningHouse, target: Target): Promise<Twins> {
  await using started = new AsyncDisposableStack()
  const directory = await scratch(started)
  const records = new Map<string, string>()
  const start = async (which: string): Promise<Target> => {
    const identity = await enrollDoor(house, target, join(directory, which))
    const tickets = join(directory, 'tickets')
    const { port, stop } = await startProcess({ ...usual, kind: target.kind, identity, tickets }, records)
    started.defer(stop)
    return { ...target, name: which, host: '127.0.0.1', port }
  }
  // One after the other: the second finds the keys that the first has made.
  const first = await start('first')
  const second = await start('second')
  const owned = started.move()
  return {
    first,
    second,
    recordOf: (reference) => recordIn(records, reference),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Starts one whose way to its authority can be silenced. For `await using`. */
export async function startFollower(
  house: RunningHouse,
  target: Target,
  { revocation }: FollowerOptions,
): Promise<Follower> {
  await using started = new AsyncDisposableStack()
  const directory = await scratch(started)
  const records = new Map<string, string>()
  const identity = await enrollDoor(house, target, join(directory, 'door'))
  const relay = await startRelay(await throughRelay(identity))
  started.use(relay)
  await writeAddress(identity, `127.0.0.1:${relay.port}`)
  const start = { ...usual, kind: target.kind, identity, tickets: join(directory, 'tickets'), revocation }
  let running = await startProcess(start, records)
  started.defer(() => running.stop())
  const owned = started.move()
  return {
    get door() {
      return { ...target, name: 'follower', host: '127.0.0.1', port: running.port }
    },
    async silence({ hours, anew }) {
      // It has learned what was on its way, also to its disk, before it leaves.
      if (anew) await running.leave()
      relay.silence()
      if (anew) {
        running = await startProcess({ ...start, alone: true }, records)
      }
      await running.setClock({ hours })
    },
    recordOf: (reference) => recordIn(records, reference),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const usual = { revocation: 'require', alone: false } as const

async function scratch(started: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-twins-'))
  started.defer(() => rm(directory, { recursive: true, force: true }))
  return directory
}

let doors = 0

async function enrollDoor(house: RunningHouse, { serverName }: Target, directory: string): Promise<string> {
  const san = [`dns:${serverName}`]
  await enroll(await inviteNow(house, `door/twin-${doors++}`, { profile: 'service', san }), { directory })
  return directory
}

/** Where the authority listens, as the enrollment has written it down. */
async function throughRelay(identity: string): Promise<{ readonly host: string; readonly port: number }> {
  const { address } = JSON.parse(await readFile(join(identity, 'authority.json'), 'utf8')) as { address: string }
  const { hostname, port } = new URL(`https://${address}`)
  return { host: hostname, port: Number(port) }
}

async function writeAddress(identity: string, address: string): Promise<void> {
  const file = join(identity, 'authority.json')
  const written = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...written, address }))
}

async function startProcess(start: TwinStart, records: Map<string, string>) {
  const child = fork(new URL('twin-process.ts', import.meta.url))
  const ended = once(child, 'exit')
  const listening = Promise.withResolvers<number>()
  let clockSet = Promise.withResolvers<void>()
  child.on('message', (word: TwinWord) => {
    if ('port' in word) listening.resolve(word.port)
    else if ('hours' in word) clockSet.resolve()
    else records.set(word.reference, word.record)
  })
  void ended.then(([code]) => listening.reject(new Error(`a twin ended with ${code}`)))
  child.send(start)
  return {
    port: await listening.promise,
    async setClock(clock: TwinClock) {
      clockSet = Promise.withResolvers()
      child.send(clock)
      await clockSet.promise
    },
    async leave() {
      child.disconnect()
      await ended
    },
    async stop() {
      // One that waits for its authority would take its time to leave.
      child.kill()
      await ended
    },
  }
}

/** What the attacker saw may come before the word of the process. */
async function recordIn(records: ReadonlyMap<string, string>, reference: Reference | undefined): Promise<string> {
  for (let waited = 0; waited < 2_000; waited += 50) {
    const found = records.get(reference ?? '')
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return 'none'
}
