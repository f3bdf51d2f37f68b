// Mail leaves: what is due is treated, handed to the next hop, and told to its sender where it cannot be.
import { randomBytes } from 'node:crypto'
import type { Clock, Log } from '@countersign/mtls'
import type { Treat, Treatment } from '../model.ts'
import { isGivenUp, isTold, nextAttemptAt } from '../queue/backoff.ts'
import {
  type Outcome,
  type Queue,
  type QueuedMessage,
  type QueuedRecipient,
  QueueError,
  type Why,
} from '../queue/model.ts'
import type { Answer } from './answers.ts'
import { awayHop, type Hop, HopDownError } from './hop.ts'
import { formatDate, writeReport } from './report.ts'

/** What leaving needs. */
export interface LeaveOptions {
  readonly queue: Queue
  readonly hop: Hop
  readonly treat: Treat
  readonly door: string
  /** What this house calls itself in mail. */
  readonly host: string
  /** The name of the next hop, in reports. */
  readonly hopName: string
  readonly clock: Clock
  readonly log: Log
}

/** Says of a message that it may be there already. */
export const DUPLICATE_FIELD = 'Countersign-Possible-Duplicate'

/**
 * Sends what is due, the oldest first, and answers whether the next hop was there. A message whose queue entry cannot be
 * written is not sent; of one that was sent and cannot be marked so, that is written when it can be.
 * @throws {QueueError} where the queue cannot be written.
 */
export async function leaveOnce(options: LeaveOptions): Promise<boolean> {
  const { queue, clock, log, door } = options
  let { hop } = options
  const unknown = await queue.recover(clock())
  if (unknown > 0)
    log('mail.unknown', {
      door,
      recipients: unknown,
      code: 'ERR_MAIL_QUEUE',
      cause: 'what the next hop answered was not kept',
    })
  try {
    const faults: unknown[] = []
    for (const { id } of queue.due(clock())) {
      // What was read at first may have been taken out meanwhile.
      const message = queue.find(id)
      if (message === undefined) continue
      try {
        await leaveOne(message, { ...options, hop }).catch((error: unknown) => putOff(message, error, options))
      } catch (error) {
        if (error instanceof QueueError) throw error
        // The others would wait for the same server, each for its time limit.
        if (error instanceof HopDownError) hop = awayHop(error)
        // Nor do they wait for what we have done wrong with one.
        else faults.push(error)
      }
    }
    if (faults.length > 0) throw faults[0]
    return hop === options.hop
  } finally {
    options.hop.rest()
  }
}

async function leaveOne(message: QueuedMessage, options: LeaveOptions): Promise<void> {
  const { queue, clock } = options
  const now = clock()
  const due = message.recipients.filter((one) => isDue(one, now))
  let down: HopDownError | undefined
  if (due.length > 0) {
    const addresses = due.map(({ address }) => address)
    const { sender, isUtf8, isEightBit } = message
    const envelope = { sender, recipients: addresses, isUtf8, isEightBit }
    for await (const treatment of options.treat(queue.contentOf(message), envelope)) {
      if (treatment.kind === 'held') await hold(message, treatment, options)
      else
        down = await send(message, treatment, options).catch((error: unknown) => {
          if (error instanceof HopDownError) return error
          throw error
        })
      if (down) break
    }
  }
  await tellSender(message.id, options)
  if (down) throw down
}

/** What cannot be read here, as a file that was taken away, waits as all that does not leave, and is given up as that. */
async function putOff(message: QueuedMessage, error: unknown, options: LeaveOptions): Promise<never> {
  if (error instanceof HopDownError || error instanceof QueueError) throw error
  const { queue, clock } = options
  const note = error instanceof Error ? error.message : String(error)
  const now = clock()
  const due = queue.find(message.id)?.recipients.filter((one) => isDue(one, now)) ?? []
  if (due.length > 0) {
    // It counts as an attempt.
    queue.begin(
      message.id,
      due.map(({ address }) => address),
      now,
    )
    const why: Why = { code: 'ERR_MAIL_QUEUE', status: '4.3.0', note }
    await settle(message, due, () => ({ kind: 'later', why }), options)
  }
  await tellSender(message.id, options)
  throw error
}

function isDue({ state, nextAt }: QueuedRecipient, now: Temporal.Instant): boolean {
  if (state !== 'waiting' && state !== 'held') return false
  return nextAt.epochMilliseconds <= now.epochMilliseconds || isTooFar(nextAt, now)
}

/** A clock that was set back. */
function isTooFar(nextAt: Temporal.Instant, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(nextAt, nextAttemptAt(Number.POSITIVE_INFINITY, now)) > 0
}

type Held = Extract<Treatment, { kind: 'held' }>
type Send = Extract<Treatment, { kind: 'send' }>

async function hold(message: QueuedMessage, { recipients, code, text }: Held, options: LeaveOptions): Promise<void> {
  const { queue, clock, log, door } = options
  const now = clock()
  const why: Why = { code, status: '4.7.1', note: text }
  const outcomes = new Map(
    recipientsOf(message, recipients).map(({ address, attempts }): [string, Outcome] => {
      const isOver = isGivenUp(message.at, attempts + 1, now)
      return [
        address,
        isOver ? { kind: 'failed', why } : { kind: 'held', why, nextAt: nextAttemptAt(attempts + 1, now) },
      ]
    }),
  )
  await queue.settle(message.id, outcomes, now)
  log('mail.held', { door, id: message.id, recipients: recipients.length, code })
}

