// A full disk under the whole program and under a newcomer: what has no room is not done, is told, leaves nothing half-made,
// and is done once there is room.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { makeSmallDisk, NEEDS_MOUNT } from '../tools/testing/small-disk.ts'
import { assertNothingHalfMade, listed } from './support/crash.ts'
import { startHouse } from './support/house.ts'
import { BIN, runCommand } from './support/run-command.ts'

suite('a full disk', NEEDS_MOUNT, () => {
  // Sizes at which the start ends at one part of it after another: store, keys, memory, listener, ports.
  for (const kilobytes of [8, 120, 160, 200, 240])
    test(`a first start on ${kilobytes} kB: exit 3, and it goes on where it was once there is room`, async () => {
      using disk = makeSmallDisk(kilobytes)
      const { code, stdout, stderr } = await runCommand(['up'], { cwd: disk.directory })
      assert.equal(code, 3, stdout + stderr)
      assert.match(
        stderr,
        /\[(ERR_AUTHORITY_STORE_FULL|ERR_IDENTITY_NO_SPACE|ENOSPC)\]\n {2}free (disk|some)? ?space.*, then try again\n$/,
      )
      assert.match(stderr, /^countersign: \/.*countersign-data/m, 'it says where')
      assert.doesNotMatch(stdout, /^ready$/m)
      disk.remount('size=8192k')
      await using house = await startHouse({ directory: disk.directory })
      assert.equal(house.events[0]?.['event'], 'first-meeting')
      await assertNothingHalfMade(house.data)
      const roots = (await listed(house)).filter(({ party }) => party === 'authority/root')
      assert.equal(roots.length, 1)
    })

  test('a house that runs: nothing is said to be done that is not, and it goes on', async () => {
    using disk = makeSmallDisk(4096)
    await using house = await startHouse({ directory: disk.directory })
    const url = house.ready.doors[0]?.url ?? ''
    const invite = async (party: string) => (await house.run(['invite', party])).stdout.trim()
    assert.equal((await house.run(['enroll', await invite('alice')])).code, 0)
    const token = await invite('bob')
    // Bob is at home on another disk.
    using home = makeSmallDisk(1024)
    const bob = join(home.directory, 'bob')
    const enroll = () => house.run(['enroll', token, '--out', bob])
    disk.fill(0)

    // The write-ahead log may have room for a few more.
    let full = await house.run(['invite', 'carol'])
    for (let i = 0; i < 20 && full.code === 0; i++) full = await house.run(['invite', 'carol'])
    for (const { code, stderr } of [full, await enroll(), await house.run(['revoke', 'alice'])]) {
      assert.equal(code, 1, stderr)
      assert.match(stderr, /no room .* not done \[ERR_AUTHORITY_STORE_FULL\]\n {2}free disk space/)
    }
    const before = await listed(house)
    assert.equal(before.find(({ party }) => party === 'alice')?.state, 'valid')
    assert.equal(
      before.find(({ party }) => party === 'bob'),
      undefined,
    )
    assert.equal((await house.run(['meet', url, '--identity', 'alice'])).code, 0, 'it was not done, and does not hold')
    assert.ok(house.events.some(({ event }) => event === 'store.failed'))
    assert.ok(!house.events.some(({ event }) => event === 'api.failed'), 'a full disk is no bug of ours')
    await assert.rejects(readdir(join(bob, 'identity.pem')), { code: 'ENOENT' })

    disk.empty()
    assert.equal((await enroll()).code, 0)
    assert.equal((await house.run(['revoke', 'alice'])).code, 0)
    assert.equal((await house.run(['meet', url, '--identity', 'alice'])).code, 1)
    assert.equal((await house.run(['meet', url, '--identity', bob])).code, 0)
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  })

  test('the root key does not leave for a full disk: exit 3, nothing there, and it is still here', async () => {
    using disk = makeSmallDisk(64)
    await using house = await startHouse()
    const target = join(disk.directory, 'root.key')
    const take = () => house.run(['authority', 'root', '--export', target, '--remove'])
    disk.fill(0)
    const { code, stderr } = await take()
    assert.equal(code, 3)
    assert.match(stderr, /root\.key: this file cannot be made \(ENOSPC\) \[ERR_AUTHORITY_EXPORT\]\n {2}\S/)
    assert.deepEqual(await readdir(disk.directory), ['ballast'])
    assert.ok((await readdir(join(house.data, 'authority'))).includes('root.key'))
    disk.empty()
    assert.equal((await take()).code, 0)
  })

  test('its log is on the full disk: what has no room is lost and told, and the house goes on, with the log when it can', async (t) => {
    await using scratch = await startHouse()
    await scratch.stop()
    using disk = makeSmallDisk(64)
    const [log, errors] = [join(disk.directory, 'log'), join(scratch.directory, 'errors')]
    const files = [openSync(log, 'a'), openSync(errors, 'a')]
    const child = spawn(process.execPath, [BIN, 'up', '--json'], {
      cwd: scratch.directory,
      stdio: ['ignore', ...files],
    })
    for (const file of files) closeSync(file)
    const ended = once(child, 'exit')
    try {
      const until = async (file: string, expected: RegExp) => {
        for (let i = 0; i < 400 && !expected.test(await readFile(file, 'utf8')); i++) await delay(25)
        assert.match(await readFile(file, 'utf8'), expected)
      }
      await until(log, /"event":"ready"/)
      disk.fill(0)
      // The last page of the log has room for some.
      let invited = 0
      for (; !/ENOSPC/.test(await readFile(errors, 'utf8')); invited++) {
        assert.ok(invited < 60)
        assert.equal((await scratch.run(['invite', `p${invited}`])).code, 0)
      }
      assert.match(
        await readFile(errors, 'utf8'),
        /^countersign: standard output cannot be written, so its lines are lost \[ENOSPC\]\n {2}free space/m,
      )
      assert.equal((await scratch.run(['invite', 'bob'])).code, 0, 'it goes on')
      disk.empty()
      assert.equal((await scratch.run(['invite', 'carol'])).code, 0)
      await until(errors, /^standard output is written again; \d+ lines were lost$/m)
      await until(log, /^\{.*"party":"carol".*\}$/m)
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
      const broken = lines.filter((line) => !line.endsWith('}'))
      assert.ok(broken.length <= 1, 'of the lines that are there one alone is cut off')
      t.diagnostic(`${invited + 2} invitations while it was full and after it, all answered`)
    } finally {
      child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])
    }
  })

  test('a command whose output has no room says so, and is not taken for done', async () => {
    using disk = makeSmallDisk(8)
    disk.fill(0)
    const out = openSync(join(disk.directory, 'out'), 'a')
    const child = spawn(process.execPath, [BIN, '--help'], { stdio: ['ignore', out, 'pipe'] })
    closeSync(out)
    const said = await child.stderr?.setEncoding('utf8').toArray()
    assert.match(String(said), /standard output cannot be written, so its lines are lost \[ENOSPC\]/)
    assert.equal(child.exitCode ?? (await once(child, 'exit'))[0], 3)
  })

  test('a newcomer: exit 3, the token is not lost, and no half an identity is there', async () => {
    await using house = await startHouse()
    const url = house.ready.doors[0]?.url ?? ''
    // Room for nothing, for the key, and for some of what the authority answers.
    for (const room of [0, 4, 16, 24]) {
      using disk = makeSmallDisk(256)
      const { stdout: token } = await house.run(['invite', `zed-${room}`])
      const directory = join(disk.directory, 'zed')
      const enroll = () => house.run(['enroll', token.trim(), '--out', directory])
      disk.fill(4 + room)
      const { code, stderr } = await enroll()
      assert.equal(code, 3, `${room} kB: ${stderr}`)
      assert.match(stderr, /zed\/\S+: the disk is full: ENOSPC \[ERR_IDENTITY_NO_SPACE\]\n {2}free some space/)
      assert.deepEqual(
        (await readdir(directory, { recursive: true })).filter((name) => /tmp|pem|crl|lock/.test(name)),
        [],
      )
      disk.empty()
      assert.equal((await enroll()).code, 0, `${room} kB`)
      await assertNothingHalfMade(directory)
      assert.equal((await house.run(['meet', url, '--identity', directory])).code, 0)
    }
  })
})
