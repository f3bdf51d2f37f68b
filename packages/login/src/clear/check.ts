// A password with a one-time code that come in clear, as through the channel of a VPN: checked as a sign-in from a device that
// is not known, with its limits. OPAQUE's client is run here, so that what is kept of the password stays what it is.
import { randomBytes } from 'node:crypto'
import type { Proof } from '@countersign/protocol'
import type { AddressAllowance } from '../address-allowance.ts'
import type { Ground } from '../ground.ts'
import { countGuess, giveBackGuesses } from '../guessing.ts'
import { writeNotice } from '../notify/notices.ts'
import { spendTotp, stepOfCode } from '../otp/totp.ts'
import { PersonRefusal } from '../refusal.ts'
import { proofsOf } from '../session/row.ts'
import type { Stretcher } from './stretcher.ts'

/** What was typed, and from where. Secret. */
export interface ClearCredentials {
  readonly account: string
  readonly password: string
  readonly code: string
  /** Of the network, without a port. */
  readonly address: string
}

/** What it rests on. */
export interface ClearGround extends Ground {
  readonly allowance: AddressAllowance
  readonly stretcher: Stretcher
}

/**
 * Answers the proofs of the account. A no is one and the same, and takes as long, for a name that nobody has, a password that
 * is wrong, and a code that is wrong, or was used.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_CREDENTIALS`, `ERR_PERSON_RESTING`, `ERR_PERSON_TOO_OFTEN`.
 */
export async function checkPasswordAndCode(
  ground: ClearGround,
  { account, password, code, address }: ClearCredentials,
): Promise<readonly Proof[]> {
  const { store, door, secret, clock } = ground
  ground.allowance.spend(address)
  await store.commit(async (tx) => {
    const now = clock()
    // It counts before it is looked at.
    if (await countGuess(tx, account, 'unknown', now))
      await writeNotice(ground, tx, { account, kind: 'resting', facts: {}, now })
  })
  const row = await store.db
    .selectFrom('login_account')
    .select(['record', 'totp_secret'])
    .where('account', '=', account)
    .where('door', '=', door)
    .where('opened_at', 'is not', null)
    .executeTakeFirst()
  const isProved = await provePassword(ground, account, row?.record ?? undefined, password)
  const now = clock()
  const sealed = row?.totp_secret
  const totp = sealed == null ? undefined : secret.open('totp secret', account, sealed)
  // The same work where there is none.
  const isOfNow = stepOfCode(totp ?? randomBytes(20), code, now) !== undefined
  const right =
    isProved && isOfNow && totp !== undefined
      ? await store.commit(async (tx) => {
          const isFirst = await spendTotp(tx, account, { secret: totp, code, now })
          if (isFirst) await giveBackGuesses(tx, account, 'unknown', 1)
          return isFirst
        })
      : false
  if (!right) throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the password or the code is wrong' })
  return proofsOf(account, [
    { kind: 'password', at: now, binding: 'none' },
    { kind: 'totp', at: now, binding: 'none' },
  ])
}

/** OPAQUE's sign-in with itself. @see RFC 9807 §6 */
async function provePassword(
  { opaque, stretcher }: Pick<ClearGround, 'opaque' | 'stretcher'>,
  account: string,
  record: string | undefined,
  password: string,
): Promise<boolean> {
  return stretcher.run(async (ask) => {
    const started = await ask({ kind: 'start', password })
    if (started.kind !== 'started') throw new TypeError('the worker answered something else')
    const { response, state } = opaque.start(account, record, started.start)
    const identifiers = { client: account, server: opaque.identity }
    const finished = await ask({ kind: 'finish', password, state: started.state, response, identifiers })
    if (finished.kind !== 'finished' || finished.finish === undefined) return false
    return opaque.finish(account, state, finished.finish)
  })
}