/** @returns Why nobody was asked, where nobody was. */
async function send(message: QueuedMessage, treatment: Send, options: LeaveOptions): Promise<HopDownError | undefined> {
  const chosen = recipientsOf(message, treatment.recipients)
  // Whoever may have it already gets it with a mark; nobody else does.
  for (const group of [chosen.filter((one) => one.mayBeThere), chosen.filter((one) => !one.mayBeThere)]) {
    const down = group.length > 0 ? await sendTo(message, group, treatment, options) : undefined
    if (down) return down
  }
  return undefined
}

async function sendTo(
  message: QueuedMessage,
  chosen: readonly QueuedRecipient[],
  { source, isUtf8, isEightBit }: Send,
  options: LeaveOptions,
): Promise<HopDownError | undefined> {
  const { queue, hop, clock } = options
  const lastAt = chosen.find((one) => one.mayBeThere)?.lastAt
  const before =
    lastAt === undefined ? '' : `${DUPLICATE_FIELD}: an attempt at ${formatDate(lastAt)} ended without an answer\r\n`
  const addresses = queue.begin(
    message.id,
    chosen.map(({ address }) => address),
    clock(),
  )
  const group = chosen.filter(({ address }) => addresses.includes(address))
  if (group.length === 0) return undefined
  try {
    const leaving = { sender: message.sender, recipients: addresses, isUtf8, isEightBit, source, before }
    const answers = await hop.send(leaving)
    await settle(message, group, (address) => answers.get(address), options)
    return undefined
  } catch (error) {
    if (!(error instanceof HopDownError)) throw error
    const { why } = error
    await settle(message, group, () => ({ kind: 'later', why }), options)
    return error
  }
}

async function settle(
  message: QueuedMessage,
  group: readonly QueuedRecipient[],
  answerOf: (address: string) => Answer | undefined,
  { queue, clock, log, door }: LeaveOptions,
): Promise<void> {
  const now = clock()
  const outcomes = new Map(
    group.map(({ address, attempts }): [string, Outcome] => {
      const answer = answerOf(address)
      if (answer === undefined) throw new TypeError('the next hop answered for another recipient')
      if (answer.kind === 'sent') return [address, { kind: 'sent' }]
      const { kind, why } = answer
      if (kind === 'failed' || isGivenUp(message.at, attempts + 1, now)) return [address, { kind: 'failed', why }]
      return [address, { kind, why, nextAt: nextAttemptAt(attempts + 1, now) }]
    }),
  )
  await queue.settle(message.id, outcomes, now)
  for (const kind of ['sent', 'later', 'unknown', 'failed'] as const) {
    const fits = [...outcomes.values()].filter((outcome) => outcome.kind === kind)
    const [first] = fits
    if (first === undefined) continue
    const why = first.kind === 'sent' ? {} : { code: first.why.code, cause: first.why.note }
    log(`mail.${kind}`, { door, id: message.id, recipients: fits.length, ...why })
  }
}

/** Tells the sender, once, of whom it was given up for, and for whom it is held or late. Nobody is told of a message of nobody's. */
async function tellSender(id: string, options: LeaveOptions): Promise<void> {
  const { queue, host, hopName, clock, log, door } = options
  const about = queue.find(id)
  if (about === undefined) return
  const failed = about.recipients.filter(({ state }) => state === 'failed')
  const late = about.recipients.filter((one) => !one.wasTold && (one.state === 'held' || isLate(one, about, clock())))
  for (const [recipients, action] of [[failed, 'failed'] as const, [late, 'delayed'] as const]) {
    if (recipients.length === 0) continue
    const addresses = recipients.map(({ address }) => address)
    const told = action === 'failed' ? { gone: addresses, late: [] } : { gone: [], late: addresses }
    // RFC 5321 §4.5.5, §6.1: what has no sender is itself a report, and is never reported.
    const token = randomBytes(12).toString('hex')
    const report = { host, hop: hopName, about, recipients, action, now: clock(), token }
    await queue.tell(about, about.sender === '' ? told : { ...told, message: writeReport(report) })
    if (about.sender === '' && action === 'failed')
      log('mail.lost', { door, id, recipients: recipients.length, cause: recipients[0]?.why?.note ?? '' })
  }
}

/**
 * Whether the sender is to hear that somebody has it not yet: the next hop has answered so for as long. One that is away would
 * carry no report of it either.
 */
function isLate({ state, attempts, why }: QueuedRecipient, { at }: QueuedMessage, now: Temporal.Instant): boolean {
  if (state !== 'waiting' || why === undefined || why.code === 'ERR_MAIL_NEXT_HOP') return false
  return isTold(at, attempts, now)
}

function recipientsOf({ recipients }: QueuedMessage, addresses: readonly string[]): readonly QueuedRecipient[] {
  return addresses.map((address) => {
    const found = recipients.find((one) => one.address === address)
    if (found === undefined) throw new TypeError('a treatment is for somebody whom the message is not for')
    return found
  })
}
