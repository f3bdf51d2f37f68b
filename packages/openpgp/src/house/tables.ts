// The tables as the queries see them. Times are epoch milliseconds, keys are octets. What each is for stands in `schema.ts`.

/** A public key of the authority. */
export interface AuthorityKeyTable {
  version: number
  generation: number
  created_at: number
  revoked_at: number | null
  public_key: Uint8Array
}

/** A person's key that the authority has certified. */
export interface KeyTable {
  fingerprint: string
  party: string
  version: number
  certified_at: number
  public_key: Uint8Array
}

/** The addresses of a key, one a row. */
export interface KeyAddressTable {
  address: string
  certified_at: number
  fingerprint: string
}

/** All of them, by name. */
export interface Tables {
  openpgp_authority_key: AuthorityKeyTable
  openpgp_key: KeyTable
  openpgp_address: KeyAddressTable
}

/** What others refer to comes before them. */
export const PRIMARY_KEYS: { readonly [Table in keyof Tables]: readonly (keyof Tables[Table])[] } = {
  openpgp_authority_key: ['version', 'generation'],
  openpgp_key: ['fingerprint'],
  openpgp_address: ['address', 'certified_at', 'fingerprint'],
}
