// Secrets of other programs in a backup: encrypted as keys are, for another program to open too, and restored to their owner.
import assert from 'node:assert/strict'
import { createDecipheriv, hash, pbkdf2Sync } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { readEncryptedPrivateKeyInfo, readPem } from '@countersign/x509'
import { type BackupOptions, makeBackup } from '../src/backup/backup.ts'
import { restoreBackup, restoreSecrets } from '../src/backup/restore.ts'
import { openSealedSecret, sealSecret } from '../src/backup/secret.ts'
import { START, temporaryDirectory } from './support/core.ts'
import { openHouse } from './support/house.ts'

const PASSPHRASE = 'correct horse battery staple'
const NAME = 'doors/bank/login.secret'
const TEXT = '{"version":1,"secret":"…"}\n'

/** A backup of a house that ended, with one secret. */
async function backedUp(t: TestContext, more: Partial<BackupOptions> = {}) {
  const { directory, authority } = await openHouse(t)
  const rootSha256 = authority.rootSha256.toHex()
  await authority.close()
  const target = join(temporaryDirectory(t), 'backup')
  const secret = { name: NAME, path: '/etc/bank.secret', read: async (): Promise<string | undefined> => TEXT }
  await makeBackup({
    directory,
    target,
    rootSha256,
    secrets: [secret],
    now: START,
    keys: { passphrase: PASSPHRASE },
    ...more,
  })
  return { directory, target, secret, rootSha256 }
}

suite('a secret under a passphrase', () => {
  test('is PBES2 over its SHA-256 and itself, which another program opens', () => {
    const [block] = readPem(sealSecret(TEXT, PASSPHRASE))
    assert.equal(block?.label, 'ENCRYPTED SECRET')
    const { encryptionAlgorithm, encryptedData } = readEncryptedPrivateKeyInfo(block?.der ?? new Uint8Array())
    assert.equal(encryptionAlgorithm.algorithm, '1.2.840.113549.1.5.13')
    // RFC 8018 A.4: PBKDF2 (salt, 600,000, HMAC-SHA-256), AES-256-CBC (iv).
    const parameters = Buffer.from(encryptionAlgorithm.parameters ?? [])
    assert.ok(parameters.includes(Buffer.from('02030927c0', 'hex')), 'the iterations that keys have')
    const salt = parameters.subarray(parameters.indexOf(Buffer.from('0410', 'hex')) + 2).subarray(0, 16)
    const iv = parameters.subarray(-16)
    const key = pbkdf2Sync(PASSPHRASE, salt, 600_000, 32, 'sha256')
    const decipher = createDecipheriv('aes-256-cbc', key, iv)
    const plain = Buffer.concat([decipher.update(encryptedData), decipher.final()])
    assert.equal(plain.subarray(32).toString('utf8'), TEXT)
    assert.deepEqual(plain.subarray(0, 32), hash('sha256', TEXT, 'buffer'))
  })

  test('is opened by that one alone, and not where an octet is another', () => {
    const pem = sealSecret(TEXT, PASSPHRASE)
    assert.equal(openSealedSecret(pem, 'p', PASSPHRASE), TEXT)
    for (const wrong of ['', 'correct horse', `${PASSPHRASE} `])
      assert.throws(() => openSealedSecret(pem, 'p', wrong), { code: 'ERR_AUTHORITY_KEY_PASSPHRASE' }, wrong)
    const other = (label: string) => pem.replaceAll('ENCRYPTED SECRET', label)
    for (const none of ['', 'text', pem + pem, other('ENCRYPTED PRIVATE KEY'), pem.slice(0, 100)])
      assert.throws(() => openSealedSecret(none, 'p', PASSPHRASE), { code: 'ERR_AUTHORITY_BACKUP' })
    const { der } = readPem(pem)[0] ?? assert.fail()
    const changed = Uint8Array.from(der)
    changed[der.length - 40] = (der[der.length - 40] ?? 0) ^ 1
    const written = `-----BEGIN ENCRYPTED SECRET-----\n${changed.toBase64()}\n-----END ENCRYPTED SECRET-----\n`
    assert.throws(() => openSealedSecret(written, 'p', PASSPHRASE), { code: 'ERR_AUTHORITY_KEY_PASSPHRASE' })
  })
})

