// Whether a list revokes a key or a certificate, as `ssh-keygen -Q` and sshd decide it.
import type { SshCertificate } from '../certificate/model.ts'
import { type SshPublicKey, writeSshPublicKey } from '../key/public-key.ts'
import { compareOctets, type KeyRevocationList, type SerialRange } from './model.ts'

/** By what a list revokes. */
export type SshRevocation = 'key' | 'authority key' | 'serial' | 'key id'

/** A hash of `octets`, which who has cryptography computes. */
export type HashOctets = (hash: 'SHA-1' | 'SHA-256', octets: Uint8Array) => Uint8Array

/**
 * By what `list` revokes a key or a certificate; `undefined` where it does not. A certificate is revoked with its key,
 * with the key that signed it, by its serial number and by its identifier.
 */
export function revocationOf(
  list: KeyRevocationList,
  subject: SshPublicKey | SshCertificate,
  hash: HashOctets,
): SshRevocation | undefined {
  const revokesKey = (key: SshPublicKey) => isKeyRevoked(list, writeSshPublicKey(key), hash)
  if (!('signatureKey' in subject)) return revokesKey(subject) ? 'key' : undefined
  if (revokesKey(subject.key)) return 'key'
  if (revokesKey(subject.signatureKey)) return 'authority key'
  const authority = writeSshPublicKey(subject.signatureKey)
  const sections = list.certificates.filter(
    (section) => section.authority === undefined || compareOctets(section.authority, authority) === 0,
  )
  if (sections.some(({ keyIds }) => isAmong(keyIds, subject.keyId))) return 'key id'
  // Serial number 0 says that there is none.
  if (subject.serial !== 0n && sections.some(({ serials }) => isWithin(serials, subject.serial))) return 'serial'
  return undefined
}

function isKeyRevoked(list: KeyRevocationList, blob: Uint8Array, hash: HashOctets): boolean {
  const has = (values: readonly Uint8Array[], of: () => Uint8Array) => values.length > 0 && includes(values, of())
  return (
    has(list.keys, () => blob) ||
    has(list.sha256, () => hash('SHA-256', blob)) ||
    has(list.sha1, () => hash('SHA-1', blob))
  )
}

function includes(values: readonly Uint8Array[], value: Uint8Array): boolean {
  const found = values[firstNotBefore(values.length, (i) => compareOctets(values[i] as Uint8Array, value) < 0)]
  return found !== undefined && compareOctets(found, value) === 0
}

function isWithin(ranges: readonly SerialRange[], serial: bigint): boolean {
  const range = ranges[firstNotBefore(ranges.length, (i) => (ranges[i] as SerialRange).last < serial)]
  return range !== undefined && range.first <= serial
}

function isAmong(names: readonly string[], name: string): boolean {
  return names[firstNotBefore(names.length, (i) => (names[i] as string) < name)] === name
}

/** The first index of `length` for which `isBefore` no longer holds. */
function firstNotBefore(length: number, isBefore: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
