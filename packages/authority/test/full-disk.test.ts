import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { exportRootKey, openAuthority } from '@countersign/authority'
import { makeSmallDisk, NEEDS_MOUNT, type SmallDisk } from '../../../tools/testing/small-disk.ts'
import { DOMAIN, endAfter, ended, NAME } from './support/core.ts'
import { askLocally, enrollmentBody, enrollParty, meet, openHouse, placeOf } from './support/house.ts'
import { newKey, requestFor } from './support/keys.ts'

function smallDisk(t: TestContext, kilobytes: number): SmallDisk {
  const disk = makeSmallDisk(kilobytes)
  t.after(async () => {
    await ended(t)
    disk[Symbol.dispose]()
  })
  return disk
}

suite('a full disk', () => {
  test('what cannot be recorded is not done, is told, and works again when there is room', NEEDS_MOUNT, async (t) => {
    const disk = smallDisk(t, 4096)
    const { directory } = disk
    const house = await openHouse(t, { directory })
    const held = await enrollParty(t, house, 'alice')
    const invited = await house.authority.invite({ party: 'bob' })
    assert.ok(invited.ok)
    disk.fill(0)

    // The write-ahead log may have room for a few more; then it is full, and says so.
    let full = await askLocally(directory, 'POST', '/v1/invitations', { party: 'carol' })
    for (let i = 0; i < 2_000 && full.status === 201; i++)
      full = await askLocally(directory, 'POST', '/v1/invitations', { party: 'carol' })
    assert.equal(full.status, 507)
    assert.equal(full.body.code, 'ERR_AUTHORITY_STORE_FULL')
    assert.match(full.body.next, /free disk space/)

    const caller = await meet(t, placeOf(house.authority))
    const request = requestFor(newKey())
    const attempt = () => caller.ask('POST', '/enroll', enrollmentBody(invited.token, request, caller.exporter))
    assert.equal((await attempt()).body.code, 'ERR_AUTHORITY_STORE_FULL')
    const revoke = () => askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.equal((await revoke()).body.code, 'ERR_AUTHORITY_STORE_FULL')
    const holder = await meet(t, placeOf(house.authority), held)
    assert.equal((await holder.ask('GET', '/v1/ready')).status, 200, 'it was not done, so it does not hold')
    const { body } = await askLocally(directory, 'GET', '/v1/certificates?state=revoked')
    assert.deepEqual(body.certificates, [])

    disk.empty()
    assert.equal((await attempt()).status, 201)
    assert.equal((await revoke()).status, 200)
    await house.authority.close()
    const again = await openHouse(t, { directory })
    const { body: after } = await askLocally(again.directory, 'GET', '/v1/certificates?state=revoked')
    assert.equal(after.certificates.length, 1)
  })

  test('an export to it leaves no half of a key, and works when there is room', NEEDS_MOUNT, async (t) => {
    const { directory } = await openHouse(t)
    const away = smallDisk(t, 64)
    away.fill(0)
    const file = join(away.directory, 'root.key')
    assert.throws(() => exportRootKey(directory, file, { remove: true }), { code: 'ERR_AUTHORITY_EXPORT', path: file })
    assert.equal(existsSync(file), false)
    assert.ok(existsSync(join(directory, 'authority', 'root.key')))
    away.empty()
    exportRootKey(directory, file, { remove: true })
  })

  for (const kilobytes of [8, 40, 120, 200])
    test(
      `a first start on ${kilobytes} kB says that there is no room, and leaves nothing half-made`,
      NEEDS_MOUNT,
      async (t) => {
        const disk = smallDisk(t, kilobytes)
        const { directory } = disk
        const start = () =>
          openAuthority({
            directory,
            name: NAME,
            domain: DOMAIN,
            organization: 'Acme',
            listen: { host: '127.0.0.1', port: 0 },
            clock: () => Temporal.Now.instant(),
            log: () => undefined,
          })
        await assert.rejects(start(), { name: 'AuthorityError', code: 'ERR_AUTHORITY_STORE_FULL' })
        disk.remount('size=8192k')
        const authority = await start()
        endAfter(t, () => authority.close())
        assert.equal((await askLocally(directory, 'GET', '/v1/ready')).status, 200)
      },
    )
})
