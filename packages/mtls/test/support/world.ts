// One small house for the client's tests: an authority, its lists, a caller and a callee.

import assert from 'node:assert/strict'
import type { RevokedSerial } from '@countersign/protocol'
import { connect } from '../../src/client/connect.ts'
import { MeetingRefusedError } from '../../src/client/refused.ts'
import { createIdentity } from '../../src/identity/create.ts'
import type { ConnectOptions, Credential, Trust } from '../../src/model.ts'
import { sha256 } from '../../src/sha256.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { issueCrl } from './crls.ts'
import { createIntermediate, createRoot, dns, issueLeaf, NOW, uri } from './pki.ts'

export const root = createRoot('Acme Root')
export const issuing = createIntermediate(root, 'Acme Issuing 1')
export const alice = issueLeaf(issuing, 'alice', {
  names: [uri('spiffe://acme.example/alice')],
  purposes: ['clientAuth'],
})
export const door = issueLeaf(issuing, 'door', { names: [dns('door.localhost')], purposes: ['serverAuth'] })
export const identity = createIdentity(alice)

/** Our authority, with both of its lists. */
export function trustOf(overrides: Partial<Parameters<typeof createTrust>[0]> = {}): Trust {
  return createTrust({
    anchors: [root.certificate],
    crls: [issueCrl(root), issueCrl(issuing)],
    revocation: 'require',
    asOf: NOW,
    ...overrides,
  })
}

/** What is announced when a leaf of the issuing authority is revoked. */
export function revocationOf({ certificates: [leaf] }: Credential): RevokedSerial {
  const issuerSpkiSha256 = sha256(issuing.certificate.subjectPublicKeyInfo.der)
  return { issuerSpkiSha256, serialNumber: leaf.serialNumber, party: 'door', at: NOW, reason: 'keyCompromise' }
}

/** How alice meets the door at `port`. */
export function optionsFor(port: number) {
  return {
    host: '127.0.0.1',
    port,
    name: { kind: 'dNSName', value: 'door.localhost' },
    identity,
    trust: trustOf(),
    clock: () => NOW,
  } as const satisfies ConnectOptions
}

/** Waits for a refusal and answers it. */
export async function refusedBy(options: ConnectOptions): Promise<MeetingRefusedError> {
  const connected = await connect(options).catch((error: unknown) => error)
  if (!(connected instanceof Error)) {
    ;(connected as Awaited<ReturnType<typeof connect>>).socket.destroy()
    assert.fail('the meeting was not refused')
  }
  if (!(connected instanceof MeetingRefusedError)) throw connected
  assert.equal(connected.code, connected.refusal.code)
  assert.deepEqual(connected.meeting.outcome, { ok: false, refusal: connected.refusal })
  return connected
}
