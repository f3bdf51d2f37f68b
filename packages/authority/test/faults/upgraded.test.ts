// A whole authority on the store that the oldest program has left: who had a certificate goes on with it, who was revoked stays
// revoked, and lists go on in their numbers. What was not there then is made: the ledger and its key.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readCertificateList } from '@countersign/x509'
import { PROFILE_NAMES, PROFILES } from '../../src/issuance/profiles.ts'
import { isPostgresql } from '../../src/store/store.ts'
import { POSTGRESQL_UPGRADES } from '../../src/store/upgrades.ts'
import { checkLedger } from '../crash/check.ts'
import { nothingSeen } from '../crash/load.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { requestFor } from '../support/keys.ts'
import { execute, PLACES, setBack } from '../support/stores.ts'

const OLDEST = Math.min(...Object.keys(POSTGRESQL_UPGRADES).map(Number))

const listOf = async ({ directory }: House) => {
  const { body } = await askLocally(directory, 'GET', '/status')
  return readCertificateList(Uint8Array.fromBase64(body.crls[0]))
}

suite(`an authority of version ${OLDEST} of the store`, () => {
  for (const [what, placeOfStore, options] of PLACES)
    test(`in ${what} goes on`, options, async (t) => {
      const at = await placeOfStore(t)
      const store = isPostgresql(at) ? { store: at } : {}
      const before = await openHouse(t, store)
      const { directory } = before
      const [alice, bob] = [await enrollParty(t, before, 'alice'), await enrollParty(t, before, 'bob')]
      assert.ok((await before.authority.revoke({ subject: 'bob', reason: 'superseded' })).ok)
      const list = await listOf(before)
      await before.authority.close()

      const place = isPostgresql(at) ? at : join(directory, 'store.db')
      await setBack(place, OLDEST)
      const forget = "DELETE FROM setting WHERE key = 'authority.ledger-key'"
      await execute(place, forget, forget)
      for (const made of ['ledger', 'ledger.vkey', 'authority/ledger.key', 'authority/ssh.key'])
        rmSync(join(directory, made), { recursive: true, force: true })

      const house = await openHouse(t, { ...store, directory })
      const holder = await meet(t, placeOf(house.authority), alice)
      const request = requestFor(alice.key).toBase64()
      assert.equal((await holder.ask('POST', '/renew', { request })).status, 201)
      const revoked = await meet(t, placeOf(house.authority), bob)
      assert.equal((await revoked.ask('POST', '/renew', { request })).body.code, 'ERR_CALLER_REVOKED')
      assert.ok((await house.authority.revoke({ subject: 'alice', reason: 'superseded' })).ok)
      const next = await listOf(house)
      assert.ok((next.cRLNumber ?? 0n) > (list.cRLNumber ?? 0n))
      assert.equal(next.revokedCertificates.length, list.revokedCertificates.length + 2)
      await enrollParty(t, house, 'carol')
      await house.authority.close()
      const signed = 'SELECT profile FROM issuer_profile WHERE signs = 1'
      const profiles = (await execute(place, signed, signed)).map((one) => (one as { profile: string }).profile)
      // Of authorities below, the root; of roots, nobody but themselves.
      const leaves = PROFILE_NAMES.filter((name) => !('authority' in PROFILES[name]))
      assert.deepEqual(profiles.sort(), [...leaves, 'intermediate'].sort(), 'who signs a profile that is new?')
      const seen = nothingSeen()
      await checkLedger(directory, seen)
      t.diagnostic(`lists ${list.cRLNumber} to ${next.cRLNumber}; a ledger of ${seen.kept?.size} entries begins`)
    })
})
