// The lines of sshd's programs, the programs themselves, and what of processes is read.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { needs, programPath } from '../../../../interop/peer.ts'
import { endSession, isThere } from '../../src/ssh/processes.ts'
import { BOOT_ID, openedProgram, principalsProgram } from '../../src/ssh/programs.ts'
import { readOpened } from '../../src/ssh/sessions.ts'

test('a line says which process, since when, whose account, from where and by what', () => {
  assert.deepEqual(readOpened('12 345 deploy 192.0.2.7,51234 AAAA'), {
    ...{ pid: 12, start: 345n, account: 'deploy', address: '192.0.2.7:51234', certificate: 'AAAA' },
  })
  assert.equal(readOpened('12 345 deploy 2001:db8::7,51234 AAAA')?.address, '[2001:db8::7]:51234')
  assert.equal(readOpened('12 345 deploy - AAAA')?.address, undefined)
})

for (const line of [
  '',
  '12',
  '12 345 deploy - ',
  '-1 345 deploy - AAAA',
  '12 345 de ploy - AAAA',
  '12 345 deploy 192.0.2.7 AAAA',
  '12 345 deploy - AAAA x',
  '12 345 deploy - \u00ff',
])
  test(`${JSON.stringify(line)} is no line`, () => {
    assert.equal(readOpened(line), undefined)
  })

