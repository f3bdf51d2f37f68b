// Whose clock is wrong, and by how much: from what door and authority tell, and from what certificates say of themselves.
import { join } from 'node:path'
import { authorityOf, EnrollmentError, IdentityError, observe, type ServerSeen } from '@countersign/mtls'
import { formatLength } from '@countersign/protocol'
import type { Verdict } from '@countersign/verify'
import type { Around } from '../command.ts'
import { parseDoorAddress } from '../meeting/address.ts'
import type { Check } from './model.ts'
import { setOurClock } from './own-side.ts'

/** How far a clock is ahead of ours. */
export type Ahead = NonNullable<ServerSeen['clock']>

/** What nobody notices; a few seconds may be a slow network. */
const UNREMARKABLE_MS = 5_000
/** From here on something that is fresh here is old, or not begun, there. */
const TROUBLE_MS = 60_000

/** Asks the authority of an identity for its clock; one that does not answer cannot renew it either. */
export async function examineAuthority(
  directory: string,
  { clock }: Pick<Around, 'clock'>,
): Promise<{ readonly ahead?: Ahead; readonly check?: Check }> {
  try {
    const { address, name } = await authorityOf(directory)
    const seen = await observe({ ...parseDoorAddress(address), serverName: name, clock })
    if (seen.stage === 'channel') return seen.clock ? { ahead: seen.clock } : {}
    const code = seen.stage === 'handshake' ? seen.refusal.code : seen.code
    const text = `${address} does not answer, so nothing is renewed there, and no revocation list comes`
    const next = `start the authority there; where it has moved, say its address in ${join(directory, 'authority.json')}`
    return { check: { area: 'authority', outcome: 'bad', text, code, mend: { text: next, by: 'operator' } } }
  } catch (error) {
    // An identity that nobody enrolled has no authority to ask.
    if (error instanceof IdentityError || error instanceof EnrollmentError) return {}
    throw error
  }
}

/** Compares three clocks, of which ours may be the wrong one. */
export function examineClock(
  door: Ahead | undefined,
  authority: Ahead | undefined,
  verdict: Verdict | undefined,
): Check {
  const area = 'clock'
  if (door === undefined && authority === undefined) {
    const notYet = verdict?.ok === false && verdict.findings.find(({ code }) => code === 'ERR_VERIFY_NOT_YET_VALID')
    if (!notYet) return { area, outcome: 'unknown', text: 'nobody told the time' }
    const text = 'what the server shows begins in the future: either its clock is ahead, or ours is behind'
    return { area, outcome: 'note', text, mend: setOurClock() }
  }
  const told = [door && `the door's is ${difference(door)}`, authority && `the authority's is ${difference(authority)}`]
  const text = told.filter((each) => each !== undefined).join(', ')
  const [worst = 0] = [door, authority].flatMap((each) => (each ? [certain(each)] : [])).sort((a, b) => b - a)
  if (worst < UNREMARKABLE_MS) return { area, outcome: 'good', text }
  const outcome = worst < TROUBLE_MS ? 'note' : 'bad'
  // Of three clocks the one is wrong with which the two others do not agree.
  const agree = door && authority && Math.abs(door.aheadMs - authority.aheadMs) < UNREMARKABLE_MS
  if (agree) return { area, outcome, text: `ours is wrong: ${text}`, mend: setOurClock() }
  if (door && authority) {
    const of = certain(door) > certain(authority) ? 'door' : 'authority'
    return { area, outcome, text, mend: { text: `set the clock of the ${of}'s machine`, by: 'operator' } }
  }
  return {
    area,
    outcome,
    text,
    mend: { ...setOurClock(), text: 'compare both clocks with a third one; if ours is wrong' },
  }
}

/** What is certainly more than nothing. */
function certain({ aheadMs, withinMs }: Ahead): number {
  return Math.max(0, Math.abs(aheadMs) - withinMs)
}

function difference(ahead: Ahead): string {
  if (certain(ahead) === 0) return 'like ours'
  // An hour is no 59 minutes because a second was on its way.
  return `${formatLength((Math.abs(ahead.aheadMs) + ahead.withinMs) / 1000)} ${ahead.aheadMs > 0 ? 'ahead of' : 'behind'} ours`
}
