// The next hop: one connection, kept while there is mail, over TLS whose other end has proved its name.
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import type { Source } from '@countersign/protocol'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Envelope, NextHop } from '../model.ts'
import type { Why } from '../queue/model.ts'
import { type Answer, answersOf, couldNotCarry, downOf, type SentInfo, type SmtpError } from './answers.ts'

/** What is handed to the next hop. `before` stands in front of the message: lines with CRLF. */
export interface Leaving extends Envelope {
  readonly source: Source
  readonly before: string
}

/** Nothing was handed over: the next hop is away, or has not proved who it is. */
export class HopDownError extends Error {
  override readonly name = 'HopDownError'
  readonly why: Why

  constructor(why: Why, cause?: unknown) {
    super(why.note, { cause })
    this.why = why
  }
}

/** The way to the next hop. */
export interface Hop {
  /** Connects, where it is not connected. @throws {HopDownError} (rejects) */
  open(): Promise<void>
  /** What becomes of each recipient. @throws {HopDownError} (rejects) where nobody was asked. */
  send(leaving: Leaving): Promise<ReadonlyMap<string, Answer>>
  /** Ends the connection, as when there is nothing more to send. */
  rest(): void
}

/** RFC 5321 §4.5.3.2, but for a hop that is an operator's own. */
const TIMES = { connectionTimeout: 30_000, greetingTimeout: 60_000, socketTimeout: 300_000 } as const

/** Connects when something is sent. `name` is what this side calls itself. */
export function createHop(next: NextHop, name: string): Hop {
  let current: SMTPConnection | undefined
  const connected = async (): Promise<SMTPConnection> => {
    if (current && !current.destroyed && !isGone(current)) return current
    current = await connect(next, name)
    return current
  }
  const rest = (): void => {
    current?.quit()
    current = undefined
  }
  return {
    async open() {
      await connected()
    },
    async send(leaving) {
      const connection = await connected()
      const lacks = couldNotCarry(leaving, extensionsOf(connection))
      if (lacks) return new Map(leaving.recipients.map((address) => [address, { kind: 'failed', why: lacks }]))
      return deliver(connection, leaving, rest)
    },
    rest,
  }
}

/** A next hop that was found away: who else is to send asks nobody. */
export function awayHop(error: HopDownError): Hop {
  return { open: () => Promise.reject(error), send: () => Promise.reject(error), rest: () => undefined }
}

async function connect({ host, port, tls, name: proves, anchors }: NextHop, name: string): Promise<SMTPConnection> {
  let ca: Buffer | undefined
  try {
    ca = anchors === undefined ? undefined : await readFile(anchors)
  } catch (error) {
    throw new HopDownError(downOf(error), error)
  }
  const expected = proves ?? host
  const connection = new SMTPConnection({
    host,
    port,
    name,
    secure: tls === 'implicit',
    // STARTTLS, or nothing is sent. @see RFC 3207 §4.1
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    // Who connects to an address asks for no name by it (RFC 6066 §3), but checks it.
    tls: { minVersion: 'TLSv1.2', ...(isIP(expected) === 0 && { servername: expected }), ...(ca && { ca }) },
    ...TIMES,
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  connection.on('error', reject)
  connection.connect((error) => (error ? reject(error) : resolve()))
  try {
    await promise
  } catch (error) {
    connection.close()
    throw new HopDownError(downOf(error), error)
  }
  return connection
}

/** RFC 5321 §6.1: from the end of the message on, until it is answered, nobody knows who has it. */
async function deliver(
  connection: SMTPConnection,
  leaving: Leaving,
  rest: () => void,
): Promise<ReadonlyMap<string, Answer>> {
  const { sender, recipients, source, before, isEightBit, isUtf8 } = leaving
  let wasRead = false
  const message = Readable.from(
    (async function* () {
      if (before !== '') yield Buffer.from(before, 'latin1')
      yield* source.read(0, source.length)
      wasRead = true
    })(),
    { objectMode: false },
  )
  const { promise, resolve } = Promise.withResolvers<{ readonly error?: SmtpError; readonly info?: SentInfo }>()
  const size = Buffer.byteLength(before, 'latin1') + source.length
  connection.send(
    { from: sender, to: [...recipients], size, use8BitMime: isEightBit || isUtf8 },
    message,
    (error, info) => resolve(error ? { error } : { info }),
  )
  const ended = await promise
  // What was begun and cannot be finished must not look finished: only closing says so.
  const isBroken = ended.error !== undefined && ended.error.responseCode === undefined
  if (isBroken) connection.close()
  // RFC 5321 §4.1.1.5: where nobody was taken the transaction goes on, and the next MAIL would be refused for good.
  else if (ended.error !== undefined) rest()
  return answersOf(recipients, ended, wasRead)
}

/** What the server said that it can. nodemailer has no public word for it; without one nothing beyond ASCII is sent. */
function extensionsOf(connection: SMTPConnection): readonly string[] {
  const found: unknown = Reflect.get(connection, '_supportedExtensions')
  return Array.isArray(found) ? found.map(String) : []
}

function isGone({ _socket: socket }: SMTPConnection): boolean {
  return !socket || socket.destroyed || !socket.writable
}
