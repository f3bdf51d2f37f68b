// What is found at a host with a door for SSH: its real sshd is asked, and one thing after another is spoiled.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs, programPath } from '../../../interop/peer.ts'
import { freePort } from '../../../tools/testing/ports.ts'
import { readConfig } from '../src/config/read-config.ts'
import type { Check } from '../src/doctor/model.ts'
import { examineSsh } from '../src/doctor/ssh.ts'
import { hostLines } from '../src/ssh/sshd-files.ts'

const peers = {
  ...needs('sshd', 'openssh-server'),
  ...needs('ssh-keygen', 'openssh-client'),
  ...(process.getuid?.() === 0 ? {} : { skip: 'it needs root' }),
}

suite('the examination of a door for SSH', peers, () => {
  // No directory above may be written by others, as /tmp is.
  let scratch: string
  let server: Server
  let sshd: ChildProcess
  let answer = 'no\n'
  const path = (name: string) => join(scratch, name)
  const keygen = (...args: readonly string[]) => execFileSync(programPath('ssh-keygen'), args, { stdio: 'pipe' })
  const certify = (ca: string, name: string, ...more: readonly string[]) =>
    keygen('-q', '-s', path(ca), '-I', 'web1', '-n', name, ...more, path('host.pub'))
  const house = (accounts = ['root']) => ({
    data: path('data'),
    config: readConfig(
      Buffer.from(
        JSON.stringify({
          authority: { listen: '127.0.0.1:0' },
          doors: [
            {
              ...{
                name: 'web1',
                kind: 'ssh',
                host: 'web1.localhost',
                listen: `unix:${path('door')}/door`,
                allow: ['*'],
              },
              hostCertificate: path('host-cert.pub'),
              accounts: accounts.map((account) => ({ account, who: true })),
            },
          ],
        }),
      ),
      'countersign.yaml',
    ),
  })
  const examined = (accounts?: string[]): Promise<readonly Check[]> =>
    examineSsh(house(accounts), Temporal.Now.instant(), { config: path('sshd_config'), pam: path('pam') })
  /** What is there while `use` looks is put back. */
  const spoiled = async (file: string, text: string | undefined, use: () => Promise<void>) => {
    const before = await readFile(path(file))
    await (text === undefined ? rm(path(file)) : writeFile(path(file), text))
    await use()
    await writeFile(path(file), before)
  }
  const found = async (text: RegExp, command?: RegExp) => {
    const bad = (await examined()).filter(({ outcome }) => outcome === 'bad')
    assert.equal(bad.length, 1, JSON.stringify(bad))
    assert.match(bad[0]?.text ?? '', text)
    assert.equal(bad[0]?.code, 'ERR_CLI_SSHD')
    if (command) assert.match(bad[0]?.mend?.command ?? '', command)
  }

  const startSshd = async (config: string) => {
    sshd = spawn(programPath('sshd'), ['-D', '-e', '-f', path(config)], { stdio: ['ignore', 'ignore', 'pipe'] })
    if (sshd.stderr) await once(sshd.stderr, 'data')
  }

  before(async () => {
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
    scratch = await mkdtemp('/run/countersign-doctor-')
    await mkdir(path('door'))
    for (const name of ['ca', 'other', 'host']) keygen('-q', '-t', 'ed25519', '-N', '', '-f', path(name))
    certify('ca', 'web1.localhost', '-h', '-V', '+1h')
    await writeFile(path('door/authorities.pub'), await readFile(path('ca.pub')))
    keygen('-q', '-k', '-f', path('door/revoked.krl'))
    for (const name of ['principals', 'opened']) await writeFile(path(`door/${name}`), '#!/bin/sh\n', { mode: 0o755 })
    const [config, pam] = hostLines(path('host'), path('host-cert.pub'), path('door'))
    const port = await freePort()
    const more = [
      `ListenAddress 127.0.0.1:${port}`,
      'PidFile none',
      'AuthorizedKeysFile none',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
    ]
    await writeFile(path('sshd_config'), [...(config?.lines ?? []), ...more, ''].join('\n'))
    await writeFile(path('pam'), [...(pam?.lines ?? []), 'session required pam_permit.so', ''].join('\n'))
    await startSshd('sshd_config')
    server = createServer((socket) => socket.on('error', () => undefined).once('data', () => socket.end(answer)))
    await once(server.listen(path('door/door')), 'listening')
  })
  after(async () => {
    server?.close()
    sshd?.kill()
    await rm(scratch, { recursive: true, force: true })
  })

  test('where all is well each thing is said; an account that is not there is a note', async () => {
    const checks = await examined()
    assert.deepEqual(
      checks.map(({ outcome }) => outcome),
      new Array(7).fill('good'),
    )
    assert.match(checks.map(({ text }) => text).join('\n'), /a certificate for web1\.localhost; it ends in /)
    const noted = (await examined(['root', 'no-such-one'])).filter(({ outcome }) => outcome !== 'good')
    assert.deepEqual(
      noted.map(({ outcome, text }) => [outcome, text]),
      [['note', 'web1: there is no account no-such-one on this host']],
    )
  })

  test('where no door is for SSH nothing is asked', async () => {
    const { config } = house()
    assert.deepEqual(await examineSsh({ data: '', config: { ...config, doors: [] } }, Temporal.Now.instant()), [])
  })

  test('lines that sshd lacks are named, with the command that writes them', async () => {
    const text = await readFile(path('sshd_config'), 'utf8')
    const install = /^countersign ssh enroll --host --identity DIR --door \S+ --key \S+ --install$/
    await spoiled('sshd_config', text.replace(/^RevokedKeys.*$/m, ''), () =>
      found(/not told of it: RevokedKeys$/, install),
    )
    await spoiled('sshd_config', text.replace('UsePAM yes', 'UsePAM no'), () =>
      found(/not told of it: UsePAM$/, install),
    )
    await spoiled('sshd_config', text.replace('User nobody', 'User daemon'), () =>
      found(/not told of it: AuthorizedPrincipalsCommandUser$/),
    )
    await spoiled('sshd_config', 'Nonsense yes\n', () => found(/does not take its configuration: .*Nonsense/s))
    await spoiled('sshd_config', text.replace('AuthorizedKeysFile none', ''), async () => {
      const noted = (await examined()).filter(({ outcome }) => outcome === 'note')
      assert.match(noted[0]?.text ?? '', /sshd takes keys in authorized_keys, too/)
    })
  })

  test('PAM that says nothing, or not first', async () => {
    const [line = ''] = (await readFile(path('pam'), 'utf8')).split('\n')
    for (const text of ['session required pam_permit.so\n', `session required pam_env.so\n${line}\n`])
      await spoiled('pam', text, () => found(/does not say whom it has let in/, /--install$/))
  })

  test('programs that sshd would not run', async () => {
    await spoiled('door/opened', undefined, () => found(/opened is not there/, /^countersign up$/))
    await chmod(path('door/opened'), 0o755)
    const principals = path('door/principals')
    for (const [spoil, mend] of [
      [() => chmod(principals, 0o644), () => chmod(principals, 0o755)],
      [() => chown(principals, 65_534, 0), () => chown(principals, 0, 0)],
      [() => chmod(path('door'), 0o775), () => chmod(path('door'), 0o755)],
    ]) {
      await spoil?.()
      await found(/does not run its programs/, /^chown root \S+ && chmod a\+x,go-w /)
      await mend?.()
    }
  })

  test('lists that are missing or damaged: sshd lets nobody in', async () => {
    for (const name of ['authorities.pub', 'revoked.krl'])
      for (const text of [undefined, 'SSHKRL\n'])
        await spoiled(`door/${name}`, text, async () => {
          const bad = (await examined()).filter(({ outcome }) => outcome === 'bad')
          assert.match(bad[0]?.text ?? '', new RegExp(`sshd lets nobody in: .*${name} is (?:not there|damaged)`))
        })
  })

  test('a host that proves itself to nobody', async () => {
    await spoiled('host-cert.pub', undefined, () => found(/proves itself to nobody: .* is not there/, /--install$/))
    for (const [ca, name, more, why] of [
      ['ca', 'web2.localhost', ['-h', '-V', '+1h'], /does not name web1\.localhost/],
      ['ca', 'web1.localhost', ['-h', '-V', '20200101:20200102'], /has ended/],
      ['other', 'web1.localhost', ['-h', '-V', '+1h'], /by another authority/],
      ['ca', 'web1.localhost', ['-V', '+1h'], /is a certificate of a user/],
    ] as const)
      await spoiled('host-cert.pub', '', async () => {
        certify(ca, name, ...more)
        await found(why)
      })
  })

  test('an sshd that does not run, or has not read its files since', async () => {
    const ends = async () => {
      const ended = once(sshd, 'exit')
      sshd.kill()
      await ended
    }
    await ends()
    await found(/no sshd shows that certificate at port \d+/, /^systemctl reload-or-restart ssh$/)
    const text = await readFile(path('sshd_config'), 'utf8')
    await writeFile(path('before'), text.replace(/^HostCertificate .*$/m, ''))
    await startSshd('before')
    await found(/no sshd shows that certificate/)
    await ends()
    await startSshd('sshd_config')
  })

  test('a door that does not answer, or something else that does', async () => {
    answer = '220 mail\r\n'
    await found(/is no door/)
    answer = 'no\n'
    const closed = once(server, 'close')
    server.close()
    await closed
    await found(/it does not answer, so nobody logs in with a certificate/, /^countersign up$/)
  })
})
