// A connection that breaks before the answer: the command asks once more, and the act is done once.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

const clock = () => Temporal.Now.instant()

/** Between the command and an authority: the first `broken` answers do not come through. */
async function between(t: TestContext, broken: number) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-'))
  const data = join(directory, 'real')
  const authority = await authorityIn(data, clock)
  await mkdir(join(directory, 'countersign-data'))
  let answers = 0
  const server: Server = createServer((near) => {
    const far = connect(join(data, 'admin.sock'))
    near.pipe(far)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    far.once('data', (first: Buffer) => {
      if (answers++ < broken) near.destroy()
      else {
        near.write(first)
        far.pipe(near)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(join(directory, 'countersign-data/admin.sock'), resolve))
  t.after(async () => {
    server.close()
    await authority.close()
    await rm(directory, { recursive: true, force: true })
  })
  const run = async (...words: string[]) => {
    const around = fakeAround({ cwd: directory, clock })
    const code = await main(words, around)
    return { code, out: around.stdout.join(), err: around.stderr.join(), answers }
  }
  return { run, authority }
}

suite('a command whose connection breaks', () => {
  test('asks once more under the same key, and gets the answer to what was done', async (t) => {
    const { run } = await between(t, 1)
    const invited = await run('invite', 'alice', '--json')
    assert.equal(invited.code, 0, invited.err)
    assert.equal(invited.answers, 2)
    assert.match(JSON.parse(invited.out).token, /^cs1_/)
    // It was made once: two would have ended with the revocation, and one event would tell of none.
    const revoked = await run('revoke', 'alice', '--json')
    assert.equal(revoked.code, 0, revoked.err)
  })

  test('asks no third time, and says that it may have been done', async (t) => {
    const { run } = await between(t, 2)
    const invited = await run('invite', 'alice')
    assert.deepEqual([invited.code, invited.answers], [4, 2])
    assert.match(invited.err, /ended the connection before it had answered \[ERR_CLI_NO_ANSWER\]/)
    assert.match(invited.err, /it may have been done or not/)
  })

  test('does not ask again where it was only reading', async (t) => {
    const { run } = await between(t, 1)
    const listed = await run('list')
    assert.deepEqual([listed.code, listed.answers], [4, 1])
  })
})