suite('secrets in a backup', () => {
  test('are named where there are no keys, and missed at the restore', async (t) => {
    const { target } = await backedUp(t, { keys: undefined } as object)
    assert.equal(existsSync(join(target, 'doors')), false)
    assert.deepEqual(JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8')).secrets, [NAME])
    const directory = join(temporaryDirectory(t), 'data')
    const { missingSecrets } = await restoreBackup(target, directory)
    assert.deepEqual(missingSecrets, [join(directory, NAME)])
    await assert.rejects(restoreSecrets(target, directory, { passphrase: PASSPHRASE }), {
      code: 'ERR_AUTHORITY_BACKUP',
    })
  })

  test('that are gone, or would leave in clear, let no backup be made', async (t) => {
    const { directory, target, secret, rootSha256 } = await backedUp(t)
    const options = { directory, target: `${target}-2`, rootSha256, now: START, keys: {} }
    for (const [secrets, code] of [
      [[secret], 'ERR_AUTHORITY_KEY_PASSPHRASE'],
      [[{ ...secret, read: async () => undefined }], 'ERR_AUTHORITY_FILE_MISSING'],
    ] as const) {
      const keys = code === 'ERR_AUTHORITY_FILE_MISSING' ? { passphrase: PASSPHRASE } : {}
      await assert.rejects(makeBackup({ ...options, keys, secrets }), { code })
      for (const path of [`${target}-2`, `${target}-2.new`]) assert.equal(existsSync(path), false)
    }
  })

  test('lead nowhere beside the directory that they are restored to', async (t) => {
    const { target } = await backedUp(t)
    const manifest = JSON.parse(readFileSync(join(target, 'backup.json'), 'utf8'))
    for (const secrets of [['../outside'], ['/etc/passwd'], ['doors/../../outside'], [1], 'doors', [['a']]]) {
      writeFileSync(join(target, 'backup.json'), JSON.stringify({ ...manifest, secrets }))
      const directory = join(temporaryDirectory(t), 'data')
      await assert.rejects(restoreBackup(target, directory, { passphrase: PASSPHRASE }), {
        code: 'ERR_AUTHORITY_BACKUP',
      })
      assert.equal(existsSync(directory), false)
    }
    // A backup of before there were any.
    const { secrets: _, ...before } = manifest
    writeFileSync(join(target, 'backup.json'), JSON.stringify(before))
    const directory = join(temporaryDirectory(t), 'data')
    assert.deepEqual((await restoreBackup(target, directory)).missingSecrets, [])
  })

  test('are the owner’s of the directory that they are restored into, whoever restores', async (t) => {
    const { target } = await backedUp(t)
    const directory = join(temporaryDirectory(t), 'data')
    mkdirSync(directory, { mode: 0o700 })
    const { uid: own } = statSync(directory)
    // Only root gives files away; whoever else restores is the owner.
    const owner = own === 0 ? 65_534 : own
    chownSync(directory, owner, -1)
    const checkOwner = () => {
      for (const path of ['', 'authority', 'authority/root.key', 'doors', 'doors/bank', NAME]) {
        const { uid, mode } = statSync(join(directory, path))
        assert.deepEqual([uid, mode & 0o077], [owner, 0], path)
      }
    }
    await restoreBackup(target, directory, { passphrase: PASSPHRASE })
    checkOwner()
    rmSync(join(directory, 'doors'), { recursive: true })
    await restoreSecrets(target, directory, { passphrase: PASSPHRASE })
    checkOwner()
    assert.equal(readFileSync(join(directory, NAME), 'utf8'), TEXT)
  })
})
