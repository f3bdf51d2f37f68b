// What goes wrong after a meeting was accepted, kept with its record: the caller was told a reference, and the operator looks there.

import { type Meeting, MOST_TROUBLES, type Trouble } from '@countersign/protocol'
import type { House } from '../model.ts'

/** Adds to the record of a meeting what went wrong within its session. */
export type AddTrouble = (meeting: Meeting, trouble: Omit<Trouble, 'at'>) => void

/**
 * Makes it for one door. Each kind of trouble is kept once, and few of them: however often a caller asks, the record is
 * written again at most {@link MOST_TROUBLES} times.
 */
export function createTroubles({ clock, amend }: Pick<House, 'clock' | 'amend'>): AddTrouble {
  const known = new WeakMap<Meeting, readonly Trouble[]>()
  return (meeting, trouble) => {
    // A refusal is its own record.
    if (amend === undefined || !meeting.outcome.ok) return
    const before = known.get(meeting) ?? []
    const isKnown = before.some(({ code, note }) => code === trouble.code && note === trouble.note)
    if (isKnown || before.length >= MOST_TROUBLES) return
    const troubles = [...before, { at: clock(), ...trouble }]
    known.set(meeting, troubles)
    amend({ ...meeting, troubles })
  }
}
