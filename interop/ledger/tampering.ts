// What somebody may do to the files of a ledger, and what its verifiers must say of it: ours, and the second reader.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Entries of the ledger that is tampered with: five full bundles, and one of 37. */
export const SIZE = 1_317
/** Of the earlier checkpoint that somebody kept. */
export const KEPT_SIZE = 900
/** Before that. */
export const EARLIER_SIZE = 400
/** The entry that is another one in the ledger that the same key signed too. */
export const FORKED_ENTRY = 300

/** The entry of that index, in the true ledger. */
export function entryOf(index: number): Uint8Array {
  return new TextEncoder().encode(`{"n":${index},"what":"issued","to":"party-${index % 17}"}`)
}

/** Entries as the ledger has them, or with another one in the place of {@link FORKED_ENTRY}. */
export function entriesOf(start: number, end: number, forked = false): readonly Uint8Array[] {
  return Array.from({ length: end - start }, (_, i) =>
    forked && start + i === FORKED_ENTRY ? entryOf(99_999) : entryOf(start + i),
  )
}

/** Directories of three ledgers of one key. */
export interface Ledgers {
  /** The one to tamper with: a copy of the true one. */
  readonly directory: string
  /** As the true one, but for one entry, and signed. */
  readonly forked: string
  /** As the true one was at {@link EARLIER_SIZE}, signed then. */
  readonly earlier: string
}

/** One act, and what must be said. `kept` ones are found by a kept checkpoint alone. */
export interface Tampering {
  readonly name: string
  readonly act: (ledgers: Ledgers) => void
  readonly kept?: true
  /** Of our verifier: each finding as its code, and the entries or the file that it names. */
  readonly ours: readonly string[]
  /** Of the second reader: kinds of problems, each once; more than four entries are one. */
  readonly theirs: readonly string[]
}

