// What an entry of the authority's ledger says: JSON with its version first, fields in this order, no spaces.
import { MAX_ENTRY_OCTETS } from './bundle.ts'
import { LedgerError } from './error.ts'

/** Hashes are SHA-256 in hexadecimal, serial numbers hexadecimal; `event` is the number under which doors were told. */
export type LedgerEntry =
  | {
      readonly kind: 'issued'
      readonly at: Temporal.Instant
      readonly party: string
      readonly profile: string
      readonly serial: string
      /** Of the certificate. */
      readonly sha256: string
      /** Of its key. */
      readonly spkiSha256: string
      /** How its holder was proved, and what shows it. */
      readonly method: string
      readonly evidence: string
      /** What was asked for and not granted, in words. */
      readonly denied: readonly string[]
    }
  | {
      readonly kind: 'revoked'
      readonly at: Temporal.Instant
      readonly party: string
      readonly serial: string
      readonly sha256: string
      readonly reason: string
      readonly event: number
    }
  | {
      readonly kind: 'locked'
      readonly at: Temporal.Instant
      readonly party: string
      readonly reason?: string
      readonly until?: Temporal.Instant
      readonly event: number
    }
  | {
      readonly kind: 'unlocked'
      readonly at: Temporal.Instant
      readonly party: string
      readonly event: number
    }
  | {
      /** What a party may do as an administrator, from then on. */
      readonly kind: 'role'
      readonly at: Temporal.Instant
      readonly party: string
      readonly role: string
    }
  | {
      /** What an issuer is, from then on. */
      readonly kind: 'issuer'
      readonly at: Temporal.Instant
      readonly issuer: string
      readonly state: string
      readonly profiles: readonly string[]
      /** Of its key. */
      readonly spkiSha256: string
    }
  | {
      /** By what a person proves itself, from then on. */
      readonly kind: 'account'
      readonly at: Temporal.Instant
      /** The party. */
      readonly account: string
      readonly door: string
      /** As in `device added`. */
      readonly act: string
      /** How, or which device, without secrets. */
      readonly evidence: string
    }
  | {
      /** That something was there: whoever asked had its hash. */
      readonly kind: 'timestamp'
      readonly at: Temporal.Instant
      readonly party: string
      /** Of the token. */
      readonly serial: string
      /** As in `SHA-256`. */
      readonly hash: string
      readonly imprint: string
    }
  | {
      /** What may be signed, from then on: SHA-256 of the table of profiles, which is code. */
      readonly kind: 'profiles'
      readonly at: Temporal.Instant
      readonly sha256: string
    }
  | {
      /** Rules, or other authorities, that doors elsewhere follow. */
      readonly kind: 'policy' | 'trust'
      readonly at: Temporal.Instant
      /** Of what they were told, as JSON. */
      readonly sha256: string
      readonly event: number
    }

/** The octets of an entry. @throws {LedgerError} when it is too long for a ledger, so that the act is undone. */
export function writeEntry(entry: LedgerEntry): Uint8Array {
  const { kind, at, ...more } = entry
  const octets = new TextEncoder().encode(JSON.stringify({ version: 1, kind, at, ...more }))
  if (octets.length > MAX_ENTRY_OCTETS) throw new LedgerError('ERR_LEDGER_ENTRY_LIMIT')
  return octets
}

/** What an issuer is from `at` on. */
export function issuerEntry(
  issuer: {
    readonly name: string
    readonly state: string
    readonly profiles: readonly string[]
    readonly spkiSha256: Uint8Array
  },
  at: Temporal.Instant,
): Uint8Array {
  const { name, state, profiles, spkiSha256 } = issuer
  return writeEntry({ kind: 'issuer', at, issuer: name, state, profiles, spkiSha256: spkiSha256.toHex() })
}

/** That a certificate was issued, as its row has it. */
export function issuedEntry(row: {
  readonly issuedAt: Temporal.Instant
  readonly party: string
  readonly profile: string
  readonly serial: string
  readonly sha256: Uint8Array
  readonly spkiSha256: Uint8Array
  readonly method: string
  readonly evidence: string
  readonly denied: readonly string[]
}): Uint8Array {
  const { issuedAt: at, party, profile, serial, sha256, spkiSha256, method, evidence, denied } = row
  const hashes = { sha256: sha256.toHex(), spkiSha256: spkiSha256.toHex() }
  return writeEntry({ kind: 'issued', at, party, profile, serial, ...hashes, method, evidence, denied })
}

/** What was done to an account: fields in the order of an entry, whatever order they came in. */
export function accountEntry(done: Omit<Extract<LedgerEntry, { kind: 'account' }>, 'kind'>): Uint8Array {
  const { at, account, door, act, evidence } = done
  return writeEntry({ kind: 'account', at, account, door, act, evidence })
}
