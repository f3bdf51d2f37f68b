// kill -9 of the whole program at failpoints (COUNTERSIGN_SOAK_ROUNDS: at all) of its first start: the next start makes a whole house of what it finds.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { assertAllKnown, assertNothingHalfMade, listed, momentsOf } from './support/crash.ts'
import { startHouse } from './support/house.ts'
import { runProgram } from './support/peers.ts'
import { runCommand } from './support/run-command.ts'

/** A first start issues for its listener, its door and its visitor: at the first and at the last it is ended. */
const timesOf = (failpoint: string) => (failpoint.startsWith('issue.') ? [1, 3] : [1])

suite('kill -9 during the first start', needs('openssl', 'openssl'), () => {
  for (const { failpoint } of momentsOf('start'))
    for (const time of timesOf(failpoint))
      test(`${failpoint}, time ${time}`, async () => {
        const directory = await mkdtemp(join(tmpdir(), 'countersign-crash-'))
        try {
          const env = { COUNTERSIGN_FAILPOINT: `${failpoint}:${time}` }
          const killed = await runCommand(['up', '--json'], { cwd: directory, env })
          assert.equal(killed.signal, 'SIGKILL', `the failpoint was not reached: ${killed.stdout}${killed.stderr}`)

          await using house = await startHouse({ directory })
          const [first] = house.events
          assert.equal(first?.['event'], 'first-meeting')
          const rows = await listed(house)
          for (const party of ['authority/root', 'authority/issuing'])
            assert.equal(rows.filter((row) => row.party === party).length, 1, `one ${party}`)
          await assertAllKnown(rows, house.data)
          await assertNothingHalfMade(house.data)
          const of = (...parts: string[]) => join(house.data, ...parts)
          const verified = await runProgram('openssl', [
            'verify',
            '-x509_strict',
            '-CAfile',
            house.ready.trust,
            '-untrusted',
            of('authority', 'issuing.pem'),
            of('visitor', 'identity.pem'),
            of('doors', 'hello', 'identity.pem'),
          ])
          assert.equal(verified.code, 0, verified.stderr)
          assert.deepEqual(await house.stop(), { code: 0, signal: null })
        } finally {
          await rm(directory, { recursive: true, force: true })
        }
      })
})
