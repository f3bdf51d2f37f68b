// What a passkey has signed: checked by the library, counted once, and for what its challenge says alone. @see WebAuthn 3 §7.2
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { spendOnce } from '../store/once.ts'
import { type ChallengeUse, challengeEnds } from './challenge.ts'
import { webAuthn } from './webauthn.ts'

/** What is asked about an answer of `navigator.credentials.get`. */
export interface PasskeyQuestion {
  readonly credential: unknown
  readonly use: ChallengeUse
  readonly bound: string
  /** Of the page that asked. */
  readonly origin: string
  readonly now: Temporal.Instant
  /** Whose it must be, where that is known. */
  readonly account?: string
  /** One that is in no row yet. */
  readonly own?: OwnPasskey | undefined
}

/** A passkey, and whose it is or shall be. */
export interface OwnPasskey {
  readonly account: string
  readonly id: string
  readonly publicKey: Uint8Array
  readonly counter: number
}

/** A passkey that has signed this. It counts once it is spent. */
export interface CheckedPasskey {
  readonly account: string
  readonly passkey: string
  readonly counter: number
  readonly newCounter: number
  readonly challenge: string
  readonly until: Temporal.Instant
}

const base64url = z.base64url().max(4096)
/** AuthenticationResponseJSON, as far as it is read. @see WebAuthn 3 §5.1.8 */
const assertion = z.object({
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.nullish(),
  }),
})

/** @throws {PersonRefusal} (rejects) `ERR_PERSON_CREDENTIALS`; what is wrong with it, is in the log alone. */
export async function checkPasskey(
  ground: Pick<Ground, 'store' | 'secret' | 'host' | 'door'>,
  { credential, use, bound, origin, now, account, own }: PasskeyQuestion,
): Promise<CheckedPasskey> {
  const read = assertion.safeParse(credential).data
  if (read === undefined) throw wrong('it does not have the form of an assertion')
  const { secret, host } = ground
  const row = own?.id === read.id ? own : await findPasskey(ground, read.id)
  if (row === undefined || (account !== undefined && row.account !== account)) throw wrong('it is not known')
  const { userHandle } = read.response
  if (userHandle != null && userHandle !== userHandleOf(secret, row.account)) throw wrong('it is of another user')
  if (isFramed(read.response.clientDataJSON)) throw wrong('it was asked for in a frame of another origin')

  let challenge = ''
  let until: Temporal.Instant | undefined
  const { verified, authenticationInfo } = await (await webAuthn())
    .verifyAuthenticationResponse({
      response: responseOf(read),
      expectedChallenge(said) {
        challenge = said
        until = challengeEnds(secret, use, bound, said, now)
        return until !== undefined
      },
      expectedOrigin: origin,
      expectedRPID: host,
      credential: { id: row.id, publicKey: new Uint8Array(row.publicKey), counter: row.counter },
      requireUserVerification: true,
    })
    .catch((cause: unknown) => {
      // Whatever is wrong with what was sent, the library says by an Error of its own words.
      throw wrong(cause instanceof Error ? cause.message : 'it cannot be read')
    })
  if (!verified || until === undefined) throw wrong('the signature does not verify')
  const { newCounter } = authenticationInfo
  return { account: row.account, passkey: row.id, counter: row.counter, newCounter, challenge, until }
}

async function findPasskey(
  { store, door }: Pick<Ground, 'store' | 'door'>,
  passkey: string,
): Promise<OwnPasskey | undefined> {
  const row = await store.db
    .selectFrom('login_passkey')
    .innerJoin('login_account', 'login_account.account', 'login_passkey.account')
    .select(['login_passkey.account', 'passkey', 'public_key', 'counter'])
    .where('passkey', '=', passkey)
    .where('removed_at', 'is', null)
    .where('login_account.door', '=', door)
    .where('login_account.opened_at', 'is not', null)
    .executeTakeFirst()
  return row && { account: row.account, id: row.passkey, publicKey: row.public_key, counter: row.counter }
}

/** Spends it. @throws {PersonRefusal} (rejects) where another was quicker, or the passkey is gone. */
export async function spendPasskey(
  tx: LoginTransaction,
  { passkey, counter, newCounter, challenge, until }: CheckedPasskey,
): Promise<void> {
  if (!(await spendOnce(tx, 'challenge', challenge, until))) throw wrong('this answer was used before')
  const { numUpdatedRows } = await tx.db
    .updateTable('login_passkey')
    .set({ counter: newCounter })
    .where('passkey', '=', passkey)
    .where('counter', '=', counter)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw wrong('the passkey was used elsewhere in this moment, or was removed')
}

/** What an authenticator knows an account by: nothing that says who it is. @see WebAuthn 3 §14.6.1 */
export function userHandleOf(secret: Ground['secret'], account: string): string {
  return Buffer.from(secret.mac('passkey user', account)).toString('base64url')
}

/** The library lets one pass that does not name the page around it; pages of ours are in no frame at all. */
function isFramed(clientDataJSON: string): boolean {
  const read = z
    .object({ crossOrigin: z.boolean().optional() })
    .safeParse(jsonOf(Buffer.from(clientDataJSON, 'base64url').toString('utf8')))
  return !read.success || read.data.crossOrigin === true
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function responseOf({ id, rawId, type, response }: z.infer<typeof assertion>): AuthenticationResponseJSON {
  const { clientDataJSON, authenticatorData, signature } = response
  return { id, rawId, type, response: { clientDataJSON, authenticatorData, signature }, clientExtensionResults: {} }
}

/** Without a cause: what others have sent is no failure of ours. */
function wrong(why: string): PersonRefusal {
  return new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: `passkey: ${why}` })
}