suite('the programs', needs('perl', 'perl-base'), () => {
  const withPrograms = async (
    whenAway: boolean,
    answer: string | ((line: string) => string) | undefined,
    use: (directory: string, asked: string[]) => Promise<void>,
    name = 'door',
  ) => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-programs-'))
    const asked: string[] = []
    const server = createServer({ allowHalfOpen: true }, (socket) =>
      socket
        .on('error', () => undefined)
        .once('data', (line: Buffer) => {
          asked.push(line.toString())
          socket.end(typeof answer === 'function' ? answer(line.toString()) : (answer ?? ''))
        }),
    )
    try {
      await writeFile(join(directory, 'principals'), principalsProgram(whenAway), { mode: 0o755 })
      await writeFile(join(directory, 'opened'), openedProgram(whenAway), { mode: 0o755 })
      await mkdir(join(directory, 'sessions'))
      if (answer !== undefined) await once(server.listen(join(directory, name)), 'listening')
      await use(directory, asked)
    } finally {
      server.close()
      await rm(directory, { recursive: true, force: true })
    }
  }
  const run = async (path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(path, [...args], { env: { ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    const [code] = await once(child, 'close')
    return [code, stdout]
  }

  test('both are Perl without modules', async () => {
    for (const text of [false, true].flatMap((away) => [principalsProgram(away), openedProgram(away)])) {
      execFileSync(programPath('perl'), ['-T', '-c', '-'], { input: text, stdio: ['pipe', 'ignore', 'ignore'] })
      assert.equal(/^\s*(?:use|require)\b/m.test(text), false)
    }
  })

  test('the first prints whom the door names, and nothing of what else is said', () =>
    withPrograms(false, 'yes\nops/alice\n', async (directory, asked) => {
      assert.deepEqual(await run(join(directory, 'principals'), ['deploy', 'AAAA']), [0, 'ops/alice\n'])
      assert.deepEqual(asked, ['deploy AAAA\n'])
      for (const args of [[], ['deploy'], ['deploy', 'AA AA'], ['de\nploy', 'AAAA'], ['deploy', 'AAAA', 'x']])
        assert.deepEqual(await run(join(directory, 'principals'), args), [1, ''])
    }))

  for (const answer of ['no\n', '', 'yes', 'yes\nco\u0001mmand\n', 'maybe\nalice\n'])
    test(`an answer of ${JSON.stringify(answer)} names nobody`, () =>
      withPrograms(false, answer, async (directory) => {
        assert.deepEqual((await run(join(directory, 'principals'), ['deploy', 'AAAA']))[1], '')
      }))

  test('while the door is away those are let in whom it has kept, where it prefers that', async () => {
    const kept = 'deploy AAAA ops/alice\ndeploy BBBB bob\n'
    await withPrograms(true, undefined, async (directory) => {
      assert.deepEqual(await run(join(directory, 'principals'), ['deploy', 'AAAA']), [1, ''])
      await writeFile(join(directory, 'kept'), kept)
      assert.deepEqual(await run(join(directory, 'principals'), ['deploy', 'AAAA']), [0, 'ops/alice\n'])
      for (const args of [
        ['root', 'AAAA'],
        ['deploy', 'CCCC'],
        ['deploy', '.*'],
      ])
        assert.equal((await run(join(directory, 'principals'), args))[1], '')
    })
    await withPrograms(false, undefined, async (directory) => {
      await writeFile(join(directory, 'kept'), kept)
      assert.deepEqual(await run(join(directory, 'principals'), ['deploy', 'AAAA']), [1, ''])
    })
  })

  test('the second asks for each certificate that sshd has accepted, and lets in where all are', async () => {
    const lines = ['AAAA', 'BBBB'].map((each) => `publickey ssh-ed25519-cert-v01@openssh.com ${each}\n`)
    const env = {
      PAM_TYPE: 'open_session',
      PAM_USER: 'deploy',
      SSH_AUTH_INFO_0: `publickey ssh-rsa CCCC\n${lines.join('')}`,
    }
    const ask = async (directory: string) => {
      const [code] = await run(join(directory, 'opened'), [], env)
      const [note] = await readdir(join(directory, 'sessions'))
      return [code, note && (await readFile(join(directory, 'sessions', note), 'latin1')).split('\n')]
    }
    await withPrograms(
      false,
      'yes\n',
      async (directory, asked) => {
        const [code, note] = await ask(directory)
        assert.equal(code, 0)
        assert.deepEqual(
          asked.map((line) => line.split(' ').at(-1)),
          ['AAAA\n', 'BBBB\n'],
        )
        assert.deepEqual(note, [
          ...asked.map((line) => line.trimEnd()),
          (await readFile(BOOT_ID, 'latin1')).trimEnd(),
          '',
        ])
      },
      'opened.sock',
    )
    await withPrograms(
      false,
      (line) => (line.includes('BBBB') ? 'no\nnot you\n' : 'yes\n'),
      async (directory) => assert.deepEqual(await ask(directory), [1, undefined]),
      'opened.sock',
    )
  })

  test('the second lets in without a certificate, and nobody with one while the door is away; variables of a user are nothing to it', () =>
    withPrograms(false, undefined, async (directory) => {
      const opened = join(directory, 'opened')
      const open = { PAM_TYPE: 'open_session', PAM_USER: 'deploy', SSH_CONNECTION: '192.0.2.7 51234 192.0.2.1 22' }
      const info = 'publickey ssh-ed25519-cert-v01@openssh.com AAAA\n'
      assert.deepEqual(await run(opened, [], { PAM_TYPE: 'close_session' }), [0, ''])
      assert.deepEqual(await run(opened, [], { ...open, SSH_AUTH_INFO_0: 'publickey ssh-ed25519 AAAA\n' }), [0, ''])
      const [code, said] = await run(opened, [], { ...open, SSH_AUTH_INFO_0: info, PERL5OPT: '-Mabsent' })
      assert.equal(code, 1)
      assert.match(String(said), /the door of this host does not answer/)
      assert.deepEqual(await readdir(join(directory, 'sessions')), [], 'and no note is left')
    }))
})

test('a session ends with all that is below it, and no other process of that number', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'close')
  const [line] = await once(child.stdout, 'data')
  const start = async (pid: number) => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    return BigInt(text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '')
  }
  const below = { pid: Number(line), start: await start(Number(line)) }
  const monitor = { pid: child.pid ?? 0, start: await start(child.pid ?? 0) }
  await endSession({ ...monitor, start: monitor.start + 1n }, 'over')
  assert.equal(await isThere(below), true)
  await endSession(monitor, 'over')
  await ended
  // What a process has open is closed a moment before it is over.
  const patience = performance.now() + 5_000
  while (performance.now() < patience && (await isThere(below))) await delay(1)
  assert.equal(await isThere(below), false)
})
