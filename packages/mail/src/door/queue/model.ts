// What the queue keeps of a message, and what is asked of it.
import type { RefusalCode, Source } from '@countersign/protocol'
import type { Envelope } from '../model.ts'

/** `trying`: handed to the next hop, whose answer is not known. `failed`: given up, and the sender is told next. */
export type RecipientState = 'waiting' | 'held' | 'trying' | 'failed'

/** One who has not got a message yet. */
export interface QueuedRecipient {
  readonly address: string
  readonly state: RecipientState
  readonly nextAt: Temporal.Instant
  readonly attempts: number
  readonly lastAt?: Temporal.Instant
  /** An attempt ended without an answer. */
  readonly mayBeThere: boolean
  /** Whether the sender knows that it is held, or late. */
  readonly wasTold: boolean
  readonly why?: Why
}

/** Why somebody has not got it. */
export interface Why {
  readonly code: RefusalCode
  /** As in `5.1.1`. @see RFC 3463 */
  readonly status: string
  /** In words, or what the next hop has answered. Of others: not trusted, and without control characters. */
  readonly note: string
}

/** A message that is not with all of its recipients. */
export interface QueuedMessage extends Omit<Envelope, 'recipients'> {
  readonly id: string
  readonly at: Temporal.Instant
  readonly octets: number
  readonly reference?: string
  readonly messageId?: string
  readonly recipients: readonly QueuedRecipient[]
}

/** What a message is put into the queue with. */
export interface NewMessage extends Envelope {
  readonly at: Temporal.Instant
  readonly reference?: string
  readonly messageId?: string
}

/** How an attempt ended for one recipient. `unknown`: the next hop may have it. */
export type Outcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'later' | 'unknown'; readonly why: Why; readonly nextAt: Temporal.Instant }
  | { readonly kind: 'held'; readonly why: Why; readonly nextAt: Temporal.Instant }
  | { readonly kind: 'failed'; readonly why: Why }

/** A message that is being written: nobody sends it before it is in the queue. */
export interface Incoming {
  readonly id: string
  write(octets: Uint8Array): Promise<void>
  /** Durable when it resolves. @throws {QueueError} and the message is not in the queue. */
  enqueue(message: NewMessage): Promise<void>
  discard(): Promise<void>
}

/** Messages that are not with all of their recipients. */
export interface Queue extends AsyncDisposable {
  receive(now: Temporal.Instant): Promise<Incoming>
  list(): readonly QueuedMessage[]
  /** Messages with a recipient who is due, the oldest first. */
  due(now: Temporal.Instant): readonly QueuedMessage[]
  find(id: string): QueuedMessage | undefined
  contentOf(message: QueuedMessage): Source
  /**
   * When nobody sends: writes the ends of attempts that could not be written, as on a full disk. What else is still being sent
   * then, the process ended within, so that it may be there already: it is sent again and says so. Answers how many.
   * @throws {QueueError}
   */
  recover(now: Temporal.Instant): Promise<number>
  /** What waits because the next hop was away, and cannot be there, is due now. @throws {QueueError} */
  wake(now: Temporal.Instant): void
  /**
   * Before an attempt: from here on its end is not known. Answers for whom it may be made: who was dropped meanwhile is not
   * among them. @throws {QueueError} and no attempt may be made.
   */
  begin(id: string, addresses: readonly string[], now: Temporal.Instant): readonly string[]
  /**
   * After it. A message that nobody waits for any more is gone.
   * @throws {QueueError} and it is kept in memory until `recover` has written it
   */
  settle(id: string, outcomes: ReadonlyMap<string, Outcome>, now: Temporal.Instant): Promise<void>
  /** Puts a message to the sender into the queue in place of the recipients whom it tells of, or who are marked as told. */
  tell(about: QueuedMessage, told: Told): Promise<void>
}

/** A message of our own to a sender. `content` is what stands in it. */
export interface Told {
  /** Absent: nobody is told. */
  readonly message?: { readonly envelope: NewMessage; readonly content: Uint8Array }
  /** Recipients who are given up: they leave the queue. */
  readonly gone: readonly string[]
  /** Recipients for whom it is held, or who have it not yet. */
  readonly late: readonly string[]
}

/** Why the queue cannot. `ERR_MAIL_QUEUE_FULL`: there is no room. */
export class QueueError extends Error {
  override readonly name = 'QueueError'
  readonly code: 'ERR_MAIL_QUEUE_FULL' | 'ERR_MAIL_QUEUE'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.code = isFull(cause) ? 'ERR_MAIL_QUEUE_FULL' : 'ERR_MAIL_QUEUE'
  }
}

const SQLITE_FULL = 13

function isFull(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const { code, errcode } = cause as { readonly code?: unknown; readonly errcode?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === SQLITE_FULL
}
