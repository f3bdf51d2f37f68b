// The data directory on an ext4 of its own (on a loop device, which CI need not have): its files become immutable under load
// and are free again; and its file system goes read-only, as the kernel makes one whose disk fails.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { checkLedger, checkStore } from '../crash/check.ts'
import { nothingSeen } from '../crash/load.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, enrollParty, type House, openHouse } from '../support/house.ts'

const AWAY_MS = Number(process.env['COUNTERSIGN_SOAK_SECONDS'] ?? 3) * 1_000
const FILES = ['store.db', 'store.db-wal', 'meetings.db', 'meetings.db-wal', 'ledger', '.']

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

interface Disk {
  readonly directory: string
  mount(): void
  unmount(): void
}

function ext4(t: TestContext): Disk {
  const place = temporaryDirectory(t)
  const [image, directory] = [join(place, 'image'), join(place, 'data')]
  writeFileSync(image, '')
  truncateSync(image, 32 * 1024 * 1024)
  run('mkfs.ext4', '-q', image)
  mkdirSync(directory)
  const disk = {
    directory,
    mount: () => {
      run('mount', '-o', 'loop', image, directory)
      chmodSync(directory, 0o700)
    },
    unmount: () => void run('umount', directory),
  }
  disk.mount()
  rmSync(join(directory, 'lost+found'), { recursive: true })
  return disk
}

/** Goes on until it is stopped: what was answered with success, and how often with a code of the store. */
function loadOf(house: House) {
  const done: string[] = []
  const load = { done, refused: 0, stop: async () => undefined as undefined }
  let goesOn = true
  const running = ['a', 'b', 'c'].map(async (name) => {
    for (let i = 0; goesOn; i++) {
      const party = `${name}-${i}`
      const { status, body } = await askLocally(house.directory, 'POST', '/v1/invitations', { party })
      if (status === 201) done.push(party)
      else {
        assert.match(body.code, /^ERR_AUTHORITY_STORE(?:_FULL)?$/)
        assert.match(body.next, /./)
        load.refused++
        await delay(20)
      }
    }
  })
  load.stop = async () => {
    goesOn = false
    await Promise.all(running)
    return undefined
  }
  return load
}

const until = async (fits: () => boolean) => {
  for (const end = performance.now() + 20_000; !fits(); await delay(20)) assert.ok(performance.now() < end, 'in time')
}

async function assertAllThere({ directory }: House, parties: readonly string[]): Promise<void> {
  for (const party of parties)
    assert.equal((await askLocally(directory, 'GET', `/v1/parties/${party}`)).status, 200, party)
}

suite('a data directory that cannot be written any more', () => {
  test('its files are immutable under load, and free again: it says so, and goes on by itself', async (t) => {
    const disk = ext4(t)
    const { directory } = disk
    const house = await openHouse(t, { directory })
    await enrollParty(t, house, 'alice')
    const load = loadOf(house)
    await until(() => load.done.length >= 10)
    const files = FILES.map((name) => join(directory, name))
    run('chattr', '+i', ...files)
    await until(() => load.refused >= 3)
    const revoke = () => askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.match((await revoke()).body.code, /^ERR_AUTHORITY_STORE/)
    await delay(AWAY_MS)
    const before = load.done.length
    run('chattr', '-i', ...files)
    await until(() => load.done.length >= before + 10)
    await load.stop()
    await assertAllThere(house, load.done)
    assert.equal((await revoke()).status, 200)
    assert.ok(!house.events.some(([event]) => event === 'api.failed'))
    await house.authority.close()
    const seen = nothingSeen()
    await checkLedger(directory, seen)
    await checkStore({ t, directory, seen })
    disk.unmount()
    t.diagnostic(`immutable for ${AWAY_MS} ms: ${load.done.length} done, all there; ${load.refused} refused by a code`)
  })

  test('its file system goes read-only for good: it says so, and all that it said is there after the repair', async (t) => {
    const disk = ext4(t)
    const { directory } = disk
    const house = await openHouse(t, { directory })
    const load = loadOf(house)
    await until(() => load.done.length >= 10)
    // ext4(5): "Simulate the effects of calling ext4_abort() for debugging purposes."
    run('mount', '-o', 'remount,abort', directory)
    await until(() => load.refused >= 3)
    await delay(AWAY_MS)
    await load.stop()
    assert.ok(!house.events.some(([event]) => event === 'api.failed'))
    await house.authority.close()
    disk.unmount()
    disk.mount()
    const again = await openHouse(t, { directory })
    await assertAllThere(again, load.done)
    assert.equal((await askLocally(directory, 'POST', '/v1/invitations', { party: 'later' })).status, 201)
    await again.authority.close()
    const seen = nothingSeen()
    await checkLedger(directory, seen)
    await checkStore({ t, directory, seen })
    disk.unmount()
    t.diagnostic(`${load.done.length} done, all there after the repair; ${load.refused} refused by a code`)
  })
})
