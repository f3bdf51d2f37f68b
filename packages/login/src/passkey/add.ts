// A new passkey of an account: what a browser is asked to make, whether it made that, and its row. @see WebAuthn 3 §7.1
import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import { spendOnce } from '../store/once.ts'
import { CHALLENGE_SECONDS, challengeEnds, makeChallenge } from './challenge.ts'
import { userHandleOf } from './check.ts'
import { webAuthn } from './webauthn.ts'

/** COSE: EdDSA, ES256, RS256, which is all that authenticators have. @see RFC 9053 §2 */
const ALGORITHMS = [-8, -7, -257]
/** Of one account. */
const MOST_PASSKEYS = 20

const base64url = z.base64url()
/** RegistrationResponseJSON, as far as it is read. @see WebAuthn 3 §5.1.8 */
const attestation = z.object({
  id: base64url.max(1366),
  rawId: base64url.max(1366),
  type: z.literal('public-key'),
  response: z.object({ clientDataJSON: base64url.max(4096), attestationObject: base64url.max(16_384) }),
})

/** A passkey that was made here and now. */
export interface NewPasskey {
  readonly id: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly challenge: string
  readonly until: Temporal.Instant
}

/** What a browser is asked to make. @param of The session, or the sign-in, that it is made for. */
export async function creationOptions(
  { store, secret, host }: Pick<Ground, 'store' | 'secret' | 'host'>,
  { account, of, now }: { readonly account: string; readonly of: string; readonly now: Temporal.Instant },
) {
  const known = await passkeysOf(store, account)
  const options = await (await webAuthn()).generateRegistrationOptions({
    rpName: host,
    rpID: host,
    userName: account,
    userID: new Uint8Array(Buffer.from(userHandleOf(secret, account), 'base64url')),
    userDisplayName: account,
    challenge: new Uint8Array(makeChallenge(secret, 'add passkey', of, now)),
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    excludeCredentials: known.map(({ passkey }) => ({ id: passkey })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
  return { ...options }
}

/** @throws {PersonRefusal} (rejects) where it is no new passkey that was made for this, here and now. */
export async function checkNewPasskey(
  { secret, host }: Pick<Ground, 'secret' | 'host'>,
  credential: unknown,
  { of, origin, now }: { readonly of: string; readonly origin: string; readonly now: Temporal.Instant },
): Promise<NewPasskey> {
  const read = attestation.safeParse(credential).data
  if (read === undefined) throw wrong('it does not have the form of an attestation')
  const { id, rawId, type, response } = read
  const made: RegistrationResponseJSON = { id, rawId, type, response, clientExtensionResults: {} }
  let challenge = ''
  let until: Temporal.Instant | undefined
  const { verified, registrationInfo } = await (await webAuthn())
    .verifyRegistrationResponse({
      response: made,
      expectedChallenge(said) {
        challenge = said
        until = challengeEnds(secret, 'add passkey', of, said, now)
        return until !== undefined
      },
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    .catch((cause: unknown) => {
      // Whatever is wrong with what was sent, the library says by an Error of its own words.
      throw wrong(cause instanceof Error ? cause.message : 'it cannot be read')
    })
  if (!verified || registrationInfo === undefined || until === undefined) throw wrong('it does not verify')
  const { credential: kept } = registrationInfo
  if (kept.id !== id) throw wrong('it names another passkey than it has made')
  return { id: kept.id, publicKey: new Uint8Array(kept.publicKey), counter: kept.counter, challenge, until }
}

/** It was made once. @throws {PersonRefusal} (rejects) where it came twice. */
export async function spendMaking(
  tx: LoginTransaction,
  { challenge, until }: Pick<NewPasskey, 'challenge' | 'until'>,
): Promise<void> {
  if (!(await spendOnce(tx, 'challenge', challenge, until))) throw wrong('this answer was used before')
}

/** Keeps it; the ledger has it, and the customer is told. @throws {PersonRefusal} (rejects) where it is known, or one too many. */
export async function addPasskey(
  ground: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  {
    account,
    made,
    name,
    now,
  }: {
    readonly account: string
    readonly made: Pick<NewPasskey, 'id' | 'publicKey' | 'counter'>
    readonly name: string
    readonly now: Temporal.Instant
  },
): Promise<void> {
  if ((await passkeysOf(tx, account)).length >= MOST_PASSKEYS)
    throw wrong(`an account has ${MOST_PASSKEYS} passkeys at most`)
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('login_passkey')
    .values({
      passkey: made.id,
      account,
      name,
      public_key: made.publicKey,
      counter: made.counter,
      added_at: now.epochMilliseconds,
      removed_at: null,
    })
    // §7.1 (26): an id that somebody has already may be a forgery of it.
    .onConflict((row) => row.doNothing())
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n) throw wrong('this passkey is known already')
  const { door } = ground
  await tx.record({ at: now, account, door, act: 'passkey added', evidence: `passkey ${made.id}` })
  await writeNotice(ground, tx, { account, kind: 'passkey added', facts: { passkey: name }, now })
}

function passkeysOf({ db }: Pick<LoginTransaction, 'db'>, account: string): Promise<readonly { passkey: string }[]> {
  return db
    .selectFrom('login_passkey')
    .select('passkey')
    .where('account', '=', account)
    .where('removed_at', 'is', null)
    .execute()
}

/** Without a cause: what others have sent is no failure of ours. */
function wrong(why: string): PersonRefusal {
  return new PersonRefusal('ERR_PERSON_REQUEST', { note: `passkey: ${why}` })
}
