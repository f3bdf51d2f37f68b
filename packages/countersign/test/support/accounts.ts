// Accounts in the tables that login has, each with one device, for commands that ask about them.
import type { Accounts } from '@countersign/authority'
import type { LoginStore, LoginTransaction } from '@countersign/login'
import type { Clock } from '@countersign/mtls'

/** The id of the device that everybody has. */
export const deviceOf = (account: string): string => account.padEnd(43, '-')

const none = (note: string) => ({ ok: false, refusal: { code: 'ERR_ADMIN_NOT_FOUND', note } }) as const

/** Accounts at the door `door`, opened as soon as somebody is invited. */
export function accountsAt(door: string, store: () => LoginStore, clock: Clock): Accounts {
  const record = { door, evidence: 'a test' }
  return {
    async invite({ party: account, door: asked, ttlSeconds, again = false }) {
      if (asked !== door) return none('nobody signs in there')
      const at = clock()
      const invited = { ok: true, url: `https://${door}/#secret`, expiresAt: at.add({ seconds: ttlSeconds }) } as const
      const { db } = store()
      const has = await db
        .selectFrom('login_account')
        .select('account')
        .where('account', '=', account)
        .executeTakeFirst()
      if (again) return has === undefined ? none('nobody has this account') : invited
      if (has !== undefined) return { ok: false, refusal: { code: 'ERR_ADMIN_CONFLICT', note: 'somebody has it' } }
      const ms = at.epochMilliseconds
      await store().commit(async (tx) => {
        const secrets = { record: 'r', totp_secret: null, of_password: 'o' }
        await tx.db
          .insertInto('login_account')
          .values({ account, door, name: account, email: null, ...secrets, opened_at: ms })
          .execute()
        const keys = { of_device: null, how: 'set-up', is_phone: 0 }
        const device = { device: deviceOf(account), account, name: 'Chromium on Linux', ...keys }
        await tx.db
          .insertInto('login_device')
          .values({ ...device, added_at: ms, last_seen_at: ms, removed_at: null })
          .execute()
        await tx.record({ ...record, at, account, act: 'opened' })
      })
      return invited
    },
    async list({ door: asked, account: one }) {
      if (asked !== undefined && asked !== door) return none('nobody signs in there')
      const { db } = store()
      const accounts = await db.selectFrom('login_account').selectAll().orderBy('account').execute()
      const devices = await db.selectFrom('login_device').selectAll().where('removed_at', 'is', null).execute()
      const instant = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms)
      const wanted = accounts.filter(({ account }) => one === undefined || account === one)
      const found = wanted.map(({ account, opened_at }) => ({
        account,
        door,
        ways: { passkeys: 1, app: true, recoveryCodes: 9 },
        openedAt: instant(opened_at ?? 0),
        devices: devices
          .filter((one) => one.account === account)
          .map(({ device, name, added_at, last_seen_at }) => ({
            device,
            name,
            addedAt: instant(added_at),
            lastSeenAt: instant(last_seen_at),
          })),
      }))
      return { ok: true, found }
    },
    async removeDevice({ account, device }) {
      const at = clock()
      return store().commit(async (tx) => {
        const [done] = await tx.db
          .updateTable('login_device')
          .set({ removed_at: at.epochMilliseconds })
          .where('account', '=', account)
          .where('device', '=', device)
          .where('removed_at', 'is', null)
          .execute()
        if (done?.numUpdatedRows !== 1n) return none('no account has this device')
        await tx.record({ ...record, at, account, act: 'device removed' })
        return { ok: true }
      })
    },
    async of(db, party) {
      const own: LoginStore['db'] = db('login')
      const query = own.selectFrom('login_device').select('device').where('account', '=', party)
      return (await query.where('removed_at', 'is', null).execute()).map(() => door)
    },
    async revoke(part, { party: account, at }) {
      const tx: LoginTransaction = part('login')
      await tx.db
        .updateTable('login_device')
        .set({ removed_at: at.epochMilliseconds })
        .where('account', '=', account)
        .execute()
      await tx.record({ ...record, at, account, act: 'revoked' })
    },
  }
}
