// The one who writes a ledger: what a batch makes, what a crash leaves, and what it does not take.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { newSigning, openLedgerIn } from '../../../../tools/testing/ledger.ts'
import { verifyConsistency, verifyInclusion } from '../../src/ledger/check-proof.ts'
import { openLedgerDirectory } from '../../src/ledger/directory.ts'
import { type Ledger, type LedgerStore, openLedger } from '../../src/ledger/ledger.ts'
import { verifyTlogProof, writeTlogProof } from '../../src/ledger/proof.ts'
import { hashLeaf } from '../../src/ledger/tree.ts'
import { temporaryDirectory } from '../support/core.ts'

const ORIGIN = 'ledger.acme.example'

/** Entries that differ in octets and in length. */
function entriesOf(start: number, end: number): readonly Uint8Array[] {
  const text = (index: number) => `entry ${index} ${'.'.repeat(index % 7)}`
  return Array.from({ length: end - start }, (_, i) => new TextEncoder().encode(text(start + i)))
}

/** Every file of a ledger, with the hash of its octets. */
function filesOf(directory: string): Record<string, string> {
  const files = globSync('**/*', { cwd: directory, withFileTypes: true }).filter((each) => each.isFile())
  const paths = files.map((each) => join(each.parentPath, each.name).slice(directory.length + 1)).sort()
  return Object.fromEntries(paths.map((path) => [path, hash('sha256', readFileSync(join(directory, path)))]))
}

