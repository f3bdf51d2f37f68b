// A person and a host get certificates of SSH: what ssh-keygen, ssh-add and sshd make of them, and who gets none.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../interop/peer.ts'
import { revokeNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'
import { startCommand } from './support/run-command.ts'
import { clockOff } from './support/wrong-clock.ts'

const peers = { ...needs('ssh-keygen', 'openssh-client'), ...needs('ssh-agent', 'openssh-client') }

suite('certificates of SSH', peers, () => {
  let scratch: string
  let house: RunningHouse
  let agent: ChildProcess
  let socket: string
  const path = (name: string) => join(scratch, name)
  const keygen = (...args: readonly string[]) => execFileSync(programPath('ssh-keygen'), args, { encoding: 'utf8' })
  const listed = () => {
    try {
      return execFileSync(programPath('ssh-add'), ['-L'], { encoding: 'utf8', env: { SSH_AUTH_SOCK: socket } })
    } catch {
      return '' // It has no identities.
    }
  }
  const run = (args: readonly string[]) =>
    house.run(['ssh', 'enroll', ...args], { env: { SSH_AUTH_SOCK: socket, HOME: scratch } })

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-ssh-'))
    socket = path('agent.sock')
    agent = spawn(programPath('ssh-agent'), ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    if (agent.stdout) await once(agent.stdout, 'data')
    house = await startHouse({
      config: { authority: { listen: '127.0.0.1:0' }, doors: [] },
    })
  })
  after(async () => {
    agent?.kill()
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  test('a person’s is in the agent, with a key that is nowhere else; --install has hosts believed', async () => {
    const { directory } = await enrolled(house, 'ops/alice')
    const { code, stdout, stderr } = await run(['--identity', directory, '--install', '--json'])
    assert.equal(code, 0, stderr)
    const told = JSON.parse(stdout)
    assert.deepEqual([told.party, told.principals, told.place], ['ops/alice', ['ops/alice'], 'the agent'])
    const line = listed()
    assert.match(line, /^ssh-ed25519-cert-v01@openssh\.com .* countersign ops\/alice/)
    const { execFileSync: exec } = await import('node:child_process')
    const shown = exec(programPath('ssh-keygen'), ['-L', '-f', '-'], { input: line, encoding: 'utf8' })
    assert.match(shown, /user certificate/)
    assert.match(shown, /Key ID: "ops\/alice"/)
    assert.match(shown, /Principals:\s+ops\/alice\s+Critical Options: \(none\)/)
    const hosts = await readFile(path('.ssh/known_hosts'), 'utf8')
    assert.match(hosts, /^@cert-authority \* ssh-ed25519 AAAA\S+ ssh\n$/)
    await run(['--identity', directory, '--install'])
    assert.equal(await readFile(path('.ssh/known_hosts'), 'utf8'), hosts, 'once')
  })

  test('one for a key of one’s own stands beside it; revoked, ssh-keygen finds it in the list', async () => {
    const { directory } = await enrolled(house, 'bob')
    keygen('-q', '-t', 'ecdsa', '-N', '', '-f', path('id'))
    const { code, stdout, stderr } = await run(['--identity', directory, '--key', path('id')])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /bob: the certificate is in .*id-cert\.pub; it ends in /)
    assert.match(keygen('-L', '-f', path('id-cert.pub')), /Principals:\s+bob\s/)
    const list = async () => {
      const answer = await house.run(['list', '--json'])
      assert.equal(answer.code, 0)
      return answer.stdout
    }
    assert.match(await list(), /"profile":"ssh-user"/)
    const [, serial = ''] = /Serial: (\d+)/.exec(keygen('-L', '-f', path('id-cert.pub'))) ?? []
    const one = await house.run(['revoke', BigInt(serial).toString(16)])
    assert.match(one.stdout, /^bob has another certificate in force \(client\): countersign revoke bob ends all$/m)
    assert.doesNotMatch((await house.run(['revoke', 'bob', '--dry-run'])).stdout, /in force/)
    await revokeNow(house, 'bob')
    const refused = await run(['--identity', directory, '--key', path('id')])
    assert.equal(refused.code, 1, refused.stdout)
    assert.match(refused.stderr, /revoked/)
  })

  test('a host’s has its names; what sshd must be told is shown', async () => {
    const { directory } = await enrolled(house, 'host/web1', ['--profile', 'server', '--san', 'dns:web1.localhost'])
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', path('host'))
    const args = ['--host', '--identity', directory, '--key', path('host'), '--door', '/var/lib/countersign-ssh']
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 0, stderr)
    assert.match(keygen('-L', '-f', path('host-cert.pub')), /host certificate[\s\S]*Principals:\s+web1\.localhost\s/)
    assert.equal((await stat(path('host-cert.pub'))).mode & 0o777, 0o644)
    for (const line of [
      `HostCertificate ${path('host-cert.pub')}`,
      'TrustedUserCAKeys /var/lib/countersign-ssh/authorities.pub',
      'RevokedKeys /var/lib/countersign-ssh/revoked.krl',
      'session required pam_exec.so quiet stdout type=open_session /var/lib/countersign-ssh/opened',
    ])
      assert.ok(stdout.includes(`  ${line}\n`), line)
  })

  test('a host that is revoked is believed no more by who enrolls again', async () => {
    const { directory } = await enrolled(house, 'dora')
    await run(['--identity', directory, '--install'])
    assert.match(await readFile(path('.ssh/config'), 'utf8'), /^RevokedHostKeys ".*\/\.ssh\/countersign\.krl"\n$/)
    const listed = () => keygen('-Q', '-f', path('.ssh/countersign.krl'), path('host-cert.pub'))
    assert.match(listed(), /: ok$/m)
    await revokeNow(house, 'host/web1')
    const { code, stderr } = await run(['--identity', directory])
    assert.equal(code, 0, stderr)
    assert.throws(listed, { stdout: /REVOKED/ })
  })

  test(
    '--keep renews when two thirds of a life are over, and ends when it is asked to',
    needs('faketime', 'faketime'),
    async () => {
      const { directory } = await enrolled(house, 'erin')
      keygen('-q', '-t', 'ed25519', '-N', '', '-f', path('kept'))
      const args = ['ssh', 'enroll', '--identity', directory, '--key', path('kept'), '--keep', '--json']
      const child = startCommand(args, { cwd: scratch, env: { ...clockOff('+11h'), HOME: scratch } })
      const ended = once(child, 'close')
      const told: { readonly event: string; readonly serialNumber?: string }[] = []
      if (child.stdout)
        for await (const line of createInterface({ input: child.stdout }))
          if (told.push(JSON.parse(line)) && told.at(-1)?.event === 'renewed') child.kill()
      assert.deepEqual(await ended, [0, null])
      assert.deepEqual(
        told.map(({ event }) => event),
        ['enrolled', 'keeping', 'renewed'],
      )
      const [, serial = ''] = /Serial: (\d+)/.exec(keygen('-L', '-f', path('kept-cert.pub'))) ?? []
      assert.notEqual(BigInt(serial).toString(16), told[0]?.serialNumber)
    },
  )

  test('without an agent, with a key that is not there, or by an identity of the other kind there is none', async () => {
    const alice = await enrolled(house, 'carol')
    for (const [args, env, code, said] of [
      [['--identity', alice.directory], { SSH_AUTH_SOCK: '' }, 3, /no agent to hold the key/],
      [['--identity', alice.directory], { SSH_AUTH_SOCK: path('absent') }, 4, /cannot be used/],
      [['--identity', alice.directory, '--key', path('absent')], {}, 3, /ssh-keygen does not sign/],
      [['--identity', alice.directory, '--host', '--key', path('id')], {}, 1, /ERR_ENROLL_PROFILE/],
      [['--identity', alice.directory, '--door', '/x'], {}, 2, /--door is for hosts/],
      [['--identity', path('absent')], {}, 3, /absent/],
      [['--identity', alice.directory, '--host', '--door', path('x'), '--install'], {}, 3, /no door has started at /],
    ] as const) {
      const ran = await house.run(['ssh', 'enroll', ...args], { env: { SSH_AUTH_SOCK: socket, HOME: scratch, ...env } })
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.stderr}`)
      assert.match(ran.stderr, said)
    }
  })
})
