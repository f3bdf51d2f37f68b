// What `countersign up` starts: checked and frozen.

/** Where to listen. `port` 0 lets the system choose. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** The authority of a house. */
export interface AuthorityConfig {
  /** DNS name that the authority proves. */
  readonly name: string
  /** Trust domain: the host part of the SPIFFE IDs that it issues. */
  readonly domain: string
  /** In the names of its certificates. */
  readonly organization: string
  readonly listen: Listen
}

/** One door of kind `web`. */
export interface WebDoorConfig {
  readonly name: string
  readonly kind: 'web'
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: Listen
  /** `demo` is the small service that comes with Countersign. */
  readonly upstream: 'demo' | { readonly url: string; readonly name?: string }
  /** Identities that may pass, or `*` for every party of this authority. */
  readonly allow: readonly string[]
  readonly revocation: 'require' | 'prefer'
}

/** The whole configuration. `standard` is the default house: its ports are wishes, and a visitor meets its door. */
export interface Config {
  readonly standard: boolean
  readonly authority: AuthorityConfig
  readonly doors: readonly WebDoorConfig[]
}
