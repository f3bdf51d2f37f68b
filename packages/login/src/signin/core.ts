// A sign-in as a machine: which message may come when, and what follows from it. It reads no store and no clock.
//
// What proves a password from a device that is not known gets nothing by it: a device that is known must say yes, or a
// passkey, or a recovery code and a time.

import type { Guesser } from '../guessing.ts'

/** What is awaited next. `over`: nothing any more. */
export const SIGN_IN_STEPS = ['start', 'finish', 'confirm', 'code', 'wait', 'restore', 'done', 'over'] as const
/** One of them. */
export type SignInStep = (typeof SIGN_IN_STEPS)[number]

/** What is known of a sign-in. */
export interface SignInState {
  readonly step: SignInStep
  /** Whether the account had this device when it began. */
  readonly isKnown: boolean
  /** The name that was typed. */
  readonly account?: string
  /** Of OPAQUE, between KE2 and KE3. Secret. */
  readonly opaque?: string
  /** Whether the password was right, and when. */
  readonly passwordAt?: string
  /** What both devices show while one waits for the other. */
  readonly number?: string
  /** By what a device that was not known got this far. */
  readonly by?: 'confirmation' | 'recovery' | 'passkey'
  /** Guesses that were counted against the name, and are given back when all is proved. */
  readonly guesses: number
  /** What it is called, where it is not known: kept with the account when it gets in. */
  readonly device?: NewDevice
  /** The passkey that was made at the end of a recovery: of no account before it is shown. */
  readonly made?: MadePasskey
  /** From where its name was typed. */
  readonly address?: string
  /** JSON: the record of its end, where a known device said no, or nobody has answered it in its time. */
  readonly record?: string
}

/** A device that asks to become known. */
export interface NewDevice {
  readonly name: string
}

/** A passkey that nobody has shown yet. */
export interface MadePasskey {
  /** Of the credential, base64url. */
  readonly id: string
  readonly name: string
  /** COSE, base64url. */
  readonly publicKey: string
  readonly counter: number
}

/** What happens to a sign-in. Times are those of RFC 3339. */
export type SignInEvent =
  /** KE1 came, and was answered: from now on its password may be tested. */
  | { readonly type: 'started'; readonly account: string; readonly opaque: string; readonly address: string }
  /** KE3 came: the password is right. @see RFC 9807 §6.2.4 */
  | { readonly type: 'proved'; readonly at: string; readonly number: string }
  | { readonly type: 'unproved'; readonly number: string }
  /** Its time is over, and KE3 never came: whoever began it was told by KE2 alone that the password is wrong, or went away. */
  | { readonly type: 'unfinished' }
  /** A known device said yes. */
  | { readonly type: 'confirmed' }
  /** A known device said no, or refused a recovery. */
  | { readonly type: 'denied'; readonly record: string }
  /** Its time is over, and nobody has answered; of a recovery, nobody has come back to it. */
  | { readonly type: 'late'; readonly record: string }
  /** A recovery code was right. */
  | { readonly type: 'recovering' }
  /** The time of a recovery is over. */
  | { readonly type: 'ready' }
  /** It is over, and the rules of the door ask for more than the password. */
  | { readonly type: 'lacking' }
  /** A passkey was made for that, in place of one that was made before. */
  | { readonly type: 'equipped'; readonly made: MadePasskey }
  /** A code came, of an app, a telephone or for recovery: it counts before it is looked at. */
  | { readonly type: 'tried' }
  /** It was right, of an app or a telephone. */
  | { readonly type: 'coded' }
  /** A passkey was right, and is of this account. */
  | { readonly type: 'passkey'; readonly account: string }

/** What is to be done in the transaction that keeps the new state. */
export type SignInEffect =
  /** One more guess against the name. */
  | { readonly type: 'count'; readonly account: string; readonly who: Guesser }
  | { readonly type: 'giveBack'; readonly account: string; readonly who: Guesser; readonly guesses: number }
  /** Known devices are asked whether this is the customer, and the customer is told. */
  | { readonly type: 'ask'; readonly account: string; readonly number: string }
  /** A recovery is at its end, which is told as it came. */
  | { readonly type: 'endRecovery'; readonly account: string; readonly how: string }
  /** All is proved: a session may be opened. */
  | { readonly type: 'open'; readonly account: string; readonly by: NonNullable<SignInState['by']> | 'known device' }

/** What came of an event. */
export type SignInTransition =
  | { readonly ok: true; readonly state: SignInState; readonly effects: readonly SignInEffect[] }
  | { readonly ok: false }

type Arrows = Readonly<Record<SignInStep, Readonly<Partial<Record<SignInEvent['type'], SignInStep>>>>>

/** From a device that the account knows. */
const KNOWN: Arrows = {
  start: { started: 'finish', passkey: 'done' },
  finish: { proved: 'code', unproved: 'over', unfinished: 'over', passkey: 'done' },
  confirm: {},
  code: { tried: 'code', coded: 'done', passkey: 'done' },
  wait: {},
  restore: {},
  done: {},
  over: {},
}
/** From any other: whether the password was right is not told, and a code is not even heard before a known device says yes. */
const UNKNOWN: Arrows = {
  start: { started: 'finish', passkey: 'done' },
  finish: { proved: 'confirm', unproved: 'confirm', unfinished: 'over', passkey: 'done' },
  confirm: { confirmed: 'code', denied: 'over', tried: 'confirm', recovering: 'wait', passkey: 'done', late: 'over' },
  code: { tried: 'code', coded: 'done', denied: 'over', passkey: 'done' },
  wait: { ready: 'done', lacking: 'restore', denied: 'over', passkey: 'done', late: 'over' },
  restore: {
    ...{ ready: 'done', equipped: 'restore', tried: 'restore', coded: 'done', denied: 'over', passkey: 'done' },
    late: 'over',
  },
  done: {},
  over: {},
}

