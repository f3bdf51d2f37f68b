// What the rules of the door ask of somebody whose recovery has had its time: the password is shown, and what else would do.
import type { ProofKind } from '@countersign/protocol'
import { PersonRefusal } from '../refusal.ts'
import { proofsOf, type ShownProof, sideOfAccount } from '../session/row.ts'
import { wouldLetIn } from '../session/would-let-in.ts'
import type { SignInGround, SignInRow } from '../signin/model.ts'
import { evidenceOf } from '../signin/record.ts'

/** What can be shown, or made anew, at the end of a recovery. */
export const RESTORE_WAYS = ['totp', 'passkey'] as const satisfies readonly ProofKind[]
/** One of them. */
export type RestoreWay = (typeof RESTORE_WAYS)[number]

/**
 * Which of them the rules want beside the password: any one that is answered is enough. None where the password is.
 * @throws {PersonRefusal} with its record where the rules let in by none of them, as where the account is locked: nothing has
 * changed then, and the recovery can be come back to.
 */
export function waysToRestore(
  ground: Pick<SignInGround, 'access' | 'callee' | 'people' | 'record'>,
  row: SignInRow,
  { now, address }: { readonly now: Temporal.Instant; readonly address: string },
): readonly RestoreWay[] {
  const { account, passwordAt } = row.state
  if (account === undefined || passwordAt === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
  const password: ShownProof = { kind: 'password', at: Temporal.Instant.from(passwordAt), binding: 'device' }
  const isEnough = (...more: readonly RestoreWay[]) => {
    const shown = [password, ...more.map((kind): ShownProof => ({ kind, at: now, binding: 'device' }))]
    return wouldLetIn(ground, { account, shown, now })
  }
  if (isEnough()) return []
  const ways = RESTORE_WAYS.filter((way) => isEnough(way))
  if (ways.length > 0) return ways
  const [caller, proofs] = [sideOfAccount(account), proofsOf(account, [password])]
  const met = ground.people.meet({ caller, proofs, evidence: evidenceOf(row, [password]), address }, () => undefined)
  // The rules were changed in between: whoever asks again is answered by those of now.
  if (met.ok) {
    met.release()
    throw new PersonRefusal('ERR_PERSON_STEP', { note: 'the rules have changed meanwhile' })
  }
  const { meeting } = met
  ground.record(meeting)
  throw new PersonRefusal(meeting.outcome.refusal.code, { meeting })
}
