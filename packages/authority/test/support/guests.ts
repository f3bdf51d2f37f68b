// A program of the house with a part of the store, as one for people that sign in has: who was invited where, by which
// device, and what was done.
import type { Accounts, PartOfStore, StorePart } from '@countersign/authority'
import type { Clock } from '@countersign/mtls'
import type { Generated } from 'kysely'

export interface GuestTables {
  guest_account: { account: string; door: string; device: string | null; invited_at: number }
  guest_act: { id: Generated<number>; account: string; door: string; act: string }
}

/** In version 1 nothing was known of acts. */
export const GUEST_VERSION_1: StorePart = {
  name: 'guest',
  version: 1,
  schemaIn: ({ integer, text, withoutRowid }) => `
CREATE TABLE guest_account (
  account ${text} NOT NULL,
  door ${text} NOT NULL,
  device ${text},
  invited_at ${integer} NOT NULL,
  PRIMARY KEY (door, account)
) ${withoutRowid};
`,
  upgrades: {},
  primaryKeys: { guest_account: ['door', 'account'] },
}

const ACTS: StorePart['schemaIn'] = ({ sequence, text, strict }) => `
CREATE TABLE guest_act (
  id ${sequence},
  account ${text} NOT NULL,
  door ${text} NOT NULL,
  act ${text} NOT NULL
) ${strict};
INSERT INTO guest_act (account, door, act) SELECT account, door, 'invited' FROM guest_account;
`

/** The part as it is now. */
export const GUESTS: StorePart = {
  ...GUEST_VERSION_1,
  version: 2,
  schemaIn: (words) => `${GUEST_VERSION_1.schemaIn(words)}${ACTS(words)}`,
  upgrades: { 1: ACTS },
  primaryKeys: { ...GUEST_VERSION_1.primaryKeys, guest_act: ['id'] },
}

/** The id of the device that everybody has. */
export const deviceOf = (account: string): string => account.padEnd(43, '-').replaceAll('/', '_')

/** Accounts at these doors, in the part of an authority that is opened with them. */
export function accountsOf(doors: readonly string[], part: () => PartOfStore<GuestTables>, clock: Clock): Accounts {
  const refused = (note: string) => ({ ok: false, refusal: { code: 'ERR_ADMIN_NOT_FOUND', note } }) as const
  const act = async (asked: { door: string; account: string; act: 'invited' | 'device removed' }) =>
    part().commit(async ({ db, record }) => {
      const { door, account } = asked
      const device = asked.act === 'invited' ? deviceOf(account) : null
      const values = { door, account, device, invited_at: clock().epochMilliseconds }
      if (asked.act === 'invited')
        await db
          .insertInto('guest_account')
          .values(values)
          .onConflict((conflict) => conflict.columns(['door', 'account']).doUpdateSet({ device }))
          .execute()
      else
        await db
          .updateTable('guest_account')
          .set({ device })
          .where('door', '=', door)
          .where('account', '=', account)
          .execute()
      await db.insertInto('guest_act').values(asked).execute()
      await record({ at: clock(), evidence: `of ${door}`, ...asked })
    })
  return {
    async invite({ party: account, door, ttlSeconds }) {
      if (!doors.includes(door)) return refused('nobody signs in there')
      await act({ door, account, act: 'invited' })
      return { ok: true, url: `https://${door}/#secret`, expiresAt: clock().add({ seconds: ttlSeconds }) }
    },
    async list({ door, account, limit, after }) {
      if (door !== undefined && !doors.includes(door)) return refused('nobody signs in there')
      let query = part().db.selectFrom('guest_account').selectAll().orderBy('door').orderBy('account')
      if (door !== undefined) query = query.where('door', '=', door)
      if (account !== undefined) query = query.where('account', '=', account)
      if (after !== undefined)
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('door', 'account'), '>', tuple(after.door, after.account)),
        )
      const rows = await query.limit(limit + 1).execute()
      const found = rows.slice(0, limit).map((row) => {
        const openedAt = Temporal.Instant.fromEpochMilliseconds(row.invited_at)
        const times = { addedAt: openedAt, lastSeenAt: openedAt }
        const devices = row.device === null ? [] : [{ device: row.device, name: 'Chromium on Linux', ...times }]
        return {
          account: row.account,
          door: row.door,
          openedAt,
          lastSeenAt: openedAt,
          devices,
          ways: { passkeys: 1, app: true, recoveryCodes: 9 },
        }
      })
      const last = rows.length > limit ? found.at(-1) : undefined
      return { ok: true, found, ...(last && { next: { door: last.door, account: last.account } }) }
    },
    async removeDevice({ door, account, device }) {
      const query = part().db.selectFrom('guest_account').select('account')
      const row = await query
        .where('door', '=', door)
        .where('account', '=', account)
        .where('device', '=', device)
        .executeTakeFirst()
      if (row === undefined) return refused('no account has this device')
      await act({ door, account, act: 'device removed' })
      return { ok: true }
    },
    async of(db, party) {
      const query = db<GuestTables>(GUESTS.name).selectFrom('guest_account').select('door').where('account', '=', party)
      return (await query.where('device', 'is not', null).execute()).map(({ door }) => door)
    },
    async revoke(within, { party: account, reason, at }) {
      const { db, record } = within<GuestTables>(GUESTS.name)
      const ended = await db
        .updateTable('guest_account')
        .set({ device: null })
        .where('account', '=', account)
        .where('device', 'is not', null)
        .returning('door')
        .execute()
      for (const { door } of ended) await record({ at, door, account, act: 'revoked', evidence: reason })
    },
  }
}
