// Ends the whole program by SIGKILL at a named moment, and looks at what that left behind.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FAILPOINTS, type FailpointName } from '@countersign/authority'
import type { RunningHouse } from './house.ts'

/** What somebody asks for while the program is ended. */
export type Deed = 'start' | 'invite' | 'enroll' | 'renew' | 'revoke'

type Operation<Name> = Name extends `${infer Head}.${string}` ? Head : never

/** During which deeds each operation is ended. All failpoints are walked by packages/authority/test/crash. */
const DEEDS: Readonly<Partial<Record<Operation<FailpointName>, readonly Deed[]>>> = {
  start: ['start'],
  'own-identity': ['start'],
  issue: ['start', 'enroll', 'renew'],
  invite: ['invite'],
  enroll: ['enroll'],
  renew: ['renew'],
  revoke: ['revoke'],
  crl: ['start', 'revoke'],
}

export interface Moment {
  readonly deed: Deed
  readonly failpoint: FailpointName
}

/** Failpoints with every deed that comes to them. */
const MOMENTS: readonly Moment[] = FAILPOINTS.flatMap((failpoint) =>
  (DEEDS[failpoint.slice(0, failpoint.indexOf('.')) as Operation<FailpointName>] ?? []).map((deed) => ({
    deed,
    failpoint,
  })),
)

/** Between which nothing of the program happens but what packages/authority/test/crash looks at, at every failpoint. */
const IN_LONG_RUNS_ALONE = /(?:-sign|-write|-sign-\S+|-cut|before-reply)$/

/** The moments of some deeds: all of them in a long run (COUNTERSIGN_SOAK_ROUNDS), else those around what is kept, and the last. */
export function momentsOf(...deeds: readonly Deed[]): readonly Moment[] {
  const isLong = process.env['COUNTERSIGN_SOAK_ROUNDS'] !== undefined
  return MOMENTS.filter(
    ({ deed, failpoint }) => deeds.includes(deed) && (isLong || !IN_LONG_RUNS_ALONE.test(failpoint)),
  )
}

/** One line of `countersign list --json`. */
export interface Listed {
  readonly party: string
  readonly serialNumber: string
  readonly sha256: string
  readonly state: 'valid' | 'revoked' | 'expired'
}

/** What the store knows, as `countersign list --json` tells it; no two have one serial number. */
export async function listed(house: RunningHouse): Promise<readonly Listed[]> {
  const { code, stdout, stderr } = await house.run(['list', '--json'])
  assert.equal(code, 0, stderr)
  const rows: Listed[] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    new Set(rows.map(({ serialNumber }) => serialNumber)).size,
    rows.length,
    'a serial number is there twice',
  )
  return rows
}

/** No certificate of ours is in a file that the store does not know. */
export async function assertAllKnown(rows: readonly Listed[], directory: string): Promise<void> {
  const known = new Set(rows.map(({ sha256 }) => sha256.toLowerCase()))
  let found = 0
  for (const file of await filesUnder(directory)) {
    const blocks = (await readFile(file, 'latin1')).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    for (const pem of blocks ?? []) {
      found++
      const sha256 = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
      assert.ok(known.has(sha256), `the store does not know a certificate that is in ${file}`)
    }
  }
  assert.ok(found > 0, 'no certificate was found')
}

/** Nothing that was begun and not ended is under `directory`. */
export async function assertNothingHalfMade(directory: string): Promise<void> {
  const names = await readdir(directory, { recursive: true })
  assert.deepEqual(
    names.filter((name) => /\.(new|tmp|next|lock|csr|dead)\b/.test(name)),
    [],
  )
}

async function filesUnder(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  // The ledger has no certificates, and may be written to meanwhile.
  const files = entries.filter((entry) => entry.isFile() && !/\/ledger(?:\/|$)/.test(entry.parentPath))
  return files.map(({ parentPath, name }) => join(parentPath, name))
}
