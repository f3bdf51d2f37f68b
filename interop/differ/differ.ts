/**
 * Random chains judged by us and by another verifier: `npm run -s differ -- [--count N] [--seed S] [--peer openssl|gnutls]`.
 *
 * Prints how often both agree, and how often each row of the table explains that they do not. Exit 1 where a difference has no
 * row, or a row no difference; 2 where it cannot be asked.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tally } from './difference.ts'
import type { Peer, Row } from './model.ts'
import { PEERS } from './peers.ts'

const USAGE = 'usage: npm run -s differ -- [--count N] [--seed S] [--peer openssl|gnutls]'

const folder = mkdtempSync(join(tmpdir(), 'countersign-differ-'))
try {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      peer: { type: 'string', default: 'openssl' },
    },
  })
  const [count, seed] = [Number(values.count), Number(values.seed)]
  const peer: Peer | undefined = PEERS[values.peer]
  if (peer === undefined || !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed))
    throw new Error(USAGE)
  const started = performance.now()
  const seeds = Array.from({ length: count }, (_, i) => seed + i)
  const { outcomes, rows, first, faults } = tally(seeds, peer, folder)
  const line = (times: number, text: string) => console.log(`${String(times).padStart(7)}  ${text}`)
  for (const [outcome, times] of [...outcomes].sort(([left], [right]) => left.localeCompare(right)))
    line(times, outcome.replace('theirs', values.peer))
  console.log()
  const byTimes = ([, left]: [Row, number], [, right]: [Row, number]) => right - left
  for (const [row, times] of [...rows].sort(byTimes)) {
    const shown = first.has(row) ? ` (first by ${first.get(row)})` : ''
    line(times, `${row.refusedBy === 'us' ? 'only we refuse' : 'only we accept'}: ${row.what}${shown}`)
  }
  for (const fault of faults) console.error(fault)
  console.log(
    `\n${count} chains from ${seed} in ${((performance.now() - started) / 1000).toFixed(0)} s, ${faults.length} unexplained`,
  )
  process.exitCode = faults.length > 0 ? 1 : 0
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true })
}
