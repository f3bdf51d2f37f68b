// What may be signed is code: when a version has other profiles, the ledger says so before anything is signed by them.
import { hash } from 'node:crypto'
import type { Clock } from '@countersign/mtls'
import type { Failpoint } from '../failpoints.ts'
import { writeEntry } from '../ledger/entry.ts'
import type { Store } from '../store/store.ts'
import { PROFILES } from './profiles.ts'

const SETTING = 'authority.profiles-sha256'

/** SHA-256 of the table, without what is for people alone; hexadecimal. */
export function profilesSha256(profiles: Readonly<Record<string, object>> = PROFILES): string {
  const rules = Object.entries(profiles).map(([name, profile]) => [name, { ...profile, summary: '', instead: '' }])
  return hash('sha256', JSON.stringify(rules), 'hex')
}

/** Writes the entry, where the newest one says another thing or there is none. */
export async function recordProfiles(
  store: Store,
  { clock, failpoint, sha256 = profilesSha256() }: { clock: Clock; failpoint: Failpoint; sha256?: string },
): Promise<void> {
  if ((await store.setting(SETTING)) === sha256) return
  await store.commit(async (tx) => {
    // Of several that start on one store, one writes it.
    await tx.alone(SETTING)
    if ((await tx.setting(SETTING)) === sha256) return
    await tx.set(SETTING, sha256)
    await tx.ledger.add(writeEntry({ kind: 'profiles', at: clock(), sha256 }))
    failpoint('profiles.before-commit')
  })
  failpoint('profiles.after-commit')
}
