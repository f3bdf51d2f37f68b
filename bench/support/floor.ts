// The least that a durable certificate costs here: one P-256 signature and one row that is on the disk.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

/** What a leaf of ours has. */
const TBS_OCTETS = 400

export interface Floor {
  /** Signs and stores `count` rows in one durable transaction. */
  issue(count: number): void
  close(): void
}

/** Opens an empty database at `path`, with the settings of the authority's own. */
export function openFloor(path: string): Floor {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const db = new DatabaseSync(path)
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE certificate (serial BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID')
  const insert = db.prepare('INSERT INTO certificate (serial, der) VALUES (?, ?)')
  return {
    issue(count) {
      db.exec('BEGIN IMMEDIATE')
      for (let i = 0; i < count; i++) {
        const tbs = randomBytes(TBS_OCTETS)
        insert.run(randomBytes(16), Buffer.concat([tbs, sign('sha256', tbs, privateKey)]))
      }
      db.exec('COMMIT')
    },
    close: () => db.close(),
  }
}
