// Invitations: each lets one party get one certificate, once.
import type { DatabaseSync } from 'node:sqlite'
import type { Identity } from '@countersign/protocol'
import { PROFILE_NAMES, type ProfileName } from '../issuance/profiles.ts'
import { readNames } from './names.ts'
import { instant, integer, octets, oneOf, optional, type Row, text } from './row.ts'

export interface Invitation {
  /** HMAC-SHA256 of the secret, 32 octets. */
  readonly id: Uint8Array
  /** Secret, 32 octets; absent once it was erased. */
  readonly macKey?: Uint8Array
  readonly party: string
  readonly profile: ProfileName
  readonly names: readonly Identity[]
  readonly createdAt: Temporal.Instant
  readonly expiresAt: Temporal.Instant
  readonly spent?: {
    readonly at: Temporal.Instant
    readonly requestSha256: Uint8Array
    /** The row of the certificate that it gave. */
    readonly certificate: number
  }
}

export interface InvitationStore {
  add(invitation: Invitation & { readonly macKey: Uint8Array }): void
  byId(id: Uint8Array): Invitation | undefined
  /** Marks it spent. False when it was spent before: of rivals, one gets true. */
  spend(id: Uint8Array, spent: NonNullable<Invitation['spent']>): boolean
  /** Whether the party was invited with something that can still be used. */
  isInvited(party: string, now: Temporal.Instant): boolean
  /** Ends what the party was invited with and has not used, for good: without its key no clock brings it back. */
  endOfParty(party: string, at: Temporal.Instant): void
  /** Erases the keys of at most `limit` invitations that have expired. Answers how many. */
  eraseExpired(now: Temporal.Instant, limit: number): number
}

export function createInvitationStore(db: DatabaseSync): InvitationStore {
  const insert = db.prepare(
    'INSERT INTO invitation (id, mac_key, party, profile, names, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const byId = db.prepare('SELECT * FROM invitation WHERE id = ?')
  const spend = db.prepare(
    'UPDATE invitation SET spent_at = ?, request_sha256 = ?, certificate = ? WHERE id = ? AND spent_at IS NULL',
  )
  const open = db.prepare(
    `SELECT 1 FROM invitation
       WHERE party = ? AND mac_key IS NOT NULL AND spent_at IS NULL AND expires_at > ? LIMIT 1`,
  )
  const end = db.prepare(
    `UPDATE invitation SET expires_at = min(expires_at, ?), mac_key = NULL
       WHERE party = ? AND mac_key IS NOT NULL AND spent_at IS NULL`,
  )
  const erase = db.prepare(
    `UPDATE invitation SET mac_key = NULL WHERE id IN
       (SELECT id FROM invitation WHERE mac_key IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?)`,
  )
  return {
    add(i) {
      insert.run(
        i.id,
        i.macKey,
        i.party,
        i.profile,
        JSON.stringify(i.names),
        i.createdAt.epochMilliseconds,
        i.expiresAt.epochMilliseconds,
      )
    },
    byId(id) {
      const row = byId.get(id)
      return row === undefined ? undefined : readInvitationRow(row)
    },
    spend: (id, { at, requestSha256, certificate }) =>
      spend.run(at.epochMilliseconds, requestSha256, certificate, id).changes === 1,
    isInvited: (party, now) => open.get(party, now.epochMilliseconds) !== undefined,
    endOfParty(party, at) {
      end.run(at.epochMilliseconds, party)
    },
    eraseExpired: (now, limit) => Number(erase.run(now.epochMilliseconds, limit).changes),
  }
}

function readInvitationRow(row: Row): Invitation {
  const macKey = optional(row, 'mac_key', octets)
  const spentAt = optional(row, 'spent_at', instant)
  return {
    id: octets(row, 'id'),
    ...(macKey === undefined ? {} : { macKey }),
    party: text(row, 'party'),
    profile: oneOf(row, 'profile', PROFILE_NAMES),
    names: readNames(text(row, 'names')),
    createdAt: instant(row, 'created_at'),
    expiresAt: instant(row, 'expires_at'),
    ...(spentAt === undefined
      ? {}
      : {
          spent: {
            at: spentAt,
            requestSha256: octets(row, 'request_sha256'),
            certificate: integer(row, 'certificate'),
          },
        }),
  }
}
