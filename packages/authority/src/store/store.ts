// All that the authority must not forget, in one file.
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { type CertificateStore, createCertificateStore } from './certificates.ts'
import { type Commit, createCommit } from './commit.ts'
import { createInvitationStore, type InvitationStore } from './invitations.ts'
import { openDatabase } from './open.ts'
import { text } from './row.ts'
import { SCHEMA, SCHEMA_UPGRADES, SCHEMA_VERSION } from './schema.ts'
import { createStatusStore, type StatusStore } from './status.ts'

/** Reads see what is committed and, inside the work of a `commit`, what that work has done. Writes belong inside. */
export interface Store {
  readonly commit: Commit
  readonly certificates: CertificateStore
  readonly invitations: InvitationStore
  readonly status: StatusStore
  setting(key: string): string | undefined
  /** Inside the work of a `commit`. */
  set(key: string, value: string): void
  /** After what waits is durable. */
  close(): Promise<void>
}

/** Opens the store at `path` for this process alone. @throws {AuthorityError} */
export function openStore(path: string): Store {
  const db = openDatabase(path, {
    version: SCHEMA_VERSION,
    schema: SCHEMA,
    upgrades: SCHEMA_UPGRADES,
    synchronous: 'FULL',
  })
  return {
    commit: createCommit(db, path),
    certificates: createCertificateStore(db),
    invitations: createInvitationStore(db),
    status: createStatusStore(db),
    ...settings(db),
    async close() {
      await setImmediate()
      if (db.isOpen) db.close()
    },
  }
}

function settings(db: DatabaseSync): Pick<Store, 'setting' | 'set'> {
  const get = db.prepare('SELECT value FROM setting WHERE key = ?')
  const put = db.prepare('INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?2')
  return {
    setting(key) {
      const row = get.get(key)
      return row === undefined ? undefined : text(row, 'value')
    },
    set(key, value) {
      put.run(key, value)
    },
  }
}
