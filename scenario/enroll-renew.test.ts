// Renewal with the real authority: a new key each time, and never without a working identity.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type DirectoryIdentity, enroll, keepRenewed, openIdentity, refreshStatus, renew } from '@countersign/mtls'
import { startAuthority, type TestAuthority } from './support/authority.ts'

async function enrolled(house: TestAuthority, party = 'alice'): Promise<string> {
  const directory = join(house.directory, party)
  await enroll(await house.invite(party), { directory, clock: house.clock })
  return directory
}

async function opened<Value>(directory: string, look: (identity: DirectoryIdentity) => Value): Promise<Value> {
  const identity = await openIdentity(directory)
  identity.close()
  return look(identity)
}

const serialOf = (identity: DirectoryIdentity) => identity.current().certificates[0].serialNumber
const files = async (directory: string) =>
  Promise.all(['identity.key', 'identity.pem'].map((name) => readFile(join(directory, name), 'utf8')))
const leftovers = async (directory: string) =>
  (await readdir(directory)).filter((name) => /next|tmp|lock|csr/.test(name))

suite('renew', () => {
  test('gives a new certificate for a new key, and the identity that is open follows', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const identity = await openIdentity(directory, { clock: house.clock })
    try {
      const before = identity.current()
      const changed = new Promise<void>((resolve) => {
        identity.onChange(resolve)
      })
      house.turn({ days: 20 })
      await house.restart()
      const { notAfter, party } = await renew(directory, { clock: house.clock })
      await changed
      const after = identity.current()
      assert.equal(party, 'alice')
      assert.deepEqual(after.certificates[0].validity.notAfter, notAfter)
      assert.notEqual(after.certificates[0].serialNumber, before.certificates[0].serialNumber)
      assert.equal(after.privateKey.equals(before.privateKey), false)
      assert.deepEqual(await leftovers(directory), [])
    } finally {
      identity.close()
    }
  })

  test('of a server too, whose certificate may not ask at doors', async () => {
    await using house = await startAuthority()
    const directory = join(house.directory, 'db')
    await enroll(await house.invite('db', { profile: 'server', san: ['dns:db.localhost'] }), {
      directory,
      clock: house.clock,
    })
    const before = await opened(directory, serialOf)
    await renew(directory, { clock: house.clock })
    assert.notEqual(await opened(directory, serialOf), before)
  })

  test('also after the lists have run out, while this machine slept', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    house.turn({ days: 25 })
    await house.restart()
    await renew(directory, { clock: house.clock })
    const trust = await opened(directory, (identity) => identity.trust)
    const now = house.clock()
    assert.ok(trust.crls.every(({ crl }) => crl.nextUpdate && Temporal.Instant.compare(crl.nextUpdate, now) > 0))
  })

  test('is refused to the revoked and to the expired, and their files stay', async () => {
    await using house = await startAuthority()
    const [revoked, expired] = [await enrolled(house), await enrolled(house, 'bob')]
    const before = [await files(revoked), await files(expired)]
    assert.ok((await house.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })).ok)
    await assert.rejects(renew(revoked, { clock: house.clock }), {
      name: 'EnrollmentError',
      code: 'ERR_CALLER_REVOKED',
    })
    house.turn({ days: 31 })
    await house.restart()
    await assert.rejects(renew(expired, { clock: house.clock }), {
      name: 'EnrollmentError',
      code: 'ERR_CALLER_EXPIRED',
    })
    assert.deepEqual([await files(revoked), await files(expired)], before)
  })

  test('fails without the authority, and goes on with the same key when the answer was lost', async () => {
    let lose = false
    await using house = await startAuthority({
      failpoint: (name) => {
        if (name === 'renew.before-reply' && lose) throw new Error('the answer is lost')
      },
    })
    const directory = await enrolled(house)
    const before = await files(directory)
    await house.stop()
    const unreachable = { name: 'MeetingRefusedError', code: 'ERR_CALLEE_UNREACHABLE' }
    await assert.rejects(renew(directory, { clock: house.clock }), unreachable)
    await house.restart()
    lose = true
    await assert.rejects(renew(directory, { clock: house.clock }), { code: 'ERR_AUTHORITY_FAULT' })
    assert.deepEqual(await files(directory), before)
    const next = await readFile(join(directory, 'identity.key.next'), 'utf8')
    lose = false
    await renew(directory, { clock: house.clock })
    assert.equal(await readFile(join(directory, 'identity.key'), 'utf8'), next)
  })

  test('a next key that cannot be read strands nobody', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    await writeFile(join(directory, 'identity.key.next'), 'nonsense', { mode: 0o600 })
    await renew(directory, { clock: house.clock })
    assert.deepEqual(await leftovers(directory), [])
  })

  test('two at a time: one renews, the other is told', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const both = await Promise.allSettled([1, 2].map(() => renew(directory, { clock: house.clock })))
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    const [failed] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    assert.equal(failed.code, 'ERR_IDENTITY_IN_USE')
  })

  test('killed at any instant, a working identity is there, and the next renewal goes on', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const script = `
      import { renew } from '@countersign/mtls'
      console.log('renewing')
      for (;;) await renew(${JSON.stringify(directory)})`
    const serials = new Set<bigint>()
    for (let i = 0; i < 5; i++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      await pause(20 + Math.random() * 180)
      child.kill('SIGKILL')
      await once(child, 'close')
      serials.add(await opened(directory, serialOf))
      // The authority's gate accepts it: that is what works means.
      await renew(directory, { clock: house.clock })
    }
    assert.deepEqual(await leftovers(directory), [])
    assert.ok(serials.size > 1)
  })
})

