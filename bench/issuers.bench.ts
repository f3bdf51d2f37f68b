// An authority that has had ten thousand issuers: how soon it is ready.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHouse } from '../scenario/support/house.ts'
import { print } from './measurement.ts'
import { seedIssuers } from './support/seed.ts'

const COUNT = 10_000
const ROUNDS = 5
const config = { authority: { listen: '127.0.0.1:0' } }

const directory = await mkdtemp(join(tmpdir(), 'countersign-issuers-'))
try {
  print({ name: 'ready, with one issuer', unit: 'ms', values: await startTimes() })
  seedIssuers(join(directory, 'countersign-data', 'store.db'), COUNT)
  print({
    name: `ready, with ${COUNT} that have retired`,
    unit: 'ms',
    values: await startTimes(),
    baselines: ['ready, with one issuer'],
    goal: '< 2,000 ms',
  })
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** Milliseconds from the start of the process to its ready line; the first makes the authority, and is not counted. */
async function startTimes(): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const before = performance.now()
    await using house = await startHouse({ directory, config, readyMs: 60_000 })
    if (round > 0) values.push(performance.now() - before)
    await house.stop()
  }
  return values
}
