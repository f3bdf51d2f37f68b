// The disk of the ledger, or all of it, full or read-only under load: what can be done is done, what cannot is told, nothing is
// lost, and it goes on by itself.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readCertificateList } from '@countersign/x509'
import { makeSmallDisk, NEEDS_MOUNT } from '../../../../tools/testing/small-disk.ts'
import type { FailpointName } from '../../src/failpoints.ts'
import { checkLedger } from '../crash/check.ts'
import { nothingSeen, type Seen } from '../crash/load.ts'
import { endAfter, temporaryDirectory } from '../support/core.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { shortMinute } from '../support/short-minute.ts'

/** A disk that failed is tried again after five seconds; some more for a machine that is busy. */
const AGAIN_MS = 10_000

async function until(what: string, fits: () => boolean | Promise<boolean>, milliseconds: number = AGAIN_MS) {
  const end = performance.now() + milliseconds
  while (!(await fits())) {
    assert.ok(performance.now() < end, `${what}: not within ${milliseconds} ms`)
    await delay(20)
  }
}

const heard = ({ events }: House, name: string) => events.filter(([event]) => event === name).length

suite('a disk that takes nothing', NEEDS_MOUNT, () => {
  test('that of the ledger, full and then read-only under load: all is done, and is in the tree when it can', async (t) => {
    const directory = temporaryDirectory(t)
    mkdirSync(join(directory, 'ledger'))
    const disk = makeSmallDisk(1_024, join(directory, 'ledger'))
    endAfter(
      t,
      once(() => disk[Symbol.dispose]()),
    )
    const house = await openHouse(t, { directory })
    let [goesOn, acts] = [true, 0]
    const load = (async () => {
      for (; goesOn; acts++) {
        await enrollParty(t, house, `p${acts}`)
        const done = await askLocally(directory, 'POST', `/v1/parties/p${acts}/lock`, {})
        assert.equal(done.status, 200)
      }
    })()
    const seen: Seen = nothingSeen()
    /** Of what was done before it was asked, all is in the tree. */
    const integrated = async () => {
      const wanted = acts * 2
      await until('the tree', async () => {
        await checkLedger(directory, seen)
        return (seen.kept?.size ?? 0) >= wanted
      })
    }
    await until('some acts', () => acts >= 5)
    await integrated()
    const phases: string[] = []
    for (const [phase, begin, end] of [
      ['full', () => disk.fill(0), () => disk.empty()],
      ['read-only', () => disk.remount('ro'), () => disk.remount('rw')],
    ] as const) {
      const [failures, before] = [heard(house, 'ledger.failed'), acts]
      // Who writes a file at that moment keeps it from becoming read-only.
      await until(phase, () => worked(begin))
      await until('the alarm', () => heard(house, 'ledger.failed') > failures)
      await until('more acts', () => acts >= before + 5)
      end()
      await integrated()
      phases.push(`${phase}: ${acts - before} certificates and locks meanwhile`)
    }
    goesOn = false
    await load
    await integrated()
    await house.authority.close()
    t.diagnostic(`${phases.join('; ')}; refused 0, lost 0, ${seen.kept?.size} entries verified`)
  })

  test('all of it, at the moment at which a list is signed: the revocation holds, and the list comes within a minute', async (t) => {
    const disk = makeSmallDisk(4_096)
    endAfter(
      t,
      once(() => disk[Symbol.dispose]()),
    )
    const { directory } = disk
    shortMinute(t, 500)
    let isArmed = false
    const failpoint = (name: FailpointName) => {
      if (isArmed && name === 'crl.before-sign') disk.fill(0)
      if (isArmed && name === 'crl.before-sign') isArmed = false
    }
    const house = await openHouse(t, { directory, failpoint })
    const held = await enrollParty(t, house, 'alice')
    // Some, so that the write-ahead log has no room that is empty.
    for (let i = 0; i < 5; i++) await enrollParty(t, house, `p${i}`)
    const listed = async () => {
      const { body } = await askLocally(directory, 'GET', '/status')
      return readCertificateList(Uint8Array.fromBase64(body.crls[0])).revokedCertificates.length
    }
    isArmed = true
    const revoked = await askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.equal(revoked.status, 200)
    const holder = await meet(t, placeOf(house.authority), held)
    assert.equal((await holder.ask('GET', '/v1/ready')).body.code, 'ERR_CALLER_REVOKED')
    const failed = heard(house, 'crl.failed') + heard(house, 'housekeeping.failed')
    disk.empty()
    await until('the list', async () => (await listed()) === 1)
    await house.authority.close()
    t.diagnostic(`${failed} attempts at the list failed; the revocation held from its answer on`)
  })
})

function once(work: () => void): () => Promise<void> {
  let isDone = false
  return async () => {
    if (!isDone) work()
    isDone = true
  }
}

/** Whether it could be done: a file that is open for writing is no moment for it. */
function worked(begin: () => void): boolean {
  try {
    begin()
    return true
  } catch (error) {
    assert.match(String(error), /busy/)
    return false
  }
}