suite('refreshStatus', () => {
  test('brings what was revoked since, once', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const bob = await enrolled(house, 'bob')
    const serial = await opened(bob, serialOf)
    assert.equal(await refreshStatus(directory, { clock: house.clock }), 0)
    assert.ok((await house.authority.revoke({ subject: 'bob', reason: 'superseded' })).ok)
    assert.ok((await refreshStatus(directory, { clock: house.clock })) > 0)
    const trust = await opened(directory, (identity) => identity.trust)
    assert.ok(trust.crls.some(({ entries }) => entries.has(serial)))
    assert.equal(await refreshStatus(directory, { clock: house.clock }), 0)
  })

  test('leaves everything as it was where the authority is away', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const lists = async () => {
      const names = (await readdir(join(directory, 'status'))).sort()
      return Promise.all(names.map((name) => readFile(join(directory, 'status', name))))
    }
    const before = await lists()
    await house.stop()
    await assert.rejects(refreshStatus(directory), { code: 'ERR_CALLEE_UNREACHABLE' })
    assert.deepEqual(await lists(), before)
  })

  test('an authority of another root is refused', async () => {
    await using house = await startAuthority()
    await using other = await startAuthority()
    const directory = await enrolled(house)
    const elsewhere = JSON.stringify({ address: other.authority.address, name: 'authority.localhost' })
    await writeFile(join(directory, 'authority.json'), elsewhere)
    await assert.rejects(refreshStatus(directory), { code: 'ERR_CALLEE_UNKNOWN_ISSUER' })
    await assert.rejects(renew(directory), { code: 'ERR_CALLEE_UNKNOWN_ISSUER' })
  })
})

suite('an identity that is open', () => {
  test('renews itself, and goes on with the new certificate', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const before = await opened(directory, serialOf)
    house.turn({ days: 25 })
    await house.restart()
    const events: string[] = []
    const identity = await openIdentity(directory, { clock: house.clock, log: (event) => events.push(event) })
    try {
      const changed = new Promise<void>((resolve) => identity.onChange(resolve))
      await changed
      assert.notEqual(serialOf(identity), before)
      // It was in its last quarter when it was opened.
      assert.ok(events.includes('identity.expiring'))
    } finally {
      identity.close()
    }
    assert.deepEqual(await leftovers(directory), [])
  })

  test('is left alone where it says so, and what is wrong ends no process', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    house.turn({ days: 25 })
    await house.stop()
    const events: string[] = []
    const log = (event: string) => events.push(event)
    const still = await openIdentity(directory, { clock: house.clock, log, renew: false })
    await pause(200)
    still.close()
    assert.equal(events.length, 0)
    const tries = await openIdentity(directory, { clock: house.clock, log })
    await rm(directory, { recursive: true })
    for (let i = 0; i < 200 && !events.includes('identity.renewal-failed'); i++) await pause(20)
    tries.close()
    assert.ok(events.includes('identity.renewal-failed'))
  })

  test('keeps no process alive', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const program = `
      import { openIdentity } from '@countersign/mtls'
      await openIdentity(${JSON.stringify(directory)})
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: import.meta.dirname })
    const [code] = await once(child, 'close')
    assert.equal(code, 0)
  })
})

suite('keepRenewed', () => {
  test('renews and fetches when it is time, retries what fails, and stops', async () => {
    await using house = await startAuthority()
    const directory = await enrolled(house)
    const identity = await openIdentity(directory, { clock: house.clock, renew: false })
    const events: string[] = []
    try {
      const before = serialOf(identity)
      house.turn({ days: 25 })
      await house.restart()
      const keeper = keepRenewed(identity, { clock: house.clock, log: (event) => events.push(event) })
      for (let i = 0; i < 200 && serialOf(identity) === before; i++) await pause(20)
      assert.notEqual(serialOf(identity), before)
      await keeper.close()
      assert.ok(events.includes('identity.renewed'))

      // Nothing is due now, so nothing happens.
      const quiet = events.length
      const idle = keepRenewed(identity, { clock: house.clock, log: (event) => events.push(event) })
      await pause(100)
      await idle.close()
      assert.equal(events.length, quiet)

      // Away when it is time: said, with what to do, and what is in hand stays.
      house.turn({ days: 25 })
      await house.stop()
      const failures: unknown[] = []
      // A log that throws ends no renewal: each is tried, and told, again.
      const trying = keepRenewed(identity, {
        clock: house.clock,
        log(event, fields) {
          failures.push([event, fields])
          throw new Error('the log is full')
        },
      })
      for (let i = 0; i < 200 && failures.length < 3; i++) await pause(20)
      await trying.close()
      const told = JSON.stringify(failures)
      assert.match(told, /identity\.renewal-failed/)
      assert.match(told, /identity\.status-failed/)
      assert.match(told, /ERR_CALLEE_UNREACHABLE.*retryInSeconds/)
    } finally {
      identity.close()
    }
  })
})
