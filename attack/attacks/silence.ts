import type { Holder } from '../../interop/chains/house.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Case, Control, FollowerOptions, Target } from '../model.ts'
import { meet, presented } from '../support/tls-client.ts'
import { guest, withGuests } from '../support/while-revoked.ts'

/** When the party is revoked: before the door hears nothing any more, after that, or never. */
type When = 'before' | 'since' | 'never'

interface Silence extends FollowerOptions {
  readonly revoked: When
  /** The authority's lists are good for a day. */
  readonly hours: 0 | 25
  readonly anew?: boolean
  /** It comes in by what the design says, and is no win: nobody has told the door, and its setting lets it go on. */
  readonly known?: boolean
}

/** DESIGN: doors go on when the authority is away, as long as its lists last; after that, what `revocation` says happens. */
export const silence: Attack = {
  name: 'a feed that goes silent',
  concurrent: true,
  goal: 'keeps the word of the authority from a door, and comes in although it was revoked',
  cases: [
    way('revoked before, while the lists last', { revoked: 'before', hours: 0, revocation: 'require' }),
    way('revoked before, at a door that starts anew', {
      ...{ revoked: 'before', hours: 0, revocation: 'require', anew: true },
    }),
    way('revoked before, lists run out, revocation: require', { revoked: 'before', hours: 25, revocation: 'require' }),
    way('revoked before, lists run out, revocation: prefer', { revoked: 'before', hours: 25, revocation: 'prefer' }),
    way('revoked since, while the lists last', { revoked: 'since', hours: 0, revocation: 'require', known: true }),
    way('revoked since, lists run out, revocation: require', { revoked: 'since', hours: 25, revocation: 'require' }),
    way('revoked since, lists run out, revocation: prefer', {
      ...{ revoked: 'since', hours: 25, revocation: 'prefer', known: true },
    }),
    way('never revoked, lists run out, revocation: require', { revoked: 'never', hours: 25, revocation: 'require' }),
  ],
}

function way(name: string, { revoked, hours, revocation, anew = false, known = false }: Silence): Case {
  return {
    name,
    control: hearsNothing,
    async run(target) {
      const { holder, revoke } = await guest(target)
      await using follower = await target.follower?.({ revocation })
      if (revoked === 'before') await revoke()
      // A receipt does not wait for a door for longer than a second.
      if (revoked === 'before' && follower) await untilRefused(follower.door, holder)
      await follower?.silence({ hours, anew })
      if (revoked === 'since') await revoke()
      const attempt = await meet(follower?.door ?? target, presented(holder, target.attackers.issuing))
      if (follower === undefined) return attempt
      return { ...attempt, won: attempt.won && !known, record: await follower.recordOf(attempt.reference) }
    },
  }
}

async function untilRefused(door: Target, holder: Holder): Promise<void> {
  for (let tries = 0; tries < 20; tries++)
    if (!(await meet(door, presented(holder, door.attackers.issuing))).won) return
  throw new Error('the door never heard that somebody was revoked')
}

/** Follows nobody. */
async function hearsNothing(attackers: Attackers): ReturnType<Control> {
  return withGuests(await openPlainDoor(attackers, {}))
}
