// Where a code by SMS is a way in at all: on a device that is known, of an account with a number, at a door whose rules ask for no
// more than the password, since to rules such a code is nothing.
import type { Ground } from '../ground.ts'
import type { ShownProof } from '../session/row.ts'
import { wouldLetIn } from '../session/would-let-in.ts'
import { endOf, enrolledNumber } from './code.ts'

/** Somebody whose password was right. */
export interface ProvedPassword {
  readonly account: string
  readonly passwordAt: Temporal.Instant
  readonly now: Temporal.Instant
}

/** Whether the rules of the door would let in whoever shows one beside the password. */
export function isSmsEnough(
  ground: Pick<Ground, 'access' | 'callee'>,
  { account, passwordAt, now }: ProvedPassword,
): boolean {
  const shown: readonly ShownProof[] = [
    { kind: 'password', at: passwordAt, binding: 'device' },
    { kind: 'sms', at: now, binding: 'none' },
  ]
  return wouldLetIn(ground, { account, shown, now })
}

/** The end of the number that a page may offer to send one to; undefined where it is no way in. */
export async function offeredNumber(ground: Ground, proved: ProvedPassword): Promise<string | undefined> {
  if (ground.sms === undefined || !isSmsEnough(ground, proved)) return undefined
  const enrolled = await enrolledNumber(ground, ground.store, proved.account)
  return enrolled && endOf(enrolled.number)
}
