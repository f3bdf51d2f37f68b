import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { operateQueue, type QueuedMessage, QueueError, type QueueOperation } from '@countersign/mail/door'
import { formatWhen, REFUSALS, writeJson } from '@countersign/protocol'
import { dataDirectory } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** A queue, and the door that it is of. */
interface DoorQueue {
  readonly door: string
  readonly queue: QueueOperation
}

/** As long as what a sender reads of it. */
const MAX_REASON = 200

/** `countersign mail queue`: what waits, the oldest first. */
export const mailQueue: Run = async (given, around) => {
  const now = around.clock()
  return withQueues(given, around, (queues) => {
    const all = queues.flatMap(({ door, queue }) => queue.list().map((message) => ({ door, message })))
    if (given.flag('json')) around.out(JSON.stringify(writeJson({ messages: all.map(jsonOf) })))
    else if (all.length === 0) around.out('nothing waits')
    else {
      const columns = [
        { head: 'id' },
        { head: 'door' },
        { head: 'since' },
        { head: 'from', shrinks: true },
        { head: 'for', shrinks: true },
        { head: 'octets', number: true },
        { head: 'why' },
      ]
      const rows = all.map(({ door, message }) => [
        message.id,
        plainText(door),
        formatWhen(message.at, now),
        plainText(message.sender === '' ? 'this house' : message.sender),
        message.recipients.map(({ address }) => plainText(address)).join(', '),
        String(message.octets),
        [...new Set(message.recipients.map(({ state, why }) => (why ? `${state}: ${why.code}` : state)))].join(', '),
      ])
      for (const line of tableLines(columns, rows, around.columns)) around.out(line)
    }
    return EXIT.ok
  })
}

/** `countersign mail queue show`. */
export const mailQueueShow: Run = async (given, around) => {
  const now = around.clock()
  const id = given.text('ID') ?? ''
  return withQueues(given, around, (queues) => {
    const { door, message } = foundIn(queues, id)
    if (given.flag('json')) {
      around.out(JSON.stringify(writeJson(jsonOf({ door, message }))))
      return EXIT.ok
    }
    const { sender, at, octets, reference, messageId } = message
    around.out(
      `${id} at ${plainText(door)}, from ${plainText(sender === '' ? 'this house' : sender)}, ${formatWhen(at, now)}, ${octets} octets`,
    )
    if (reference !== undefined) around.out(`  reference ${plainText(reference)}`)
    if (messageId !== undefined) around.out(`  ${plainText(messageId)}`)
    for (const { address, state, attempts, nextAt, mayBeThere, why } of message.recipients) {
      const next = state === 'waiting' || state === 'held' ? `, tried again ${formatWhen(nextAt, now)}` : ''
      around.out(
        `  ${plainText(address)}: ${state}, ${attempts} attempts${next}${mayBeThere ? '; it may be there already' : ''}`,
      )
      if (why === undefined) continue
      around.out(`    ${REFUSALS[why.code].public} [${why.code}]`)
      around.out(`    ${plainText(why.note)}`)
      around.out(`    next: ${REFUSALS[why.code].next}`)
    }
    return EXIT.ok
  })
}

/** `countersign mail queue retry`: one, or all. */
export const mailQueueRetry: Run = async (given, around) => {
  const id = given.text('ID') ?? ''
  const now = around.clock()
  return withQueues(given, around, (queues) => {
    const due = queues.flatMap(({ queue }) =>
      (id === 'all' ? queue.list().map((message) => message.id) : [id]).flatMap((one) => queue.retry(one, now)),
    )
    if (due.length === 0 && id !== 'all') foundIn(queues, id)
    return say(given, around, { retried: due }, `tried again now, for ${due.map(plainText).join(', ')}`)
  })
}

/** `countersign mail queue drop`. */
export const mailQueueDrop: Run = async (given, around) => {
  const id = given.text('ID') ?? ''
  const reason = given.text('reason')?.trim() ?? ''
  if (reason === '' || reason.length > MAX_REASON)
    throw new Failure(EXIT.usage, `say why, in at most ${MAX_REASON} characters: --reason TEXT`, {
      code: 'ERR_CLI_USAGE',
      next: 'its sender reads it',
    })
  const now = around.clock()
  return withQueues(given, around, (queues) => {
    const gone = queues.flatMap(({ queue }) => queue.drop(id, reason, now, given.text('recipient')))
    if (gone.length === 0) foundIn(queues, id)
    return say(
      given,
      around,
      { dropped: gone },
      `given up, and its sender is told, for ${gone.map(plainText).join(', ')}`,
    )
  })
}

function say(given: Arguments, around: Around, answer: Readonly<Record<string, readonly string[]>>, words: string) {
  const isAny = Object.values(answer).some((list) => list.length > 0)
  if (given.flag('json')) around.out(JSON.stringify(answer))
  else if (isAny) around.out(words)
  else around.err('nothing of it waits')
  return isAny ? EXIT.ok : EXIT.refused
}

function foundIn(queues: readonly DoorQueue[], id: string): { readonly door: string; readonly message: QueuedMessage } {
  for (const { door, queue } of queues) {
    const message = queue.find(id)
    if (message) return { door, message }
  }
  throw new Failure(EXIT.input, `no message ${plainText(id)} waits here`, {
    code: 'ERR_CLI_MAIL_QUEUE',
    next: 'see countersign mail queue; what is not there has left',
  })
}

/** Opens the queues of the house for as long as `act` takes. @throws {Failure} */
async function withQueues<Value>(
  given: Arguments,
  around: Around,
  act: (queues: readonly DoorQueue[]) => Value,
): Promise<Value> {
  const doors = join(dataDirectory(given, around), 'doors')
  const wanted = given.text('door')
  using stack = new DisposableStack()
  const queues: DoorQueue[] = []
  try {
    for (const door of (await namesIn(doors)).filter((name) => wanted === undefined || name === wanted)) {
      const queue = operateQueue(join(doors, door, 'queue'))
      if (queue) queues.push({ door, queue: stack.use(queue) })
    }
    if (queues.length > 0) return act(queues)
  } catch (error) {
    if (!(error instanceof QueueError)) throw error
    throw new Failure(EXIT.input, `the queue cannot be used: ${error.message}`, {
      code: 'ERR_CLI_MAIL_QUEUE',
      next: 'run it as the user of the house, and look at the disk',
      cause: error,
    })
  }
  throw new Failure(
    EXIT.input,
    `no mail door${wanted === undefined ? '' : ` ${plainText(wanted)}`} has a queue in ${doors}`,
    {
      code: 'ERR_CLI_MAIL_QUEUE',
      next: 'name the data directory of the house: --data DIR',
    },
  )
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

function jsonOf({ door, message }: { readonly door: string; readonly message: QueuedMessage }) {
  const { recipients, ...rest } = message
  return {
    door,
    ...rest,
    recipients: recipients.map(({ why, ...recipient }) => ({
      ...recipient,
      ...(why && { code: why.code, status: why.status, note: why.note, next: REFUSALS[why.code].next }),
    })),
  }
}
