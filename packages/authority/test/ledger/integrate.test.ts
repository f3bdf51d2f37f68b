// What an authority did is in its ledger within a second, and nowhere else may its history come from.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { PROFILES } from '../../src/issuance/profiles.ts'
import { profilesSha256, recordProfiles } from '../../src/issuance/profiles-entry.ts'
import { readBundle } from '../../src/ledger/bundle.ts'
import { readCheckpoint } from '../../src/ledger/checkpoint.ts'
import { checkEd25519 } from '../../src/ledger/ed25519.ts'
import { parseVerifierKey } from '../../src/ledger/key.ts'
import { verifyLedger } from '../../src/ledger/verify-ledger.ts'
import { openStore } from '../../src/store/store.ts'
import { DOMAIN, temporaryDirectory } from '../support/core.ts'
import { askLocally, openHouse } from '../support/house.ts'
import { newKey } from '../support/keys.ts'

const keyOf = (directory: string) => parseVerifierKey(readFileSync(join(directory, 'ledger.vkey'), 'utf8').trimEnd())
const verify = (directory: string) => verifyLedger({ directory: join(directory, 'ledger'), key: keyOf(directory) })

function sizeOf(directory: string): number {
  const note = readFileSync(join(directory, 'ledger/checkpoint'))
  return readCheckpoint(note, keyOf(directory), checkEd25519).size
}

/** The entries, once there are so many: a second is what is promised, the rest is a machine that is busy. */
async function entriesOf(directory: string, count: number): Promise<readonly Record<string, unknown>[]> {
  for (const end = performance.now() + 20_000; sizeOf(directory) < count; await delay(20))
    if (performance.now() > end) throw new Error(`there are ${sizeOf(directory)} entries, not ${count}`)
  const bundle = readFileSync(join(directory, `ledger/tile/entries/000.p/${count}`))
  return readBundle(bundle).map((entry) => JSON.parse(new TextDecoder().decode(entry)))
}

const issue = async ({ authority }: Awaited<ReturnType<typeof openHouse>>, party: string) =>
  authority.issueLocal({ party, profile: 'client', publicKey: newKey().spki })

/** An authority that was closed, with six entries of its own start and one of alice. */
async function closedHouse(t: TestContext): Promise<string> {
  const house = await openHouse(t)
  await issue(house, 'alice')
  await house.authority.close()
  return house.directory
}

