// A second reader of ledgers, in Python on its standard library alone: it finds the roots that we sign, and whatever
// somebody does to the files.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { formatVerifierKey, verifierKey } from '@countersign/authority'
import { newSigning, openLedgerIn } from '../tools/testing/ledger.ts'
import { EARLIER_SIZE, entriesOf, KEPT_SIZE, SIZE, TAMPERINGS } from './ledger/tampering.ts'
import { needs, programPath } from './peer.ts'

const READER = fileURLToPath(new URL('ledger/reader.py', import.meta.url))
/** Three levels of tiles. */
const LARGE = 70_000

const signing = newSigning()
const { key } = signing

interface Problem {
  readonly what: string
  readonly index?: number
  readonly level?: number
}
interface Answer {
  readonly size?: number
  readonly root?: string
  readonly computed?: string
  readonly problems: readonly Problem[]
}

function readByPython(directory: string, kept?: string, vkey = formatVerifierKey(key)): Answer {
  const args = [READER, directory, vkey, ...(kept === undefined ? [] : [kept])]
  const { status, stdout, stderr } = spawnSync(programPath('python3'), args, { encoding: 'utf8' })
  assert.equal(stderr, '')
  const answer = JSON.parse(stdout) as Answer
  assert.equal(status, answer.problems.length > 0 ? 1 : 0)
  return answer
}

/** Kinds of problems, each once; single entries by their index, unless there are many. */
function kinds({ problems }: Answer): readonly string[] {
  const many = problems.filter(({ what }) => what === 'entry').length > 4
  return [
    ...new Set(
      problems.map(({ what, index, level }) => {
        if (what === 'tile') return `tile ${level}`
        if (what === 'bundle' || (what === 'entry' && !many)) return `${what} ${index}`
        return what
      }),
    ),
  ]
}

async function write(directory: string, size: number, forked = false): Promise<Uint8Array> {
  const ledger = await openLedgerIn(directory, signing)
  for (let at = 0; at < size; at += 8_192) await ledger.append(at, entriesOf(at, Math.min(at + 8_192, size), forked))
  return ledger.checkpoint.root
}

suite('a second, independent reader of ledgers', needs('python3', 'python3'), () => {
  const house = mkdtempSync(join(tmpdir(), 'countersign-ledger-reader-'))
  const [whole, forked, earlier, atKept] = ['whole', 'forked', 'earlier', 'kept'].map((name) => join(house, name)) as [
    string,
    string,
    string,
    string,
  ]
  const keptFile = join(atKept, 'checkpoint')
  before(async () => {
    await write(whole, SIZE)
    await write(forked, SIZE, true)
    await write(earlier, EARLIER_SIZE)
    await write(atKept, KEPT_SIZE)
  })
  after(() => rmSync(house, { recursive: true }))

  for (const size of [0, 1, 2, 255, 256, 257, LARGE])
    test(`finds the root that we sign for ${size} entries`, async () => {
      const directory = join(house, `of-${size}`)
      const root = await write(directory, size)
      const expected = { size, root: root.toHex(), computed: root.toHex(), problems: [] }
      assert.deepEqual(readByPython(directory), expected)
    })

  test('agrees with a checkpoint that was kept', () => assert.deepEqual(kinds(readByPython(whole, keptFile)), []))

  test('does not believe what another key would have signed', () => {
    const other = verifierKey(
      key.name,
      key.publicKey.map((octet, at) => (at === 0 ? octet ^ 1 : octet)),
    )
    assert.deepEqual(kinds(readByPython(whole, undefined, formatVerifierKey(other))), ['checkpoint'])
  })

  for (const { name, act, theirs, kept } of TAMPERINGS)
    test(name, () => {
      const directory = join(house, 'copy')
      cpSync(whole, directory, { recursive: true })
      act({ directory, forked, earlier })
      if (kept) assert.deepEqual(kinds(readByPython(directory)), [])
      // With the kept checkpoint an entry that is another one is a fork too, where it is among the first ones.
      const answer = kinds(readByPython(directory, keptFile))
      assert.deepEqual(kept ? answer : answer.filter((each) => each !== 'forked'), theirs)
      rmSync(directory, { recursive: true })
    })
})
