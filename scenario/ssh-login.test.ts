// Logins at an unmodified sshd with the door for SSH on its host: who gets in, who does not, and what each side sees.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { forceCommandOption, parseKeyLine, readSshCertificate, sourceAddressOption } from '@countersign/ssh'
import { programPath } from '../interop/peer.ts'
import { enrolledNow, revokeNow, sessionsNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { runProgram, type Seen } from './support/peers.ts'
import { certified, forged, makeSshKey, type Sshd, sshArguments, startSshd, withSshd } from './support/sshd.ts'

const POLICY = `
meet:
  - {rule: staff log in, who: group:staff, what: service:web1}
  - {rule: operators administer, who: group:ops, what: service:web1 | service:administration}
  - {rule: only proved hosts, who: party:carol, what: service:web1, sees: web1.localhost}
`
const PARTIES = {
  alice: { kind: 'person', labels: ['group:staff', 'group:ops'] },
  bob: { kind: 'person', labels: ['group:staff'] },
  carol: { kind: 'person' },
}

suite('logins by SSH', withSshd, () => {
  let scratch: string
  let house: RunningHouse
  let sshd: Sshd
  const path = (name: string) => join(scratch, name)
  const login = (who: string, account: string, command: string, key = path(who)): Promise<Seen> =>
    runProgram(programPath('ssh'), [
      ...sshArguments(key, account, sshd.port, path('known_hosts'), 'web1.localhost'),
      command,
    ])

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-sshd-'))
    await writeFile(path('policy.yaml'), POLICY)
    makeSshKey(path('host'))
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: path('policy.yaml'),
        parties: PARTIES,
        doors: [
          {
            ...{ name: 'web1', kind: 'ssh', host: 'web1.localhost', listen: `unix:${path('door')}/door` },
            hostCertificate: path('host-cert.pub'),
            accounts: [
              { account: 'deploy', who: true },
              { account: 'db', who: 'administration' },
            ],
          },
        ],
      },
    })
    const host = await enrolledNow(house, 'host/web1', { profile: 'server', san: ['dns:web1.localhost'] })
    await certified(host.directory, path('host'), 'ssh-host')
    for (const name of ['alice', 'bob', 'carol', 'mallory']) {
      const { directory } = await enrolledNow(house, name)
      makeSshKey(path(name))
      await certified(directory, path(name))
    }
    const authorities = await readFile(path('door/authorities.pub'), 'utf8')
    await writeFile(path('known_hosts'), `@cert-authority web1.localhost ${authorities}`)
    assert.equal((await house.run(['reload'])).code, 0)
    sshd = await startSshd({ directory: scratch, door: path('door'), hostKey: path('host') })
  })
  after(async () => {
    await sshd?.[Symbol.asyncDispose]()
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  /** The next record of a login by `caller`. */
  const recorded = async (caller: string, isOk: boolean): Promise<{ reference: string; code?: string }> => {
    const found = await house.event(
      (event) => event['event'] === 'meeting' && event['caller'] === caller && event['ok'] === isOk && !told.has(event),
    )
    told.add(found)
    return found as unknown as { reference: string; code?: string }
  }
  const told = new Set<object>()
  const why = async (reference: string): Promise<string> => {
    const { code, stdout } = await house.run(['why', reference, '--json'])
    assert.equal(code, 0, stdout)
    return stdout
  }
  const refused = async (
    who: string,
    account: string,
    caller: string,
    code: string,
    key = path(who),
  ): Promise<string> => {
    const seen = await login(who, account, 'true', key)
    assert.equal(seen.code, 255, seen.stdout)
    // sshd says no more to whom it refuses; the reason is asked for afterwards.
    assert.match(seen.stderr, /Permission denied \(publickey\)/)
    const { code: found, reference } = await recorded(caller, false)
    assert.equal(found, code)
    return reference
  }

  test('whom a rule lets in logs in; both proofs are recorded, and the session is over when sshd’s is', async () => {
    const seen = await login('alice', 'deploy', 'id -un; echo $PPID')
    const [account, pid] = seen.stdout.split('\n')
    assert.deepEqual([seen.code, account], [0, 'deploy'], `${seen.stderr} ${sshd.log()}`)
    assert.match(pid ?? '', /^\d+$/)
    const { reference } = await recorded('alice', true)
    const explained = await why(reference)
    for (const found of [/"kind":"engine","by":"OpenSSH"/, /web1\.localhost/, /revocation list \d+/])
      assert.match(explained, found)
    await house.event(({ event, reference: of }) => event === 'ssh.closed' && of === reference)
    assert.equal(await sessionsNow(house, 'web1'), 0)
  })

  test('a host that has proved itself is what a rule may ask for', async () => {
    assert.equal((await login('carol', 'deploy', 'true')).code, 0, sshd.log())
  })

  test('an account with a rule of its own is for whom that lets in', async () => {
    assert.equal((await login('alice', 'db', 'true')).code, 0, sshd.log())
    await refused('bob', 'db', 'bob', 'ERR_POLICY_NOT_ALLOWED')
  })

  test('to an account that no line names nobody logs in, though it is called as the party is', async () => {
    await refused('alice', 'alice', 'alice', 'ERR_CALLER_WRONG_NAME')
  })

  test('whom no rule lets in does not log in, and can ask why by the reference', async () => {
    const reference = await refused('mallory', 'deploy', 'mallory', 'ERR_POLICY_NOT_ALLOWED')
    assert.match(await why(reference), /ERR_POLICY_NOT_ALLOWED/)
  })

  test('a certificate that is over, not begun, of a host, or without principals lets nobody in', async () => {
    const now = Temporal.Now.instant().round('second')
    const key = makeSshKey(path('forged'))
    for (const [changed, code] of [
      [{ validBefore: now.subtract({ minutes: 1 }) }, 'ERR_CALLER_EXPIRED'],
      [{ validAfter: now.add({ minutes: 30 }) }, 'ERR_CALLER_NOT_YET_VALID'],
      [{ principals: [] }, 'ERR_CALLER_INVALID_PATH'],
    ] as const) {
      await forged(house.data, key, changed)
      await refused('forged', 'deploy', 'alice', code, key)
    }
    // Of a host OpenSSH refuses one by itself: the door is not asked.
    await forged(house.data, key, { role: 'host', principals: ['deploy'] })
    assert.equal((await login('forged', 'deploy', 'true', key)).code, 255)
  })

  test('sshd honours what a certificate holds its user to', async () => {
    const key = path('forged')
    await forged(house.data, key, { criticalOptions: [forceCommandOption('echo forced')] })
    assert.equal((await login('forged', 'deploy', 'echo asked')).stdout, 'forced\n', sshd.log())
    await forged(house.data, key, { criticalOptions: [sourceAddressOption(['192.0.2.1'])] })
    assert.equal((await login('forged', 'deploy', 'true')).code, 255)
  })

  test('by an authority of somebody else’s nobody gets in, whoever the certificate names', async () => {
    const key = makeSshKey(path('foreign'))
    const ca = makeSshKey(path('foreign-ca'))
    await runProgram(programPath('ssh-keygen'), [
      '-q',
      '-s',
      ca,
      '-I',
      'alice',
      '-n',
      'alice',
      '-V',
      '+1h',
      `${key}.pub`,
    ])
    assert.equal((await login('foreign', 'deploy', 'true', key)).code, 255)
    assert.equal(sshd.log().includes('foreign'), false)
  })

  test('a host that is another, or has a certificate of its own making, is left by the client', async () => {
    const log = sshd.log().length
    const args = sshArguments(path('alice'), 'deploy', sshd.port, path('known_hosts'), 'web2.localhost')
    const renamed = await runProgram(programPath('ssh'), [...args, 'true'])
    assert.match(renamed.stderr, /Host key verification failed/)
    makeSshKey(path('impostor'))
    const ca = path('foreign-ca')
    await runProgram(programPath('ssh-keygen'), [
      ...['-q', '-h', '-s', ca, '-I', 'web1', '-n', 'web1.localhost', '-V', '+1h', path('impostor.pub')],
    ])
    await using impostor = await startSshd({ directory: scratch, hostKey: path('impostor') })
    const there = sshArguments(path('alice'), 'deploy', impostor.port, path('known_hosts'), 'web1.localhost')
    const met = await runProgram(programPath('ssh'), [...there, 'true'])
    assert.match(met.stderr, /Host key verification failed/)
    // Neither was shown who asks.
    assert.equal(/ID alice/.test(sshd.log().slice(log) + impostor.log()), false)
  })

  test('whoever is revoked is not let in, by the door at once and by sshd’s own list', async () => {
    const key = path('forged')
    await forged(house.data, key)
    const serial = await certifiedAgain('alice')
    assert.equal((await login('alice', 'deploy', 'true')).code, 0)
    await revokeNow(house, serial.toString(16))
    const seen = await login('alice', 'deploy', 'true')
    assert.equal(seen.code, 255)
    await until(async () => (await listed(path('alice-cert.pub'))).includes('REVOKED'))
    const before = sshd.log().length
    assert.equal((await login('alice', 'deploy', 'true')).code, 255)
    assert.match(sshd.log().slice(before), /revoked/i)
    assert.equal((await login('forged', 'deploy', 'true', key)).code, 0, 'another certificate of hers')
  })

  test('with a list that is damaged or missing sshd lets nobody in; the door puts it right', async () => {
    for (const spoil of [() => writeFile(path('door/revoked.krl'), 'SSHKRL\n'), () => rm(path('door/revoked.krl'))]) {
      await spoil()
      assert.equal((await login('bob', 'deploy', 'true')).code, 255)
      assert.equal((await house.run(['reload'])).code, 0)
      assert.equal((await login('bob', 'deploy', 'true')).code, 0, sshd.log())
    }
  })

  test('whoever may not come in any more when sshd opens the session is told why, by its reference', async () => {
    const line = (await readFile(path('mallory-cert.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
    const env = { PAM_TYPE: 'open_session', PAM_USER: 'deploy', SSH_AUTH_INFO_0: `publickey ${line}\n` }
    const { code, stdout } = await runProgram(path('door/opened'), [], { env })
    assert.equal(code, 1)
    const [, found, reference = ''] = /\((ERR_\w+), (M-\w{4}-\w{4})\)/.exec(stdout) ?? []
    assert.equal(found, 'ERR_POLICY_NOT_ALLOWED', stdout)
    assert.match(await why(reference), /mallory/)
    // The program was started by this process, and its note is gone.
    const notes = await readdir(path('door/sessions'))
    assert.deepEqual(
      notes.filter((name) => name.startsWith(`${process.pid}-`)),
      [],
    )
  })

  test('garbage at the sockets, and a peer that stalls, disturb nobody', async () => {
    const garbage = [
      '',
      '\n',
      'deploy\n',
      `deploy ${'A'.repeat(30_000)}\n`,
      'x'.repeat(60_000),
      '\0\x01\n',
      'deploy AAAA\nyes\n',
      '1 1 root - !\n',
    ]
    for (const name of ['door', 'opened.sock'])
      for (const octets of garbage) {
        const answer = await askSocket(path(`door/${name}`), octets)
        assert.match(answer, /^(?:no\n[\x20-\x7e\n]*)?$/, JSON.stringify(octets.slice(0, 20)))
      }
    const stalled = Array.from({ length: 40 }, () => connect({ path: path('door/door') }).on('error', () => undefined))
    assert.equal((await login('bob', 'deploy', 'true')).code, 0)
    for (const socket of stalled) socket.destroy()
  })

  /** Another certificate for the same key; answers its serial number. */
  async function certifiedAgain(name: string): Promise<bigint> {
    await certified(join(house.directory, 'parties', name), path(name))
    return readSshCertificate(parseKeyLine((await readFile(path(`${name}-cert.pub`), 'utf8')).trimEnd()).blob).serial
  }
  const listed = async (file: string) =>
    (await runProgram(programPath('ssh-keygen'), ['-Q', '-f', path('door/revoked.krl'), file])).stdout
})

/** What a socket answers to octets, until it ends. */
async function askSocket(path: string, octets: string): Promise<string> {
  const socket = connect({ path })
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => undefined)
  socket.end(octets, 'latin1')
  await once(socket, 'close')
  return answer
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50)
}
