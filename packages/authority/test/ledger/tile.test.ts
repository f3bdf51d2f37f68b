// Paths, widths and octets of tiles and bundles; expected values are those of the text of C2SP tlog-tiles.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MAX_BUNDLE_OCTETS, MAX_ENTRY_OCTETS, readBundle, writeBundle } from '../../src/ledger/bundle.ts'
import { edgeTiles, hashesAtLevel, readTile, tileIn, tilePath, writeTile } from '../../src/ledger/tile.ts'

suite('tiles', () => {
  const PATHS = [
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 999, width: 256 }, 'tile/1/999'],
    [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 63, index: 1234067, width: 256 }, 'tile/63/x001/x234/067'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 'entries', index: 1234067, width: 1 }, 'tile/entries/x001/x234/067.p/1'],
  ] as const
  for (const [name, path] of PATHS) test(path, () => assert.equal(tilePath(name), path))

  for (const name of [
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
    { level: 0, index: 0, width: 1.5 },
    { level: 0, index: -1, width: 1 },
    { level: 0, index: 2 ** 53, width: 1 },
    { level: 64, index: 0, width: 1 },
    { level: -1, index: 0, width: 1 },
  ])
    test(`no path for ${JSON.stringify(name)}`, () => assert.throws(() => tilePath(name), RangeError))

  test('a tree of size 70,000 has 273 full tiles, a partial one 112 wide, and above them 17 and 1', () => {
    assert.deepEqual(
      edgeTiles(70_000).map((name) => tilePath(name)),
      ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'],
    )
    assert.equal(hashesAtLevel(1, 70_000), 273)
    assert.equal(tileIn(70_000, 0, 272)?.width, 256)
    assert.equal(tileIn(70_000, 1, 0)?.width, 256)
    assert.equal(tileIn(70_000, 0, 274), undefined)
  })

  test('a tree of size 256 has a full tile at level 0 and a partial one of width 1 above', () => {
    assert.deepEqual(
      edgeTiles(256).map((name) => tilePath(name)),
      ['tile/1/000.p/1'],
    )
    assert.equal(tileIn(256, 0, 1), undefined)
  })

  test('the largest tree has seven levels', () => {
    assert.equal(edgeTiles(2 ** 53 - 1).length, 7)
    assert.equal(hashesAtLevel(6, 2 ** 53 - 1), 31)
  })

  test('a tile that is shorter or longer than its width is refused', () => {
    const octets = writeTile([new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)])
    assert.deepEqual(
      readTile(octets, 2).map((each) => each[0]),
      [1, 2],
    )
    for (const [wrong, width] of [
      [octets, 1],
      [octets, 3],
      [octets.subarray(0, 63), 2],
      [new Uint8Array(0), 1],
    ] as const)
      assert.throws(() => readTile(wrong, width), { name: 'LedgerError', code: 'ERR_LEDGER_TILE_LENGTH' })
  })
})

suite('bundles', () => {
  test('are big-endian uint16 length-prefixed entries', () => {
    const entries = [Uint8Array.of(), Uint8Array.of(7, 8), new Uint8Array(0x0102)]
    const octets = Uint8Array.of(0, 0, 0, 2, 7, 8, 1, 2, ...new Uint8Array(0x0102))
    assert.deepEqual(writeBundle(entries), octets)
    assert.deepEqual(
      readBundle(octets).map((each) => [...each]),
      entries.map((each) => [...each]),
    )
  })

  test('hold entries of at most 65,535 octets', () => {
    const longest = new Uint8Array(MAX_ENTRY_OCTETS)
    assert.equal(readBundle(writeBundle([longest]))[0]?.length, 65_535)
    assert.throws(() => writeBundle([new Uint8Array(65_536)]), { code: 'ERR_LEDGER_ENTRY_LIMIT' })
    assert.equal(MAX_BUNDLE_OCTETS, 256 * 65_537)
  })

  for (const [octets, at] of [
    [[0], 0],
    [[0, 1], 0],
    [[0, 0, 0], 2],
    [[0, 1, 9, 255, 255, 1], 3],
  ] as const)
    test(`that end inside an entry are refused: ${octets.join(' ')}`, () => {
      assert.throws(() => readBundle(Uint8Array.from(octets)), {
        code: 'ERR_LEDGER_BUNDLE_TRUNCATED',
        message: new RegExp(`^octet ${at}: `),
      })
    })

  test('of more than 256 entries are refused, however many they are', () => {
    assert.equal(readBundle(new Uint8Array(512)).length, 256)
    for (const length of [514, 1 << 20])
      assert.throws(() => readBundle(new Uint8Array(length)), { code: 'ERR_LEDGER_BUNDLE_LIMIT' })
  })
})
