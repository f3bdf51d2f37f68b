// What waits for the authority survives the end of its process, however it ends and whatever became of the file.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createMeetingQueue } from '../../src/feed/queue.ts'
import { openWaitingFile } from '../../src/feed/waiting-file.ts'
import { readLines } from '../../src/feed/waiting-lines.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { meetingNumber, numberOf } from '../support/meetings.ts'

const PROGRAM = fileURLToPath(new URL('../support/waiting-process.ts', import.meta.url))

/** A queue with its file, and what was told of it. */
async function opened(path: string) {
  const told: string[] = []
  const queue = createMeetingQueue((count) => told.push(`lost ${count}`))
  const file = await openWaitingFile(path, queue, (event, fields) => {
    told.push(`${event} ${fields?.['count'] ?? ''}`.trim())
  })
  const waiting = () => queue.after(0).map(({ meeting }) => numberOf(meeting))
  const add = (...numbers: readonly number[]) => {
    for (const n of numbers) queue.add(meetingNumber(n))
    file.changed('now')
  }
  return { told, queue, file, waiting, add }
}

const numbersIn = async (path: string) => readLines(await readFile(path, 'utf8')).meetings.map(numberOf)

/** Waits until the disk has `numbers`. */
async function settled(path: string, numbers: readonly number[]): Promise<void> {
  const has = async () => numbersIn(path).catch(() => [])
  for (let i = 0; i < 1_000 && (await has()).length < numbers.length; i++) await pause(5)
  assert.deepEqual(await has(), numbers)
}

/** The size that it has when it is no longer `size`. */
async function sizeAfter(path: string, size: number): Promise<number> {
  for (let i = 0; i < 400; i++) {
    const now = await stat(path).then(
      (status) => status.size,
      () => 0,
    )
    if (now !== size) return now
    await pause(5)
  }
  return assert.fail('it stays as it is')
}

