// The shell that runs `nft`, with programs in its place that are none, and what each of them does wrong.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { createNft, type Nft } from '../../src/vpn/nft.ts'

/** A program of `sh` in place of `nft`; it finds its directory in `$here`. */
async function open(t: TestContext, script: string): Promise<{ readonly nft: Nft; readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-nft-'))
  const program = join(directory, 'program')
  await writeFile(program, `#!/bin/sh\nhere=${directory}\n${script}\n`)
  await chmod(program, 0o700)
  const nft = createNft(program)
  t.after(async () => {
    await nft.close()
    await rm(directory, { recursive: true, force: true })
  })
  return { nft, directory }
}

suite('the shell that runs nft', () => {
  test('each script comes whole, in its order, and is answered when it is done', async (t) => {
    const { nft, directory } = await open(t, 'cat >> $here/all')
    const scripts = ['add element inet x may { 10.8.0.2 . 10.1.0.0/16 }\nadd more', `"'$HOME \`id\` ; & | %s *`, '']
    for (const [i, script] of scripts.entries()) {
      assert.equal(await nft.run(script), undefined)
      const all = scripts.slice(0, i + 1).map((one) => `${one}\n`)
      assert.equal(await readFile(join(directory, 'all'), 'utf8'), all.join(''))
    }
  })

  test('what it complains of is the answer, and what it prints is nothing', async (t) => {
    const { nft } = await open(
      t,
      `echo ended=0; echo '/dev/stdin:1:5-9: Error: no such set' >&2; echo more >&2; exit 1`,
    )
    for (let i = 0; i < 2; i++) assert.equal(await nft.run('x'), 'Error: no such set')
  })

  for (const [what, script, answer] of [
    ['one that is killed', 'kill -9 $$', 'it ended with 137'],
    ['one that says nothing', 'exit 3', 'it ended with 3'],
    ['one whose shell is killed', 'kill -9 $PPID', 'the shell that runs it has ended'],
  ] as const)
    test(`${what} is said, and the next script is run`, async (t) => {
      const { nft, directory } = await open(t, `[ -e $here/well ] || { ${script}; }`)
      assert.equal(await nft.run('x'), answer)
      assert.equal(await nft.run('x'), answer)
      await writeFile(join(directory, 'well'), '')
      assert.equal(await nft.run('x'), undefined)
    })

  test('a program that is not there', async () => {
    const nft = createNft('/nowhere/nft')
    assert.match((await nft.run('x')) ?? '', /not found/)
    await nft.close()
  })

  test('what is said to the whole group of processes does not end it', async (t) => {
    const { nft, directory } = await open(t, 'echo $PPID > $here/shell')
    await nft.run('x')
    const shell = await readFile(join(directory, 'shell'), 'utf8')
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.kill(Number(shell), signal)
    assert.equal(await nft.run('x'), undefined)
    assert.equal(await readFile(join(directory, 'shell'), 'utf8'), shell)
  })
})
