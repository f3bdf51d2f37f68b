// Two processes of one door behind a balancer: the same ticket keys, an identity each, both following the authority.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enroll } from '@countersign/mtls'
import type { Reference } from '@countersign/protocol'
import { inviteNow } from '../../scenario/support/administer.ts'
import type { RunningHouse } from '../../scenario/support/house.ts'
import type { Target, Twins } from '../model.ts'
import type { TwinStart, TwinWord } from './twin-process.ts'

/** Starts them for a house; `target` is what they are like. For `await using`. */
export async function startTwins(house: RunningHouse, target: Target): Promise<Twins> {
  await using started = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'countersign-twins-'))
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const records = new Map<string, string>()
  const start = async (which: string): Promise<Target> => {
    const identity = join(directory, which)
    const token = await inviteNow(house, `door/${target.kind}-${which}`, {
      profile: 'service',
      san: [`dns:${target.serverName}`],
    })
    await enroll(token, { directory: identity })
    const child = fork(new URL('twin-process.ts', import.meta.url))
    const ended = once(child, 'exit')
    started.defer(async () => {
      if (child.connected) child.disconnect()
      await ended
    })
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    child.on('message', (word: TwinWord) => {
      if ('port' in word) resolve(word.port)
      else records.set(word.reference, word.record)
    })
    void ended.then(([code]) => reject(new Error(`a twin ended with ${code}`)))
    child.send({ kind: target.kind, identity, tickets: join(directory, 'tickets') } satisfies TwinStart)
    return { ...target, name: which, host: '127.0.0.1', port: await promise }
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

/** What the attacker saw may come before the word of the process. */
async function recordIn(records: ReadonlyMap<string, string>, reference: Reference | undefined): Promise<string> {
  for (let waited = 0; waited < 2_000; waited += 50) {
    const found = records.get(reference ?? '')
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return 'none'
}
