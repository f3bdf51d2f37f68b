// Passkeys: one gets in by itself, and on a new device (WebAuthn 3 §7.2); more are added within a session (§7.1).
import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import type { Calls } from '../asked.ts'
import { writeNotice } from '../notify/notices.ts'
import { spendOnce } from '../otp/once.ts'
import { PersonRefusal } from '../refusal.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SignInGround } from '../signin/model.ts'
import { openSignedIn, recordRefused } from '../signin/record.ts'
import { moveSignIn, ownSignIn } from '../signin/rows.ts'
import { CHALLENGE_SECONDS, challengeEnds, makeChallenge } from './challenge.ts'
import { checkPasskey, spendPasskey, userHandleOf } from './check.ts'
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

/** The calls. */
export function passkeyCalls(
  ground: SignInGround,
): Pick<Calls, 'passkey/options' | 'passkey' | 'passkey/add/options' | 'passkey/add' | 'passkey/remove'> {
  const { store, secret, host, door } = ground
  const passkeysOf = (account: string) =>
    store.db
      .selectFrom('login_passkey')
      .select('passkey')
      .where('account', '=', account)
      .where('removed_at', 'is', null)
      .execute()

  return {
    async 'passkey/options'({ signIn }, asked) {
      await ownSignIn(ground, signIn, asked)
      return { ...(await requestOptions(host, makeChallenge(secret, 'sign in', signIn, asked.now))) }
    },

    async passkey({ signIn, credential }, asked) {
      const { origin, now } = asked
      const row = await ownSignIn(ground, signIn, asked)
      const { moved, account } = await recordRefused(ground, row, asked, async () => {
        const checked = await checkPasskey(ground, { credential, use: 'sign in', bound: signIn, origin, now })
        const { account } = checked
        const moved = await store.commit(async (tx) => {
          await spendPasskey(tx, checked)
          return moveSignIn(ground, tx, row, { type: 'passkey', account }, asked)
        })
        return { moved, account }
      })
      await openSignedIn(ground, moved, asked, [{ kind: 'passkey', at: now, binding: 'device' }])
      return { next: 'done', account }
    },

    async 'passkey/add/options'(_, asked) {
      const { id, account } = sessionOf(asked)
      requireFresh(asked)
      const known = await passkeysOf(account)
      const options = await (await webAuthn()).generateRegistrationOptions({
        rpName: host,
        rpID: host,
        userName: account,
        userID: new Uint8Array(Buffer.from(userHandleOf(secret, account), 'base64url')),
        userDisplayName: account,
        challenge: new Uint8Array(makeChallenge(secret, 'add passkey', id, asked.now)),
        timeout: CHALLENGE_SECONDS * 1000,
        attestationType: 'none',
        excludeCredentials: known.map(({ passkey }) => ({ id: passkey })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      })
      return { ...options }
    },

    async 'passkey/add'({ credential, name }, asked) {
      const { id: session, account } = sessionOf(asked)
      const { now, origin } = asked
      requireFresh(asked)
      const made = await checkNew(ground, credential, { session, origin, now })
      await store.commit(async (tx) => {
        if (!(await spendOnce(tx, 'challenge', made.challenge, made.until))) throw wrong('this answer was used before')
        const known = tx.db.selectFrom('login_passkey').select('passkey').where('account', '=', account)
        if ((await known.where('removed_at', 'is', null).execute()).length >= MOST_PASSKEYS)
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
        await tx.record({ at: now, account, door, act: 'passkey added', evidence: `passkey ${made.id}` })
        await writeNotice(ground, tx, { account, kind: 'passkey added', facts: { passkey: name }, now })
      })
      return {}
    },

    async 'passkey/remove'({ passkey }, asked) {
      const { account } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      await store.commit(async (tx) => {
        const removed = await tx.db
          .updateTable('login_passkey')
          .set({ removed_at: now.epochMilliseconds })
          .where('passkey', '=', passkey)
          .where('account', '=', account)
          .where('removed_at', 'is', null)
          .returning('name')
          .executeTakeFirst()
        if (removed === undefined)
          throw new PersonRefusal('ERR_PERSON_REQUEST', { note: 'there is no such passkey', isTold: true })
        await tx.record({ at: now, account, door, act: 'passkey removed', evidence: `passkey ${passkey}` })
        await writeNotice(ground, tx, { account, kind: 'passkey removed', facts: { passkey: removed.name }, now })
      })
      return {}
    },
  }
}

/** What a browser is asked to sign, by whichever passkey the person chooses. */
export async function requestOptions(host: string, challenge: Uint8Array) {
  return (await webAuthn()).generateAuthenticationOptions({
    rpID: host,
    challenge: new Uint8Array(challenge),
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'required',
  })
}

/** @throws {PersonRefusal} (rejects) where it is no new passkey that was made for this session, here and now. */
async function checkNew(
  { secret, host }: SignInGround,
  credential: unknown,
  { session, origin, now }: { readonly session: string; readonly origin: string; readonly now: Temporal.Instant },
) {
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
        until = challengeEnds(secret, 'add passkey', session, said, now)
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

/** Without a cause: what others have sent is no failure of ours. */
function wrong(why: string): PersonRefusal {
  return new PersonRefusal('ERR_PERSON_REQUEST', { note: `passkey: ${why}` })
}
