// A root and an issuer with keys of one kind, and leaves that nobody has seen.
import { hash } from 'node:crypto'
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  keyUsageExtension,
  type Name,
  nameOf,
  readSubjectPublicKeyInfo,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeTbsCertificate,
} from '@countersign/x509'
import { type Key, newKey } from '../../tools/testing/keys.ts'
import { freshLeaves } from './leaves.ts'

/** Within the validity of `freshLeaves`. */
export const NOW: Temporal.Instant = Temporal.Instant.from('2026-02-01T00:00:00Z')

export interface House {
  readonly root: Uint8Array
  readonly issuing: Uint8Array
  freshLeaves(count: number): readonly Uint8Array[]
}

/** Makes a house. */
export function makeHouse(kind: 'P-256' | 'RSA-2048'): House {
  const [rootKey, issuingKey] = [newKey(kind), newKey(kind)]
  const [rootName, name] = [nameOf([['commonName', 'Bench Root']]), nameOf([['commonName', 'Bench Issuing']])]
  const { algorithm, sign } = issuingKey
  return {
    root: issue(rootName, rootKey, rootName, rootKey),
    issuing: issue(name, issuingKey, rootName, rootKey),
    freshLeaves: (count) => freshLeaves(count, { name, keyIdentifier: keyIdentifierOf(issuingKey), algorithm, sign }),
  }
}

let serial = 1n

function issue(subject: Name, key: Key, issuer: Name, signer: Key): Uint8Array {
  const tbsDer = writeTbsCertificate({
    version: 3,
    serialNumber: ++serial,
    signature: signer.algorithm,
    issuer,
    validity: { notBefore: NOW.subtract({ hours: 9999 }), notAfter: NOW.add({ hours: 9999 }) },
    subject,
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(key.spki),
    extensions: [
      basicConstraintsExtension({ cA: true }),
      keyUsageExtension(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifierExtension(keyIdentifierOf(key)),
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(signer) }),
    ],
  })
  return writeCertificate(tbsDer, signer.algorithm, signer.sign(tbsDer))
}

function keyIdentifierOf({ spki }: Key): Uint8Array {
  const { subjectPublicKey } = readSubjectPublicKeyInfo(spki)
  return new Uint8Array(hash('sha256', subjectPublicKey, 'buffer').subarray(0, 20))
}
