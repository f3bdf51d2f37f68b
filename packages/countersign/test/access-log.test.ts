import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openAccessLog } from '../src/operations/access-log.ts'

async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-log-'))
  return { path: join(directory, 'access.jsonl'), [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

const linesOf = async (path: string) =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))

suite('the access log', () => {
  test('is one JSON object a line, in order, for its owner alone; an older file goes on', async () => {
    await using place = await scratch()
    for (const round of [0, 1]) {
      const log = await openAccessLog(place.path, () => assert.fail('nothing fails'))
      for (let i = 0; i < 500; i++) log.write({ event: 'request.done', number: round * 500 + i, text: 'a\nb' })
      await log.close()
    }
    const lines = await linesOf(place.path)
    assert.deepEqual(
      lines.map(({ number }) => number),
      Array.from({ length: 1000 }, (_, i) => i),
    )
    assert.equal((await stat(place.path)).mode & 0o777, 0o600)
  })

  test('a file that was moved away gets no further line, and none is lost', async () => {
    await using place = await scratch()
    const log = await openAccessLog(place.path, () => assert.fail('nothing fails'))
    for (let i = 0; i < 100; i++) log.write({ i })
    await rename(place.path, `${place.path}.1`)
    const reopened = log.reopen()
    for (let i = 100; i < 200; i++) log.write({ i })
    await reopened
    for (let i = 200; i < 300; i++) log.write({ i })
    await log.close()
    const [old, fresh] = [await linesOf(`${place.path}.1`), await linesOf(place.path)]
    assert.deepEqual(
      [...old, ...fresh].map(({ i }) => i),
      Array.from({ length: 300 }, (_, i) => i),
    )
    assert.ok(fresh.length >= 100)
  })

  test('where a new file cannot be made, the old one goes on', async () => {
    await using place = await scratch()
    const log = await openAccessLog(place.path, () => assert.fail('nothing fails'))
    await rename(place.path, `${place.path}.1`)
    await mkdir(place.path)
    await assert.rejects(log.reopen(), { code: 'EISDIR' })
    log.write({ still: 'here' })
    await log.close()
    assert.deepEqual(await linesOf(`${place.path}.1`), [{ still: 'here' }])
  })

  test('a directory that is not there stops the start', async () => {
    await using place = await scratch()
    await assert.rejects(
      openAccessLog(join(place.path, 'none', 'x'), () => undefined),
      { code: 'ENOENT' },
    )
  })

  // full(4): writing there fails with ENOSPC.
  test('a full disk is told once, with what was lost when it ends', async () => {
    await using place = await scratch()
    await symlink('/dev/full', place.path)
    const told: [string, unknown][] = []
    const log = await openAccessLog(place.path, (event, fields = {}) =>
      told.push([event, fields['cause'] ?? fields['lost']]),
    )
    for (let i = 0; i < 10; i++) {
      log.write({ i })
      await new Promise(setImmediate)
    }
    await rm(place.path)
    await log.reopen()
    log.write({ i: 10 })
    await log.close()
    assert.deepEqual(
      told.map(([event]) => event),
      ['access-log.failed', 'access-log.resumed'],
    )
    assert.match(String(told[0]?.[1]), /ENOSPC/)
    assert.equal(told[1]?.[1], 10)
    assert.deepEqual(await linesOf(place.path), [{ i: 10 }])
  })

  test('what waits is bounded', async () => {
    await using place = await scratch()
    const told: Readonly<Record<string, unknown>>[] = []
    const log = await openAccessLog(place.path, (event, fields = {}) => told.push({ event, ...fields }))
    const line = 'x'.repeat(1 << 20)
    for (let i = 0; i < 10; i++) log.write({ line })
    await log.close()
    assert.equal((await linesOf(place.path)).length, 3)
    assert.deepEqual(
      told.map(({ event, lost }) => [event, lost]),
      [
        ['access-log.failed', undefined],
        ['access-log.resumed', 7],
      ],
    )
  })
})
