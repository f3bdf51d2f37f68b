// What waits for a known device: it says yes to a sign-in on a new one, or no to that, a code, a recovery or an invitation.
import type { Meeting } from '@countersign/protocol'
import type { Calls } from '../asked.ts'
import { actOnDevice } from '../device/act-on.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { waysToRestore } from '../recovery/ways.ts'
import { PersonRefusal } from '../refusal.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import { sideOfAccount, writeRecord } from '../session/row.ts'
import { endInvitations } from '../setup/invitations.ts'
import { refuseEnded } from '../signin/late.ts'
import type { SignInGround, SignInRow } from '../signin/model.ts'
import { evidenceOf, openSignedIn, recordRefused } from '../signin/record.ts'
import { findSignIn, moveSignIn, ownSignInEvenLate } from '../signin/rows.ts'
import { ofPasswordOf } from '../store/of-password.ts'
import { addressIn, openWaiting } from './open.ts'

/** The calls. */
export function waitingCalls(ground: SignInGround): Pick<Calls, 'wait' | 'waiting/answer'> {
  const { store, door, log } = ground
  /** When the time of its recovery is over, and until when it may be come back to then. */
  const timesOf = async ({ id }: SignInRow) => {
    const { ready_at, expires_at } =
      (await store.db
        .selectFrom('login_waiting')
        .select(['ready_at', 'expires_at'])
        .where('sign_in', '=', id)
        .where('kind', '=', 'recovery')
        .where('state', '=', 'open')
        .executeTakeFirst()) ?? {}
    if (ready_at == null || expires_at === undefined) throw new PersonRefusal('ERR_PERSON_DENIED')
    const [ready, until] = [ready_at, expires_at].map((at) => Temporal.Instant.fromEpochMilliseconds(at))
    return { ready: ready as Temporal.Instant, until: until as Temporal.Instant }
  }

  return {
    async wait({ signIn }, asked) {
      const row = await ownSignInEvenLate(ground, signIn, asked)
      if (row.isLate || row.state.record !== undefined) return refuseEnded(ground, row, asked)
      const { step, account } = row.state
      return recordRefused(ground, row, asked, async () => {
        if (step === 'confirm' || step === 'code' || step === 'done') return { next: step }
        if ((step !== 'wait' && step !== 'restore') || account === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
        const { ready, until } = await timesOf(row)
        if (Temporal.Instant.compare(asked.now, ready) < 0) return { next: 'wait', until: ready.toString() }
        const ways = waysToRestore(ground, row, asked)
        if (ways.length > 0) {
          if (step === 'wait')
            await store.commit((tx) => moveSignIn(ground, tx, row, { type: 'lacking' }, { ...asked, until }))
          return { next: 'restore', ways: [...ways] }
        }
        await openSignedIn(ground, row, asked, [], async (tx) => {
          await moveSignIn(ground, tx, row, { type: 'ready' }, asked)
        })
        return { next: 'done', ...(await ofPasswordOf(store, account)) }
      })
    },

    async 'waiting/answer'({ waiting, yes }, asked) {
      const { account, device } = sessionOf(asked)
      const { now } = asked
      // A yes lets in; a no is never too early.
      if (yes) requireFresh(asked)
      const refused = await store.commit(async (tx) => {
        const row = (await openWaiting(tx.db, account, now)).find(({ id }) => id === waiting)
        if (row === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
        // A recovery waits for time, a code and an invitation for whoever has them: they can only be refused here.
        if (yes && row.kind !== 'device') throw new PersonRefusal('ERR_PERSON_STEP')
        const { numUpdatedRows } = await tx.db
          .updateTable('login_waiting')
          .set({ state: yes ? 'confirmed' : 'denied', code: null })
          .where('id', '=', waiting)
          .where('state', '=', 'open')
          .executeTakeFirst()
        if (numUpdatedRows !== 1n) throw new PersonRefusal('ERR_PERSON_STEP')
        if (row.kind === 'invitation') await refuseInvitation(ground, tx, { account, device, now })
        if (row.kind !== 'device' && row.kind !== 'recovery') return undefined
        const found = row.sign_in === null ? undefined : await findSignIn(ground, tx, row.sign_in, now)
        if (found === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
        if (yes) {
          await moveSignIn(ground, tx, found, { type: 'confirmed' }, asked)
          return undefined
        }
        const meeting = denied(ground, found, addressIn(row))
        await moveSignIn(ground, tx, found, { type: 'denied', record: writeRecord(meeting) }, asked)
        if (row.kind !== 'recovery') return meeting
        const called = found.state.device?.name ?? 'a device'
        await tx.record({ at: now, account, door, act: 'recovery ended', evidence: `refused on device ${device}` })
        await writeNotice(ground, tx, { account, kind: 'recovery ended', facts: { device: called }, now })
        return meeting
      })
      if (refused !== undefined) ground.record(refused)
      if (!yes) log('login.denied', { door, account })
      return {}
    },
  }
}

/** One no, one record: whoever asks again, and however often, reads its reference. */
function denied({ people }: Pick<SignInGround, 'people'>, row: SignInRow, address: string): Meeting {
  return people.refuse({
    caller: sideOfAccount(row.state.account ?? ''),
    proofs: [],
    evidence: evidenceOf({ ...row, state: { ...row.state, step: 'over' } }, []),
    ...(address !== '' && { address }),
    code: 'ERR_PERSON_DENIED',
  })
}

/** The account is not set up anew: by nobody who has the invitation of now. */
async function refuseInvitation(
  ground: Pick<SignInGround, 'door'>,
  tx: LoginTransaction,
  { account, device, now }: { readonly account: string; readonly device: string; readonly now: Temporal.Instant },
): Promise<void> {
  await endInvitations(tx, account, now)
  await actOnDevice(ground, tx, { account, device, act: 'invitation refused', now })
}
