// kill -9 at random instants of a load, round after round on one store: what callers have seen is there after each start, once
// and whole. `npm run -s soak` makes more rounds; with COUNTERSIGN_CRASH_SEED the instants are those of another run.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryDirectory } from '../support/core.ts'
import { PLACES } from '../support/stores.ts'
import { checkLedger, checkRunning, checkStore, untilInLedger } from './check.ts'
import { startAuthority } from './child.ts'
import {
  certify,
  enroll,
  invite,
  label,
  nothingSeen,
  type Reach,
  readStatus,
  renew,
  revoke,
  setLock,
  timestamp,
  untilCut,
} from './load.ts'

const ROUNDS = Number(process.env['COUNTERSIGN_SOAK_ROUNDS'] ?? 10)
const SEED = Number(process.env['COUNTERSIGN_CRASH_SEED'] ?? Date.now() % 1_000_000)
const CALLERS = 4
/** Within this a round is ended from the first request on. */
const LONGEST_MS = 500

/** A sequence in [0, 1) that the seed decides. Marsaglia, Xorshift RNGs (2003). */
function randomOf(seed: number): () => number {
  let state = seed * 2 + 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** One party after the other, until the authority has ended: each comes, renews, is locked, let go on, and revoked. */
async function live(reach: Reach, name: string, random: () => number): Promise<void> {
  for (let i = 0; ; i++) {
    const party = `${name}-${i}`
    await invite(reach, party)
    const held = await enroll(reach, party)
    if (random() < 0.5) await label(reach, party, `own:${i}`)
    if (random() < 0.5) await certify(reach, party)
    if (random() < 0.7) await renew(reach, party, held)
    if (random() < 0.3) await timestamp(reach, party, held)
    if (random() < 0.5) await setLock(reach, party, true)
    if (reach.seen.locked.get(party) && random() < 0.6) await setLock(reach, party, false)
    if (random() < 0.6) await revoke(reach, party)
    await readStatus(reach)
  }
}

/** Whoever was not answered asks the same again: a token gives one certificate, answered or not. */
async function again(reach: Reach, isAlone: boolean): Promise<void> {
  for (const { act, party } of reach.seen.unanswered.splice(0)) {
    if (act === 'enroll') await enroll(reach, party)
    // By its key: whether it was done or not, it is answered. Where others may be at work on it, only later.
    if (act === 'revoke' && isAlone) await revoke(reach, party)
  }
  // And what was handed out and never used is good.
  const [party] = reach.seen.tokens.keys()
  if (party !== undefined) await enroll(reach, party)
}

async function rounds(t: TestContext, store: string | undefined): Promise<void> {
  const random = randomOf(SEED)
  const directory = temporaryDirectory(t)
  const seen = nothingSeen()
  let [cutOff, early] = [0, 0]
  for (let round = 0; round <= ROUNDS; round++) {
    const options = { directory, generation: round, ...(store !== undefined && { store }) }
    // Now and then also while it starts: it has more to do then than in any request.
    if (round > 0 && random() < 0.2) {
      const after = random() * 1_200
      const child = await startAuthority(t, options, (kill) => void delay(after).then(kill))
      assert.equal(await child.ended, 'SIGKILL')
      early++
    }
    const child = await startAuthority(t, options)
    const { place } = child
    assert.ok(place, `it starts again, round ${round}`)
    const reach = { t, directory, place, seen }
    await checkRunning(reach)
    await again(reach, store === undefined)
    await untilInLedger(child, directory, seen)
    if (round === ROUNDS) break
    const load = Array.from({ length: CALLERS }, (_, caller) => untilCut(live(reach, `p${round}-${caller}`, random)))
    await delay(random() * LONGEST_MS)
    child.process.kill('SIGKILL')
    await Promise.all([...load, child.ended])
    cutOff += seen.unanswered.length
    await checkLedger(directory, seen)
    await checkStore({ t, directory, seen, ...(store !== undefined && { store }) })
  }
  const counts = Object.entries(seen.counts).map(([act, count]) => `${act} ${count}`)
  t.diagnostic(`seed ${SEED}: ${ROUNDS} rounds, ${early} more ended while starting, ${cutOff} acts cut off`)
  t.diagnostic(`answered: ${counts.join(', ')}; ${seen.certificates.size} certificates, ${seen.revoked.size} revoked`)
  t.diagnostic(`last list ${seen.newestList}, ledger of ${seen.kept?.size} entries; lost 0, twice 0, half 0`)
}

suite('kill -9 at random instants of a load', { concurrency: true }, () => {
  for (const [name, place, options] of PLACES)
    test(name, options, async (t) => {
      const at = await place(t)
      await rounds(t, name === 'PostgreSQL' ? at : undefined)
    })
})
