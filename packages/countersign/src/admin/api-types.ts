// Made by `npm run docs` from packages/authority/src/api/operations.ts: change it there. What is asked of the API; what it
// answers is read field by field, as anybody may have sent it.

/** What can be asked for. */
export type GetPath =
  | '/livez'
  | '/readyz'
  | '/v1/ready'
  | '/v1/openapi.json'
  | '/status'
  | `/status?${string}`
  | '/root.pem'
  | `/crl/${string}`
  | '/ssh/ca.pub'
  | '/ssh/revoked.krl'
  | `/.well-known/openpgpkey/${string}/hu/${string}`
  | `/.well-known/openpgpkey/hu/${string}`
  | `/.well-known/openpgpkey/${string}/policy`
  | '/.well-known/openpgpkey/policy'
  | `/v1/own/meetings/${string}`
  | '/v1/mail/keys'
  | `/v1/mail/keys?${string}`
  | '/v1/certificates'
  | `/v1/certificates?${string}`
  | `/v1/certificates/${string}`
  | '/v1/expiring'
  | `/v1/expiring?${string}`
  | '/v1/outage-budget'
  | '/v1/unissued'
  | `/v1/unissued?${string}`
  | '/v1/parties'
  | `/v1/parties?${string}`
  | `/v1/parties/${string}`
  | `/v1/parties/${string}/keys`
  | `/v1/parties/${string}/keys?${string}`
  | '/v1/accounts'
  | `/v1/accounts?${string}`
  | '/metrics'
  | '/v1/events'
  | `/v1/events?${string}`
  | '/v1/ledger/entries'
  | `/v1/ledger/entries?${string}`
  | '/v1/issuers'
  | `/v1/issuers?${string}`
  | `/v1/issuers/${string}`
  | '/v1/openpgp/authorities'
  | '/v1/sessions'
  | `/v1/meetings/${string}`

/** What each act takes, by its path. */
export interface PostBodies {
  '/enroll': {
    readonly token: string
    readonly request: string
    readonly mac: string
  }
  '/renew': {
    readonly request: string
    readonly beside?: string
  }
  '/v1/own/meetings': object
  '/v1/mail/keys': {
    readonly key: string
  }
  '/v1/ssh/certificates': {
    readonly profile: string
    readonly signature: string
  }
  '/v1/timestamps': object
  '/v1/invitations': {
    readonly party: string
    readonly san?: readonly string[]
    readonly profile?: string
    readonly role?: string
    readonly ttlSeconds?: number
  }
  '/v1/certificates': {
    readonly party: string
    readonly san?: readonly string[]
    readonly profile?: string
    readonly request: string
  }
  '/v1/backups': {
    readonly target: string
    readonly keys?: boolean
    readonly passphrase?: string
  }
  '/v1/reload': object
  '/v1/revocations': {
    readonly subject: string
    readonly reason?: string
    readonly dryRun?: boolean
  }
  [path: `/v1/parties/${string}/lock`]: {
    readonly reason?: string
    readonly until?: string
  }
  [path: `/v1/parties/${string}/unlock`]: object
  '/v1/accounts/invitations': {
    readonly party: string
    readonly door: string
    readonly email?: string
    readonly again?: boolean
    readonly proofed?: string
    readonly ttlSeconds?: number
  }
  '/v1/issuers': {
    readonly name: string
    readonly kind?: string
    readonly algorithm?: string
    readonly key?: string
    readonly profiles?: readonly string[]
    readonly isWaiting?: boolean
  }
  '/v1/issuers/import': {
    readonly pem: string
    readonly rootSha256?: string
    readonly name?: string
  }
  [path: `/v1/issuers/${string}/request`]: object
  [path: `/v1/issuers/${string}/crosses`]: {
    readonly by: string
  }
  [path: `/v1/issuers/${string}/state`]: {
    readonly state: string
    readonly profiles?: readonly string[]
    readonly force?: boolean
    readonly reason?: string
  }
  '/v1/openpgp/authorities': {
    readonly force?: boolean
  }
  [path: `/v1/openpgp/authorities/${string}/revocation`]: object
}

/** What each change takes, by its path. */
export interface PatchBodies {
  [path: `/v1/parties/${string}`]: {
    readonly create?: true
    readonly kind?: string | null
    readonly owner?: string | null
    readonly role?: string
    readonly labels?: readonly string[]
  }
}

/** What can be ended. */
export type DeletePath = `/v1/accounts/${string}/${string}/devices/${string}`
