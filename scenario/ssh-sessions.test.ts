// Open sessions at an unmodified sshd: exactly those of what is revoked end, with a word on the terminal; a door that is away or
// starts again leaves and finds them.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open as openFile, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { programPath } from '../interop/peer.ts'
import { enrolledNow, revokeNow, sessionsNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { runProgram } from './support/peers.ts'
import { certified, makeSshKey, newlyCertified, type Sshd, sshArguments, startSshd, withSshd } from './support/sshd.ts'

const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/
/** The goal of the door. */
const LAST_OCTET_MS = 1_000
/** What an open session says, again and again. */
const TICK = 'while :; do echo tick; sleep 0.02; done'

interface Shell {
  readonly child: ChildProcess
  readonly ended: Promise<number>
  text(): string
  /** Epoch milliseconds of what came last. */
  lastAt(): number
  /** Waits until something more has come. */
  ticked(): Promise<void>
}

suite('open sessions at sshd', withSshd, () => {
  let scratch: string
  let place: string
  let house: RunningHouse
  let sshd: Sshd
  const shells: Shell[] = []
  const path = (name: string) => join(scratch, name)

  const start = async (revocation: 'require' | 'prefer') => {
    house = await startHouse({
      directory: place,
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            ...{ name: 'web1', kind: 'ssh', host: 'web1.localhost', listen: `unix:${path('door')}/door` },
            ...{ hostCertificate: path('host-cert.pub'), allow: ['*'], revocation },
            accounts: [{ account: 'deploy', who: true }],
          },
        ],
      },
    })
  }
  const renew = (name: string) => newlyCertified(join(place, 'parties', name), path(name))
  const argumentsOf = (key: string) => sshArguments(key, 'deploy', sshd.port, path('known_hosts'), 'web1.localhost')
  const open = async (key: string, options: readonly string[] = ['-tt'], command = TICK): Promise<Shell> => {
    const child = spawn(programPath('ssh'), [...options, ...argumentsOf(key), command], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let [text, lastAt] = ['', 0]
    const heard = (chunk: Buffer) => {
      text += chunk.toString()
      lastAt = Date.now()
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    const ended = once(child, 'close').then(([code]) => Number(code))
    const ticked = async () => {
      const before = text.lastIndexOf('tick')
      while (text.lastIndexOf('tick') === before) {
        if (child.exitCode !== null) throw new Error(`it has ended: ${text} ${sshd.log()}`)
        await delay(10)
      }
    }
    const shell = { child, ended, text: () => text, lastAt: () => lastAt, ticked }
    shells.push(shell)
    await ticked()
    return shell
  }
  /** A process that was never at sshd, and a note that says so of one of its name, to an account that nobody has. */
  const othersNote = async (more: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const name = `${child.pid}-${await startOf(child.pid ?? 0)}`
    const [, certificate] = (await readFile(path('bob-cert.pub'), 'utf8')).split(' ')
    const note = `${name.replace('-', ' ')} nobody - ${certificate?.trimEnd()}\n${more}`
    await writeFile(path(`door/sessions/${name}`), note)
    return child
  }
  const openAtDoor = () => sessionsNow(house, 'web1')

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-sshd-'))
    place = await mkdtemp(join(tmpdir(), 'countersign-house-'))
    makeSshKey(path('host'))
    await start('require')
    const host = await enrolledNow(house, 'host/web1', { profile: 'server', san: ['dns:web1.localhost'] })
    await certified(host.directory, path('host'), 'ssh-host')
    for (const name of ['alice', 'bob']) {
      await enrolledNow(house, name)
      await renew(name)
    }
    const authorities = await readFile(path('door/authorities.pub'), 'utf8')
    await writeFile(path('known_hosts'), `@cert-authority web1.localhost ${authorities}`)
    sshd = await startSshd({ directory: scratch, door: path('door'), hostKey: path('host') })
  })
  after(async () => {
    for (const { child } of shells) child.kill('SIGKILL')
    await sshd?.[Symbol.asyncDispose]()
    await house?.[Symbol.asyncDispose]()
    for (const directory of [scratch, place]) await rm(directory, { recursive: true, force: true })
  })

  test('two certificates on one account: whose is revoked ends, told why on the terminal, and the other’s goes on', async () => {
    const serial = await renew('alice')
    const [alice, bob, other] = await Promise.all([open(path('alice')), open(path('bob')), open(path('alice'), ['-T'])])
    assert.equal(await openAtDoor(), 3, 'each is known')
    const { calledAt, cuts } = await revokeNow(house, serial)
    assert.equal(cuts.length, 2, 'with a terminal, and without one')
    assert.notEqual(await alice.ended, 0)
    assert.notEqual(await other.ended, 0)
    for (const { lastAt } of [alice, other]) assert.ok(lastAt() - calledAt < LAST_OCTET_MS, `${lastAt() - calledAt} ms`)
    const said = alice.text().split('tick').at(-1) ?? ''
    assert.match(said, /your certificate was revoked \(ERR_CALLER_REVOKED, /)
    const [reference = ''] = REFERENCE.exec(said) ?? []
    assert.match((await house.run(['why', reference])).stdout, /alice/)
    await bob.ticked()
    assert.equal(await openAtDoor(), 1)
    bob.child.kill()
    await house.event(({ event }) => event === 'ssh.closed')
  })

  test('a connection that opens no session, and forwards, ends too', async () => {
    const serial = await renew('alice')
    const behind = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1')
    await once(behind, 'listening')
    const address = behind.address()
    assert.ok(address !== null && typeof address === 'object')
    const forward = ['-N', '-o', 'ExitOnForwardFailure=yes', '-L', `${path('forward')}:127.0.0.1:${address.port}`]
    const ssh = spawn(programPath('ssh'), [...forward, ...argumentsOf(path('alice'))], { stdio: 'ignore' })
    const left = once(ssh, 'close')
    try {
      while (!existsSync(path('forward'))) await delay(10)
      const through = connect(path('forward'))
      const closed = once(through, 'close')
      through.write('there and back')
      assert.equal(String(await once(through, 'data')), 'there and back')
      assert.equal(await openAtDoor(), 1)
      assert.equal((await revokeNow(house, serial)).cuts.length, 1)
      await closed
      assert.deepEqual(await left, [255, null])
    } finally {
      ssh.kill()
      behind.close()
    }
  })

  test('what its user has detached from a session ends with it, and nothing of another’s on the account', async (t) => {
    const serial = await renew('alice')
    const command = `(setsid sleep 300 </dev/null >/dev/null 2>&1 & echo detached $!); ${TICK}`
    const [alice, bob] = await Promise.all([open(path('alice'), ['-tt'], command), open(path('bob'), ['-tt'], command)])
    const [ofAlice = 0, ofBob = 0] = [alice, bob].map((shell) => Number(/detached (\d+)/.exec(shell.text())?.[1]))
    const ends = async () => {
      bob.child.kill()
      await bob.ended
      process.kill(ofBob, 'SIGKILL')
      while ((await openAtDoor()) > 0) await delay(20)
    }
    if ((await readFile(`/proc/${ofAlice}/sessionid`, 'utf8')) === '4294967295') {
      await ends()
      process.kill(ofAlice, 'SIGKILL')
      return t.skip('the kernel counts no logins here')
    }
    await revokeNow(house, serial)
    await alice.ended
    while (await isRunning(ofAlice)) await delay(10)
    assert.equal(await isRunning(ofBob), true)
    await bob.ticked()
    await ends()
  })

  test('where sshd asks for two certificates the session is bound to both, also by a door that starts again', async () => {
    const serial = await renew('alice')
    const config = ['AuthenticationMethods publickey,publickey']
    await using strict = await startSshd({ directory: scratch, door: path('door'), hostKey: path('host'), config })
    const before = sshd
    sshd = strict
    try {
      const both = await open(path('bob'), ['-tt', '-i', path('alice')])
      assert.equal(await openAtDoor(), 2)
      await house.stop()
      await start('require')
      assert.equal(await openAtDoor(), 2)
      assert.equal((await revokeNow(house, serial)).cuts.length, 1)
      await both.ended
      while ((await openAtDoor()) > 0) await delay(20)
    } finally {
      sshd = before
    }
  })

  test('who has shown one certificate and logged in with another is bound to the other', async () => {
    const serial = await renew('alice')
    // Her certificate without her key: anyone can ask with it, and is told yes.
    await writeFile(path('shown.pub'), await readFile(path('alice.pub')))
    await writeFile(path('shown-cert.pub'), await readFile(path('alice-cert.pub')))
    const before = sshd.log().length
    const bob = await open(path('shown'), ['-tt', '-i', path('shown.pub'), '-i', path('bob')])
    assert.match(sshd.log().slice(before), /Postponed publickey|Accepted certificate ID "alice"/)
    const { cuts } = await revokeNow(house, serial)
    assert.equal(cuts.length, 0)
    await bob.ticked()
    bob.child.kill()
    await bob.ended
  })

  test('a door that starts again finds what is open, and ends it; while it is away nobody logs in', async () => {
    const serial = await renew('alice')
    const [alice, bob] = await Promise.all([open(path('alice')), open(path('bob'))])
    await house.stop('SIGKILL')
    await alice.ticked()
    const away = await runProgram(programPath('ssh'), [...argumentsOf(path('bob')), 'true'])
    assert.equal(away.code, 255)
    // Notes of another start of the machine, in which a process of this one has the number and beginning.
    const others = await Promise.all([othersNote(''), othersNote('00000000-0000-4000-8000-000000000000\n')])
    // One that is being written, and one that nobody will end any more.
    const [written, left] = [`${process.pid}-${await startOf(process.pid)}.new`, '1-1.new']
    for (const name of [written, left]) await writeFile(path(`door/sessions/${name}`), '')
    await start('require')
    assert.deepEqual(
      [written, left].map((name) => existsSync(path(`door/sessions/${name}`))),
      [true, false],
    )
    assert.deepEqual(
      others.map(({ signalCode }) => signalCode),
      [null, null],
      'they are nobody’s session',
    )
    for (const other of others) other.kill()
    assert.equal(await openAtDoor(), 2)
    assert.equal((await revokeNow(house, serial)).cuts.length, 1)
    await alice.ended
    await bob.ticked()
    await house.stop()
    await bob.ticked()
    bob.child.kill()
    await bob.ended
  })

  test('a door that prefers lets in those who are there while it is away, and nobody else', async () => {
    await start('prefer')
    await renew('alice')
    const bob = await open(path('bob'))
    const kept = async () => readFile(path('door/kept'), 'utf8').catch(() => '')
    while (!(await kept()).startsWith('deploy ')) await delay(20)
    await house.stop('SIGKILL')
    const [again, other] = await Promise.all(
      ['bob', 'alice'].map((name) => runProgram(programPath('ssh'), [...argumentsOf(path(name)), 'echo in'])),
    )
    assert.deepEqual([again?.code, again?.stdout], [0, 'in\n'], sshd.log())
    assert.equal(other?.code, 255)
    // A note that cannot be read yet holds the door where it has seen which there are, and does not listen.
    execFileSync('mkfifo', [path('door/sessions/1-1')])
    const starting = start('prefer')
    const held = await openFile(path('door/sessions/1-1'), 'w')
    const meanwhile = await open(path('bob'))
    await held.close()
    await starting
    assert.equal(await openAtDoor(), 2, 'who came in while it began is known, too')
    await house.stop()
    for (const { child, ended } of [bob, meanwhile]) {
      child.kill()
      await ended
    }
    await start('prefer')
    assert.equal(await openAtDoor(), 0, 'what has ended meanwhile is not there')
  })
})

/** When a process began, in the kernel's ticks. */
async function startOf(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19]
}

/** Whoever has ended, and is not waited for, does not run. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}