const CHANGED = 'ERR_LEDGER_ENTRY_CHANGED'
const MOVED = 'ERR_LEDGER_ENTRY_MOVED'
const COUNT = 'ERR_LEDGER_ENTRY_COUNT'
const TILE = 'ERR_LEDGER_TILE_CHANGED'
const RANGE = 'ERR_LEDGER_RANGE_CHANGED'

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'an entry is edited',
    act: ({ directory }) => editBundle(directory, 1, (entries) => entries.with(44, entryOf(7_777))),
    ours: [`${CHANGED} 300`],
    theirs: ['entry 300', 'tile 1', 'root'],
  },
  {
    name: 'one octet of an entry in the partial bundle is edited',
    act: ({ directory }) =>
      editBundle(directory, 5, (entries) =>
        entries.with(
          36,
          entryOf(1_316).map((octet, at) => (at === 3 ? octet ^ 1 : octet)),
        ),
      ),
    ours: [`${CHANGED} 1316`],
    theirs: ['entry 1316', 'root'],
  },
  {
    name: 'an entry is removed',
    act: ({ directory }) => editBundle(directory, 2, (entries) => entries.toSpliced(10, 1)),
    ours: [`${COUNT} 522`],
    theirs: ['bundle 2', 'entry', 'tile 1', 'root'],
  },
  {
    name: 'the last entry is removed',
    act: ({ directory }) => editBundle(directory, 5, (entries) => entries.slice(0, -1)),
    ours: [`${COUNT} 1316`],
    theirs: ['bundle 5', 'entry', 'root'],
  },
  {
    name: 'an entry is added at the end',
    act: ({ directory }) => editBundle(directory, 5, (entries) => [...entries, entryOf(SIZE)]),
    ours: [`${COUNT} 1317`],
    theirs: ['bundle 5', 'entry', 'root'],
  },
  {
    name: 'an entry is removed, and those after it in its bundle move up before a new one',
    act: ({ directory }) => editBundle(directory, 0, (entries) => [...entries.toSpliced(252, 1), entryOf(5_555)]),
    ours: [`${MOVED} 252`, `${MOVED} 253`, `${MOVED} 254`, `${CHANGED} 255`],
    theirs: ['entry 252', 'entry 253', 'entry 254', 'entry 255', 'tile 1', 'root'],
  },
  {
    name: 'two entries of one bundle change places',
    act: ({ directory }) => editBundle(directory, 3, (entries) => entries.with(0, entryOf(770)).with(2, entryOf(768))),
    ours: [`${MOVED} 768`, `${MOVED} 770`],
    theirs: ['entry 768', 'entry 770', 'tile 1', 'root'],
  },
  {
    name: 'two entries of two bundles change places',
    act({ directory }) {
      editBundle(directory, 0, (entries) => entries.with(5, entryOf(1_285)))
      editBundle(directory, 5, (entries) => entries.with(5, entryOf(5)))
    },
    ours: [`${MOVED} 5`, `${MOVED} 1285`],
    theirs: ['entry 5', 'entry 1285', 'tile 1', 'root'],
  },
  {
    name: 'two bundles change places',
    act({ directory }) {
      const [one, other] = [bundlePath(directory, 1), bundlePath(directory, 2)]
      const octets = readFileSync(one)
      cpSync(other, one)
      writeFileSync(other, octets)
    },
    ours: Array.from({ length: 512 }, (_, i) => `${MOVED} ${256 + i}`),
    theirs: ['entry', 'tile 1', 'root'],
  },
  {
    name: 'two bundles and their tiles change places',
    act({ directory }) {
      for (const level of ['entries', '0']) {
        const [one, other] = [1, 2].map((n) => join(directory, 'tile', level, `00${n}`)) as [string, string]
        const octets = readFileSync(one)
        cpSync(other, one)
        writeFileSync(other, octets)
      }
    },
    ours: [`${RANGE} 256-511`, `${RANGE} 512-767`],
    theirs: ['tile 1', 'root'],
  },
  {
    name: 'a hash of a tile is edited',
    act: ({ directory }) => editFile(join(directory, 'tile/0/002'), 32 * 7),
    ours: [`${TILE} tile/0/002`],
    theirs: ['entry 519'],
  },
  {
    name: 'a hash of the partial tile is edited',
    act: ({ directory }) => editFile(join(directory, 'tile/0/005.p/37'), 32 * 7),
    ours: [`${TILE} tile/0/005.p/37`],
    theirs: ['entry 1287'],
  },
  {
    name: 'a hash of the tile above is edited',
    act: ({ directory }) => editFile(join(directory, 'tile/1/000.p/5'), 32 * 3),
    ours: [`${TILE} tile/1/000.p/5`],
    theirs: ['tile 1'],
  },
  {
    name: 'hashes of both partial tiles are edited',
    act({ directory }) {
      editFile(join(directory, 'tile/0/005.p/37'), 32)
      editFile(join(directory, 'tile/1/000.p/5'), 32)
    },
    ours: [`${TILE} tile/0/005.p/37`, `${TILE} tile/1/000.p/5`],
    theirs: ['entry 1281', 'tile 1'],
  },
  {
    name: 'an entry and its hash are edited together',
    act({ directory, forked }) {
      cpSync(bundlePath(forked, 1), bundlePath(directory, 1))
      cpSync(join(forked, 'tile/0/001'), join(directory, 'tile/0/001'))
    },
    ours: [`${RANGE} 256-511`],
    theirs: ['tile 1', 'root'],
  },
  {
    name: 'an entry and every tile above it are edited together',
    act: ({ directory, forked }) => cpSync(join(forked, 'tile'), join(directory, 'tile'), { recursive: true }),
    ours: [`ERR_LEDGER_ROOT 0-${SIZE - 1}`],
    theirs: ['root'],
  },
  {
    name: 'a bundle is gone',
    act: ({ directory }) => rmSync(bundlePath(directory, 4)),
    ours: ['ERR_LEDGER_FILE_ABSENT tile/entries/004'],
    theirs: ['bundle 4', 'entry', 'tile 1', 'root'],
  },
  {
    name: 'a tile is gone',
    act: ({ directory }) => rmSync(join(directory, 'tile/0/004')),
    ours: ['ERR_LEDGER_FILE_ABSENT tile/0/004'],
    theirs: ['tile 0'],
  },
  {
    name: 'a tile is shorter',
    act: ({ directory }) => cutFile(join(directory, 'tile/0/004'), -32),
    ours: ['ERR_LEDGER_FILE_MALFORMED tile/0/004'],
    theirs: ['tile 0'],
  },
  {
    name: 'a partial tile is longer',
    act: ({ directory }) => appendTo(join(directory, 'tile/0/005.p/37'), new Uint8Array(32)),
    ours: ['ERR_LEDGER_FILE_MALFORMED tile/0/005.p/37'],
    theirs: ['tile 0'],
  },
  {
    name: 'a bundle ends inside an entry',
    act: ({ directory }) => cutFile(bundlePath(directory, 0), -1),
    ours: ['ERR_LEDGER_FILE_MALFORMED tile/entries/000'],
    theirs: ['bundle 0', 'entry', 'tile 1', 'root'],
  },
  {
    name: 'the root of the checkpoint is edited',
    act: ({ directory }) => editCheckpoint(directory, (lines) => lines.with(2, new Uint8Array(32).toBase64())),
    ours: ['ERR_LEDGER_CHECKPOINT checkpoint'],
    theirs: ['checkpoint'],
  },
  {
    name: 'the size of the checkpoint is edited',
    act: ({ directory }) => editCheckpoint(directory, (lines) => lines.with(1, String(SIZE - 1))),
    ours: ['ERR_LEDGER_CHECKPOINT checkpoint'],
    theirs: ['checkpoint'],
  },
  {
    name: 'the checkpoint has no signature',
    act: ({ directory }) => writeFileSync(join(directory, 'checkpoint'), 'ledger\n0\n\n'),
    ours: ['ERR_LEDGER_CHECKPOINT checkpoint'],
    theirs: ['checkpoint'],
  },
  {
    name: 'the ledger is cut off, back to a state that was signed',
    act({ directory, earlier }) {
      rmSync(directory, { recursive: true })
      cpSync(earlier, directory, { recursive: true })
    },
    kept: true,
    ours: [`ERR_LEDGER_TRUNCATED ${EARLIER_SIZE}-${KEPT_SIZE - 1}`],
    theirs: ['truncated'],
  },
  {
    name: 'the ledger is written anew by who has the key',
    act({ directory, forked }) {
      rmSync(directory, { recursive: true })
      cpSync(forked, directory, { recursive: true })
    },
    kept: true,
    ours: [`ERR_LEDGER_FORKED 0-${KEPT_SIZE - 1}`],
    theirs: ['forked'],
  },
]

