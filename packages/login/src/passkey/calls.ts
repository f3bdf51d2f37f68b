// Passkeys: one gets in by itself, and on a new device (WebAuthn 3 §7.2); more are added within a session (§7.1).
import type { Calls } from '../asked.ts'
import type { Ground } from '../ground.ts'
import { waysToRestore } from '../recovery/ways.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SignInGround, SignInRow } from '../signin/model.ts'
import { openSignedIn, recordRefused } from '../signin/record.ts'
import { moveSignIn, ownSignIn } from '../signin/rows.ts'
import { addPasskey, checkNewPasskey, creationOptions, spendMaking } from './add.ts'
import { CHALLENGE_SECONDS, makeChallenge } from './challenge.ts'
import { checkPasskey, type PasskeyQuestion, spendPasskey } from './check.ts'
import { webAuthn } from './webauthn.ts'

/** The calls. */
export function passkeyCalls(
  ground: SignInGround,
): Pick<Calls, 'passkey/options' | 'passkey' | 'passkey/add/options' | 'passkey/add'> {
  const { store } = ground
  return {
    async 'passkey/options'({ signIn }, asked) {
      await ownSignIn(ground, signIn, asked)
      return requestOptions(ground, { use: 'sign in', bound: signIn, now: asked.now })
    },

    async passkey({ signIn, credential }, asked) {
      const { origin, now } = asked
      const row = await ownSignIn(ground, signIn, asked)
      const { moved, account, passkey } = await recordRefused(ground, row, asked, async () => {
        const own = madeIn(row)
        const checked = await checkPasskey(ground, { credential, use: 'sign in', bound: signIn, origin, now, own })
        const { account, passkey } = checked
        // At the end of a recovery the rules speak before it is at an end, as for every other way.
        if (row.state.step === 'restore') waysToRestore(ground, row, asked)
        const moved = await store.commit(async (tx) => {
          if (own?.id === passkey) await addPasskey(ground, tx, { account, made: own, name: own.name, now })
          await spendPasskey(tx, checked)
          return moveSignIn(ground, tx, row, { type: 'passkey', account }, asked)
        })
        return { moved, account, passkey }
      })
      await openSignedIn(ground, moved, asked, [{ kind: 'passkey', at: now, binding: 'device', passkey }])
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
      await store.commit(async (tx) => {
        await spendMaking(tx, made)
        await addPasskey(ground, tx, { account, made, name, now })
      })
      return {}
    },
  }
}

/** What was made at the end of this recovery, and is of no account yet. */
function madeIn({ state: { account, made } }: SignInRow) {
  if (account === undefined || made === undefined) return undefined
  const { id, name, counter } = made
  return { account, id, name, counter, publicKey: Uint8Array.fromBase64(made.publicKey, { alphabet: 'base64url' }) }
}

/** What a browser is asked to sign for this, by whichever passkey the person chooses. */
export async function requestOptions(
  { secret, host }: Pick<Ground, 'secret' | 'host'>,
  { use, bound, now }: Pick<PasskeyQuestion, 'use' | 'bound' | 'now'>,
) {
  const options = await (await webAuthn()).generateAuthenticationOptions({
    rpID: host,
    challenge: new Uint8Array(makeChallenge(secret, use, bound, now)),
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'required',
  })
  return { ...options }
}
