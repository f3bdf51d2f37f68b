// A door for SSH on a host that joins an authority elsewhere, as most hosts would: logins, revocations at the authority, and what
// goes on while that is away.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readKeyRevocationList, writeKeyRevocationList } from '@countersign/ssh'
import { programPath } from '../interop/peer.ts'
import { enrolledNow, revokeNow, sessionsNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { runProgram, type Seen } from './support/peers.ts'
import { certified, makeSshKey, newlyCertified, type Sshd, sshArguments, startSshd, withSshd } from './support/sshd.ts'

const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/
const POLICY = `
meet:
  - {rule: staff log in, who: group:staff, what: service:web1}
`
const STAFF = { kind: 'person', labels: ['group:staff'] }

suite('a door for SSH at a house that joins an authority elsewhere', withSshd, () => {
  let scratch: string
  let home: string
  let authority: RunningHouse
  let host: RunningHouse
  let sshd: Sshd
  let identity: string
  const shells: ChildProcess[] = []
  const path = (name: string) => join(scratch, name)

  const startAuthority = async () => {
    authority = await startHouse({
      directory: home,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: path('policy.yaml'),
        parties: { alice: STAFF, bob: STAFF },
        doors: [],
      },
    })
  }
  const startHost = async (revocation: 'require' | 'prefer' = 'require') => {
    host = await startHouse({
      directory: path('host-house'),
      config: {
        join: identity,
        doors: [
          {
            ...{ name: 'web1', kind: 'ssh', host: ['web1.localhost'], listen: `unix:${path('door')}/door`, revocation },
            hostCertificate: path('host-cert.pub'),
            accounts: [{ account: 'deploy', who: true }],
          },
        ],
      },
    })
  }
  const argumentsOf = (key: string) => sshArguments(key, 'deploy', sshd.port, path('known_hosts'), 'web1.localhost')
  const login = (who: string): Promise<Seen> => runProgram(programPath('ssh'), [...argumentsOf(path(who)), 'echo in'])
  const certify = (who: string) => newlyCertified(join(home, 'parties', who), path(who))
  /** An open shell on a terminal, in which something was printed already. */
  const open = async (who: string) => {
    const child = spawn(programPath('ssh'), ['-tt', ...argumentsOf(path(who)), 'echo here; sleep 300'])
    shells.push(child)
    let text = ''
    const heard = Promise.withResolvers<void>()
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('here')) heard.resolve()
      })
    const ended = once(child, 'close').then(() => heard.reject(new Error(`it has ended: ${text} ${sshd.log()}`)))
    await heard.promise
    return { text: () => text, ended, isOpen: () => child.exitCode === null && child.signalCode === null }
  }
  /** A record may still be on its way to the authority. */
  const whyAtLast = async (reference: string): Promise<string> => {
    let why = await authority.run(['why', reference])
    for (let i = 0; i < 20 && why.code !== 0; i++) why = await authority.run(['why', reference])
    return why.stdout
  }

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-sshd-'))
    home = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
    await writeFile(path('policy.yaml'), POLICY)
    await startAuthority()
    // One identity: what the house joins by, and by what this host gets its certificate of SSH.
    identity = (await enrolledNow(authority, 'door/web1', { profile: 'service', san: ['dns:web1.localhost'] }))
      .directory
    for (const who of ['alice', 'bob', 'carol']) await enrolledNow(authority, who)
    makeSshKey(path('host'))
    await certified(identity, path('host'), 'ssh-host')
    for (const who of ['alice', 'bob', 'carol']) await certify(who)
    await mkdir(path('host-house'))
    await startHost()
    await writeFile(
      path('known_hosts'),
      `@cert-authority web1.localhost ${await readFile(path('door/authorities.pub'), 'utf8')}`,
    )
    sshd = await startSshd({ directory: scratch, door: path('door'), hostKey: path('host') })
  })
  after(async () => {
    for (const child of shells) child.kill('SIGKILL')
    await sshd?.[Symbol.asyncDispose]()
    await host?.stop('SIGKILL')
    await authority?.stop('SIGKILL')
    for (const directory of [scratch, home]) await rm(directory, { recursive: true, force: true })
  })

  test('whom a rule of the authority lets in logs in, and the authority knows of both proofs; nobody else', async () => {
    const seen = await login('alice')
    assert.deepEqual([seen.code, seen.stdout], [0, 'in\n'], `${seen.stderr} ${sshd.log()}`)
    const { reference } = await host.event(
      ({ event, caller, ok }) => event === 'meeting' && caller === 'alice' && ok === true,
    )
    const why = await whyAtLast(String(reference))
    assert.match(why, /at door\/web1:web1/)
    assert.match(why, /web1\.localhost/)
    assert.equal((await login('carol')).code, 255)
    const refused = await host.event(({ event, caller }) => event === 'meeting' && caller === 'carol')
    assert.equal(refused['code'], 'ERR_POLICY_NOT_ALLOWED')
    assert.match(await whyAtLast(String(refused['reference'])), /ERR_POLICY_NOT_ALLOWED/)
  })

  test('revoked at the authority: the open shell is told why and ends, the receipt has it, and a return is refused', async () => {
    const serial = await certify('alice')
    const [alice, bob] = await Promise.all([open('alice'), open('bob')])
    assert.equal(await sessionsNow(authority, 'door/web1:web1'), 2)
    const { cuts, confirmed } = await revokeNow(authority, serial)
    assert.deepEqual(
      cuts.map(({ door }) => door),
      ['door/web1:web1'],
    )
    assert.ok(confirmed.includes('door/web1'))
    await alice.ended
    assert.match(alice.text(), /your certificate was revoked \(ERR_CALLER_REVOKED, /)
    const [reference = ''] = REFERENCE.exec(alice.text()) ?? []
    assert.match(await whyAtLast(reference), /ERR_CALLER_REVOKED|alice/)
    assert.equal((await login('alice')).code, 255)
    assert.equal(bob.isOpen(), true)
    // sshd has the list of the authority, and asks nobody.
    for (let listed = ''; !listed.includes('REVOKED'); await delay(20))
      listed = (
        await runProgram(programPath('ssh-keygen'), ['-Q', '-f', path('door/revoked.krl'), path('alice-cert.pub')])
      ).stdout
  })

  test('a party that is revoked by name ends, with whatever of hers is open', async () => {
    await certify('alice')
    const shell = await open('alice')
    assert.equal((await revokeNow(authority, 'alice')).cuts.length, 1)
    await shell.ended
  })

  test('while the authority is away logins go on by what is known, also at a door that starts again', async () => {
    const bob = await open('bob')
    await authority.stop('SIGKILL')
    assert.equal((await login('bob')).stdout, 'in\n', sshd.log())
    assert.equal((await login('alice')).code, 255)
    await host.stop('SIGKILL')
    await startHost()
    assert.equal((await login('bob')).stdout, 'in\n', sshd.log())
    assert.equal((await login('carol')).code, 255)
    // A list that is spoiled is put right by what the door has kept.
    await writeFile(path('door/revoked.krl'), 'SSHKRL\n')
    assert.equal((await login('bob')).code, 255)
    host.process.kill('SIGHUP')
    while ((await readFile(path('door/revoked.krl'))).length < 10) await delay(10)
    assert.equal((await login('bob')).stdout, 'in\n', sshd.log())
    assert.equal(bob.isOpen(), true)
  })

  test('what is known of revocation is too old: require refuses, prefer goes by it', async () => {
    await host.stop()
    const list = readKeyRevocationList(await readFile(path('door/revoked.krl')))
    const old = { ...list, generatedAt: list.generatedAt.subtract({ hours: 25 }) }
    await writeFile(path('door/revoked.krl'), writeKeyRevocationList(old))
    await startHost()
    assert.equal((await login('bob')).code, 255)
    const refused = await host.event(({ event, caller }) => event === 'meeting' && caller === 'bob')
    assert.equal(refused['code'], 'ERR_CALLER_STATUS_UNKNOWN')
    await host.stop()
    await startHost('prefer')
    assert.equal((await login('bob')).stdout, 'in\n', sshd.log())
    assert.equal((await login('alice')).code, 255, 'what it knows to be revoked is')
  })

  test('what was revoked while the door could not hear ends when it hears again', async () => {
    const bob = await open('bob')
    host.process.kill('SIGSTOP')
    await startAuthority()
    assert.deepEqual((await revokeNow(authority, 'bob')).cuts, [])
    assert.equal(bob.isOpen(), true)
    host.process.kill('SIGCONT')
    await bob.ended
    assert.match(bob.text(), /your certificate was revoked/)
    await host.event(({ event }) => event === 'feed.connected')
    assert.match(await whyAtLast(REFERENCE.exec(bob.text())?.[0] ?? ''), /bob/)
  })
})
