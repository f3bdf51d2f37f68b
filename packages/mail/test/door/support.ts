/** A queue in a directory of its own, a next hop that answers as it is told, and a clock that stands. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { createHop } from '../../src/door/leave/hop.ts'
import { type LeaveOptions, leaveOnce } from '../../src/door/leave/leave.ts'
import type { NextHop, Treat } from '../../src/door/model.ts'
import type { NewMessage, Queue } from '../../src/door/queue/model.ts'
import { openQueue } from '../../src/door/queue/queue.ts'

export const NOON: Temporal.Instant = Temporal.Instant.from('2026-11-27T12:00:00Z')

export async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-mail-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** What a next hop got. */
export interface Got {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

/** An error with an answer, for `smtp-server`. */
export function answer(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}

export interface TestHop {
  readonly next: NextHop
  readonly got: Got[]
  readonly connections: number
  close(): Promise<void>
}

/** A server of SMTP in clear on loopback, on any free port or on one that it had. */
export async function openTestHop(t: TestContext, options: SMTPServerOptions = {}, port = 0): Promise<TestHop> {
  const got: Got[] = []
  let connections = 0
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    disableReverseLookup: true,
    logger: false,
    onConnect(_session, done) {
      connections++
      done()
    },
    onData(stream, { envelope }, done) {
      let text = ''
      stream.setEncoding('latin1').on('data', (piece: string) => {
        text += piece
      })
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        got.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= new Promise<void>((resolve) => server.close(() => resolve()))
    return closed
  }
  t.after(close)
  return {
    next: { host: '127.0.0.1', port: address.port, tls: 'none' },
    got,
    get connections() {
      return connections
    },
    close,
  }
}

export interface Leaver extends LeaveOptions {
  /** Hours later. */
  pass(hours: number): void
  turn(): Promise<boolean>
  readonly logs: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

/** What is sent by hand, turn by turn. */
export async function openLeaver(
  t: TestContext,
  next: NextHop,
  { directory, treat = asItStands, queue }: { directory?: string; treat?: Treat; queue?: Queue } = {},
): Promise<Leaver> {
  const opened = queue ?? (await openQueue({ directory: directory ?? (await scratch(t)) }))
  if (queue === undefined) t.after(() => opened[Symbol.asyncDispose]())
  let now = NOON
  const logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const hop = createHop(next, 'mail.acme.example')
  t.after(() => hop.rest())
  const options: LeaveOptions = {
    queue: opened,
    hop,
    treat,
    door: 'mail',
    host: 'mail.acme.example',
    hopName: next.host,
    clock: () => now,
    log: (event, fields = {}) => void logs.push({ event, fields }),
  }
  return {
    ...options,
    logs,
    pass(hours) {
      now = now.add({ minutes: hours * 60 })
    },
    turn: () => leaveOnce(options),
  }
}

/** Every message leaves as it is. */
export const asItStands: Treat = async function* (source, { recipients, isUtf8, isEightBit }) {
  yield { kind: 'send', source, recipients, isUtf8, isEightBit }
}

/** A message of alice's, in the queue. Answers its name. */
export async function enqueue(queue: Queue, more: Partial<NewMessage> = {}, text = MESSAGE): Promise<string> {
  const incoming = await queue.receive(NOON)
  await incoming.write(Buffer.from(text, 'latin1'))
  await incoming.enqueue({
    sender: 'alice@acme.example',
    recipients: ['bob@partner.example'],
    isUtf8: false,
    isEightBit: false,
    at: NOON,
    reference: 'M-7F3K-92QD',
    messageId: '<1@acme.example>',
    ...more,
  })
  return incoming.id
}

export const MESSAGE =
  'From: Alice <alice@acme.example>\r\nTo: bob@partner.example\r\nSubject: The secret plan\r\nMessage-ID: <1@acme.example>\r\n\r\n.the first line begins with a dot\r\nthe end\r\n'
