import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { readCertificateList } from '@countersign/x509'
import { restoreBackup } from '../src/backup/restore.ts'
import { readCheckpoint } from '../src/ledger/checkpoint.ts'
import { checkEd25519 } from '../src/ledger/ed25519.ts'
import { parseVerifierKey } from '../src/ledger/key.ts'
import { verifyLedger } from '../src/ledger/verify-ledger.ts'
import { temporaryDirectory } from './support/core.ts'
import { follow } from './support/follow.ts'
import { GUESTS, type GuestTables } from './support/guests.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from './support/house.ts'

const PASSPHRASE = 'correct horse battery staple'

/** A house with alice, and bob revoked, and where its backup goes. */
async function house(t: TestContext) {
  const made = await openHouse(t)
  await enrollParty(t, made, 'alice')
  await enrollParty(t, made, 'bob')
  await made.authority.revoke({ subject: 'bob', reason: 'keyCompromise' })
  return { made, target: join(temporaryDirectory(t), 'backup') }
}

const back = ({ directory }: House, target: string, more: object = {}) =>
  askLocally(directory, 'POST', '/v1/backups', { target, ...more })
const numberOf = async ({ directory }: House) => {
  const { octets } = await askLocally(directory, 'GET', '/crl/issuing.crl')
  return readCertificateList(octets).cRLNumber ?? 0n
}

