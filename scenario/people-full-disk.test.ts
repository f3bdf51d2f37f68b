// A bank whose disk is full: what cannot be kept is refused with a code, and is done once there is room.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSmallDisk, NEEDS_MOUNT } from '../tools/testing/small-disk.ts'
import { invitationOf, openLine, RefusedOverNetwork, setUpOver, signInOver } from './support/customer.ts'
import { startNetworkBank } from './support/network-bank.ts'

test(
  'a full disk: nobody is let in half, nobody is locked out afterwards, no set-up is half open',
  NEEDS_MOUNT,
  async () => {
    using disk = makeSmallDisk(8192)
    await using network = await startNetworkBank({ directory: disk.directory })
    const { house, bank } = network
    const carol = await network.customer('carol')
    const invitation = await invitationOf(house, 'dave')
    const line = await openLine(bank)
    disk.fill(0)
    /** What is answered to one after another; the log of the database may have room for a few more. */
    const refusals: RefusedOverNetwork[] = []
    for (let i = 0; i < 40 && refusals.length < 6; i++)
      for (const asked of [
        () => carol.line.ask('begin', { device: carol.line.device.keys }),
        () => line.ask('set-up/begin', { invitation, device: line.device.keys }),
      ])
        try {
          await asked()
        } catch (error) {
          if (!(error instanceof RefusedOverNetwork)) throw error
          refusals.push(error)
        }
    assert.ok(refusals.length >= 6)
    assert.deepEqual(new Set(refusals.map(({ code }) => code)), new Set(['ERR_AUTHORITY_STORE_FULL']))
    assert.doesNotMatch(refusals.map(({ message }) => message).join(), new RegExp(disk.directory))

    disk.empty()
    await signInOver(carol)
    assert.equal((await carol.line.load('/accounts/current')).status, 200)
    const { stdout } = await house.run(['account', 'list', '--json'])
    assert.doesNotMatch(stdout, /dave/)
    const dave = await setUpOver(line, { account: 'dave', invitation })
    await signInOver(dave)
    for (const one of [line, carol.line]) one.close()
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  },
)