suite('a ledger that is written', () => {
  test('begins empty, with a signed checkpoint', async (t) => {
    const [directory, signing] = [temporaryDirectory(t), newSigning()]
    const { checkpoint } = await openLedgerIn(directory, signing)
    const root = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    assert.deepEqual({ ...checkpoint, root: checkpoint.root.toHex() }, { origin: ORIGIN, size: 0, root })
    assert.deepEqual(Object.keys(filesOf(directory)), ['checkpoint'])
  })

  test('has the files that tlog-tiles names, each mode 0644, and no partial one of a tile that became full', async (t) => {
    const [directory, signing] = [temporaryDirectory(t), newSigning()]
    const ledger = await openLedgerIn(directory, signing)
    for (const [from, to] of [
      [0, 1],
      [1, 255],
      [255, 257],
      [257, 600],
    ] as const)
      await ledger.append(from, entriesOf(from, to))
    const files = filesOf(directory)
    assert.deepEqual(Object.keys(files), [
      'checkpoint',
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/88',
      'tile/1/000.p/1',
      'tile/1/000.p/2',
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/88',
    ])
    for (const path of Object.keys(files)) assert.equal(statSync(join(directory, path)).mode & 0o777, 0o644)
  })

  test('is the same, however it was cut into batches, and whoever opened it again', async (t) => {
    const signing = newSigning()
    const [once, often] = [temporaryDirectory(t), temporaryDirectory(t)]
    await (await openLedgerIn(once, signing)).append(0, entriesOf(0, 1_000))
    for (let at = 0; at < 1_000; at += 77)
      await (await openLedgerIn(often, signing)).append(at, entriesOf(at, Math.min(at + 77, 1_000)))
    const [one, other] = [filesOf(once), filesOf(often)]
    // Partial tiles of sizes that only one of them had.
    for (const path of Object.keys(other)) if (!(path in one)) assert.match(path, /\.p\/\d+$/)
    assert.deepEqual(Object.fromEntries(Object.keys(one).map((path) => [path, other[path]])), one)
  })

  test('takes the same batch again, or one that overlaps, and keeps its octets', async (t) => {
    const [directory, signing] = [temporaryDirectory(t), newSigning()]
    const ledger = await openLedgerIn(directory, signing)
    const first = await ledger.append(0, entriesOf(0, 300))
    const before = filesOf(directory)
    assert.deepEqual(await ledger.append(0, entriesOf(0, 300)), first)
    assert.deepEqual(await ledger.append(250, entriesOf(250, 290)), first)
    assert.deepEqual(filesOf(directory), before)
    assert.equal((await ledger.append(290, entriesOf(290, 310))).size, 310)
  })

  test('refuses a batch that begins after its end, or says something else than before', async (t) => {
    const [directory, signing] = [temporaryDirectory(t), newSigning()]
    const ledger = await openLedgerIn(directory, signing)
    await ledger.append(0, entriesOf(0, 300))
    const before = filesOf(directory)
    await assert.rejects(ledger.append(301, entriesOf(301, 302)), {
      code: 'ERR_LEDGER_GAP',
      message: /^entry 300: /,
    })
    await assert.rejects(ledger.append(298, entriesOf(299, 305)), {
      code: 'ERR_LEDGER_FORK',
      message: /^entry 298: /,
    })
    await assert.rejects(ledger.append(300, [new Uint8Array(65_536)]), { code: 'ERR_LEDGER_ENTRY_LIMIT' })
    assert.deepEqual(filesOf(directory), before)
    assert.equal((await ledger.append(300, [new Uint8Array(65_535)])).size, 301)
  })

  test('takes calls at once, one after the other; a refused one stops none', async (t) => {
    const ledger = await openLedgerIn(temporaryDirectory(t), newSigning())
    const calls = [0, 1, 2, 4, 3].map((at) => ledger.append(at * 100, entriesOf(at * 100, at * 100 + 100)))
    const outcomes = await Promise.allSettled(calls)
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(ledger.checkpoint.size, 400)
  })

  test('writes as many octets for an entry in a large ledger as in a small one', async (t) => {
    const store = openLedgerDirectory(temporaryDirectory(t))
    let octetsWritten = 0
    const counted: LedgerStore = {
      ...store,
      async write(path, octets) {
        octetsWritten += octets.length
        await store.write(path, octets)
      },
    }
    const ledger = await openLedger({ store: counted, ...newSigning() })
    const costOf = async (at: number) => {
      octetsWritten = 0
      await ledger.append(at, [new Uint8Array(100)])
      return octetsWritten
    }
    await ledger.append(
      0,
      Array.from({ length: 100 }, () => new Uint8Array(100)),
    )
    const small = await costOf(100)
    await ledger.append(
      101,
      Array.from({ length: 256 * 40 - 1 }, () => new Uint8Array(100)),
    )
    // The size in the checkpoint has two digits more.
    assert.equal(await costOf(256 * 40 + 100), small + 2)
  })

  test('refuses another key, another origin, a checkpoint that is malformed, and files of another tree', async (t) => {
    const [directory, signing] = [temporaryDirectory(t), newSigning()]
    await (await openLedgerIn(directory, signing)).append(0, entriesOf(0, 300))
    await assert.rejects(openLedgerIn(directory, newSigning()), { code: 'ERR_LEDGER_UNSIGNED' })
    await assert.rejects(openLedgerIn(directory, newSigning('other.example')), { code: 'ERR_LEDGER_UNSIGNED' })
    for (const path of ['tile/0/001.p/44', 'tile/entries/001.p/44', 'tile/1/000.p/1']) {
      const octets = readFileSync(join(directory, path))
      writeFileSync(
        join(directory, path),
        octets.map((octet, index) => (index === 20 ? octet ^ 1 : octet)),
      )
      await assert.rejects(openLedgerIn(directory, signing), { code: 'ERR_LEDGER_EDGE' }, path)
      rmSync(join(directory, path))
      await assert.rejects(openLedgerIn(directory, signing), { code: 'ERR_LEDGER_TILE_MISSING' }, path)
      mkdirSync(join(directory, path))
      await assert.rejects(openLedgerIn(directory, signing), { code: 'ERR_LEDGER_FILE' }, path)
      rmSync(join(directory, path), { recursive: true })
      writeFileSync(join(directory, path), octets)
    }
    writeFileSync(join(directory, 'checkpoint'), 'nothing of ours')
    await assert.rejects(openLedgerIn(directory, signing), { code: 'ERR_LEDGER_NOTE_FORM' })
  })

  test('writes no checkpoint that its own key did not sign', async (t) => {
    const [directory, signing, other] = [temporaryDirectory(t), newSigning(), newSigning()]
    const ledger = await openLedgerIn(directory, signing)
    await ledger.append(0, entriesOf(0, 3))
    const swapped = await openLedgerIn(directory, { ...signing, sign: other.sign })
    await assert.rejects(swapped.append(3, entriesOf(3, 4)), { code: 'ERR_LEDGER_UNSIGNED' })
    assert.equal((await openLedgerIn(directory, signing)).checkpoint.size, 3)
  })
})