function bundlePath(directory: string, index: number): string {
  return join(directory, 'tile/entries', index === 5 ? '005.p/37' : `00${index}`)
}

/** Writes a bundle with other entries; where it was and how entries stand in it is as the text of tlog-tiles has it. */
function editBundle(
  directory: string,
  index: number,
  edit: (entries: readonly Uint8Array[]) => readonly Uint8Array[],
): void {
  const entries = entriesOf(index * 256, Math.min(index * 256 + 256, SIZE))
  const octets = edit(entries).flatMap((entry) => [entry.length >> 8, entry.length & 255, ...entry])
  writeFileSync(bundlePath(directory, index), Uint8Array.from(octets))
}

function editFile(path: string, at: number): void {
  writeFileSync(
    path,
    readFileSync(path).map((octet, index) => (index === at ? octet ^ 0x80 : octet)),
  )
}

function cutFile(path: string, end: number): void {
  writeFileSync(path, readFileSync(path).subarray(0, end))
}

function appendTo(path: string, octets: Uint8Array): void {
  writeFileSync(path, Buffer.concat([readFileSync(path), octets]))
}

function editCheckpoint(directory: string, edit: (lines: readonly string[]) => readonly string[]): void {
  const path = join(directory, 'checkpoint')
  writeFileSync(path, edit(readFileSync(path, 'utf8').split('\n')).join('\n'))
}