suite('a backup', () => {
  test('has the tables of other programs, which come back as they were, by a start with or without them', async (t) => {
    const made = await openHouse(t, { people: ['bank'] })
    const invite = { party: 'carol', door: 'bank' }
    assert.equal((await askLocally(made.directory, 'POST', '/v1/accounts/invitations', invite)).status, 201)
    const listed = async (directory: string) => (await askLocally(directory, 'GET', '/v1/accounts')).body
    const before = await listed(made.directory)
    assert.equal(before.accounts.length, 1)
    const target = join(temporaryDirectory(t), 'backup')
    assert.equal((await back(made, target, { keys: true, passphrase: PASSPHRASE })).status, 201)
    await made.authority.close()
    const directory = join(temporaryDirectory(t), 'data')
    await restoreBackup(target, directory)
    // What was under way in a part ends, where it says so; of one that the store has not, nothing is asked.
    const ended = join(temporaryDirectory(t), 'ended')
    const restored = (version: number) => `UPDATE guest_act SET act = 'ended of version ${version}'`
    await restoreBackup(target, ended, {
      parts: [
        { ...GUESTS, restored },
        { ...GUESTS, name: 'other', restored },
      ],
    })
    const acts = new DatabaseSync(join(ended, 'store.db')).prepare('SELECT act FROM guest_act').all()
    assert.deepEqual(
      acts.map(({ act }) => act),
      ['ended of version 2'],
    )
    const passphrase = join(temporaryDirectory(t), 'passphrase')
    writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 })
    const without = await openHouse(t, { directory, custody: { passphrase } })
    assert.deepEqual(await listed(directory), { accounts: [] })
    await without.authority.close()
    const again = await openHouse(t, { directory, custody: { passphrase }, people: ['bank'] })
    assert.deepEqual(await listed(directory), before)
    const { db } = again.authority.part<GuestTables>('guest')
    // No number of theirs is put ahead: what refers to it is in the same tables.
    assert.deepEqual(
      (await db.selectFrom('guest_act').select('id').execute()).map(({ id }) => id),
      [1],
    )
    assert.equal((await askLocally(directory, 'POST', '/v1/accounts/invitations', invite)).status, 201)
    assert.equal((await db.selectFrom('guest_act').select('id').orderBy('id', 'desc').executeTakeFirst())?.id, 2)
  })

  test('comes back as it was, and goes on with numbers that nobody has seen', async (t) => {
    const { made, target } = await house(t)
    const gate = await enrollParty(t, made, 'door/gate-1', { profile: 'service' })
    const { body: before } = await askLocally(made.directory, 'GET', '/v1/certificates')
    // Under a load, so that it is taken between transactions.
    const key = parseVerifierKey(readFileSync(join(made.directory, 'ledger.vkey'), 'utf8').trim())
    const until = async (path: string) => {
      for (let i = 0; i < 200 && !existsSync(path); i++) await new Promise((resolve) => setTimeout(resolve, 25))
      return new Uint8Array(readFileSync(path))
    }
    const kept = readCheckpoint(await until(join(made.directory, 'ledger', 'checkpoint')), key, checkEd25519)
    const load = Promise.all(Array.from({ length: 20 }, (_, i) => made.authority.invite({ party: `p${i}` })))
    assert.equal((await back(made, target, { keys: true, passphrase: PASSPHRASE })).status, 201)
    await load
    // What happens after it is not in it; the door has heard of it.
    const lost = await made.authority.revoke({ subject: 'alice', reason: 'superseded' })
    const number = await numberOf(made)
    const heard = (await follow(t, made, gate)).heard.at(0)?.snapshot?.sequence ?? assert.fail()
    await made.authority.close()

    const directory = join(temporaryDirectory(t), 'data')
    const restored = await restoreBackup(target, directory)
    assert.deepEqual([restored.hasKeys, restored.missingKeys], [true, []])
    assert.equal(restored.rootSha256, Buffer.from(made.authority.rootSha256).toString('hex'))
    const passphrase = join(temporaryDirectory(t), 'passphrase')
    writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 })
    const again = await openHouse(t, { directory, custody: { passphrase } })
    assert.deepEqual(
      (await askLocally(directory, 'GET', '/v1/certificates')).body.certificates.slice(0, 5),
      before.certificates.slice(0, 5),
    )
    assert.ok((await numberOf(again)) > number + 1_000_000n)
    const crl = readCertificateList((await askLocally(directory, 'GET', '/crl/issuing.crl')).octets)
    assert.equal(crl.revokedCertificates.length, 1)
    // Who has heard more than the backup knows goes on from there: what comes now has a number behind.
    const door = await follow(t, again, gate, heard)
    const { previous, event } = door.heard[0] ?? assert.fail()
    assert.deepEqual([previous, event?.change.kind], [heard, 'crl'])
    assert.ok(BigInt(event?.sequence ?? 0) > BigInt(heard))
    // The ledger begins with what was signed before the backup, under the same key.
    await until(join(directory, 'ledger', 'checkpoint'))
    const verdict = await verifyLedger({ directory: join(directory, 'ledger'), key, kept })
    assert.ok(verdict.ok, JSON.stringify(verdict))
    const revoked = await again.authority.revoke({ subject: 'alice', reason: 'superseded' })
    assert.ok(revoked.ok && revoked.receipt.sequence > BigInt(heard))
    // A receipt from after the backup names an entry that is no other's now.
    assert.ok(lost.ok && Math.min(...revoked.entries) > Math.max(...lost.entries))
  })

  test('has no keys unless they are asked for, and none in clear', async (t) => {
    const { made, target } = await house(t)
    assert.equal((await back(made, target)).status, 201)
    const files = readdirSync(target, { recursive: true }).map(String).sort()
    assert.deepEqual(
      files.filter((name) => name.endsWith('.key')),
      [],
    )
    assert.deepEqual((await restoreBackup(target, join(temporaryDirectory(t), 'data'))).missingKeys.length, 2)
    const refused = await back(made, `${target}-2`, { keys: true })
    assert.deepEqual([refused.status, refused.body.code], [409, 'ERR_ADMIN_BACKUP'])
    assert.match(refused.body.detail, /leaves only so/)
    assert.equal(existsSync(`${target}-2`), false)
    assert.equal((await back(made, `${target}-3`, { keys: true, passphrase: PASSPHRASE })).status, 201)
    const key = join(`${target}-3`, 'authority', 'issuing.key')
    assert.match(readFileSync(key, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
    assert.equal(statSync(key).mode & 0o777, 0o600)
    assert.equal(statSync(join(`${target}-3`, 'store.db')).mode & 0o777, 0o600)
    assert.equal(statSync(`${target}-3`).mode & 0o777, 0o700)
  })

  test('is written over nothing, and only where the machine itself asks', async (t) => {
    const { made, target } = await house(t)
    writeFileSync(target, 'mine')
    assert.equal((await back(made, target)).status, 409)
    assert.equal(readFileSync(target, 'utf8'), 'mine')
    assert.equal((await back(made, 'relative')).body.code, 'ERR_ADMIN_REQUEST')
    assert.equal((await back(made, '/proc/nowhere/backup')).status, 409)
    const admin = await enrollParty(t, made, 'root/ops', { profile: 'admin' })
    const elsewhere = await (await meet(t, placeOf(made.authority), admin)).ask('POST', '/v1/backups', {
      target: `${target}-2`,
    })
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
  })

  const damages: readonly (readonly [string, (target: string) => void])[] = [
    ['one octet of the store is another', (target) => change(join(target, 'store.db'))],
    ['the root is another', (target) => change(join(target, 'authority', 'root.pem'))],
    ['a file is missing', (target) => rmSync(join(target, 'authority', 'issuing.pem'))],
    ['it has no manifest', (target) => rmSync(join(target, 'backup.json'))],
    ['its manifest is none', (target) => writeFileSync(join(target, 'backup.json'), '{}')],
    [
      'its manifest leads elsewhere',
      (target) => writeManifest(target, (files) => ({ ...files, '../../outside': '0'.repeat(64) })),
    ],
    ['it is of a later version', (target) => writeManifest(target, (files) => files, 2)],
  ]
  test('that is not as it was written restores nothing', async (t) => {
    const { made, target } = await house(t)
    assert.equal((await back(made, target)).status, 201)
    for (const [what, damage] of damages) {
      const copy = join(temporaryDirectory(t), 'copy')
      cpSync(target, copy, { recursive: true })
      damage(copy)
      const directory = join(temporaryDirectory(t), 'data')
      await assert.rejects(restoreBackup(copy, directory), { code: 'ERR_AUTHORITY_BACKUP' }, what)
      assert.equal(existsSync(directory), false, what)
    }
  })

  test('writes nothing beside the directory that it is restored to, where a file in it is a link', async (t) => {
    const { made, target } = await house(t)
    assert.equal((await back(made, target)).status, 201)
    const elsewhere = join(temporaryDirectory(t), 'elsewhere.db')
    renameSync(join(target, 'store.db'), elsewhere)
    symlinkSync(elsewhere, join(target, 'store.db'))
    const before = readFileSync(elsewhere)
    const directory = join(temporaryDirectory(t), 'data')
    await restoreBackup(target, directory)
    assert.deepEqual(readFileSync(elsewhere), before)
    assert.ok(lstatSync(join(directory, 'store.db')).isFile())
  })

  test('is restored over nothing', async (t) => {
    const { made, target } = await house(t)
    assert.equal((await back(made, target)).status, 201)
    await assert.rejects(restoreBackup(target, made.directory), { code: 'ERR_AUTHORITY_BACKUP' })
    assert.ok(existsSync(join(made.directory, 'store.db')))
  })
})

function change(path: string): void {
  const octets = readFileSync(path)
  octets[octets.length >> 1] = (octets[octets.length >> 1] ?? 0) ^ 1
  writeFileSync(path, octets)
}

function writeManifest(target: string, files: (before: object) => object, version = 1): void {
  const path = join(target, 'backup.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify({ ...manifest, version, files: files(manifest.files) }))
}
