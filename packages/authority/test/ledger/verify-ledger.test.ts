// What the offline verifier finds, and says where.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import {
  EARLIER_SIZE,
  entriesOf,
  KEPT_SIZE,
  type Ledgers,
  SIZE,
  TAMPERINGS,
} from '../../../../interop/ledger/tampering.ts'
import { newSigning, openLedgerIn } from '../../../../tools/testing/ledger.ts'
import { readCheckpoint } from '../../src/ledger/checkpoint.ts'
import { LEDGER_FINDINGS, type LedgerFinding } from '../../src/ledger/finding.ts'
import { type LedgerVerdict, verifyLedger } from '../../src/ledger/verify-ledger.ts'
import { temporaryDirectory } from '../support/core.ts'

const signing = newSigning()

/** A ledger of so many entries; what its checkpoint was at {@link KEPT_SIZE} is kept. */
async function write(directory: string, size: number, forked = false): Promise<Uint8Array | undefined> {
  const ledger = await openLedgerIn(directory, signing)
  if (size <= KEPT_SIZE) {
    await ledger.append(0, entriesOf(0, size, forked))
    return undefined
  }
  await ledger.append(0, entriesOf(0, KEPT_SIZE, forked))
  const kept = readFileSync(join(directory, 'checkpoint'))
  await ledger.append(KEPT_SIZE, entriesOf(KEPT_SIZE, size, forked))
  return kept
}

const verify = (directory: string, kept?: Uint8Array) =>
  verifyLedger({ directory, key: signing.key, ...(kept && { kept: readCheckpoint(kept, signing.key, signing.check) }) })

/** Codes, with what they are about. */
function told(verdict: LedgerVerdict): readonly string[] {
  if (verdict.ok) return []
  return verdict.findings.map(({ code, clause, path, entries }: LedgerFinding) => {
    assert.equal(clause, LEDGER_FINDINGS[code][0])
    if (entries === undefined || code === 'ERR_LEDGER_TILE_CHANGED') return `${code} ${path}`
    return `${code} ${entries.end - entries.start === 1 ? entries.start : `${entries.start}-${entries.end - 1}`}`
  })
}

