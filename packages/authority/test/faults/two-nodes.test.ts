// One of two authorities on one PostgreSQL is killed under load, at a moment at which it has begun what the other must end:
// callers of the other notice nothing, and the other takes over.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readCertificateList } from '@countersign/x509'
import { withPostgresql } from '../../../../interop/postgresql.ts'
import { checkLedger, checkRunning, checkStore, untilInLedger } from '../crash/check.ts'
import { startAuthority } from '../crash/child.ts'
import {
  Cut,
  enroll,
  invite,
  label,
  nothingSeen,
  type Reach,
  readStatus,
  renew,
  revoke,
  setLock,
  untilCut,
} from '../crash/load.ts'
import { temporaryDirectory } from '../support/core.ts'
import { followAt } from '../support/follow.ts'
import type { Held } from '../support/house.ts'
import { postgresqlPlace } from '../support/stores.ts'

/** Of the survivor's housekeeping, which takes over the lists: a minute in earnest. */
const MINUTE_MS = 1_000
const CALLERS = 3

/** Parties live until `isOver`. */
async function live(reach: Reach, name: string, isOver: () => boolean, mayRevoke: () => boolean): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    const party = `${name}-${i}`
    await invite(reach, party)
    const held = await enroll(reach, party)
    await renew(reach, party, held)
    await label(reach, party, 'group:ops')
    await setLock(reach, party, true)
    await setLock(reach, party, false)
    if (mayRevoke()) await revoke(reach, party)
  }
}

const until = async (what: string, milliseconds: number, fits: () => Promise<boolean>): Promise<number> => {
  const began = performance.now()
  while (!(await fits())) {
    assert.ok(performance.now() - began < milliseconds, `${what}: not within ${milliseconds} ms`)
    await delay(20)
  }
  return Math.round(performance.now() - began)
}

suite('one of two authorities on one PostgreSQL is killed under load', withPostgresql, () => {
  test('callers of the other notice nothing; lists and ledger go on there', async (t) => {
    const store = await postgresqlPlace()
    const [directory, dying] = [temporaryDirectory(t), temporaryDirectory(t)]
    const one = await startAuthority(t, { directory, store, minuteMs: MINUTE_MS })
    assert.ok(one.place)
    cpSync(join(directory, 'authority'), join(dying, 'authority'), { recursive: true })
    // It ends when the revocation of `last` is durable, and neither told nor in a list.
    const other = await startAuthority(t, { directory: dying, store, failpoint: 'revoke.after-commit' })
    assert.ok(other.place)

    const reach: Reach = { t, directory, place: one.place, seen: nothingSeen() }
    const doomed: Reach = { t, directory: dying, place: other.place, seen: nothingSeen() }
    await invite(reach, 'last')
    const last = await enroll(reach, 'last')
    const gate = await gateOf(reach)
    const door = await followAt(t, one.place, gate)
    let confirmed = 0
    door.socket.on('data', () => {
      for (const { event } of door.heard.slice(confirmed))
        if (event !== undefined) door.say({ kind: 'confirm', sequence: event.sequence, cuts: [] })
      confirmed = door.heard.length
    })

    let [isOver, mayRevoke] = [false, false]
    const there = Array.from({ length: CALLERS }, (_, i) =>
      untilCut(
        live(
          doomed,
          `there-${i}`,
          () => false,
          () => false,
        ),
      ),
    )
    const here = Array.from({ length: CALLERS }, (_, i) =>
      live(
        reach,
        `here-${i}`,
        () => isOver,
        () => mayRevoke,
      ),
    )
    await delay(500)
    await assert.rejects(revoke(doomed, 'last'), Cut)
    await Promise.all(there)
    assert.equal(await other.ended, 'SIGKILL')
    const before = { ...reach.seen.counts }
    const heard = await until('the door hears', 2_000, async () =>
      door.heard.some(({ event }) => JSON.stringify(event ?? {}).includes('"party":"last"')),
    )
    const serial = last.certificates[0]?.serialNumber ?? assert.fail('a certificate')
    const inList = await until('the list', 3 * MINUTE_MS, async () => {
      const [list] = await readStatus(reach)
      return readCertificateList(list ?? assert.fail('a list')).revokedCertificates.some(
        ({ userCertificate }) => userCertificate === serial,
      )
    })
    // Until here nobody else has made a list.
    mayRevoke = true
    // What the dead one answered, too.
    for (const [sha256, party] of doomed.seen.certificates) reach.seen.certificates.set(sha256, party)
    for (const revoked of doomed.seen.revoked) reach.seen.revoked.add(revoked)
    if (doomed.seen.newestList > reach.seen.newestList) reach.seen.newestList = doomed.seen.newestList
    const began = performance.now()
    await untilInLedger(one, directory, reach.seen)
    const inLedger = Math.round(performance.now() - began)
    await delay(500)
    isOver = true
    // Each act there was asserted to be answered as it should.
    await Promise.all(here)
    await checkRunning(reach)
    await untilInLedger(one, directory, reach.seen)
    await checkLedger(directory, reach.seen)
    await checkLedger(dying, doomed.seen)
    one.process.kill('SIGTERM')
    await one.ended
    await checkStore({ t, directory, seen: reach.seen, store })

    const sum = (counts: object) => Object.values(counts).reduce((all: number, count: number) => all + count, 0)
    const acts = sum(reach.seen.counts)
    t.diagnostic(`answered here ${acts}, of them ${acts - sum(before)} after the other was killed; errors 0`)
    t.diagnostic(`answered there ${sum(doomed.seen.counts)}, cut off ${doomed.seen.unanswered.length}, lost 0`)
    t.diagnostic(`a door here heard within ${heard} ms, the list had it after ${inList} ms, the ledger ${inLedger} ms`)
  })
})

/** A door that follows here. */
async function gateOf(reach: Reach): Promise<Held> {
  const party = 'door/gate-1'
  await invite(reach, party, 'service')
  return enroll(reach, party)
}
