// Certificates per second, each on the disk before it is handed out: our authority within its process, with its key in a
// file and on a PKCS #11 token, and over TLS with an enrollment token, `openssl ca` (which syncs nothing), and the floor: a signature and a row. In turns in one run.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../interop/peer.ts'
import { AUTHORITY_NAME, startAuthority, type TestAuthority } from '../scenario/support/authority.ts'
import { newKey } from '../tools/testing/keys.ts'
import { softToken, withToken } from '../tools/testing/soft-token.ts'
import { print } from './measurement.ts'
import { openFloor } from './support/floor.ts'
import { openOpensslCa } from './support/openssl-ca.ts'

const ROUNDS = 5
const CERTIFICATES = 128
const AT_ONCE = 16
const NEWCOMERS = fileURLToPath(new URL('support/newcomers.ts', import.meta.url))
/** statfs(2): TMPFS_MAGIC. */
const TMPFS = 0x01021994

if ((await statfs(tmpdir())).type === TMPFS)
  throw new Error(`${tmpdir()} is in memory, where nothing is durable: set TMPDIR to a folder on a disk`)

await using ends = new AsyncDisposableStack()
await using house = await startAuthority()
const onToken = withToken.skip === undefined ? ends.use(await startOnToken()) : undefined
const { authority } = house
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const floor = openFloor(join(scratch, 'floor.db'))
const openssl = findProgram('openssl')
const ca = openssl === undefined ? undefined : await openOpensslCa(openssl, join(scratch, 'ca'))
const rates = new Map<string, number[]>()
const ONE = 'floor, one at a time'
const MANY = `floor, ${AT_ONCE} at a time`
const HELD = 'countersign, key on SoftHSM'
const batches = CERTIFICATES / AT_ONCE
try {
  // The first round warms code and caches and is not counted.
  for (let round = 0; round <= ROUNDS; round++) {
    const counted = round > 0
    await rate(ONE, counted, () => {
      for (let i = 0; i < CERTIFICATES; i++) floor.issue(1)
    })
    const keys = Array.from({ length: 2 * CERTIFICATES }, () => newKey().spki)
    await rate(MANY, counted, () => {
      for (let i = 0; i < batches; i++) floor.issue(AT_ONCE)
    })
    for (const [name, { authority: one }] of [
      ['countersign', house],
      ...(onToken ? [[HELD, onToken] as const] : []),
    ] as const) {
      const issue = (i: number) =>
        one.issueLocal({ party: `party-${round}-${i}`, profile: 'client', publicKey: keys[i] ?? new Uint8Array() })
      await rate(`${name}, one at a time`, counted, async () => {
        for (let i = 0; i < CERTIFICATES; i++) await issue(i)
      })
      await rate(`${name}, ${AT_ONCE} at a time`, counted, async () => {
        for (let i = 0; i < batches; i++)
          await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => issue(CERTIFICATES + i * AT_ONCE + j)))
      })
    }
    for (const atOnce of [1, AT_ONCE]) {
      const milliseconds = await enrollNewcomers(`newcomer-${round}-${atOnce}`, atOnce)
      if (counted) note(`countersign, enrolled over TLS, ${atOnce} at once`, milliseconds)
    }
    if (ca !== undefined) {
      const requests = await Promise.all(Array.from({ length: 2 * CERTIFICATES }, () => ca.request()))
      await rate('openssl ca, a process each', counted, async () => {
        for (const request of requests.slice(0, CERTIFICATES)) await ca.sign([request])
      })
      await rate('openssl ca, one process for all', counted, () => ca.sign(requests.slice(CERTIFICATES)))
    }
  }
  for (const [name, values] of rates)
    print({ name, unit: 'per second', values, ...(baselineOf(name) && { baselines: [baselineOf(name)] }) })
  if (ca === undefined) print({ name: 'openssl ca', skipped: 'openssl is not installed' })
  if (withToken.skip !== undefined) print({ name: HELD, skipped: withToken.skip })
} finally {
  floor.close()
  await rm(scratch, { recursive: true, force: true })
}

/** Another authority of the same make, but for its issuing key. */
async function startOnToken(): Promise<TestAuthority> {
  const token = softToken({ after: (work) => ends.defer(async () => void (await work())) })
  token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'issuing', '--id', '01')
  return startAuthority({ issuingKey: token.uri('object=issuing') })
}

function baselineOf(name: string): string {
  if (name.startsWith('floor')) return ''
  return name.includes(`${AT_ONCE} at`) || name.includes('for all') ? MANY : ONE
}

async function rate(name: string, counted: boolean, act: () => void | Promise<void>): Promise<void> {
  const before = performance.now()
  await act()
  if (counted) note(name, performance.now() - before)
}

function note(name: string, milliseconds: number): void {
  rates.set(name, [...(rates.get(name) ?? []), (CERTIFICATES / milliseconds) * 1000])
}

/** Answers the milliseconds in which newcomers, so many at once, enroll with the tokens that they have. */
async function enrollNewcomers(party: string, atOnce: number): Promise<number> {
  const tokens = await Promise.all(Array.from({ length: CERTIFICATES }, (_, i) => house.invite(`${party}-${i}`)))
  const args = ['--conditions=source', NEWCOMERS, String(atOnce), authority.address, AUTHORITY_NAME]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(tokens.join('\n'))
  const milliseconds = Number(await text(child.stdout))
  if (!(milliseconds > 0)) throw new Error(`${party} did not enroll`)
  return milliseconds
}
