// Passkeys: one gets in by itself, and on a new device (WebAuthn 3 §7.2); more are added within a session (§7.1).
import type { Calls } from '../asked.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SignInGround } from '../signin/model.ts'
import { openSignedIn, recordRefused } from '../signin/record.ts'
import { moveSignIn, ownSignIn } from '../signin/rows.ts'
import { addPasskey, checkNewPasskey, creationOptions } from './add.ts'
import { CHALLENGE_SECONDS, makeChallenge } from './challenge.ts'
import { checkPasskey, spendPasskey } from './check.ts'
import { webAuthn } from './webauthn.ts'

/** The calls. */
export function passkeyCalls(
  ground: SignInGround,
): Pick<Calls, 'passkey/options' | 'passkey' | 'passkey/add/options' | 'passkey/add' | 'passkey/remove'> {
  const { store, secret, host, door } = ground
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
      return creationOptions(ground, { account, of: id, now: asked.now })
    },

    async 'passkey/add'({ credential, name }, asked) {
      const { id, account } = sessionOf(asked)
      const { now, origin } = asked
      requireFresh(asked)
      const made = await checkNewPasskey(ground, credential, { of: id, origin, now })
      await store.commit((tx) => addPasskey(ground, tx, { account, made, name, now }))
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
