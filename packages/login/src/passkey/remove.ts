// Takes a passkey from an account: what rests on it ends with it.
import type { Calls } from '../asked.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { badRequest, PersonRefusal } from '../refusal.ts'
import { clearCookie } from '../session/cookie.ts'
import { endSession } from '../session/end-sessions.ts'
import { requireFresh, sessionOf } from '../session/fresh.ts'
import type { SessionGround } from '../session/ground.ts'
import { isOpening, readConfirmed, readShown, type ShownProof, writeConfirmed, writeProofs } from '../session/row.ts'
import { wouldLetIn } from '../session/would-let-in.ts'

/** The call. */
export function passkeyRemoval(ground: SessionGround): Pick<Calls, 'passkey/remove'> {
  const { store, door, opened } = ground
  return {
    async 'passkey/remove'({ passkey }, asked) {
      const { account, id: own } = sessionOf(asked)
      const { now } = asked
      requireFresh(asked)
      const ended = await store.commit(async (tx) => {
        const removed = await tx.db
          .updateTable('login_passkey')
          .set({ removed_at: now.epochMilliseconds })
          .where('passkey', '=', passkey)
          .where('account', '=', account)
          .where('removed_at', 'is', null)
          .returning('name')
          .executeTakeFirst()
        if (removed === undefined) throw badRequest('there is no such passkey')
        await requireAnotherWay(ground, tx, account, now)
        const without = await endWhatRests(tx, { account, passkey, now })
        await tx.record({ at: now, account, door, act: 'passkey removed', evidence: `passkey ${passkey}` })
        await writeNotice(ground, tx, { account, kind: 'passkey removed', facts: { passkey: removed.name }, now })
        return without
      })
      opened.dropped(ended, 'ERR_PERSON_PASSKEY_REMOVED')
      if (ended.includes(own)) asked.field('set-cookie', clearCookie())
      return {}
    },
  }
}

/** Ends the sessions that it opened, and answers them; of others, what it has shown or confirmed since counts no more. */
async function endWhatRests(
  tx: LoginTransaction,
  { account, passkey, now }: { readonly account: string; readonly passkey: string; readonly now: Temporal.Instant },
): Promise<readonly string[]> {
  const rows = await tx.db
    .updateTable('login_session')
    // Changes nothing; but only what is written is locked, and what somebody shows at this moment must not be written over.
    .set(({ ref }) => ({ ended_at: ref('ended_at') }))
    .where('account', '=', account)
    .where('ended_at', 'is', null)
    .returning(['id', 'proofs', 'confirmed', 'opened_at'])
    .execute()
  const ended: string[] = []
  for (const row of rows) {
    const shown = readShown(row.proofs)
    // Rows of before do not say which passkey it was: then it may have been this one.
    const isOfIt = (proof: ShownProof) => proof.kind === 'passkey' && (proof.passkey ?? passkey) === passkey
    if (shown.some((proof) => isOfIt(proof) && isOpening(proof, row))) {
      if (await endSession(tx, row.id, 'ERR_PERSON_PASSKEY_REMOVED', now)) ended.push(row.id)
      continue
    }
    const others = readConfirmed(row.confirmed).filter(
      (one) => one.by !== 'passkey' || (one.passkey ?? passkey) !== passkey,
    )
    const left = { proofs: writeProofs(shown.filter((proof) => !isOfIt(proof))), confirmed: writeConfirmed(others) }
    await tx.db.updateTable('login_session').set(left).where('id', '=', row.id).execute()
  }
  return ended
}

/**
 * Nobody takes away the last way in: where the rules let somebody in by a passkey alone, one has to be left.
 * @throws {PersonRefusal} (rejects) where none is.
 */
async function requireAnotherWay(
  ground: Pick<SessionGround, 'access' | 'callee'>,
  { db }: LoginTransaction,
  account: string,
  now: Temporal.Instant,
): Promise<void> {
  const left = db.selectFrom('login_passkey').select('passkey').where('account', '=', account)
  if ((await left.where('removed_at', 'is', null).executeTakeFirst()) !== undefined) return
  const isEnough = (...kinds: readonly ShownProof['kind'][]) => {
    const shown = kinds.map((kind): ShownProof => ({ kind, at: now, binding: 'device' }))
    return wouldLetIn(ground, { account, shown, now })
  }
  if (isEnough('password', 'totp') || !isEnough('password', 'totp', 'passkey')) return
  throw new PersonRefusal('ERR_PERSON_LAST_WAY')
}
