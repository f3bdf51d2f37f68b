// Codes by SMS: each for one thing, once, for five minutes. The weaker way of two: what tells them apart is a restricted
// authenticator, so that it never lets in a device that is not known and proves nothing to the rules of a door.
import type { Asked } from '../asked.ts'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { digitsOf, makeDigits } from '../otp/digits.ts'
import { badRequest, PersonRefusal } from '../refusal.ts'
import { type Sms, SmsError } from './gateway.ts'
import { countMessage, giveBackMessage } from './limit.ts'
import { segmentsOf } from './segments.ts'
import { type SmsWords, writeSmsText } from './text.ts'

/** What a code is for. */
export interface SmsPurpose {
  readonly account: string
  /** `number`: of a number that is to be enrolled, which it went to. */
  readonly use: 'sign-in' | 'matter' | 'number'
  /** The sign-in, the session, or the session with its matter: a code of another one is none. */
  readonly of: string
}

const LASTS = { minutes: 5 } as const
const LASTS_MS = LASTS.minutes * 60_000
/** Messages of a telephone, joined: of what is longer, somebody would confirm what they have not read; and each has its price. */
export const MAX_SEGMENTS = 4

/**
 * Sends a code; one that went before for the same is worth nothing any more. Answers the end of the number that it went to.
 * @param what What it is for, for whoever reads the message.
 * @throws {PersonRefusal} (rejects) where no number is enrolled, too many went, or the gateway has not taken it.
 */
export async function sendSmsCode(
  ground: Pick<Ground, 'secret' | 'store' | 'log' | 'door'> & { readonly sms: Sms },
  purpose: SmsPurpose,
  { what, number: asked, now }: { readonly what: SmsWords; readonly number?: string; readonly now: Temporal.Instant },
): Promise<string> {
  const { secret, store, sms, log, door } = ground
  const { account } = purpose
  const digits = makeDigits()
  const text = writeSmsText(sms.bank, what, digits)
  if (segmentsOf(text) > MAX_SEGMENTS) throw badRequest('this is too long for a message: use a passkey or the app')
  const code = codeOf(secret, purpose, digits)
  const to = await store.commit(async (tx) => {
    const number = asked ?? (await enrolledNumber(ground, tx, account))?.number
    if (number === undefined) throw badRequest('no number is enrolled')
    await countMessage(ground, tx, { account, number }, now)
    await tx.db.deleteFrom('login_sms_code').where('about', '=', aboutOf(purpose)).execute()
    await tx.db
      .insertInto('login_sms_code')
      .values({
        ...{ about: aboutOf(purpose), account, code },
        number: asked === undefined ? null : sealNumber(secret, account, asked),
        created_at: now.epochMilliseconds,
        expires_at: now.add(LASTS).epochMilliseconds,
      })
      .execute()
    return number
  })
  try {
    await sms.send({ to, text })
  } catch (error) {
    if (!(error instanceof SmsError)) throw error
    await store.commit(async (tx) => {
      // Who is told that it was not sent does not wait for it: should it come, it is worth nothing.
      await tx.db.deleteFrom('login_sms_code').where('about', '=', aboutOf(purpose)).where('code', '=', code).execute()
      // What nobody got counts against nobody; what somebody may have got has gone.
      if (!error.mayHaveGone) await giveBackMessage(ground, tx, { account, number: to })
    })
    log('sms.failed', { door, account, cause: error.message })
    throw new PersonRefusal('ERR_PERSON_SMS_UNSENT', { note: error.message })
  }
  return endOf(to)
}

/** Whether `typed` is the code that went for this, and nobody has used it. Answers the number that it went to, of one to be enrolled. */
export async function spendSmsCode(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  purpose: SmsPurpose,
  { typed, now }: { readonly typed: string } & Pick<Asked, 'now'>,
): Promise<false | { readonly number?: string }> {
  const at = now.epochMilliseconds
  // Found by its HMAC under our secret: how long that takes tells nobody of the code.
  const spent = await db
    .deleteFrom('login_sms_code')
    .where('about', '=', aboutOf(purpose))
    .where('account', '=', purpose.account)
    .where('code', '=', codeOf(secret, purpose, digitsOf(typed)))
    .where('expires_at', '>', at)
    // A clock that was stepped back must not make it last the longer.
    .where('created_at', '<=', at + LASTS_MS)
    .returning('number')
    .executeTakeFirst()
  if (spent === undefined) return false
  return spent.number === null ? {} : { number: openNumber(secret, purpose.account, spent.number) }
}

/** The number of an account, and since when it has it, in epoch milliseconds. */
export async function enrolledNumber(
  { secret }: Pick<Ground, 'secret'>,
  { db }: Pick<LoginTransaction, 'db'>,
  account: string,
): Promise<{ readonly number: string; readonly addedAt: number } | undefined> {
  const row = await db.selectFrom('login_sms').selectAll().where('account', '=', account).executeTakeFirst()
  return row && { number: openNumber(secret, account, row.number), addedAt: row.added_at }
}

/** As it is kept. */
export function sealNumber(secret: Ground['secret'], account: string, number: string): Uint8Array {
  return secret.seal('sms number', account, new TextEncoder().encode(number))
}

/** By which its owner knows it, and nobody else has it. */
export function endOf(number: string): string {
  return `…${number.slice(-2)}`
}

function openNumber(secret: Ground['secret'], account: string, sealed: Uint8Array): string {
  return new TextDecoder().decode(secret.open('sms number', account, sealed))
}

function aboutOf({ use, of }: SmsPurpose): string {
  return `${use}:${of}`
}

function codeOf(secret: Ground['secret'], { account, use, of }: SmsPurpose, digits: string): Uint8Array {
  return secret.mac('sms code', use, of, account, digits)
}
