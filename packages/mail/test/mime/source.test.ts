// Octets in memory, in files and in spools are the same octets; a spool leaves nothing behind.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  createSpool,
  MailFormError,
  octetsOf,
  openFileSource,
  type Source,
  sourceOf,
  withCrlf,
} from '@countersign/mail'
import { makeSmallDisk, NEEDS_MOUNT } from '../../../../tools/testing/small-disk.ts'
import { inPieces } from './messages.ts'

let directory = ''
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mail-source-'))
})
after(() => rm(directory, { recursive: true }))

const octets = Buffer.alloc(3_000_000, 'abcdefghijklmnopqrstuvwxyz\r\n')

async function isSame(source: Source): Promise<void> {
  assert.equal(source.length, octets.length)
  for (const [start, end] of [
    [0, octets.length],
    [7, 7],
    [1_048_570, 1_048_580],
    [262_143, 600_001],
  ] as const)
    assert.ok(octets.subarray(start, end).equals(await octetsOf(source, start, end)))
}

suite('sources', () => {
  test('of memory', () => isSame(sourceOf(octets)))

  test('of a file', async () => {
    const path = join(directory, 'message')
    await writeFile(path, octets)
    await using source = await openFileSource(path)
    await isSame(source)
  })

  test('of a file that is cut while it is read', async () => {
    const path = join(directory, 'cut')
    await writeFile(path, octets)
    await using source = await openFileSource(path)
    await truncate(path, 1000)
    await assert.rejects(octetsOf(source, 0, source.length), /became shorter/)
  })

  test('of no file', async () => {
    await assert.rejects(openFileSource(join(directory, 'none')), { code: 'ENOENT' })
  })
})

suite('spools', () => {
  for (const size of [10_000, 1_048_576, 1_048_577, 3_000_000])
    test(`have what was written, in pieces of ${size} octets that are written over afterwards`, async () => {
      await using spool = createSpool(join(directory, 'spool'))
      for (let at = 0; at < octets.length; at += size) {
        const piece = Buffer.from(octets.subarray(at, at + size))
        await spool.write(piece)
        piece.fill(0)
      }
      await isSame(await spool.source())
      assert.deepEqual(await readdir(join(directory, 'spool')), [])
    })

  test('have nothing where nothing was written', async () => {
    await using spool = createSpool(join(directory, 'never'))
    assert.equal((await spool.source()).length, 0)
    await assert.rejects(readdir(join(directory, 'never')), { code: 'ENOENT' })
  })

  test('are closed, and closed again', async () => {
    const spool = createSpool(join(directory, 'spool'))
    await spool.write(octets)
    const source = await spool.source()
    await spool[Symbol.asyncDispose]()
    await spool[Symbol.asyncDispose]()
    await assert.rejects(octetsOf(source, 0, 1), { code: 'EBADF' })
  })

  test('say where they cannot be', async () => {
    await writeFile(join(directory, 'file'), '')
    await using spool = createSpool(join(directory, 'file'))
    await assert.rejects(spool.write(octets), { message: 'the spool cannot be written', code: 'EEXIST' })
  })
})

test('a spool on a full disk says so, and what was written before is not taken for all', NEEDS_MOUNT, async () => {
  using disk = makeSmallDisk(2048)
  await using spool = createSpool(join(disk.directory, 'spool'))
  await spool.write(octets.subarray(0, 1_500_000))
  await assert.rejects(spool.write(octets), { message: 'the disk with the spool is full', code: 'ENOSPC' })
  await assert.rejects(spool.source(), { message: 'the disk with the spool is full', code: 'ENOSPC' })
})

test('the file of a spool is of its user alone, and has no name while it is open', async () => {
  const opened = async () => {
    const links = await readdir('/proc/self/fd')
    const found = await Promise.all(links.map((fd) => stat(`/proc/self/fd/${fd}`).catch(() => undefined)))
    return found.filter((file) => file?.isFile() && file.nlink === 0 && file.size === octets.length)
  }
  await using spool = createSpool(join(directory, 'private'))
  await spool.write(octets)
  const [file] = await opened()
  assert.equal((file?.mode ?? 0) & 0o777, 0o600)
  assert.equal((await stat(join(directory, 'private'))).mode & 0o777, 0o700)
})

suite('files of Unix', () => {
  const crlf = Buffer.from(Array.from({ length: 30_000 }, (_, line) => `${'x'.repeat(line % 97)}\r\n`).join(''))
  const lf = Buffer.from(crlf.toString('latin1').replaceAll('\r\n', '\n'))

  test('are read as if each line ended with CRLF, from wherever', async () => {
    for (const source of [sourceOf(lf), inPieces(lf, 1013)]) {
      const same = await withCrlf(source)
      assert.equal(same.length, crlf.length)
      for (let start = 0; start < crlf.length; start += 70_001)
        for (const end of [start, start + 1, start + 65_537, crlf.length]) {
          const to = Math.min(end, crlf.length)
          assert.ok(crlf.subarray(start, to).equals(await octetsOf(same, start, to)), `${start} to ${to}`)
        }
    }
  })

  test('have nothing else in them', async () => {
    for (const text of ['a\nb\r\n', 'a\nb\rc\n', '\n\r', `a\n${'x'.repeat(70_000)}\r`])
      await assert.rejects(withCrlf(sourceOf(Buffer.from(text))), (error) => {
        assert.ok(error instanceof MailFormError)
        assert.deepEqual([error.fault, error.at], ['bare-cr', text.indexOf('\r')])
        return true
      })
  })

  test('are not those whose first line ends with CRLF, or of one line', async () => {
    for (const text of ['a\r\nb\n', 'a', '', '\r\n\n']) {
      const source = sourceOf(Buffer.from(text))
      assert.equal(await withCrlf(source), source)
      const pieces = inPieces(Buffer.from(text), 1)
      assert.equal(await withCrlf(pieces), pieces)
    }
  })
})
