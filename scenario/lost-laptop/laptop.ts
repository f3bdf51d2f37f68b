// A laptop: all that its owner has open, in a process and a network of its own. It is told by its first message whose it is.
import { setTimeout as delay } from 'node:timers/promises'
import type { Ask, Laptop, Return, Say, Standing, Thing } from './model.ts'
import { type Open, openThing } from './things.ts'

const PATIENCE_MS = 30_000

const say = (words: Say) => process.send?.(words)

process.once('message', (told: Laptop & { readonly things: readonly Thing[] }) => {
  begin(told).catch((error: unknown) =>
    say({ say: 'failed', words: error instanceof Error ? `${error.stack}` : String(error) }),
  )
})

async function begin({ things, ...laptop }: Laptop & { readonly things: readonly Thing[] }): Promise<void> {
  const open = new Map<Thing, Open>()
  const ended = new Map<Thing, string>()
  // One after the other: a tunnel changes the ways that packets take.
  for (const thing of things) {
    const one = await openThing(thing, laptop)
    open.set(thing, one)
    void one.ended.then((words) => ended.set(thing, words))
  }
  await untilAllFlow(open)
  process.on('message', (asked: Ask) => {
    if (asked === 'standing') say({ say: 'standing', things: [...open].map(([thing, one]) => standingOf(thing, one)) })
    else void tryAgain().catch((error: unknown) => say({ say: 'failed', words: String(error) }))
  })
  const standingOf = (thing: Thing, { relay }: Open): Standing => {
    const words = ended.get(thing)
    return { thing, lastAt: relay.lastOctetAt(), ...(words !== undefined && { ended: words }) }
  }
  const tryAgain = async () => {
    const tried: Return[] = []
    for (const [thing, one] of open) tried.push({ thing, ...(await one.again()) })
    say({ say: 'return', things: tried })
  }
  say({ say: 'open' })
}

/** Something has come of each since it was opened. @throws {Error} (rejects) */
async function untilAllFlow(open: ReadonlyMap<Thing, Open>): Promise<void> {
  const [began, end] = [Date.now(), performance.now() + PATIENCE_MS]
  for (const [thing, { relay }] of open)
    while (relay.lastOctetAt() <= began) {
      if (performance.now() > end) throw new Error(`nothing comes of ${thing}`)
      await delay(5)
    }
}

process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => process.exit())
