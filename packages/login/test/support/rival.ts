// Another process on the same store: does one thing so many times at once, and says how often it went well.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { countGuess } from '../../src/guessing.ts'
import { spendTotp } from '../../src/otp/totp.ts'
import { PersonRefusal } from '../../src/refusal.ts'
import { openTestStore } from './store.ts'

/** What is raced for, of account carol. */
const RACES = ['guess', 'totp'] as const
type Race = (typeof RACES)[number]

/** RFC 6238, appendix B. */
export const RACED = { secret: '12345678901234567890', code: '279037', at: 2_000_000_000_000 } as const

/** Starts `processes` of them, each with `tries`; answers how many tries went well, of all. */
export async function race(path: string, what: Race, processes: number, tries: number): Promise<number> {
  openTestStore(path).close()
  const run = promisify(execFile)
  const self = fileURLToPath(import.meta.url)
  const rivals = Array.from({ length: processes }, () =>
    run(process.execPath, ['--conditions=source', self, path, what, String(tries)]),
  )
  return (await Promise.all(rivals)).reduce((sum, { stdout }) => sum + Number(stdout), 0)
}

async function once(store: ReturnType<typeof openTestStore>, what: Race): Promise<boolean> {
  const now = Temporal.Instant.fromEpochMilliseconds(RACED.at)
  const secret = new TextEncoder().encode(RACED.secret)
  try {
    return await store.commit(async (tx) => {
      if (what === 'totp') return spendTotp(tx, 'carol', { secret, code: RACED.code, now })
      await countGuess(tx, 'carol', 'unknown', now)
      return true
    })
  } catch (error) {
    if (error instanceof PersonRefusal) return false
    throw error
  }
}

const [, script, path = '', what = '', tries = ''] = process.argv
if (script === fileURLToPath(import.meta.url)) {
  const raced = RACES.find((one) => one === what)
  if (raced === undefined) throw new TypeError(`there is no race for ${what}`)
  const store = openTestStore(path)
  const done = await Promise.all(Array.from({ length: Number(tries) }, () => once(store, raced)))
  store.close()
  console.log(done.filter(Boolean).length)
}
