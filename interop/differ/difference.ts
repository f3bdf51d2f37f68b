// Where two verifiers may differ: a table of reasons, and the reasons for one difference found in it.
import { PROFILES, type Verdict, verifyPath } from '@countersign/verify'
import type { Certificate } from '@countersign/x509'
import { type Drawn, draw } from './draft.ts'
import type { Peer, Row } from './model.ts'
import { randomDraft } from './random-draft.ts'

export interface Comparison {
  readonly seed: number
  readonly outcome: 'both accept' | 'both refuse' | 'only ours accepts' | 'only theirs accepts'
  /** The rows that explain a difference. */
  readonly rows: readonly Row[]
  /** What no row explains, for a person. */
  readonly unexplained: readonly string[]
}

/** Asks both about the chain of a number; what only one refuses, each of its reasons must have a row for. */
export function compare(seed: number, peer: Peer, folder: string): Comparison {
  const drawn = peer.limit(draw(randomDraft(seed)))
  const ours = verdictOf(drawn)
  const theirs = peer.ask(drawn, folder)
  if (ours.ok === theirs.accepted)
    return { seed, outcome: ours.ok ? 'both accept' : 'both refuse', rows: [], unexplained: [] }
  const path = drawn.holders.slice(1).map(({ certificate }) => certificate)
  const facts = { ...drawn, path, leaf: path.at(-1) as Certificate }
  const rows = new Set<Row>()
  const unexplained: string[] = []
  const note = (row: Row | undefined, reason: string) => {
    if (row === undefined) unexplained.push(`${seed}: ${reason}; ${[...drawn.twists].join(', ') || 'nothing twisted'}`)
    else rows.add(row)
  }
  if (ours.ok)
    for (const reason of theirs.reasons)
      note(
        peer.table.find((row) => row.refusedBy === 'them' && row.explains(reason, facts)),
        `they say ${reason}`,
      )
  else
    for (const finding of ours.findings)
      note(
        peer.table.find((row) => row.refusedBy === 'us' && row.explains(finding, facts)),
        `we say ${finding.code} at ${finding.depth}: ${finding.detail}`,
      )
  return { seed, outcome: ours.ok ? 'only ours accepts' : 'only theirs accepts', rows: [...rows], unexplained }
}

function verdictOf({ holders, context }: Drawn): Verdict {
  const ders = holders.slice(1).map(({ certificate }) => certificate.der)
  return verifyPath(ders.toReversed(), { ...context, profile: PROFILES.private })
}

/** How often what came out. */
export interface Tally {
  readonly outcomes: ReadonlyMap<Comparison['outcome'], number>
  readonly rows: ReadonlyMap<Row, number>
  /** The first chain on which each row showed. */
  readonly first: ReadonlyMap<Row, number>
  /** What no row explains, and rows that explain nothing. */
  readonly faults: readonly string[]
}

/** Compares the chains of many numbers, and of each row's example. */
export function tally(seeds: Iterable<number>, peer: Peer, folder: string): Tally {
  const outcomes = new Map<Comparison['outcome'], number>()
  const rows = new Map<Row, number>(peer.table.map((row) => [row, 0]))
  const first = new Map<Row, number>()
  const faults: string[] = []
  for (const seed of seeds) {
    const comparison = compare(seed, peer, folder)
    outcomes.set(comparison.outcome, (outcomes.get(comparison.outcome) ?? 0) + 1)
    for (const row of comparison.rows) {
      rows.set(row, (rows.get(row) ?? 0) + 1)
      if (!first.has(row)) first.set(row, seed)
    }
    faults.push(...comparison.unexplained)
  }
  for (const row of peer.table) {
    const shows = compare(row.example, peer, folder).rows.includes(row)
    if (!shows) faults.push(`stale: chain ${row.example} does not show "${row.what}"`)
  }
  return { outcomes, rows, first, faults }
}
