import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { withLock } from '../../src/identity/lock.ts'
import { temporaryDirectory } from '../support/directory.ts'

const inUse = { name: 'IdentityError', code: 'ERR_IDENTITY_IN_USE' }

suite('withLock', () => {
  test('lets one in at a time in one process, and the next after it, also after a failure', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'lock')
    await withLock(path, async () => {
      assert.equal(await readFile(path, 'utf8'), `${process.pid}\n`)
      await assert.rejects(
        withLock(path, async () => 'in'),
        inUse,
      )
    })
    await assert.rejects(
      withLock(path, async () => {
        throw new TypeError('of the work')
      }),
      TypeError,
    )
    assert.equal(await withLock(path, async () => 'in'), 'in')
    assert.deepEqual(await readdir(house.path), [])
  })

  test('a living process keeps others out, a killed one does not', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'lock')
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'])
    await once(child.stdout, 'data')
    await writeFile(path, `${child.pid}\n`)
    await assert.rejects(
      withLock(path, async () => 'in'),
      inUse,
    )
    assert.equal(await readFile(path, 'utf8'), `${child.pid}\n`)
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.equal(await withLock(path, async () => 'in'), 'in')
    assert.deepEqual(await readdir(house.path), [])
  })

  test('what killed processes left beside it goes, what living ones and others have there stays', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'lock')
    const dead = spawnSync(process.execPath, ['-e', '0']).pid
    for (const name of [`lock.${dead}`, `lock.${dead}.dead`, `lock.${process.ppid}`, 'lock.txt', `other.${dead}`])
      await writeFile(join(house.path, name), '')
    await withLock(path, async () => undefined)
    assert.deepEqual((await readdir(house.path)).sort(), [`lock.${process.ppid}`, 'lock.txt', `other.${dead}`].sort())
  })

  test('a lock of our own number, of no number or of long ago is nobody’s', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'lock')
    for (const text of [`${process.pid}\n`, '', 'x', '-1']) {
      await writeFile(path, text)
      assert.equal(await withLock(path, async () => 'in'), 'in', text)
    }
    // The number of a process that lives, but a time at which it cannot have been renewing.
    await writeFile(path, `${process.ppid}\n`)
    await utimes(path, new Date(), new Date(Date.now() - 3_600_000))
    assert.equal(await withLock(path, async () => 'in'), 'in')
  })

  test('of eight that find it dead, one takes it over at a time', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'lock')
    await writeFile(path, '4194304\n')
    const script = `
      import { withLock } from ${JSON.stringify(new URL('../../src/identity/lock.ts', import.meta.url).href)}
      import { appendFile } from 'node:fs/promises'
      import { setTimeout } from 'node:timers/promises'
      for (let i = 0; i < 500; i++) {
        try {
          await withLock(${JSON.stringify(path)}, async () => {
            await appendFile(${JSON.stringify(`${path}.log`)}, 'in\\n')
            await setTimeout(5)
            await appendFile(${JSON.stringify(`${path}.log`)}, 'out\\n')
          })
          break
        } catch (error) {
          if (error.code !== 'ERR_IDENTITY_IN_USE') throw error
          await setTimeout(Math.random() * 20)
        }
      }`
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }),
    )
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
    assert.deepEqual(codes, Array(8).fill(0))
    assert.equal(await readFile(`${path}.log`, 'utf8'), 'in\nout\n'.repeat(8))
  })

  test('says so where no lock can be made', async () => {
    await using house = await temporaryDirectory()
    const path = join(house.path, 'nowhere', 'lock')
    await assert.rejects(
      withLock(path, async () => 'in'),
      { code: 'ERR_IDENTITY_WRITE' },
    )
  })
})
