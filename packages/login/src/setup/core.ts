// The way of an account from an invitation to being open, as a machine: which message may come when.

/** What was done last. */
export const SET_UP_STEPS = ['begun', 'registering', 'recorded', 'coded'] as const
/** One of them. */
export type SetUpStep = (typeof SET_UP_STEPS)[number]

/** A message of the page. */
export type SetUpEvent = 'password' | 'record' | 'code' | 'done'

/** Until a code was right one may go back to another password, name or picture. `open`: there is no set-up any more. */
const ARROWS: Readonly<Record<SetUpStep, Readonly<Partial<Record<SetUpEvent, SetUpStep | 'open'>>>>> = {
  begun: { password: 'registering' },
  registering: { password: 'registering', record: 'recorded' },
  recorded: { password: 'registering', code: 'coded' },
  coded: { done: 'open' },
}

/** Where a message leads; undefined where it has no place now. Pure. */
export function stepSetUp(step: SetUpStep, event: SetUpEvent): SetUpStep | 'open' | undefined {
  return ARROWS[step][event]
}
