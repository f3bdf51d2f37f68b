// What operators do with the accounts of one door: invite, look, and take a lost device away.
import { removeDevice } from './device/remove.ts'
import type { SessionGround } from './session/ground.ts'
import { invite } from './setup/invitations.ts'

/** A device, as operators see it. */
export interface SeenDevice {
  readonly device: string
  readonly name: string
  readonly addedAt: Temporal.Instant
  readonly lastSeenAt: Temporal.Instant
}

/** An account, without its secrets. */
export interface SeenAccount {
  readonly account: string
  readonly door: string
  /** Absent while it is not open. */
  readonly openedAt?: Temporal.Instant
  /** Those that count. */
  readonly devices: readonly SeenDevice[]
  /** When any of its devices was; absent where none was. */
  readonly lastSeenAt?: Temporal.Instant
  /** By what else its person signs in. */
  readonly ways: AccountWays
}

/** Beside the password and the devices. */
export interface AccountWays {
  readonly passkeys: number
  /** Whether an app makes one-time passwords. */
  readonly app: boolean
  /** Those that were not used. */
  readonly recoveryCodes: number
}

/** The accounts of one door. */
export interface AccountsOfDoor {
  /**
   * Answers the path of the page of set-up, secret: whoever has it opens the account.
   * `isAgain`: in place of the one that is there, all of whose proofs end when the new ones are set up, and not before.
   */
  invite(asked: {
    readonly account: string
    readonly email?: string | undefined
    readonly ttlSeconds: number
    readonly isAgain?: boolean | undefined
    readonly proofed?: string | undefined
  }): Promise<
    | { readonly ok: true; readonly path: string; readonly expiresAt: Temporal.Instant }
    | { readonly ok: false; readonly reason: 'has an account' | 'has none' }
  >
  /** In the order of their names, after one of them; or that of one alone. */
  list(query: {
    readonly limit: number
    readonly after?: string | undefined
    readonly account?: string | undefined
  }): Promise<readonly SeenAccount[]>
  /** Ends a device, and every session that is bound to it. False where there is none. */
  removeDevice(asked: { readonly account: string; readonly device: string }): Promise<boolean>
}

/** Makes it. */
export function accountsOf(ground: SessionGround): AccountsOfDoor {
  const { store, door, clock, opened } = ground
  return {
    async invite({ account, email, ttlSeconds, isAgain = false, proofed }) {
      const expiresAt = clock().add({ seconds: ttlSeconds })
      const made = await invite(ground, {
        account,
        expiresAt,
        isAgain,
        ...(email !== undefined && { email }),
        ...(proofed !== undefined && { proofed }),
      })
      return made.ok ? { ok: true, path: `/login/set-up#${made.token}`, expiresAt } : made
    },

    async list({ limit, after = '', account: one }) {
      const accounts = await store.db
        .selectFrom('login_account')
        .select((eb) => ['account', 'opened_at', eb('totp_secret', 'is not', null).as('has_app')])
        .where('door', '=', door)
        .where('account', '>', after)
        .$if(one !== undefined, (query) => query.where('account', '=', one ?? ''))
        .orderBy('account')
        .limit(limit)
        .execute()
      if (accounts.length === 0) return []
      const names = accounts.map(({ account }) => account)
      const passkeys = await store.db
        .selectFrom('login_passkey')
        .select(({ fn }) => ['account', fn.countAll<number>().as('count')])
        .where('account', 'in', names)
        .where('removed_at', 'is', null)
        .groupBy('account')
        .execute()
      const codes = await store.db
        .selectFrom('login_recovery_code')
        .select(({ fn }) => ['account', fn.countAll<number>().as('count')])
        .where('account', 'in', names)
        .where('used_at', 'is', null)
        .groupBy('account')
        .execute()
      const devices = await store.db
        .selectFrom('login_device')
        .select(['account', 'device', 'name', 'added_at', 'last_seen_at'])
        .where('account', 'in', names)
        .where('removed_at', 'is', null)
        .orderBy('added_at')
        .execute()
      const countOf = (counts: readonly { account: string; count: number }[], account: string) =>
        Number(counts.find((each) => each.account === account)?.count ?? 0)
      return accounts.map(({ account, opened_at, has_app }) => {
        const own = devices.filter((device) => device.account === account)
        const last = own.reduce((newest, { last_seen_at }) => Math.max(newest, last_seen_at), 0)
        return {
          account,
          door,
          ...(opened_at !== null && { openedAt: instantOf(opened_at) }),
          devices: own.map(({ device, name, added_at, last_seen_at }) => ({
            device,
            name,
            addedAt: instantOf(added_at),
            lastSeenAt: instantOf(last_seen_at),
          })),
          ...(last > 0 && { lastSeenAt: instantOf(last) }),
          ways: {
            passkeys: countOf(passkeys, account),
            app: Boolean(has_app),
            recoveryCodes: countOf(codes, account),
          },
        }
      })
    },

    async removeDevice({ account, device }) {
      const ended = await store.commit(async (tx) => {
        const here = tx.db.selectFrom('login_account').select('account').where('account', '=', account)
        if ((await here.where('door', '=', door).executeTakeFirst()) === undefined) return undefined
        return removeDevice(ground, tx, { account, device, now: clock() })
      })
      if (ended === undefined) return false
      opened.dropped(ended, 'ERR_PERSON_DEVICE_REMOVED')
      return true
    },
  }
}

function instantOf(milliseconds: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds)
}
