// What a customer sees of the account: who has signed in, on which devices, and what waits for a yes.
import type { AnswerOf } from '../api.ts'
import type { Calls } from '../asked.ts'
import { shownCode } from '../otp/telephone.ts'
import { athOf } from '../session/dpop.ts'
import { sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { openSessionsOf } from '../session/open-sessions.ts'
import { readProofs } from '../session/row.ts'
import { endOf, enrolledNumber } from '../sms/code.ts'
import { linesOf, openWaiting, type WaitingRow } from '../waiting/open.ts'

type Waiting = AnswerOf<'account'>['waiting'][number]

/** The call. */
export function accountCalls(ground: SessionGround): Pick<Calls, 'account'> {
  const { store, door } = ground
  return {
    async account(_, asked) {
      const { account, device: own, id, row } = sessionOf(asked)
      const { db } = store
      const { name } = await db
        .selectFrom('login_account')
        .select('name')
        .where('account', '=', account)
        .executeTakeFirstOrThrow()
      const devices = await db
        .selectFrom('login_device')
        .select(['device', 'name', 'added_at', 'how', 'is_phone'])
        .where('account', '=', account)
        .where('removed_at', 'is', null)
        .orderBy('added_at')
        .execute()
      const passkeys = await db
        .selectFrom('login_passkey')
        .select(['passkey', 'name', 'added_at'])
        .where('account', '=', account)
        .where('removed_at', 'is', null)
        .orderBy('added_at')
        .execute()
      const codes = await db
        .selectFrom('login_recovery_code')
        .select('code')
        .where('account', '=', account)
        .where('used_at', 'is', null)
        .execute()
      const isPhone = devices.some(({ device, is_phone }) => device === own && is_phone === 1)
      const sessions = await openSessionsOf(db, { account, door, now: asked.now })
      const waiting = await openWaiting(db, account, asked.now)
      return {
        account,
        name,
        until: instantOf(row.ends_at),
        proofs: readProofs(row.proofs).map(({ kind, at }) => ({ kind, at: at.toString() })),
        devices: devices.map(({ device, name: called, added_at, how, is_phone }) => ({
          device,
          name: called,
          addedAt: instantOf(added_at),
          how,
          isThis: device === own,
          isPhone: is_phone === 1,
        })),
        passkeys: passkeys.map(({ passkey, name: called, added_at }) => ({
          passkey,
          name: called,
          addedAt: instantOf(added_at),
        })),
        sessions: sessions.map((each) => ({
          session: athOf(each.id),
          device: each.device,
          openedAt: each.openedAt.toString(),
          isThis: each.id === id,
          ...(each.passkey !== undefined && { passkey: each.passkey }),
        })),
        recoveryLeft: codes.length,
        ...(ground.sms && { sms: await smsOf(ground, account) }),
        waiting: waiting.flatMap((one) => shown(ground, one, isPhone)),
      }
    },
  }
}

/** What its owner is shown of the number. */
async function smsOf(ground: SessionGround, account: string): Promise<NonNullable<AnswerOf<'account'>['sms']>> {
  const enrolled = await enrolledNumber(ground, ground.store, account)
  return enrolled ? { number: endOf(enrolled.number), addedAt: instantOf(enrolled.addedAt) } : {}
}

/** Codes are for telephones alone: elsewhere it is not even shown that there is one. */
function shown(ground: SessionGround, row: WaitingRow, isPhone: boolean): readonly Waiting[] {
  const { id, kind, number, code, expires_at } = row
  if (code !== null && !isPhone) return []
  return [
    {
      waiting: id,
      kind,
      number,
      text: [...linesOf(row)],
      ...(code !== null && { code: shownCode(ground, id, code) }),
      until: instantOf(expires_at),
    },
  ]
}

function instantOf(milliseconds: number): string {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds).toString()
}