suite('the ledger of an authority', () => {
  test('has each certificate and each revocation, in their order, under a checkpoint that anyone can verify', async (t) => {
    const house = await openHouse(t)
    const [alice] = await issue(house, 'alice')
    await house.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
    const entries = await entriesOf(house.directory, 9)
    assert.deepEqual(
      entries.map(({ version, kind, party }) => [version, kind, party]),
      [
        [1, 'issued', 'authority/root'],
        [1, 'issuer', undefined],
        [1, 'issued', 'authority/issuing'],
        [1, 'issuer', undefined],
        [1, 'issuer', undefined],
        [1, 'profiles', undefined],
        [1, 'issued', 'authority'],
        [1, 'issued', 'alice'],
        [1, 'revoked', 'alice'],
      ],
    )
    for (const entry of entries.slice(7)) {
      assert.equal(BigInt(`0x${entry['serial']}`), alice.serialNumber)
      assert.equal(entry['sha256'], hash('sha256', alice.der))
    }
    assert.equal(entries[8]?.['reason'], 'keyCompromise')
    const verdict = await verify(house.directory)
    assert.ok(verdict.ok)
    assert.equal(verdict.checkpoint.origin, `${DOMAIN}/ledger`)
    assert.equal(statSync(join(house.directory, 'authority/ledger.key')).mode & 0o777, 0o600)
  })

  test('has each lock and unlock, and what was refused is not there', async (t) => {
    const house = await openHouse(t)
    await issue(house, 'alice')
    const lock = (act: string, body = {}) => askLocally(house.directory, 'POST', `/v1/parties/alice/${act}`, body)
    assert.equal((await lock('unlock')).status, 409)
    assert.equal((await lock('lock', { reason: 'lost on the train' })).status, 200)
    assert.equal((await lock('unlock')).status, 200)
    const entries = await entriesOf(house.directory, 10)
    assert.deepEqual(
      entries.slice(8).map(({ kind, party, reason }) => [kind, party, reason]),
      [
        ['locked', 'alice', 'lost on the train'],
        ['unlocked', 'alice', undefined],
      ],
    )
  })

  test('has each role that was given, and not one that was the same before or was refused', async (t) => {
    const house = await openHouse(t)
    const invite = (role: string) =>
      askLocally(house.directory, 'POST', '/v1/invitations', { party: 'ops/ann', profile: 'admin', role })
    const change = (body: object) => askLocally(house.directory, 'PATCH', '/v1/parties/ops%2Fann', body)
    assert.equal((await invite('viewer')).status, 201)
    assert.equal((await invite('viewer')).status, 201)
    assert.equal((await change({ role: 'king' })).status, 400)
    assert.equal((await change({ owner: 'bob' })).status, 200)
    assert.equal((await change({ role: 'viewer' })).status, 200)
    assert.equal((await change({ role: 'officer' })).status, 200)
    const entries = await entriesOf(house.directory, 9)
    assert.deepEqual(
      entries.slice(7).map(({ kind, party, role }) => [kind, party, role]),
      [
        ['role', 'ops/ann', 'viewer'],
        ['role', 'ops/ann', 'officer'],
      ],
    )
  })

  test('has the table of profiles, again where a version has another one', async (t) => {
    const directory = temporaryDirectory(t)
    const digests = async () => {
      const house = await openHouse(t, { directory })
      await issue(house, 'alice')
      await house.authority.close()
      const bundle = readFileSync(join(directory, `ledger/tile/entries/000.p/${sizeOf(directory)}`))
      const says = readBundle(bundle).map((entry) => JSON.parse(new TextDecoder().decode(entry)))
      return says.filter(({ kind }) => kind === 'profiles').map(({ sha256 }) => sha256)
    }
    const [first] = await digests()
    assert.equal(first, profilesSha256())
    assert.deepEqual(await digests(), [first])
    // As a version with other profiles would have left it.
    const store = await openStore(join(directory, 'store.db'), () => undefined)
    const parts = { clock: () => Temporal.Now.instant(), failpoint: () => undefined, sha256: '00'.repeat(32) }
    await recordProfiles(store, parts)
    await recordProfiles(store, parts)
    await store.close()
    assert.deepEqual(await digests(), [first, parts.sha256, first])
    assert.notEqual(profilesSha256({ ...PROFILES, client: { ...PROFILES.client, lasts: { hours: 1 } } }), first)
    assert.equal(profilesSha256({ ...PROFILES, client: { ...PROFILES.client, summary: 'x' } }), first)
  })

  test('has what was committed when the authority is closed, and goes on from there', async (t) => {
    const directory = await closedHouse(t)
    assert.equal(sizeOf(directory), 8)
    const again = await openHouse(t, { directory })
    await issue(again, 'bob')
    await again.authority.close()
    assert.equal(sizeOf(directory), 9)
    assert.ok((await verify(directory)).ok)
  })

  test('is written again from the store where its files were lost, to the octet', async (t) => {
    const directory = await closedHouse(t)
    const checkpoint = readFileSync(join(directory, 'ledger/checkpoint'), 'utf8')
    rmSync(join(directory, 'ledger'), { recursive: true })
    await (await openHouse(t, { directory })).authority.close()
    assert.equal(readFileSync(join(directory, 'ledger/checkpoint'), 'utf8'), checkpoint)
  })

  test('stops the start where the store is older than it, or has another history', async (t) => {
    const directory = await closedHouse(t)
    const older = temporaryDirectory(t)
    cpSync(join(directory, 'store.db'), join(older, 'store.db'))
    await (await openHouse(t, { directory })).authority.close()
    const longer = await openHouse(t, { directory })
    await issue(longer, 'bob')
    await longer.authority.close()
    assert.equal(sizeOf(directory), 9)
    cpSync(join(older, 'store.db'), join(directory, 'store.db'))
    await assert.rejects(openHouse(t, { directory }), {
      code: 'ERR_AUTHORITY_LEDGER',
      path: join(directory, 'ledger'),
      message: 'it has entries that the store has not',
    })
  })

  test('stops the start where its files were tampered with at their end, or its key is missing or another one', async (t) => {
    const directory = await closedHouse(t)
    const bundle = join(directory, 'ledger/tile/entries/000.p/8')
    const octets = readFileSync(bundle)
    writeFileSync(bundle, octets.toString('latin1').replace('alice', 'mally'), 'latin1')
    await assert.rejects(openHouse(t, { directory }), {
      code: 'ERR_AUTHORITY_LEDGER',
      message: /not those of its check/,
    })
    writeFileSync(bundle, octets)

    const key = join(directory, 'authority/ledger.key')
    const pem = readFileSync(key)
    const { directory: other } = await openHouse(t)
    cpSync(join(other, 'authority/ledger.key'), key)
    await assert.rejects(openHouse(t, { directory }), { code: 'ERR_AUTHORITY_FILE_MISMATCH', path: key })
    cpSync(join(other, 'authority/issuing.key'), key)
    await assert.rejects(openHouse(t, { directory }), { code: 'ERR_AUTHORITY_FILE_MALFORMED', path: key })
    rmSync(key)
    await assert.rejects(openHouse(t, { directory }), { code: 'ERR_AUTHORITY_FILE_MISSING', path: key })
    assert.equal(existsSync(key), false)
    writeFileSync(key, pem, { mode: 0o600 })
    await (await openHouse(t, { directory })).authority.close()
  })

  test('waits where its files cannot be written, says so, and nothing of it is lost', async (t) => {
    const directory = await closedHouse(t)
    const house = await openHouse(t, { directory })
    const entries = join(directory, 'ledger/tile/entries')
    cpSync(entries, join(directory, 'entries'), { recursive: true })
    rmSync(entries, { recursive: true })
    writeFileSync(entries, 'a file where a folder must be')
    await issue(house, 'bob')
    const told = () => house.events.some(([event]) => event === 'ledger.failed')
    for (const end = performance.now() + 20_000; !told(); await delay(20)) assert.ok(performance.now() < end)
    assert.equal(sizeOf(directory), 8)
    rmSync(entries)
    cpSync(join(directory, 'entries'), entries, { recursive: true })
    await house.authority.close()
    assert.equal(sizeOf(directory), 9)
    assert.ok((await verify(directory)).ok)
  })
})