suite('what waits, on the disk', () => {
  test('is found by the next process, in its order, and nobody else may read it', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const first = await opened(path)
    assert.deepEqual(first.told, [])
    first.add(1, 2)
    await settled(path, [1, 2])
    first.add(3)
    await settled(path, [1, 2, 3])
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    // Nothing is closed: as of a process that was killed.
    const second = await opened(path)
    assert.deepEqual([second.waiting(), second.told], [[1, 2, 3], ['meetings.found 3']])
    await second.file.close()
    await first.file.close()
  })

  test('is written at an orderly end too, and is gone when the authority has kept it', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const first = await opened(path)
    first.queue.add(meetingNumber(1))
    await first.file.close()
    assert.deepEqual(await numbersIn(path), [1])
    const second = await opened(path)
    second.add(2)
    second.queue.kept(1)
    await second.file.close()
    assert.deepEqual(await numbersIn(path), [2])
    const third = await opened(path)
    third.queue.kept(third.queue.newest)
    await third.file.close()
    assert.deepEqual(await readdir(home.path), [])
  })

  test('is not written where the authority keeps it within a second', async () => {
    await using home = await temporaryDirectory()
    const { queue, file } = await opened(join(home.path, 'waiting'))
    queue.add(meetingNumber(1))
    file.changed('soon')
    await pause(300)
    assert.deepEqual(await readdir(home.path), [])
    queue.kept(1)
    file.changed('soon')
    await file.close()
    assert.deepEqual(await readdir(home.path), [])
  })

  test('is written after all where the authority is there, and does not keep it', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const { queue, file } = await opened(path)
    queue.add(meetingNumber(1))
    file.changed('soon')
    await pause(1_900)
    await settled(path, [1])
    await file.close()
  })

  test('is whole where somebody removed it, or moved another into its place', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const { file, add } = await opened(path)
    add(1)
    await settled(path, [1])
    await rm(path)
    add(2)
    await settled(path, [1, 2])
    await writeFile(`${path}.other`, 'another\n')
    await rename(`${path}.other`, path)
    add(3)
    await settled(path, [1, 2, 3])
    await file.close()
  })

  test('torn at any octet: the records before are found, and the rest is told', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const first = await opened(path)
    first.add(1, 2, 3)
    await first.file.close()
    const octets = await readFile(path)
    const ends = [...octets.entries()].flatMap(([index, octet]) => (octet === 0x0a ? [index + 1] : []))
    assert.equal(ends.length, 3)
    for (let length = 0; length <= octets.length; length++) {
      const { meetings, damaged } = readLines(octets.toString('utf8', 0, length))
      // The end of a line may be what is missing, and nothing else of it.
      const whole = ends.filter((end) => end - 1 <= length).length
      assert.deepEqual(meetings.map(numberOf), [1, 2, 3].slice(0, whole), `${length}`)
      assert.equal(damaged, length > (ends[whole - 1] ?? 0) ? 1 : 0, `${length}`)
    }
  })

  const damages: readonly (readonly [string, (octets: Buffer) => Buffer, readonly number[], readonly string[]])[] = [
    [
      'half a record at its end',
      (octets) => octets.subarray(0, -40),
      [1, 2],
      ['meetings.found 2', 'meetings.damaged 1'],
    ],
    [
      'a bit that fell over in the midst',
      (octets) => octets.with(octets.indexOf('0002', octets.indexOf('\n')) + 3, 0x33) as Buffer,
      [1, 3],
      ['meetings.found 2', 'meetings.damaged 1'],
    ],
    [
      'a page of zeros at its end',
      (octets) => Buffer.concat([octets, Buffer.alloc(4096)]),
      [1, 2, 3],
      ['meetings.found 3', 'meetings.damaged 1'],
    ],
    ['nothing', () => Buffer.alloc(0), [], []],
    ['something else', () => Buffer.from([0xff, 0x0a, 0xfe, 0x0a]), [], ['meetings.damaged 2']],
    ['what another version wrote', () => Buffer.from('561bacaf {"a":1}\n'), [], ['meetings.damaged 1']],
  ]
  for (const [what, damage, left, told] of damages)
    test(`${what}: it starts, and what is written next is whole`, async () => {
      await using home = await temporaryDirectory()
      const path = join(home.path, 'waiting')
      const first = await opened(path)
      first.add(1, 2, 3)
      await first.file.close()
      await writeFile(path, damage(await readFile(path)))
      const second = await opened(path)
      assert.deepEqual([second.waiting(), second.told], [left, told])
      second.add(4)
      await second.file.close()
      const third = await opened(path)
      assert.deepEqual([third.waiting(), third.told], [[...left, 4], [`meetings.found ${left.length + 1}`]])
      await third.file.close()
    })

  test('a directory in its place: it starts, tells it, and writes when it can', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    await mkdir(path)
    await writeFile(join(path, 'x'), '')
    const { told, file, add } = await opened(path)
    assert.deepEqual(told, ['meetings.damaged all'])
    add(1)
    for (let i = 0; i < 400 && told.length < 2; i++) await pause(5)
    assert.deepEqual(told, ['meetings.damaged all', 'meetings.unwritten'])
    await rm(path, { recursive: true })
    await file.close()
    assert.deepEqual([told.at(-1), await numbersIn(path)], ['meetings.written', [1]])
  })

  test('is bounded: what was kept since is left out when it has grown', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    const { queue, file } = await opened(path)
    const long = {
      ...meetingNumber(1),
      caller: { name: 'x', identities: [{ kind: 'dNSName', value: 'x'.repeat(2_000) }] },
    } as const
    let [size, largest] = [0, 0]
    for (let i = 0; i < 40; i++) {
      // One always waits, so that the file is never begun for having nothing.
      for (let j = 0; j < 400; j++) queue.add(long)
      file.changed('now')
      size = await sizeAfter(path, size)
      queue.kept(queue.newest - 1)
      largest = Math.max(largest, size)
    }
    await file.close()
    assert.ok(largest > 2_000_000, `${largest}`)
    assert.ok(largest < 20_000_000, `${largest}`)
  })

  test('a process killed at any moment: everything that was in the file is found, and nothing twice', async () => {
    await using home = await temporaryDirectory()
    const path = join(home.path, 'waiting')
    let before = 0
    for (let i = 0; i < 4; i++) {
      const child = spawn(process.execPath, ['-C', 'source', PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] })
      const said: string[] = []
      child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
      const ended = once(child, 'exit')
      while (!said.join('').includes('ready')) await once(child.stdout, 'data')
      const seenNow = async () => (await numbersIn(path).catch(() => [])).length
      for (let j = 0; j < 1_000 && (await seenNow()) <= before; j++) await pause(5)
      await pause(Math.random() * 100)
      const seen = await seenNow()
      child.kill('SIGKILL')
      await ended
      const numbers = await numbersIn(path)
      assert.deepEqual(
        numbers,
        Array.from(numbers.keys(), (n) => n + 1),
      )
      assert.ok(numbers.length >= seen && seen >= before, `${numbers.length} of ${seen} and ${before}`)
      if (i > 0) assert.match(said.join(''), new RegExp(`meetings.found .*"count":${before}\\b`))
      before = numbers.length
    }
    assert.ok(before > 0)
  })

  test('a full disk: it is told once, nothing is half-made, and all is there when there is room', async (t) => {
    await using home = await temporaryDirectory()
    if (!mounted(home.path, t)) return
    try {
      const path = join(home.path, 'waiting')
      const { told, file, add } = await opened(path)
      add(1)
      await settled(path, [1])
      await appendFile(join(home.path, 'filler'), new Uint8Array(1_000_000)).catch(assertFull)
      for (let n = 2; n <= 40; n++) {
        add(n)
        await pause(2)
      }
      assert.deepEqual(told, ['meetings.unwritten'])
      const { meetings, damaged } = readLines(await readFile(path, 'utf8'))
      assert.equal(damaged, 0)
      assert.ok(meetings.length >= 1 && meetings.length < 40, `${meetings.length}`)
      assert.deepEqual((await readdir(home.path)).sort(), ['filler', 'waiting'])
      await rm(join(home.path, 'filler'))
      const all = Array.from({ length: 40 }, (_, i) => i + 1)
      // It tries again by itself.
      for (let i = 0; i < 200 && told.length < 2; i++) await pause(50)
      assert.deepEqual([told.at(-1), await numbersIn(path)], ['meetings.written', all])
      await file.close()
      assert.deepEqual((await opened(path)).waiting(), all)
    } finally {
      execFileSync('umount', ['-l', home.path])
    }
  })
})

function mounted(path: string, t: TestContext): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', path], { stdio: 'pipe' })
    return true
  } catch {
    t.skip('a small tmpfs cannot be mounted here')
    return false
  }
}

function assertFull(error: unknown): void {
  assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC')
}
