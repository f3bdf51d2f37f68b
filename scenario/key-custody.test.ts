// Keys under a passphrase and on a token, as an operator configures them: a house that is told neither does not start.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { softToken, withToken } from '../tools/testing/soft-token.ts'
import { startHouse } from './support/house.ts'
import { BIN, runCommand } from './support/run-command.ts'

const AUTHORITY = { listen: '127.0.0.1:0' }

test('a house whose issuing key is on a token and whose root is under a passphrase', withToken, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-custody-'))
  t.after(() => rm(directory, { recursive: true }))
  writeFileSync(join(directory, 'secret'), 'correct horse\n', { mode: 0o600 })
  const token = softToken(t)
  token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'issuing', '--id', '01')
  const config = { authority: { ...AUTHORITY, passphrase: 'secret', issuingKey: token.uri('object=issuing') } }
  {
    await using house = await startHouse({ directory, config })
    const { stdout: invitation } = await house.run(['invite', 'alice'])
    assert.equal((await house.run(['enroll', invitation.trim()])).code, 0)
    const shut = await house.run(['authority', 'root', '--export', 'root.key', '--remove'])
    assert.equal(shut.code, 3)
    assert.match(
      shut.stderr,
      /this private key is encrypted .*\[ERR_AUTHORITY_KEY_PASSPHRASE\]\n {2}.*--passphrase FILE/,
    )
    const exported = await house.run([
      'authority',
      'root',
      '--export',
      'root.key',
      '--remove',
      '--passphrase',
      'secret',
    ])
    assert.equal(exported.code, 0, exported.stderr)
    assert.match(await readFile(join(directory, 'root.key'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    const folder = join(house.data, 'authority')
    assert.deepEqual((await readdir(folder)).sort(), [
      'issuing.pem',
      'ledger.key',
      'listener.pem',
      'root.pem',
      'ssh.key',
    ])
    assert.match(await readFile(join(folder, 'ledger.key'), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  }
  token.takeAway()
  const gone = await runCommand(['up', '--config', 'countersign.yaml'], { cwd: directory })
  assert.equal(gone.code, 3)
  assert.match(
    gone.stderr,
    /pkcs11:token=acme;object=issuing.*there is no such token \[ERR_AUTHORITY_KEY_TOKEN\]\n {2}attach/,
  )
  assert.ok(!gone.stderr.includes('pin-source'))
})

test('the passphrase comes by a descriptor; a house that is told none, or another, does not start', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-custody-'))
  t.after(() => rm(directory, { recursive: true }))
  writeFileSync(join(directory, 'secret'), 'correct horse\n', { mode: 0o600 })
  writeFileSync(join(directory, 'other'), 'wrong horse\n', { mode: 0o600 })
  const configured = (authority: object) =>
    writeFileSync(join(directory, 'countersign.yaml'), JSON.stringify({ authority: { ...AUTHORITY, ...authority } }))
  const up = (secret: string): ChildProcess => {
    const descriptor = openSync(join(directory, secret), 'r')
    const args = [BIN, 'up', '--json', '--config', 'countersign.yaml']
    const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe', descriptor] })
    t.after(() => child.kill('SIGKILL'))
    closeSync(descriptor)
    return child
  }
  const firstLine = async ({ stdout }: ChildProcess): Promise<string> => {
    for await (const line of createInterface({ input: stdout! })) if (line.includes('"ready"')) return 'ready'
    return 'over'
  }
  configured({ passphrase: 'fd:3' })
  for (const _ of ['first start', 'second start']) {
    const child = up('secret')
    assert.equal(await firstLine(child), 'ready')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
  }
  assert.equal(await firstLine(up('other')), 'over')

  const refused = async (authority: object, message: RegExp) => {
    configured(authority)
    const { code, stderr } = await runCommand(['up', '--config', 'countersign.yaml'], { cwd: directory })
    assert.equal(code, 3)
    assert.match(stderr, message)
    assert.ok(!stderr.includes('horse'))
  }
  await refused({}, /issuing\.key.*this private key is encrypted.*\[ERR_AUTHORITY_KEY_PASSPHRASE\]/)
  await refused({ passphrase: 'other' }, /does not open this private key.*\[ERR_AUTHORITY_KEY_PASSPHRASE\]/)
  await refused({ passphrase: 'fd:3' }, /fd:3.*\[ERR_AUTHORITY_KEY_SECRET\]/)
  await refused({ passphrase: 'absent' }, /absent.*this file is missing.*\[ERR_AUTHORITY_KEY_SECRET\]/)
  await refused({ issuingKey: 'pkcs11:object=a?pin-value=1234' }, /RFC 7512 §6\).*\[ERR_AUTHORITY_KEY_URI\]/)
  await refused({ issuingKey: '/etc/key' }, /authority\.issuingKey must be a PKCS #11 URI.*\[ERR_CLI_CONFIG\]/)
})