suite('a process that ends while it writes', () => {
  const signing = newSigning()

  /** A store that fails at its `moment`-th act, before or after it. */
  function ending(store: LedgerStore, moment: number, after: boolean): LedgerStore {
    let acts = 0
    async function act(work: () => Promise<void>): Promise<void> {
      if (acts++ === moment) {
        if (after) await work()
        throw new Error('the process ends here')
      }
      if (acts <= moment) await work()
    }
    return {
      read: store.read,
      write: (path, octets) => act(() => store.write(path, octets)),
      remove: (path) => act(() => store.remove(path)),
    }
  }

  for (const after of [false, true])
    test(`leaves a ledger that goes on, ${after ? 'after' : 'before'} each of its acts`, async (t) => {
      const whole = temporaryDirectory(t)
      const straight = await openLedgerIn(whole, signing)
      await straight.append(0, entriesOf(0, 250))
      await straight.append(250, entriesOf(250, 520))
      let moment = 0
      for (let ended = true; ended; moment++) {
        const directory = temporaryDirectory(t)
        const before = await (await openLedgerIn(directory, signing)).append(0, entriesOf(0, 250))
        const store = openLedgerDirectory(directory)
        const dying = await openLedger({ store: ending(store, moment, after), ...signing })
        const outcome = await Promise.allSettled([dying.append(250, entriesOf(250, 520))])
        ended = outcome[0]?.status === 'rejected'
        const again = await openLedgerIn(directory, signing)
        assert.ok([250, 520].includes(again.checkpoint.size))
        if (again.checkpoint.size === 250) assert.deepEqual(again.checkpoint, before)
        await again.append(250, entriesOf(250, 520))
        assert.deepEqual(filesOf(directory), filesOf(whole), `act ${moment}`)
      }
      // Two bundles and one that is partial, two tiles and one that is partial, one above, four folders, the checkpoint.
      assert.equal(moment - 1, 12)
    })
})

suite('proofs out of tiles', () => {
  const [size, first] = [70_000, 65_536]
  let ledger: Ledger
  let earlier: Ledger['checkpoint']
  const signing = newSigning()

  test('of entries of a ledger of 70,000 lead to its checkpoint, for nobody else', async (t) => {
    ledger = await openLedgerIn(temporaryDirectory(t), signing)
    for (let at = 0; at < first; at += 8_192) earlier = await ledger.append(at, entriesOf(at, at + 8_192))
    await ledger.append(first, entriesOf(first, size))
    for (const index of [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      const [entry = new Uint8Array()] = entriesOf(index, index + 1)
      const proof = await ledger.prove(index)
      const text = writeTlogProof(proof)
      assert.deepEqual(verifyTlogProof(text, entry, signing.key, signing.check), ledger.checkpoint)
      assert.equal(verifyTlogProof(text, entry.toReversed(), signing.key, signing.check), undefined)
      const leaf = hashLeaf(entry)
      const { hashes } = proof
      for (const wrong of [index + 1, index - 1, size])
        assert.equal(verifyInclusion(leaf, wrong, ledger.checkpoint, hashes), false)
      assert.equal(verifyInclusion(leaf, index, earlier, hashes), false)
      assert.equal(verifyInclusion(leaf, index, ledger.checkpoint, hashes.slice(1)), false)
      assert.equal(verifyInclusion(leaf, index, ledger.checkpoint, [...hashes, leaf]), false)
    }
    for (const none of [size, -1, 1.5, Number.NaN]) await assert.rejects(ledger.prove(none), RangeError)

    const consistency = await ledger.prover.consistency(first, size)
    assert.equal(verifyConsistency(earlier, ledger.checkpoint, consistency), true)
    assert.equal(verifyConsistency({ ...earlier, size: first - 1 }, ledger.checkpoint, consistency), false)
    assert.equal(verifyConsistency(ledger.checkpoint, earlier, consistency), false)
    const odd = await ledger.prover.consistency(69_889, size)
    const root = await ledger.prover.root(69_889, size)
    assert.equal(verifyConsistency({ size: 69_889, root }, ledger.checkpoint, odd), true)
    assert.equal(verifyConsistency({ size: 69_889, root: earlier.root }, ledger.checkpoint, odd), false)
  })
})
