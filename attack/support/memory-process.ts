// A gate in a process of its own, which says how much memory it holds when it is asked. Started with --expose-gc.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Meeting } from '@countersign/protocol'
import { ownAttackers } from './elsewhere.ts'
import { openEmbedded } from './embedded.ts'

/** What it tells: where it listens, and for each message that asks, what it holds and how many meetings it recorded. */
export type MemoryWord =
  | { readonly port: number }
  | { readonly octets: number; readonly recorded: number; readonly refused: number }

const [{ keeps }] = (await once(process, 'message')) as [{ readonly keeps: boolean }]
const kept: Meeting[] = []
let [recorded, refused] = [0, 0]
await using door = await openEmbedded(ownAttackers(), (options) => ({
  ...options,
  record(meeting) {
    recorded++
    if (!meeting.outcome.ok) refused++
    if (keeps) kept.push(meeting)
  },
}))
process.on('message', async () => {
  // What closes leaves in turns of the loop, and what hangs on finalizers in another collection.
  for (let i = 0; i < 4; i++) {
    await pause(50)
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ octets: heapUsed + external, recorded, refused } satisfies MemoryWord)
})
process.send?.({ port: door.port } satisfies MemoryWord)
await once(process, 'disconnect')
