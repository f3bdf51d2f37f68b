// A message comes in: its header is checked, its body is written as it comes, and it is in the queue before anybody is told so.
import { isAscii } from 'node:buffer'
import type { Incoming, NewMessage, Queue } from '../queue/model.ts'
import { QueueError } from '../queue/model.ts'
import { type CheckedHeader, checkHeader, type HeaderContext } from './check-header.ts'

/** What a message is taken in with. */
export interface IntakeOptions extends Omit<HeaderContext, 'id'> {
  readonly queue: Queue
  readonly sender: string
  readonly recipients: readonly string[]
  /** The last look, when it is all there: a word of why not. */
  readonly mayStay: () => Refused | undefined
}

/** Why a message is not taken. */
export type Refused = Extract<CheckedHeader, { ok: false }>

const MAX_HEADER_OCTETS = 256 * 1024
/** What a header has room in at first: nearly all have less. */
const USUAL_HEADER_OCTETS = 8 * 1024
const END_OF_HEADER = Buffer.from('\r\n\r\n')

/**
 * Reads a message to its end, whatever becomes of it, and puts it into the queue. Answers why not, where not.
 * @throws what the stream throws: it ended early, and the message is not in the queue.
 */
export async function takeIn(stream: AsyncIterable<Uint8Array>, options: IntakeOptions): Promise<Refused | undefined> {
  const { queue, now } = options
  let incoming: Incoming | undefined
  let isQueued = false
  try {
    incoming = await receive(queue, stream, now)
    const message = createMessage(incoming, options, checkHeader)
    await readWhole(stream, message.push)
    const made = await message.end()
    const refused = made.ok ? options.mayStay() : made
    if (refused) return refused
    if (!made.ok) return made
    await incoming.enqueue(made.message)
    isQueued = true
    return undefined
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    return { ok: false, code: error.code, note: error.message }
  } finally {
    if (!isQueued) await incoming?.discard()
  }
}

/**
 * Reads a stream to its end, also where what is in it has nowhere to go: the caller is answered when it has said all, and whoever
 * leaves a stream early has closed it.
 * @throws the first thing that `push` threw, then.
 */
export async function readWhole(
  stream: AsyncIterable<Uint8Array>,
  push: (octets: Uint8Array) => Promise<void>,
): Promise<void> {
  const faults: unknown[] = []
  for await (const octets of stream)
    if (faults.length === 0)
      await push(octets).catch((error: unknown) => {
        faults.push(error)
      })
  if (faults.length > 0) throw faults[0]
}

async function receive(queue: Queue, stream: AsyncIterable<Uint8Array>, now: Temporal.Instant): Promise<Incoming> {
  try {
    return await queue.receive(now)
  } catch (error) {
    await readWhole(stream, async () => undefined)
    throw error
  }
}

/** A message that comes in pieces: its header is checked, and what is kept of it goes on to `incoming`. */
export function createMessage(
  incoming: Pick<Incoming, 'id' | 'write'>,
  options: IntakeOptions,
  check: (octets: Uint8Array, context: HeaderContext) => CheckedHeader,
): {
  push(octets: Uint8Array): Promise<void>
  end(): Promise<{ readonly ok: true; readonly message: NewMessage } | Refused>
} {
  const { sender, recipients, now, meeting } = options
  let head: Buffer | undefined = Buffer.allocUnsafe(USUAL_HEADER_OCTETS)
  let filled = 0
  let checked: CheckedHeader | undefined
  let isEightBit = false
  const body = async (octets: Uint8Array) => {
    if (!checked?.ok || octets.length === 0) return
    isEightBit ||= !isAscii(octets)
    await incoming.write(octets)
  }
  const finishHeader = async (octets: Buffer) => {
    head = undefined
    checked = check(octets, { ...options, id: incoming.id })
    if (checked.ok) await incoming.write(Buffer.from(`${checked.header}\r\n`, 'utf8'))
  }
  return {
    async push(octets: Uint8Array): Promise<void> {
      if (head === undefined) return body(octets)
      const taken = octets.subarray(0, MAX_HEADER_OCTETS - filled)
      head = withRoom(head, filled, taken.length)
      head.set(taken, filled)
      const from = Math.max(0, filled - 3)
      filled += taken.length
      const whole = head.subarray(0, filled)
      // An empty line at once ends a header that is empty.
      const isEmpty = whole.subarray(0, 2).equals(END_OF_HEADER.subarray(2))
      const end = isEmpty ? 0 : whole.indexOf(END_OF_HEADER, from) + 2
      if (isEmpty || end > 1) {
        await finishHeader(whole.subarray(0, end))
        await body(whole.subarray(end + 2))
        return body(octets.subarray(taken.length))
      }
      if (filled < MAX_HEADER_OCTETS) return
      head = undefined
      checked = { ok: false, code: 'ERR_MAIL_BUDGET', note: `the header has ${MAX_HEADER_OCTETS} octets or more` }
    },
    async end(): Promise<{ readonly ok: true; readonly message: NewMessage } | Refused> {
      if (head !== undefined) await finishHeader(head.subarray(0, filled))
      if (checked === undefined) throw new TypeError('a header was not judged')
      if (!checked.ok) return checked
      const { isUtf8, messageId } = checked
      const isAscii = [sender, ...recipients].every((address) => !/\P{ASCII}/u.test(address))
      const envelope = { sender, recipients, isUtf8: isUtf8 || !isAscii, isEightBit }
      return {
        ok: true,
        message: { ...envelope, at: now, reference: meeting.reference, ...(messageId !== undefined && { messageId }) },
      }
    },
  }
}

/** Twice as much each time: who sends octet by octet must not have all of it copied for each. */
function withRoom(head: Buffer, filled: number, more: number): Buffer {
  if (filled + more <= head.length) return head
  const larger = Buffer.allocUnsafe(Math.max(filled + more, 2 * head.length))
  larger.set(head.subarray(0, filled))
  return larger
}
