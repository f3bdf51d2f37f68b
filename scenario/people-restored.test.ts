// A bank that was lost, from its backup: who had an account before signs in at the restored house, by the secret of the door that
// left encrypted beside the keys. Without it, with another passphrase, or changed, nothing comes back and it is said why.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import {
  bankOf,
  codeOfRefusal,
  invitationOf,
  type NetworkCustomer,
  openLine,
  provePasswordOver,
  setUpOver,
  signInOver,
} from './support/customer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { BANK_DOOR } from './support/people.ts'

const SEALED = 'doors/bank/login.secret.pem'

suite('a bank from its backup', () => {
  let first: RunningHouse
  let carol: NetworkCustomer
  let secretBefore: string
  let ofDave: string
  const at = (...names: readonly string[]) => join(first.directory, ...names)
  const run = (...words: readonly string[]) => first.run(words)
  const config = (more: object = {}) => ({ authority: { listen: '127.0.0.1:0', ...more }, doors: [BANK_DOOR] })
  const secretIn = (data: string) => join(data, 'doors', 'bank', 'login.secret')
  /** A house from restored data, at which carol goes on with the device that she had. */
  const startAgain = async (data: string) => {
    await rm(first.data, { recursive: true, force: true })
    await rename(at(data), first.data)
    const house = await startHouse({ directory: first.directory, config: config({ passphrase: 'passphrase' }) })
    carol.line.at(await bankOf(house))
    return house
  }

  before(async () => {
    first = await startHouse({ config: config() })
    await writeFile(at('passphrase'), 'correct horse\n', { mode: 0o600 })
    await writeFile(at('wrong'), 'correct hoarse\n', { mode: 0o600 })
    carol = await setUpOver(await openLine(await bankOf(first)), {
      account: 'carol',
      invitation: await invitationOf(first, 'carol'),
      later: true,
    })
    ofDave = await invitationOf(first, 'dave')
    secretBefore = await readFile(secretIn(first.data), 'utf8')
  })
  after(async () => {
    carol?.line.close()
    await first?.[Symbol.asyncDispose]()
  })

  test('is made with the secret encrypted, or says that nobody signs in from it', async () => {
    const clear = await run('backup', at('clear'), '--keys')
    assert.equal(clear.code, 1)
    assert.match(clear.stderr, /leaves only so/)
    assert.equal(existsSync(at('clear')), false)
    const without = await run('backup', at('without'))
    assert.equal(without.code, 0, without.stderr)
    assert.match(without.stdout, /nobody signs in from it at the door of doors\/bank\/login\.secret/)
    assert.equal(existsSync(at('without', 'doors')), false)
    const made = await run('backup', at('backup'), '--keys', '--passphrase', at('passphrase'))
    assert.equal(made.code, 0, made.stderr)
    assert.doesNotMatch(made.stdout, /nobody signs in/)
    const sealed = await readFile(at('backup', SEALED), 'utf8')
    assert.match(sealed, /^-----BEGIN ENCRYPTED SECRET-----\n/)
    assert.equal((await stat(at('backup', SEALED))).mode & 0o777, 0o600)
    const { secret } = JSON.parse(secretBefore)
    const octets = Buffer.from(sealed.replaceAll(/-----.*-----|\n/g, ''), 'base64').toString('latin1')
    for (const one of [secret, Buffer.from(secret, 'base64url').toString('latin1')]) assert.ok(!octets.includes(one))
  })

  test('that is opened by no passphrase, by another, or is not as it was written, restores nothing', async () => {
    await first.stop('SIGKILL')
    const right = ['--passphrase', at('passphrase')]
    const copy = async (change: (path: string) => Promise<void>) => {
      await rm(at('copy'), { recursive: true, force: true })
      await cp(at('backup'), at('copy'), { recursive: true })
      await change(at('copy', SEALED))
      return at('copy')
    }
    const flipped = async (path: string) => {
      const lines = (await readFile(path, 'utf8')).split('\n')
      const [line = ''] = lines.splice(-4, 1)
      lines.splice(-3, 0, `${line[0] === 'A' ? 'B' : 'A'}${line.slice(1)}`)
      await writeFile(path, lines.join('\n'))
    }
    const cut = async (path: string) => writeFile(path, (await readFile(path, 'utf8')).slice(0, 200))
    /** By who can write the manifest as well. */
    const rewritten = (change: (path: string) => Promise<void>) => async (path: string) => {
      await change(path)
      const manifest = JSON.parse(await readFile(at('copy', 'backup.json'), 'utf8'))
      manifest.files[SEALED] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      await writeFile(at('copy', 'backup.json'), JSON.stringify(manifest))
    }
    const rows: readonly (readonly [string, readonly string[], RegExp, ((path: string) => Promise<void>)?])[] = [
      ['no passphrase', [], /login\.secret\.pem.*this secret is encrypted.*--passphrase FILE/s],
      ['another', ['--passphrase', at('wrong')], /the passphrase does not open this secret/],
      ['one that is no file', ['--passphrase', at('nowhere')], /nowhere/],
      ['changed', right, /not as it was when the backup was made/, flipped],
      ['cut', right, /not as it was when the backup was made/, cut],
      ['gone', right, /cannot be read/, rm],
      ['changed, with its manifest', right, /does not open this secret, or it was changed/, rewritten(flipped)],
      ['cut, with its manifest', right, /no secret of a backup/, rewritten(cut)],
    ]
    for (const [what, words, why, change] of rows) {
      const source = change === undefined ? at('backup') : await copy(change)
      const refused = await run('restore', source, '--data', at('data'), ...words)
      assert.equal(refused.code, 3, `${what}: ${refused.stdout}${refused.stderr}`)
      assert.match(refused.stderr, why, what)
      for (const name of ['data', 'data.new']) assert.equal(existsSync(at(name)), false, what)
    }
  })

  test('comes back with the secret, and who had an account signs in at the device that they had', async () => {
    const restored = await run(
      'restore',
      at('backup'),
      '--data',
      at('data'),
      '--passphrase',
      at('passphrase'),
      '--json',
    )
    assert.equal(restored.code, 0, restored.stderr)
    const { missingKeys, missingSecrets } = JSON.parse(restored.stdout)
    assert.deepEqual([missingKeys, missingSecrets], [[], []])
    assert.equal(await readFile(secretIn(at('data')), 'utf8'), secretBefore)
    assert.equal((await stat(secretIn(at('data')))).mode & 0o777, 0o600)
    assert.equal((await stat(at('data', 'doors', 'bank'))).mode & 0o777, 0o700)
    assert.equal(existsSync(at('data', SEALED)), false)
    await using house = await startAgain('data')
    // Somebody may have used it since the backup was made.
    const dave = await openLine(await bankOf(house))
    const refused = await codeOfRefusal(setUpOver(dave, { account: 'dave', invitation: ofDave }))
    dave.close()
    assert.equal(refused, 'ERR_PERSON_INVITATION')
    // While it runs, nobody else reads its store, and the house itself is asked.
    await rename(secretIn(house.data), at('aside'))
    const missed = await house.run(['doctor', '--config', 'countersign.yaml'])
    assert.equal(missed.code, 3)
    assert.match(missed.stdout, /login\.secret is not there, and bank has accounts.*ERR_LOGIN_SECRET/)
    const gone = await house.run(['backup', at('gone'), '--keys'])
    assert.equal(gone.code, 1)
    assert.match(gone.stderr, /this secret is not there, and the backup would lack it/)
    await rename(at('aside'), secretIn(house.data))
    // Where keys are encrypted, secrets leave under the same passphrase.
    assert.equal((await house.run(['backup', at('second'), '--keys'])).code, 0)
    await signInOver(carol)
    assert.equal((await carol.line.load('/')).status, 200)
    const { signIn, finish, isRight } = await provePasswordOver(carol.line, { ...carol, password: 'a red horse' })
    assert.equal(isRight, false)
    assert.equal(await codeOfRefusal(carol.line.ask('finish', { signIn, finish })), 'ERR_PERSON_CREDENTIALS')
    assert.match((await house.run(['account', 'list'])).stdout, /carol/)
  })

  test('whose secret is lost alone does not start; doctor says so, and restore --secrets puts it back, over no other', async () => {
    const secret = secretIn(first.data)
    const doctor = async () => {
      const { code, stdout, stderr } = await run('doctor', '--config', 'countersign.yaml', '--json')
      assert.equal(stderr, '')
      const { trouble, mend } = JSON.parse(stdout)
      return { code, trouble, mend }
    }
    const back = (backup: string, passphrase = 'passphrase') =>
      run('restore', at(backup), '--secrets', '--passphrase', at(passphrase))
    assert.equal((await doctor()).code, 0)
    await rename(secret, at('kept'))
    const started = await run('up', '--json', '--config', 'countersign.yaml')
    assert.equal(started.code, 3)
    assert.match(started.stderr, /login\.secret is not there.*ERR_LOGIN_SECRET/s)
    const { code, trouble, mend } = await doctor()
    assert.deepEqual([code, trouble.area, trouble.code], [3, 'people', 'ERR_LOGIN_SECRET'])
    assert.match(trouble.text, /bank has accounts: nobody can sign in/)
    assert.match(mend.command, /^countersign restore BACKUP --secrets --passphrase FILE --data .*countersign-data$/)

    for (const [backup, passphrase, why] of [
      ['backup', 'wrong', /does not open this secret/],
      ['without', 'passphrase', /holds no secrets of doors/],
    ] as const) {
      const refused = await back(backup, passphrase)
      assert.equal(refused.code, 3)
      assert.match(refused.stderr, why)
      assert.equal(existsSync(secret), false)
    }
    const put = await back('second')
    assert.equal(put.code, 0, put.stderr)
    assert.match(put.stdout, /login\.secret is back \(mode 600\)/)
    assert.equal(await readFile(secret, 'utf8'), secretBefore)
    assert.equal((await stat(secret)).mode & 0o777, 0o600)
    assert.match((await back('backup')).stdout, /is there already, the same/)

    await writeFile(secret, 'of another', { mode: 0o600 })
    assert.match((await doctor()).trouble.text, /is not as it was written/)
    const over = await back('backup')
    assert.equal(over.code, 3)
    assert.match(over.stderr, /another secret is there, and nothing is written over it/)
    assert.equal(await readFile(secret, 'utf8'), 'of another')
    await rename(at('kept'), secret)
    await chmod(secret, 0o644)
    assert.equal((await doctor()).trouble.code, 'ERR_IDENTITY_MODE')
    await chmod(secret, 0o600)
    assert.equal((await doctor()).code, 0)

    // Of another house.
    await using other = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    const elsewhere = await other.run(['restore', at('backup'), '--secrets', '--passphrase', at('passphrase')])
    assert.equal(elsewhere.code, 3)
    assert.match(elsewhere.stderr, /of another authority/)
    assert.equal(existsSync(join(other.data, 'doors')), false)
  })

  test('without keys, comes back and says that nobody signs in; the copy of the secret makes up for it', async () => {
    const restored = await run('restore', at('without'), '--data', at('data'))
    assert.equal(restored.code, 0, restored.stderr)
    assert.match(restored.stdout, /nobody signs in at the door of .*login\.secret without that secret/)
    await cp(at('backup', 'authority'), at('data', 'authority'), { recursive: true })
    await rm(first.data, { recursive: true })
    await cp(at('data'), first.data, { recursive: true })
    const refused = await run('up', '--json', '--config', 'countersign.yaml')
    assert.equal(refused.code, 3)
    assert.match(refused.stderr, /ERR_LOGIN_SECRET/)
    await mkdir(at('data', 'doors', 'bank'), { recursive: true, mode: 0o700 })
    await chmod(at('data', 'doors'), 0o700)
    await writeFile(secretIn(at('data')), secretBefore, { mode: 0o600 })
    await using _ = await startAgain('data')
    await signInOver(carol)
  })
})
