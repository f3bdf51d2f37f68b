// What is written for OpenSSH, and where in files that have more in them.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { hostLines, install, isInstalled, personLines, takeBack } from '../src/ssh/sshd-files.ts'

const PAM = `# PAM configuration for the Secure Shell service
@include common-auth
account    required     pam_nologin.so
session [success=ok ignore=ignore default=bad]        pam_selinux.so close
session    required     pam_env.so user_readenv=1
`

suite('files for OpenSSH', () => {
  let directory: string
  const path = (name: string) => join(directory, name)
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-files-'))
  })
  after(() => rm(directory, { recursive: true, force: true }))

  const [config, pam] = hostLines('/etc/ssh/key', '/etc/ssh/key-cert.pub', '/var/lib/door')

  test('a host without a door has its certificate alone', () => {
    const files = hostLines('/etc/ssh/key', '/etc/ssh/key-cert.pub', undefined)
    assert.deepEqual(files, [
      {
        path: '/etc/ssh/sshd_config.d/20-countersign.conf',
        place: 'whole',
        lines: ['HostKey /etc/ssh/key', 'HostCertificate /etc/ssh/key-cert.pub'],
      },
    ])
  })

  test('the file of ours is whole, and written once', async () => {
    assert.ok(config)
    const file = { ...config, path: path('20.conf') }
    assert.deepEqual(await install([file]), [{ path: file.path, before: undefined }])
    assert.equal(await readFile(file.path, 'utf8'), `${config.lines.join('\n')}\n`)
    assert.deepEqual(await install([file]), [])
  })

  test('the line of PAM stands before all others of session, once, also when the door has moved', async () => {
    assert.ok(pam)
    const file = { ...pam, path: path('pam') }
    await writeFile(file.path, PAM)
    await chmod(file.path, 0o640)
    assert.equal(await isInstalled(file), false)
    const changed = await install([file])
    assert.deepEqual(changed, [{ path: file.path, before: PAM }])
    assert.equal(await isInstalled(file), true)
    const lines = (await readFile(file.path, 'utf8')).split('\n')
    const at = lines.findIndex((line) => /^session/.test(line))
    assert.equal(lines[at], 'session required pam_exec.so quiet stdout type=open_session /var/lib/door/opened')
    assert.equal(lines.filter((line) => line !== lines[at]).join('\n'), PAM)
    assert.equal((await stat(file.path)).mode & 0o777, 0o640)
    assert.deepEqual(await install([file]), [])
    const [, moved] = hostLines('/etc/ssh/key', '/etc/ssh/key-cert.pub', '/srv/door')
    assert.ok(moved)
    await install([{ ...moved, path: file.path }])
    assert.equal((await readFile(file.path, 'utf8')).split('pam_exec').length, 2)
    assert.equal(await isInstalled(file), false, 'of the door that was')
    await takeBack(changed)
    assert.equal(await readFile(file.path, 'utf8'), PAM)
    assert.equal((await stat(file.path)).mode & 0o777, 0o640)
  })

  test('where PAM has no session, or no file, nothing is written', async () => {
    assert.ok(pam)
    await writeFile(path('other'), 'auth required pam_deny.so\n')
    for (const name of ['other', 'absent'])
      await assert.rejects(install([{ ...pam, path: path(name) }]), { code: 'ERR_CLI_SSH_PAM' })
    assert.equal(await readFile(path('other'), 'utf8'), 'auth required pam_deny.so\n')
    for (const name of ['other', 'absent']) assert.equal(await isInstalled({ ...pam, path: path(name) }), false)
    await writeFile(path('alone'), `${pam.lines.join('\n')}\n`)
    assert.equal(await isInstalled({ ...pam, path: path('alone') }), false, 'what else stands there is nothing')
  })

  test('known hosts get what is missing, behind what is there', async () => {
    const [, known] = personLines('/home/alice', ['ssh-ed25519 AAAA ssh', 'ssh-ed25519 BBBB ssh-2'])
    assert.ok(known)
    const file = { ...known, path: path('known') }
    await writeFile(file.path, 'host ssh-ed25519 CCCC\n@cert-authority * ssh-ed25519 AAAA ssh')
    await install([file])
    assert.equal(
      await readFile(file.path, 'utf8'),
      'host ssh-ed25519 CCCC\n@cert-authority * ssh-ed25519 AAAA ssh\n@cert-authority * ssh-ed25519 BBBB ssh-2\n',
    )
    assert.deepEqual(await install([file]), [])
  })

  test('the list of revoked hosts is named before every host, once; one of another is left', async () => {
    const [config] = personLines('/home/alice', [])
    assert.ok(config)
    const file = { ...config, path: path('config') }
    const own = 'Host web1\n  User deploy\n'
    await writeFile(file.path, own)
    await install([file])
    await install([file])
    assert.equal(await readFile(file.path, 'utf8'), `RevokedHostKeys "/home/alice/.ssh/countersign.krl"\n${own}`)
    await writeFile(file.path, `${own}  revokedhostkeys=/home/alice/gone\n`)
    await assert.rejects(install([file]), { code: 'ERR_CLI_SSH_CONFIG' })
  })
})
