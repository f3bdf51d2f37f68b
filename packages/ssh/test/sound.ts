import type { SshTbsCertificate } from '@countersign/ssh'

/** Values that are written; the refusals change one of them. */
export const SOUND: SshTbsCertificate = {
  nonce: new Uint8Array(32).fill(1),
  key: { kind: 'Ed25519', key: new Uint8Array(32).fill(7) },
  serial: 1n,
  role: 'user',
  keyId: 'alice',
  principals: ['alice'],
  // 1,700,000,000 and 1,800,000,000 seconds after 1970.
  validAfter: Temporal.Instant.from('2023-11-14T22:13:20Z'),
  validBefore: Temporal.Instant.from('2027-01-15T08:00:00Z'),
  criticalOptions: [],
  extensions: [],
  signatureKey: { kind: 'Ed25519', key: new Uint8Array(32).fill(7) },
}
