// A backup of a house that runs, and a house from it: who could come in can, whom nobody knew is unknown.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { startHouse } from './support/house.ts'

suite('countersign backup and restore', () => {
  test('a house that was lost comes back on another disk, with its keys under a passphrase', async () => {
    await using stack = new AsyncDisposableStack()
    const place = await mkdtemp(join(tmpdir(), 'countersign-backup-'))
    stack.defer(() => rm(place, { recursive: true, force: true }))
    const [backup, passphrase] = [join(place, 'backup'), join(place, 'passphrase')]
    await writeFile(passphrase, 'correct horse\n', { mode: 0o600 })
    await using first = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    const token = (await first.run(['invite', 'alice'])).stdout.trim()
    assert.equal((await first.run(['enroll', token, '--out', 'alice'])).code, 0)
    const made = await first.run(['backup', backup, '--keys', '--passphrase', passphrase])
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /the backup is in .*backup\n/)
    const again = await first.run(['backup', backup])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /there is something already/)
    const port = Number(new URL(first.ready.authority.url).port)
    await first.stop('SIGKILL')
    await rm(first.data, { recursive: true })

    const restored = await first.run(['restore', backup, '--json'])
    assert.equal(restored.code, 0, restored.stderr)
    const told: { root: string; missingKeys: string[] } = JSON.parse(restored.stdout)
    assert.equal(told.root, first.ready.root)
    assert.deepEqual(told.missingKeys, [])
    const over = await first.run(['restore', backup])
    assert.equal(over.code, 3)
    assert.match(over.stderr, /nothing is written over it/)
    const locked = await first.run(['up', '--json', '--config', 'countersign.yaml'])
    assert.equal(locked.code, 3)
    assert.match(locked.stderr, /this private key is encrypted/)

    const config = {
      authority: { listen: `127.0.0.1:${port}`, passphrase },
      doors: [
        {
          name: 'hello',
          kind: 'web',
          host: ['hello.localhost'],
          listen: '127.0.0.1:0',
          upstream: 'demo',
          allow: ['*'],
        },
      ],
    }
    await using house = await startHouse({ directory: first.directory, config })
    assert.equal(house.ready.root, first.ready.root)
    const door = new URL(house.ready.doors[0]?.url ?? '')
    const met = await house.run(['meet', `hello.localhost:${door.port}`, '--identity', 'alice'])
    assert.equal(met.code, 0, met.stderr + met.stdout)
    assert.match((await house.run(['list'])).stdout, /alice/)
  })

  test('what was changed since restores nothing, and says which file', async () => {
    await using house = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    const backup = join(house.directory, 'backup')
    assert.equal((await house.run(['backup', backup])).code, 0)
    const root = join(backup, 'authority', 'root.pem')
    await writeFile(root, (await readFile(root, 'utf8')).replace('CERTIFICATE', 'CERTIFICATE '))
    const restored = await house.run(['restore', backup, '--data', 'elsewhere'])
    assert.equal(restored.code, 3)
    assert.match(restored.stderr, /root\.pem.*not as it was when the backup was made/)
  })
})
