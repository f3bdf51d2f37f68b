// Whether the time of an answer tells a name that somebody has from one that nobody has: 10,000 tries of each, in a random
// order, in the process of the server, where no network hides anything; beside tries that are held back on purpose, which
// must be told apart, or the comparison proves nothing.
import { randomInt } from 'node:crypto'
import type { TestContext } from 'node:test'
import { client } from '@serenity-kit/opaque'
import { type Browser, newBrowser } from '../packages/login/test/support/browser.ts'
import { NO_FINISH, setUp } from '../packages/login/test/support/customer.ts'
import { wholeLogin } from '../packages/login/test/support/whole.ts'
import { print } from './measurement.ts'
import { type Comparison, compare } from './support/told-apart.ts'

const TRIES = Number(process.env['COUNTERSIGN_BENCH_TRIES'] ?? 10_000)
const NAMES = 20
const HELD_BACK_US = 100
/** Of a normal distribution, 1 in 1,000 is further out. */
const TOLD_APART = 3.29

await using opened = new AsyncDisposableStack()
// All that the support of tests wants of one.
const whole = await wholeLogin({ after: (end: () => void) => opened.defer(end) } as unknown as TestContext)
const known = Array.from({ length: NAMES }, (_, n) => `customer-${String(n).padStart(3, '0')}`)
const unknown = known.map((name) => name.replace('customer', 'stranger'))
for (const name of known) await setUp(whole, name)

const CALLS = ['password', 'finish'] as const
const KINDS = ['known', 'unknown', 'held back'] as const
type Times = Record<(typeof CALLS)[number], number[]>
const times: Record<(typeof KINDS)[number], Times> = {
  known: { password: [], finish: [] },
  unknown: { password: [], finish: [] },
  'held back': { password: [], finish: [] },
}
const browsers = await Promise.all(
  Array.from({ length: 200 }, (_, n) => newBrowser(whole, { address: `198.51.${n}.1`, hasKeys: false })),
)
const warmUp = 500
const order = KINDS.flatMap((kind) => Array.from({ length: TRIES + warmUp }, () => kind))
for (let left = order.length; left > 0; left--) {
  const at = randomInt(left)
  const kind = order[at] ?? 'known'
  order[at] = order[left - 1] ?? kind
  const took = await tryOnce(kind, browsers[left % browsers.length])
  const isWarm = left <= KINDS.length * TRIES
  if (isWarm) for (const call of CALLS) times[kind][call].push(took[call])
  // Nobody rests: it is the time of an answer that is asked for, and not how often one is given.
  whole.time.pass({ hours: 3 })
}
for (const call of CALLS) {
  const [ours, nobodys, held] = [times.known[call], times.unknown[call], times['held back'][call]]
  told(call, 'a name that somebody has, and one that nobody has', compare(ours, nobodys), `|z| < ${TOLD_APART}`)
  told(
    call,
    `the same name, ${HELD_BACK_US} µs later`,
    compare(held, nobodys),
    `|z| > ${TOLD_APART}: the comparison sees it`,
  )
  print({ name: `${call}: a name that somebody has`, unit: 'ms', values: quartiles(ours) })
  print({ name: `${call}: a name that nobody has`, unit: 'ms', values: quartiles(nobodys) })
}

function told(call: string, name: string, { z, auc }: Comparison, goal: string): void {
  print({ name: `${call}: ${name}`, unit: '|z|', values: [Math.abs(z)], goal })
  print({ name: `${call}: ${name}, guessed right`, unit: '%', values: [Math.max(auc, 1 - auc) * 100] })
}

/** A wrong password, from a device without keys: milliseconds of each answer. */
async function tryOnce(
  kind: (typeof KINDS)[number],
  browser: Browser | undefined,
): Promise<Record<(typeof CALLS)[number], number>> {
  if (browser === undefined) throw new Error('nobody asks')
  const names = kind === 'known' ? known : unknown
  const account = names[randomInt(NAMES)] ?? ''
  const { signIn } = await browser.ask('begin', {})
  const { startLoginRequest: start } = client.startLogin({ password: 'a wrong one' })
  const password = await timed(kind, () => browser.ask('password', { signIn, account, start }))
  const finish = await timed(kind, () => browser.ask('finish', { signIn, finish: NO_FINISH }))
  return { password, finish }
}

async function timed(kind: (typeof KINDS)[number], work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  const took = performance.now() - began
  return kind === 'held back' ? took + HELD_BACK_US / 1000 : took
}

function quartiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b)
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN)
}