suite('a ledger that is verified', () => {
  test('holds, of any size, with a kept checkpoint of any earlier one', async (t) => {
    for (const size of [0, 1, 255, 256, 257, SIZE]) {
      const directory = temporaryDirectory(t)
      const kept = await write(directory, size)
      const verdict = await verify(directory, kept ?? readFileSync(join(directory, 'checkpoint')))
      assert.deepEqual(told(verdict), [], String(size))
      assert.ok(verdict.ok)
      assert.equal(verdict.checkpoint.size, size)
    }
  })

  test('holds where it grew after its checkpoint, and partial tiles are gone', async (t) => {
    const directory = temporaryDirectory(t)
    await write(directory, 200)
    const checkpoint = readFileSync(join(directory, 'checkpoint'))
    const ledger = await openLedgerIn(directory, signing)
    await ledger.append(200, entriesOf(200, 300))
    writeFileSync(join(directory, 'checkpoint'), checkpoint)
    assert.deepEqual(told(await verify(directory)), [])
  })

  test('tells how far it is', async (t) => {
    const directory = temporaryDirectory(t)
    await write(directory, 600)
    const steps: string[] = []
    await verifyLedger({ directory, key: signing.key, onProgress: (entries, of) => steps.push(`${entries}/${of}`) })
    assert.deepEqual(steps, ['256/600', '512/600', '600/600'])
  })

  test('is refused for another key of the same name', async (t) => {
    const directory = temporaryDirectory(t)
    await write(directory, 10)
    const verdict = await verifyLedger({ directory, key: newSigning().key })
    assert.deepEqual(told(verdict), ['ERR_LEDGER_CHECKPOINT checkpoint'])
  })

  test('is none where there is no checkpoint', async (t) => {
    const directory = temporaryDirectory(t)
    await assert.rejects(verify(directory), { name: 'LedgerError', code: 'ERR_LEDGER_ABSENT' })
    await assert.rejects(verify(join(directory, 'nowhere')), { code: 'ERR_LEDGER_ABSENT' })
    writeFileSync(join(directory, 'file'), '')
    await assert.rejects(verify(join(directory, 'file')), { code: 'ERR_LEDGER_ABSENT' })
  })

  test('whose signed size is absurd ends at once, with what is missing', async (t) => {
    const directory = temporaryDirectory(t)
    await write(directory, 300)
    const { key, sign } = signing
    const text = `${key.name}\n9007199254740991\n${new Uint8Array(32).toBase64()}\n`
    const signature = await sign(new TextEncoder().encode(text))
    const line = `— ${key.name} ${new Uint8Array([...Uint8Array.fromHex(key.id), ...signature]).toBase64()}\n`
    writeFileSync(join(directory, 'checkpoint'), `${text}\n${line}`)
    const verdict = await verify(directory)
    assert.ok(!verdict.ok)
    assert.ok(verdict.findings.some(({ code }) => code === 'ERR_LEDGER_FILE_ABSENT'))
    // Two files for each bundle, and one tile above them.
    assert.equal(verdict.findings.length, 1_001)
  })

  test('whose file is a directory, or larger than any bundle, is refused without reading it', async (t) => {
    const directory = temporaryDirectory(t)
    await write(directory, 300)
    const path = join(directory, 'tile/entries/000')
    writeFileSync(path, new Uint8Array(256 * 65_537 + 1))
    assert.deepEqual(told(await verify(directory)), ['ERR_LEDGER_FILE_MALFORMED tile/entries/000'])
    rmSync(path)
    mkdirSync(path)
    assert.deepEqual(told(await verify(directory)), ['ERR_LEDGER_FILE_MALFORMED tile/entries/000'])
  })
})

suite('a ledger that was tampered with', () => {
  const house = mkdtempSync(join(tmpdir(), 'countersign-ledgers-'))
  const [whole, forked, earlier] = [join(house, 'whole'), join(house, 'forked'), join(house, 'earlier')]
  let kept: Uint8Array | undefined
  before(async () => {
    kept = await write(whole, SIZE)
    await write(forked, SIZE, true)
    await write(earlier, EARLIER_SIZE)
  })
  after(() => rmSync(house, { recursive: true }))

  /** A copy of the true one, to tamper with. */
  function prepared(t: TestContext): Ledgers {
    const directory = temporaryDirectory(t)
    cpSync(whole, directory, { recursive: true })
    return { directory, forked, earlier }
  }

  for (const { name, act, ours, kept: needsKept } of TAMPERINGS)
    test(name, async (t) => {
      const ledgers = prepared(t)
      act(ledgers)
      assert.deepEqual(told(await verify(ledgers.directory)), needsKept ? [] : ours)
      assert.deepEqual(told(await verify(ledgers.directory, kept)), ours)
    })

  test('every finding is met', () => {
    const met = new Set(TAMPERINGS.flatMap(({ ours }) => ours.map((each) => each.split(' ')[0])))
    // Those of receipts have their own test.
    const ofLedgers = Object.keys(LEDGER_FINDINGS).filter((code) => !code.startsWith('ERR_LEDGER_RECEIPT_'))
    assert.deepEqual([...met].sort(), ofLedgers.sort())
  })

  test('in very many places: the verifier looks no further', async (t) => {
    const { directory } = prepared(t)
    for (const index of [0, 1, 2, 3]) writeFileSync(join(directory, `tile/entries/00${index}`), new Uint8Array(512))
    const verdict = await verify(directory)
    assert.ok(!verdict.ok)
    assert.equal(verdict.findings.length, 1_024)
    assert.equal(verdict.looked, 1_024)
  })
})
