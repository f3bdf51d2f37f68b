// The root's private key is taken away on the first day, and everything but making new issuers goes on.
import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { startHouse } from './support/house.ts'
import { runShell } from './support/run-command.ts'

test(
  'the root key leaves, a house starts without it, enrolls, meets and revokes',
  needs('openssl', 'openssl'),
  async () => {
    await using first = await startHouse()
    const exported = await first.run(['authority', 'root', '--export', 'root.key', '--remove'])
    assert.equal(exported.code, 0, exported.stderr)
    assert.equal((await stat(join(first.directory, 'root.key'))).mode & 0o777, 0o600)
    // It is the key of the very root that parties believe, as another program reads both.
    const { stdout } = await runShell(
      `openssl pkey -in root.key -pubout; openssl x509 -in ${first.ready.trust} -noout -pubkey`,
      { cwd: first.directory },
    )
    const [one, other] = stdout.split(/(?<=-----END PUBLIC KEY-----\n)/)
    assert.ok(one !== undefined && one === other, stdout)
    const secret = (await readFile(join(first.directory, 'root.key'), 'utf8')).split('\n')[1] ?? ''
    for (const file of await readdir(first.data, { recursive: true, withFileTypes: true }))
      if (file.isFile())
        assert.ok(!(await readFile(join(file.parentPath, file.name), 'latin1')).includes(secret), file.name)
    assert.deepEqual(await first.stop(), { code: 0, signal: null })

    await using house = await startHouse({ directory: first.directory })
    assert.equal(house.ready.root, first.ready.root)
    const { stdout: token } = await house.run(['invite', 'alice'])
    assert.equal((await house.run(['enroll', token.trim()])).code, 0)
    const url = house.ready.doors[0]?.url ?? ''
    assert.equal((await house.run(['meet', url, '--identity', 'alice'])).code, 0)
    assert.equal((await house.run(['revoke', 'alice'])).code, 0)
    assert.equal((await house.run(['meet', url, '--identity', 'alice'])).code, 1)
  },
)
