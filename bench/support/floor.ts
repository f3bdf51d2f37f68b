// The least that a durable certificate costs here: one P-256 signature and one row that is on the disk.
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { readCertificationRequest } from '@countersign/x509'

/** What a leaf of ours has. */
const TBS_OCTETS = 400

export interface Floor {
  /** Signs and stores `count` rows in one durable transaction. */
  issue(count: number): void
  /** The same for each of the requests, whose signature is verified before. */
  issueFor(requests: readonly Uint8Array[]): void
  close(): void
}

/** Opens an empty database at `path`, with the settings of the authority's own. */
export function openFloor(path: string): Floor {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const db = new DatabaseSync(path)
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE certificate (serial BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID')
  const insert = db.prepare('INSERT INTO certificate (serial, der) VALUES (?, ?)')
  const issue = (count: number, before: (index: number) => void = () => undefined) => {
    db.exec('BEGIN IMMEDIATE')
    for (let i = 0; i < count; i++) {
      before(i)
      const tbs = randomBytes(TBS_OCTETS)
      insert.run(randomBytes(16), Buffer.concat([tbs, sign('sha256', tbs, privateKey)]))
    }
    db.exec('COMMIT')
  }
  return {
    issue: (count) => issue(count),
    issueFor: (requests) => issue(requests.length, (index) => verifyRequest(requests[index] ?? new Uint8Array())),
    close: () => db.close(),
  }
}

/** @throws {Error} where it is not signed by its key. */
function verifyRequest(der: Uint8Array): void {
  const { subjectPublicKeyInfo, certificationRequestInfoDer, signatureValue } = readCertificationRequest(der)
  const key = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo.der), format: 'der', type: 'spki' })
  if (!verify('sha256', certificationRequestInfoDer, key, signatureValue))
    throw new Error('a request is not signed by its key')
}
