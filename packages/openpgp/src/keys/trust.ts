import type { Key } from 'openpgp'
import { comparedAddress } from './address.ts'
import { readPublicKey } from './read.ts'

/** Whom a house believes about keys. */
export interface OpenPgpTrust {
  readonly authorities: readonly TrustedAuthority[]
  /** Keys that somebody accepted for an address: the address in compared form, to the fingerprint in hexadecimal. */
  readonly pinned: ReadonlyMap<string, string>
}

/** An OpenPGP key of an authority. */
export interface TrustedAuthority {
  /** As records call it. */
  readonly name: string
  readonly key: Key
}

/** Reads the keys of authorities, which are octets. @throws {MailError} for one that cannot be read: trust is whole or none */
export async function readTrust(
  authorities: readonly { readonly name: string; readonly key: Uint8Array }[],
  pinned: ReadonlyMap<string, string> = new Map(),
): Promise<OpenPgpTrust> {
  return {
    authorities: await Promise.all(authorities.map(async ({ name, key }) => ({ name, key: await readPublicKey(key) }))),
    pinned: new Map(
      [...pinned].map(([address, fingerprint]) => [comparedAddress(address) ?? address, fingerprint.toLowerCase()]),
    ),
  }
}
