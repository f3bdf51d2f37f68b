// Under which keys an open session is found.
import type { Decision, PartyLock, RevokedSerial, Side } from '@countersign/protocol'
import type { VerifiedPath } from '@countersign/verify'
import type { SessionKey } from '../model.ts'
import { sha256 } from '../sha256.ts'

/**
 * Lists what a session depends on: every certificate and key of the path, the anchor's key, who the peer is, and what the
 * decision names.
 * @param path Absent where the caller was admitted as nobody, or as a person.
 * @param device Thumbprint of the key that the session is bound to.
 */
export function sessionKeysOf(
  peer: Side,
  decision: Decision,
  path?: VerifiedPath,
  device?: string,
): readonly SessionKey[] {
  const keys: SessionKey[] = []
  if (path) {
    const spkis = [...path.certificates, path.anchor].map(({ subjectPublicKeyInfo }) =>
      sha256(subjectPublicKeyInfo.der),
    )
    path.certificates.forEach(({ serialNumber }, i) => {
      keys.push(certificateKey(spkis[i + 1] ?? '', serialNumber))
    })
    keys.push(...spkis.map((spki) => `key:${spki}`))
  }
  if (device !== undefined) keys.push(deviceKey(device))
  if (peer.party !== undefined) keys.push(`party:${peer.party}`)
  for (const { kind, value } of peer.identities) keys.push(`identity:${kind}:${value}`)
  if (decision.ok) {
    for (const label of decision.labels ?? []) keys.push(`label:${label}`)
    keys.push(`rule:${decision.rule}`)
  }
  return Object.freeze([...new Set(keys)])
}

/** The key of all sessions that an announced revocation ends: those of the certificate, and of what it issued. */
export function revokedKey({ issuerSpkiSha256, serialNumber }: RevokedSerial): SessionKey {
  return certificateKey(issuerSpkiSha256, serialNumber)
}

/** The key of all sessions of a party, whatever it proved: a lock ends them, and so does its revocation by name. */
export function partyKey({ party }: Pick<PartyLock, 'party'>): SessionKey {
  return `party:${party}`
}

/** The key of all sessions that are bound to a device, by the thumbprint of its key. @see RFC 7638 */
export function deviceKey(keySha256: string): SessionKey {
  return `key:${keySha256}`
}

/** The key of all sessions that stand by a certificate. */
export function certificateKey(issuerSpkiSha256: string, serialNumber: bigint): SessionKey {
  return `certificate:${issuerSpkiSha256}:${serialNumber.toString(16)}`
}
