// The least that a certificate costs whoever asks with a request: its signature verified, one P-256 signature, one durable row.
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { readCertificationRequest } from '@countersign/x509'

/** What a leaf of ours has. */
const TBS_OCTETS = 400

export interface BareIssuing {
  /** All of them in one durable transaction. */
  issue(requests: readonly Uint8Array[]): void
  close(): void
}

/** Opens an empty database at `path`, with the settings of the authority's own. */
export function openBareIssuing(path: string): BareIssuing {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const db = new DatabaseSync(path)
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE certificate (serial BLOB PRIMARY KEY, der BLOB NOT NULL) WITHOUT ROWID')
  const insert = db.prepare('INSERT INTO certificate (serial, der) VALUES (?, ?)')
  return {
    issue(requests) {
      db.exec('BEGIN IMMEDIATE')
      for (const der of requests) {
        const { subjectPublicKeyInfo, certificationRequestInfoDer, signatureValue } = readCertificationRequest(der)
        const key = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo.der), format: 'der', type: 'spki' })
        if (!verify('sha256', certificationRequestInfoDer, key, signatureValue))
          throw new Error('a request is not signed by its key')
        const tbs = randomBytes(TBS_OCTETS)
        insert.run(randomBytes(16), Buffer.concat([tbs, sign('sha256', tbs, privateKey)]))
      }
      db.exec('COMMIT')
    },
    close: () => db.close(),
  }
}