/** Of what a password that was wrong leads to nothing, though the sign-in looks the same. */
const NEEDS_PASSWORD: ReadonlySet<SignInEvent['type']> = new Set([
  'confirmed',
  'recovering',
  'ready',
  'lacking',
  'coded',
])

/** The state in which a sign-in begins. @param device Its keys, where it is not known. */
export function beginSignIn(isKnown: boolean, account?: string, device?: NewDevice): SignInState {
  const named = account !== undefined && { account }
  return { step: 'start', isKnown, guesses: 0, ...named, ...(device && { device }) }
}

/** Pure. The caller keeps `state` where the row still has the one before, and performs `effects` with it. */
export function stepSignIn(state: SignInState, event: SignInEvent): SignInTransition {
  const step = (state.isKnown ? KNOWN : UNKNOWN)[state.step][event.type]
  if (step === undefined) return { ok: false }
  if (NEEDS_PASSWORD.has(event.type) && state.passwordAt === undefined) return { ok: false }
  const { opaque: _spent, ...rest } = state
  const moved: SignInState = { ...rest, step }
  const done = (next: SignInState, ...effects: readonly SignInEffect[]) => ({ ok: true, state: next, effects }) as const

  switch (event.type) {
    case 'started': {
      const { account, opaque, address } = event
      // A known device's sign-in is of the account that it was told of.
      if (state.isKnown && account !== state.account) return { ok: false }
      return done(
        { ...moved, account, opaque, address, guesses: state.guesses + 1 },
        { type: 'count', account, who: whoOf(state) },
      )
    }
    case 'proved': {
      const proved = { ...moved, passwordAt: event.at }
      const { number } = event
      return state.isKnown
        ? done({ ...proved, guesses: 0 }, giveBack(state))
        : done({ ...proved, number }, { type: 'ask', account: accountOf(state), number })
    }
    case 'unproved':
      return state.isKnown ? done(moved) : done({ ...moved, number: event.number })
    case 'confirmed':
      // What was guessed as a stranger was right; from now on it is no stranger's.
      return done({ ...moved, by: 'confirmation', guesses: 0 }, giveBack(state))
    case 'recovering':
      return done({ ...moved, by: 'recovery', guesses: 0 }, giveBack(state))
    case 'tried':
      return done(
        { ...moved, guesses: state.guesses + 1 },
        { type: 'count', account: accountOf(state), who: whoOf(state) },
      )
    case 'coded':
    case 'ready':
      return done({ ...moved, guesses: 0 }, giveBack(state), ...ended(state, event.type), {
        type: 'open',
        account: accountOf(state),
        by: state.by ?? 'known device',
      })
    case 'passkey': {
      const { account } = event
      // Of a sign-in that named somebody, the passkey is of the same.
      if (state.account !== undefined && account !== state.account) return { ok: false }
      const by = state.isKnown ? undefined : 'passkey'
      return done(
        { ...moved, account, guesses: 0, ...(by && { by }) },
        ...givenBack(state),
        ...ended(state, event.type),
        {
          type: 'open',
          account,
          by: by ?? 'known device',
        },
      )
    }
    case 'late':
      return done({ ...moved, record: event.record }, ...ended(state, event.type))
    case 'denied':
      return done({ ...moved, record: event.record })
    case 'unfinished':
    case 'lacking':
      return done(moved)
    case 'equipped':
      return done({ ...moved, made: event.made })
  }
}

function giveBack(state: SignInState): SignInEffect {
  return { type: 'giveBack', account: accountOf(state), who: whoOf(state), guesses: state.guesses }
}

/** Of whom a guess is: a device that a known one has confirmed takes nothing from the strangers' budget, nor they from it. */
function whoOf({ isKnown, by }: SignInState): Guesser {
  return isKnown || by !== undefined ? 'known' : 'unknown'
}

/** Where nothing was typed, nothing was counted. */
function givenBack(state: SignInState): readonly SignInEffect[] {
  return state.guesses > 0 ? [giveBack(state)] : []
}

/** How a recovery ends; where there is none, nothing ends. */
const RECOVERED = {
  ready: 'its time has passed',
  coded: 'its time has passed, and a code was shown',
  passkey: 'a passkey was shown',
  late: 'nobody came back to it in time',
} as const

function ended(state: SignInState, by: keyof typeof RECOVERED): readonly SignInEffect[] {
  const isRecovery = state.step === 'wait' || state.step === 'restore'
  return isRecovery ? [{ type: 'endRecovery', account: accountOf(state), how: RECOVERED[by] }] : []
}

/** Set by every arrow that leads to where it is asked. */
function accountOf({ account }: SignInState): string {
  if (account === undefined) throw new TypeError('this step of a sign-in has an account')
  return account
}
