// Keys of others that this identity remembers, and what is said where one is another than before.
import { type PinnedKey, readPin, writePin } from '@countersign/mail'
import type { FoundOpenPgpKeys } from '@countersign/mtls'
import type { Around } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** A key with which mail was exchanged, on the authority's word. */
export interface UsedKey {
  readonly address: string
  readonly fingerprint: string
  readonly key: Uint8Array
  /** Of all keys that the authority has for the address now: a person has one of each version. */
  readonly current: readonly string[]
}

/**
 * Remembers a key that the authority vouches for; where another was remembered, that is said. One that somebody has accepted by hand
 * stays as it is. Answers whether it is another one than before.
 */
export async function rememberKey(
  directory: string,
  { address, fingerprint, key, current }: UsedKey,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): Promise<boolean> {
  const before = await readPin(directory, address)
  if (before && (before.fingerprint === fingerprint || current.includes(before.fingerprint))) return false
  if (before === undefined || before.how === 'seen')
    await writePin(directory, { address, fingerprint, key, since: clock(), how: 'seen' })
  if (before === undefined) return false
  err(
    `countersign: the key of ${plainText(address)} is another one than before (${before.fingerprint}); the authority vouches for the new one (${fingerprint})`,
  )
  return true
}

/** Fingerprints of the keys that are a person's now, as the authority says. */
export function currentOf({ keys }: FoundOpenPgpKeys): readonly string[] {
  return keys.filter(({ isCurrent }) => isCurrent).map(({ fingerprint }) => fingerprint)
}

/** Those by which an address is believed without the authority: somebody accepted them, or they were found where its domain has them. */
export function trustedPins(pins: readonly PinnedKey[]): ReadonlyMap<string, string> {
  return new Map(pins.filter(({ how }) => how !== 'seen').map(({ address, fingerprint }) => [address, fingerprint]))
}
