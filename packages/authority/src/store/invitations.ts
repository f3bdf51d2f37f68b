// Invitations: each lets one party get one certificate, once.
import type { Identity } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import { PROFILE_NAMES, type ProfileName } from '../issuance/profiles.ts'
import { readNames } from './names.ts'
import { instantOf, octetsOf, oneOf } from './row.ts'
import type { Row, Tables } from './tables.ts'

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

/** Questions about invitations; writes belong into a transaction. */
export interface InvitationStore {
  add(invitation: Invitation & { readonly macKey: Uint8Array }): Promise<void>
  byId(id: Uint8Array): Promise<Invitation | undefined>
  /** Marks it spent. False when it was spent before: of rivals, one gets true. */
  spend(id: Uint8Array, spent: NonNullable<Invitation['spent']>): Promise<boolean>
  /** Whether the party was invited with something that can still be used. */
  isInvited(party: string, now: Temporal.Instant): Promise<boolean>
  /** Ends what the party was invited with and has not used, for good: without its key no clock brings it back. */
  endOfParty(party: string, at: Temporal.Instant): Promise<void>
  /** Erases the keys of at most `limit` invitations that have expired. Answers how many. */
  eraseExpired(now: Temporal.Instant, limit: number): Promise<number>
}

export function createInvitationStore(db: Kysely<Tables>): InvitationStore {
  const openOf = (party: string) =>
    db
      .selectFrom('invitation')
      .select('id')
      .where('party', '=', party)
      .where('mac_key', 'is not', null)
      .where('spent_at', 'is', null)
  return {
    async add({ id, macKey, party, profile, names, createdAt, expiresAt }) {
      await db
        .insertInto('invitation')
        .values({
          id,
          mac_key: macKey,
          party,
          profile,
          names: JSON.stringify(names),
          created_at: createdAt.epochMilliseconds,
          expires_at: expiresAt.epochMilliseconds,
        })
        .execute()
    },
    async byId(id) {
      const row = await db.selectFrom('invitation').selectAll().where('id', '=', id).executeTakeFirst()
      return row === undefined ? undefined : readInvitationRow(row)
    },
    async spend(id, { at, requestSha256, certificate }) {
      const { numUpdatedRows } = await db
        .updateTable('invitation')
        .set({ spent_at: at.epochMilliseconds, request_sha256: requestSha256, certificate })
        .where('id', '=', id)
        .where('spent_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
    async isInvited(party, now) {
      const open = openOf(party).where('expires_at', '>', now.epochMilliseconds).limit(1)
      return (await open.executeTakeFirst()) !== undefined
    },
    async endOfParty(party, at) {
      const now = at.epochMilliseconds
      await db
        .updateTable('invitation')
        .set(({ eb }) => ({
          mac_key: null,
          expires_at: eb.case().when('expires_at', '<', now).then(eb.ref('expires_at')).else(now).end(),
        }))
        .where('id', 'in', openOf(party))
        .execute()
    },
    async eraseExpired(now, limit) {
      const expired = db
        .selectFrom('invitation')
        .select('id')
        .where('mac_key', 'is not', null)
        .where('expires_at', '<=', now.epochMilliseconds)
        .orderBy('expires_at')
        .limit(limit)
      const { numUpdatedRows } = await db
        .updateTable('invitation')
        .set({ mac_key: null })
        .where('id', 'in', expired)
        .executeTakeFirstOrThrow()
      return Number(numUpdatedRows)
    },
  }
}

function readInvitationRow(row: Row<'invitation'>): Invitation {
  const { spent_at, request_sha256, certificate } = row
  return {
    id: octetsOf(row.id),
    ...(row.mac_key !== null && { macKey: octetsOf(row.mac_key) }),
    party: row.party,
    profile: oneOf(row.profile, PROFILE_NAMES),
    names: readNames(row.names),
    createdAt: instantOf(row.created_at),
    expiresAt: instantOf(row.expires_at),
    ...(spent_at !== null &&
      request_sha256 !== null &&
      certificate !== null && {
        spent: { at: instantOf(spent_at), requestSha256: octetsOf(request_sha256), certificate },
      }),
  }
}
