// Mail that arrives: judged before anybody is told that it is kept, marked with the verdict, and refused where a rule wants more.
import { isAscii } from 'node:buffer'
import type { House, Trust } from '@countersign/mtls'
import type { Meeting, Reference, RefusalCode } from '@countersign/protocol'
import { createSpool } from '../../mime/source.ts'
import type { LayerOpener, Source } from '../../model.ts'
import { type OpenedMessage, openMessage } from '../../open/open-message.ts'
import type { ReadingKey } from '../../smime/decrypt.ts'
import { createSmimeOpener } from '../../smime/open.ts'
import { meetingOfMail } from '../../verdict/meeting.ts'
import { fits } from '../fits.ts'
import { type NewMessage, QueueError } from '../queue/model.ts'
import { traceOf } from '../submit/check-header.ts'
import { createMessage, type IntakeOptions, type Refused, readWhole } from '../submit/intake.ts'
import { checkArrivedHeader } from './check-arrived.ts'
import { type Found, writeResults } from './results.ts'
import { type Unsealed, unsealed } from './unsealed.ts'

/** What judging what arrives needs. */
export interface ArrivalOptions {
  readonly house: Pick<House, 'log' | 'record'>
  readonly trust: Trust
  readonly door: string
  readonly host: string
  /** Whose mail it is: addresses, or domains as in `@acme.example`. */
  readonly arrives: readonly string[]
  /** The rule by which mail from an address must be verified, as it is told. */
  readonly mustBeVerified: (address: string) => string | undefined
  /** Keys that were given to this door: what is encrypted to one is opened here. */
  readonly keys: readonly ReadingKey[]
  /** Of other formats than S/MIME. */
  readonly openers: readonly LayerOpener[]
  readonly spoolDirectory: string
}

/** Where mail arrives. */
export interface Arrival {
  /** Whether mail to an address is for here. */
  isFor(address: string): boolean
  /** As at a submission; a refusal has the reference of the message. */
  takeIn(stream: AsyncIterable<Uint8Array>, options: IntakeOptions): Promise<RefusedArrival | undefined>
}

/** Why a message was not taken; by a rule, under the reference of the message itself. */
export interface RefusedArrival extends Refused {
  readonly reference?: Reference
}

/** A From that names nobody in a form that can be compared: every rule means it. */
const NOBODY_IN_PARTICULAR = ''

export function createArrival(options: ArrivalOptions): Arrival {
  const { arrives, spoolDirectory, host } = options
  return {
    isFor: (address) => arrives.some((to) => fits(address, to)),
    async takeIn(stream, intake) {
      await using spool = createSpool(spoolDirectory)
      const message = createMessage(
        { id: '', write: (octets) => onDisk(spool.write(octets)) },
        intake,
        checkArrivedHeader,
      )
      try {
        await readWhole(stream, message.push)
        const made = await message.end()
        const refused = made.ok ? intake.mayStay() : made
        if (refused) return refused
        if (!made.ok) return made
        const source = await spool.source()
        return await judged(source, made.message, { ...intake, host }, options)
      } catch (error) {
        if (!(error instanceof QueueError)) throw error
        return { ok: false, code: error.code, note: error.message }
      }
    },
  }
}

/** Judges a message, and keeps it where it may be: decrypted, where it is for a key of this door. @throws {QueueError} */
async function judged(
  source: Source,
  message: NewMessage,
  intake: IntakeOptions,
  options: ArrivalOptions,
): Promise<RefusedArrival | undefined> {
  const { trust, keys, openers, spoolDirectory, host } = options
  const opener = createSmimeOpener({ keys, trust })
  await using opened = await onDisk(
    openMessage(source, { openers: [opener, ...openers], now: intake.now, spoolDirectory }),
  )
  const { reference, found, refused } = verdictFor(opened, intake, options)
  if (refused) return refused
  // It took a while, in which its caller may have been cut.
  const late = intake.mayStay()
  if (late) return late
  const results = writeResults(host, found, opened, reference)
  await keep((await unsealed(opened, source, host)) ?? source, { ...message, reference }, results, intake)
  return undefined
}

interface Judged {
  readonly reference: Reference
  readonly found: Found
  readonly refused?: RefusedArrival
}

/** Asks the rules, and records it. */
function verdictFor(opened: OpenedMessage, { now }: IntakeOptions, options: ArrivalOptions): Judged {
  const { door, mustBeVerified, house } = options
  const { facts, verdict, bodySha256 } = opened
  const meeting = meetingOfMail({ facts, verdict, door, at: now, bodySha256 })
  const { reference } = meeting
  const found: Found = verdict.refusal?.code === 'ERR_MAIL_NO_KEY' ? 'not judged here' : verdict.state
  const rule = found === 'verified' ? undefined : ruleFor(opened, mustBeVerified)
  const code: RefusalCode = verdict.refusal?.code ?? 'ERR_MAIL_NOT_SIGNED'
  const isRefused = rule !== undefined && found !== 'not judged here'
  // What nobody signed, encrypted or asked for is a message as any other: the log has it.
  if (isRefused || facts.layers.length > 0) house.record(withRule(meeting, rule))
  house.log('mail.arrived', { door, reference, state: found, ...(verdict.refusal && { code }), ...(rule && { rule }) })
  return { reference, found, ...(isRefused && { refused: { ok: false, code, note: `${rule}: ${found}`, reference } }) }
}

/** @throws {QueueError} and nothing of it is kept. */
async function keep(
  what: Source | Unsealed,
  message: NewMessage,
  results: string,
  intake: IntakeOptions,
): Promise<void> {
  const { queue, now } = intake
  const incoming = await queue.receive(now)
  let { isUtf8, isEightBit } = message
  let isQueued = false
  try {
    await incoming.write(Buffer.from(`${results}${traceOf({ ...intake, id: incoming.id }, isUtf8)}`, 'utf8'))
    if ('header' in what) {
      // What is inside may be written in other octets than what was around it.
      isUtf8 = /\P{ASCII}/u.test(what.header)
      isEightBit = false
      await incoming.write(Buffer.from(what.header, 'utf8'))
      for await (const octets of what.body) {
        isEightBit ||= !isAscii(octets)
        await incoming.write(octets)
      }
    } else for await (const octets of what.read(0, what.length)) await incoming.write(octets)
    await incoming.enqueue({ ...message, isUtf8, isEightBit })
    isQueued = true
  } finally {
    if (!isQueued) await incoming.discard()
  }
}

/** Each address that a program may show as the sender: the one outside, and the one that is protected. */
function ruleFor({ facts }: OpenedMessage, mustBeVerified: ArrivalOptions['mustBeVerified']): string | undefined {
  const { outerFrom = [], protectedFrom = [] } = facts
  const shown = [...outerFrom, ...protectedFrom].map(({ address }) => address)
  const asked = outerFrom.length === 0 ? [...shown, NOBODY_IN_PARTICULAR] : shown
  return asked.map(mustBeVerified).find((rule) => rule !== undefined)
}

function withRule(meeting: Meeting, rule: string | undefined): Meeting {
  const { outcome } = meeting
  if (rule === undefined || outcome.ok) return meeting
  const { refusal } = outcome
  return {
    ...meeting,
    outcome: { ok: false, refusal: { ...refusal, note: [rule, refusal.note].filter(Boolean).join('; ') } },
  }
}

/** What the system cannot write is told as of the queue. */
async function onDisk<Value>(act: Promise<Value>): Promise<Value> {
  try {
    return await act
  } catch (error) {
    throw error instanceof Error && 'code' in error ? new QueueError(error) : error
  }
}
