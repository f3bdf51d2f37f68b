// Whether the time of an answer tells a name that somebody has from one that nobody has: 10,000 tries of each, in a random
// order, in the process of the server, where no network hides anything; beside tries that are held back on purpose, which
// must be told apart, or the comparison proves nothing.
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuthority } from '@countersign/authority'
import { openLogin } from '@countersign/login'
import { LOGIN_PART } from '@countersign/login/store'
import { allowList, createSessionIndex, privateFiles } from '@countersign/mtls'
import { client } from '@serenity-kit/opaque'
import { print } from './measurement.ts'
import { type Ask, asDoor, callsOver } from './support/bank-calls.ts'
import { openAccount } from './support/customer.ts'
import { type Comparison, compare } from './support/told-apart.ts'

const TRIES = Number(process.env['COUNTERSIGN_BENCH_TRIES'] ?? 10_000)
const NAMES = 20
const BROWSERS = 200
const HELD_BACK_US = 100
/** Of a normal distribution, 1 in 1,000 is further out. */
const TOLD_APART = 3.29
const HOST = 'bank.example'
/** What a page sends where KE2 does not open: no KE3 that anybody could take for one. */
const NO_FINISH = Buffer.alloc(64, 1).toString('base64url')

await using opened = new AsyncDisposableStack()
const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
opened.defer(() => rm(directory, { recursive: true, force: true }))
const authority = await openAuthority({
  ...{ directory, name: 'authority.localhost', domain: 'acme.example', organization: 'Acme' },
  ...{ listen: { host: '127.0.0.1', port: 0 }, parts: [LOGIN_PART] },
  ...{ clock: () => Temporal.Now.instant(), log: () => undefined },
})
opened.defer(() => authority.close())
const known = Array.from({ length: NAMES }, (_, n) => `customer-${String(n).padStart(3, '0')}`)
const unknown = known.map((name) => name.replace('customer', 'stranger'))
let now = Temporal.Now.instant()
const login = await openLogin(
  { host: HOST },
  {
    ...{ door: 'bank', access: allowList(known), sessions: createSessionIndex('bank'), trust: authority.trust },
    ...{
      store: authority.part('login'),
      files: privateFiles(directory),
      record: () => undefined,
      log: () => undefined,
    },
    callee: () => ({ name: HOST, identities: [{ kind: 'dNSName', value: HOST }] }),
    clock: () => now,
  },
)
opened.defer(() => login.close())
const connect = (address: string) => {
  const connection = asDoor(login.upstream, `${HOST}:8444`, address)
  opened.defer(() => connection.close())
  return connection
}
for (const account of known) {
  const invited = await login.accounts.invite({ account, ttlSeconds: 3600 })
  const invitation = invited.ok ? invited.path.split('#')[1] : undefined
  if (invitation === undefined) throw new Error(`${account} has an account already`)
  await openAccount(connect('192.0.2.1'), { account, invitation, now: () => now.epochMilliseconds })
}

const CALLS = ['password', 'finish'] as const
const KINDS = ['known', 'unknown', 'held back'] as const
type Times = Record<(typeof CALLS)[number], number[]>
const times: Record<(typeof KINDS)[number], Times> = {
  known: { password: [], finish: [] },
  unknown: { password: [], finish: [] },
  'held back': { password: [], finish: [] },
}
const browsers = Array.from({ length: BROWSERS }, (_, n) => callsOver(connect(`198.51.${n}.1`)))
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
  now = now.add({ hours: 3 })
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
  ask: Ask | undefined,
): Promise<Record<(typeof CALLS)[number], number>> {
  if (ask === undefined) throw new Error('nobody asks')
  const names = kind === 'known' ? known : unknown
  const account = names[randomInt(NAMES)] ?? ''
  const { signIn } = await ask('begin', {})
  const { startLoginRequest: start } = client.startLogin({ password: 'a wrong one' })
  const password = await timed(kind, () => ask('password', { signIn, account, start }))
  const finish = await timed(kind, () => ask('finish', { signIn, finish: NO_FINISH }))
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
