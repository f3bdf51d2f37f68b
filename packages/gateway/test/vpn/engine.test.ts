// The engine as a process: programs that are no OpenVPN, and what each of them does wrong.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { EngineError } from '../../src/kind/engine-error.ts'
import { findProgram } from '../../src/kind/find-program.ts'
import { type Engine, openEngine } from '../../src/vpn/engine.ts'
import { openFirewall } from '../../src/vpn/firewall.ts'
import { readNetwork } from '../../src/vpn/network.ts'
import type { Notification } from '../../src/vpn/notifications.ts'

interface Opened {
  readonly engine: Engine
  readonly said: readonly Notification[]
  readonly logs: readonly string[]
  ends(): Promise<void>
  logged(event: string): Promise<void>
}

/** Opens a program of `sh` or, where it speaks, of node as the engine. */
async function open(t: TestContext, script: string): Promise<Opened> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-engine-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const program = join(directory, 'program')
  await writeFile(program, script)
  await chmod(program, 0o700)
  const said: Notification[] = []
  const logs: string[] = []
  const looks = new Set<() => void>()
  let ended = Promise.withResolvers<void>()
  const engine = await openEngine({
    ...{ door: 'office', program, socket: join(directory, 'management') },
    config: () => `# of the test\nmanagement ${join(directory, 'management')} unix\n`,
    onSaid: (one) => said.push(one),
    onEnded: async () => {
      ended.resolve()
      ended = Promise.withResolvers()
    },
    log: (event) => {
      logs.push(event)
      for (const look of [...looks]) look()
    },
  })
  t.after(() => engine.close())
  assert.equal((await stat(join(directory, 'management'))).mode & 0o777, 0o600)
  return {
    ...{ engine, said, logs },
    ends: () => ended.promise,
    logged(event) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (logs.includes(event)) resolve()
      }
      looks.add(look)
      look()
      return promise
    },
  }
}

/** Connects to the socket that its configuration names, and then runs `body`. */
const speaking = (body: string): string => `#!${process.execPath}
const { connect } = require('node:net')
let text = ''
process.stdin.setEncoding('utf8').on('data', (more) => { text += more }).on('end', () => {
  const socket = connect(/management (\\S+) unix/.exec(text)[1])
  socket.on('error', () => process.exit(1)).on('close', () => process.exit(0))
  const say = (line) => socket.write(line + '\\n')
  ${body}
})
`
const UP = "say('>STATE:1,CONNECTED,SUCCESS,10.8.0.1,,,,')"

suite('the engine as a process', () => {
  test('a program that is not there is named with its package', async () => {
    await assert.rejects(findProgram('no-program-of-this-name', 'its-package'), {
      name: 'EngineError',
      code: 'ERR_ENGINE_MISSING',
      next: /apt install its-package/,
    })
  })

  test('one that does not start says why', async (t) => {
    const fails = open(t, '#!/bin/sh\necho "2026-11-28 05:00:00 Cannot open TUN/TAP dev /dev/net/tun"\nexit 1\n')
    await assert.rejects(fails, (error) => {
      assert.ok(error instanceof EngineError)
      assert.match(error.message, /OpenVPN did not start: Cannot open TUN\/TAP dev/)
      return true
    })
  })

  test('one that is no program at all', async (t) => {
    await assert.rejects(open(t, 'no program'), EngineError)
  })

  test('what is not known, half lines, lines without end and notifications that are cut short: it goes on', async (t) => {
    const { said, engine } = await open(
      t,
      speaking(`
        say('>INFO:hello'); say('>NEW:thing'); say(''); say('>CLIENT:ENV,stray=1'); say('>CLIENT:CONNECT,x,y')
        socket.write('x'.repeat(100000)); say('')
        say('>CLIENT:CONNECT,1,0'); say('>CLIENT:ENV,a=b'); say('>CLIENT:CONNECT,2,0'); say('>CLIENT:ENV,END')
        ${UP}
        socket.on('data', (more) => { if (String(more).includes('client-deny 2')) say('SUCCESS: it was heard') })`),
    )
    engine.say('client-deny 2 0 "no" "no"\n')
    while (!said.some(({ kind }) => kind === 'answer')) await new Promise((next) => setImmediate(next))
    const connects = said.filter(({ kind }) => kind === 'connect')
    assert.deepEqual(connects, [{ kind: 'connect', cid: 2, kid: 0, variables: { ok: true, values: new Map() } }])
  })

  test('one that ends is started again, after all were told; one that is closed is not', async (t) => {
    const opened = await open(
      t,
      speaking(`${UP}; socket.on('data', (more) => { if (String(more).includes('die')) process.exit(3) })`),
    )
    const ended = opened.ends()
    opened.engine.say('die\n')
    await ended
    await opened.logged('vpn.engine-started')
    assert.deepEqual(opened.logs, ['vpn.engine-ended', 'vpn.engine-started'])
    await opened.engine.close()
    assert.deepEqual(opened.logs, ['vpn.engine-ended', 'vpn.engine-started'])
  })

  test('one that is wanted anew is no alarm', async (t) => {
    const opened = await open(t, speaking(UP))
    opened.engine.restart()
    await opened.logged('vpn.engine-started')
    assert.deepEqual(opened.logs, ['vpn.engine-started'])
  })

  test('rules that the kernel does not take stop the start', async () => {
    const network = readNetwork('10.8.0.0/24')
    assert.ok(network)
    const around = { onMended: () => assert.fail('mended'), onFault: () => assert.fail('a fault') }
    await assert.rejects(openFirewall({ program: '/bin/false', device: 'vpn-x', network, ...around }), {
      name: 'EngineError',
      code: 'ERR_ENGINE_FAILED',
    })
  })
})
