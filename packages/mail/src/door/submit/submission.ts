// SMTP behind the gate: who submits has proved who they are, and the engine reads only octets that were checked. @see RFC 6409
import type { TLSSocket } from 'node:tls'
import type { CallerSession, House } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import { SMTPServer, type SMTPServerAddress, type SMTPServerSession } from 'smtp-server'
import type { Arrival, RefusedArrival } from '../arrive/arrive.ts'
import { fits } from '../fits.ts'
import type { MailDoorConfig, RecipientRoute } from '../model.ts'
import type { Queue } from '../queue/model.ts'
import { answerOf, lineOf } from './answer.ts'
import { isOwnAddress } from './check-header.ts'
import { takeIn } from './intake.ts'
import { createRate } from './rate.ts'
import { readStrictly } from './strict-lines.ts'

/** What submissions need. */
export interface SubmissionOptions {
  readonly config: () => MailDoorConfig
  readonly house: Pick<House, 'clock' | 'log'>
  readonly queue: Queue
  /** Where mail arrives, in place of a submission: who brings it need not have written it. */
  readonly arrival?: Arrival
  /** Something is in the queue. */
  readonly onQueued: () => void
  /** Kept with the record of the meeting. */
  readonly onTrouble: (meeting: Meeting, trouble: { readonly code: RefusalCode; readonly note?: string }) => void
}

/** Callers who are let in. */
export interface Submission {
  serve(socket: TLSSocket, meeting: Meeting, session: CallerSession): void
  /** Ends connections that are in no message. */
  endIdle(): void
}

interface Caller {
  readonly socket: TLSSocket
  readonly meeting: Meeting
  readonly session: CallerSession
  /** Whether it is in a message, from MAIL to its end. */
  isBusy: boolean
}

const DEFAULT_MAX_OCTETS = 40 * 1024 * 1024
const DEFAULT_PER_MINUTE = 60
/** RFC 5321 §4.5.3.1.8: at least so many. */
const MAX_RECIPIENTS = 100
/** What the engine would speak and a submission has no use for. TLS is there from the first octet: RFC 8314 §3.3. */
const NOT_SPOKEN = ['AUTH', 'STARTTLS', 'XCLIENT', 'XFORWARD', 'VRFY', 'HELP', 'WIZ', 'SHELL', 'KILL', 'LHLO']
const LINGER_MS = 1_000

/** Makes the engine; it never listens, the gate hands it sockets. */
export function createSubmission(options: SubmissionOptions): Submission {
  const { config, house, queue, arrival } = options
  const { name: door, host, maxMessageOctets = DEFAULT_MAX_OCTETS } = config()
  const callers = new Map<string, Caller>()
  const rate = createRate()
  const server = new SMTPServer({
    name: host[0],
    secure: true,
    // The gate has: the engine must neither ask for TLS again nor bring a certificate of its own.
    ...{ secured: true },
    disabledCommands: NOT_SPOKEN,
    disableReverseLookup: true,
    logger: false,
    size: maxMessageOctets,
    ...{ rejectOversized: true, maxRecipients: MAX_RECIPIENTS },
    onMailFrom: (address, session, done) => answering(session, done, (caller) => judgeSender(caller, address)),
    onRcptTo: (address, session, done) =>
      answering(session, done, (caller) => judgeRecipient(caller, address, session)),
    onData(stream, session, done) {
      const caller = callers.get(session.id)
      if (caller === undefined) return done(gone())
      take(caller, stream, session).then(
        (refused) => {
          caller.isBusy = false
          done(refused && answerOf(refused.code, refused.reference ?? caller.meeting.reference))
        },
        (error: unknown) => {
          caller.isBusy = false
          // The caller left within its message, or was cut: nobody hears an answer.
          if (caller.socket.destroyed || stream.destroyed) return
          house.log('gate.fault', { door, reference: caller.meeting.reference, error })
          done(answerOf('ERR_GATE_FAULT', caller.meeting.reference))
        },
      )
    },
    onClose: (session) => void callers.delete(session.id),
  })
  // What happens to a connection is told with its session.
  server.on('error', () => undefined)

  const refuse = (caller: Caller, code: RefusalCode, note?: string) => {
    house.log('request.refused', {
      door,
      reference: caller.meeting.reference,
      code,
      ...(note !== undefined && { cause: note }),
    })
    options.onTrouble(caller.meeting, { code, ...(note !== undefined && { note }) })
    return code
  }
  const answering = (
    { id }: SMTPServerSession,
    done: (error?: Error | null) => void,
    judge: (caller: Caller) => RefusalCode | undefined,
  ) => {
    const caller = callers.get(id)
    if (caller === undefined) return done(gone())
    const code = judge(caller)
    done(code && answerOf(code, caller.meeting.reference))
  }
  const judgeSender = (caller: Caller, { address, args }: SMTPServerAddress): RefusalCode | undefined => {
    if (isUnsaid(address, args)) return refuse(caller, 'ERR_MAIL_NOT_ASCII', address)
    if (arrival) {
      caller.isBusy = true
      return undefined
    }
    // RFC 6409 §6.1. Nobody submits reports: an empty sender is no address of a caller.
    if (!isOwnAddress(address, caller.meeting)) return refuse(caller, 'ERR_MAIL_SENDER', `MAIL FROM is <${address}>`)
    const { maxMessagesPerMinute = DEFAULT_PER_MINUTE } = config()
    if (!rate.mayHave(caller.meeting.caller.name, maxMessagesPerMinute, house.clock()))
      return refuse(caller, 'ERR_MAIL_RATE')
    caller.isBusy = true
    return undefined
  }
  const judgeRecipient = (
    caller: Caller,
    { address }: SMTPServerAddress,
    { envelope }: SMTPServerSession,
  ): RefusalCode | undefined => {
    const said = envelope.mailFrom !== false && envelope.mailFrom.args
    if (isUnsaid(address, said)) return refuse(caller, 'ERR_MAIL_NOT_ASCII', `RCPT TO is <${address}>`)
    if (arrival?.isFor(normalAddress(address)) === false)
      return refuse(caller, 'ERR_MAIL_NOT_HERE', `RCPT TO is <${address}>`)
    const code = askFor(caller.session, address, config().recipients ?? [])
    return code && refuse(caller, code, `RCPT TO is <${address}>`)
  }
  const take = async (
    caller: Caller,
    stream: AsyncIterable<Uint8Array> & { readonly sizeExceeded: boolean },
    { envelope, hostNameAppearsAs }: SMTPServerSession,
  ): Promise<Pick<RefusedArrival, 'code' | 'reference'> | undefined> => {
    const { meeting, session } = caller
    const recipients = envelope.rcptTo.map(({ address }) => normalAddress(address))
    const sender = envelope.mailFrom === false ? '' : normalAddress(envelope.mailFrom.address)
    const saysUtf8 = envelope.mailFrom !== false && saysSmtpUtf8(envelope.mailFrom.args)
    const refused: RefusedArrival | undefined = await (arrival?.takeIn ?? takeIn)(stream, {
      queue,
      sender,
      recipients,
      meeting,
      host: host[0],
      helo: hostNameAppearsAs,
      saysUtf8,
      now: house.clock(),
      mayStay() {
        if (stream.sizeExceeded)
          return { ok: false, code: 'ERR_MAIL_BUDGET', note: `more than ${maxMessageOctets} octets` }
        if (session.isCut) return { ok: false, code: session.cutBy ?? 'ERR_GATE_FAULT', note: 'the session was cut' }
        // Rules may have changed since RCPT.
        const routes = config().recipients ?? []
        const code = recipients.map((address) => askFor(session, address, routes)).find((one) => one !== undefined)
        return code && { ok: false, code, note: 'the rules have changed' }
      },
    })
    if (refused) {
      refuse(caller, refused.code, refused.note)
      return refused
    }
    house.log('mail.queued', {
      door,
      reference: meeting.reference,
      caller: meeting.caller.name,
      recipients: recipients.length,
    })
    options.onQueued()
    return undefined
  }

  let serial = 0
  return {
    serve(socket, meeting, session) {
      const id = `${++serial}`
      const caller = { socket, meeting, session, isBusy: false }
      callers.set(id, caller)
      socket.on('error', () => socket.destroy())
      readStrictly(socket, (fault) => {
        refuse(caller, 'ERR_MAIL_LINES', fault)
        endWith(socket, lineOf('ERR_MAIL_LINES', meeting.reference))
      })
      server.connect(socket, { id })
    },
    endIdle() {
      for (const { socket, meeting, isBusy } of callers.values())
        if (!isBusy) endWith(socket, lineOf('ERR_DOOR_DRAINING', meeting.reference))
    },
  }
}

/** Says a last line. What still comes is read and forgotten for a second: a reset would take back what was said. */
export function endWith(socket: TLSSocket, line: string): void {
  if (socket.writableEnded) return
  socket.end(line)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

/**
 * Which service mail to an address is, and whether the caller may have it. What is no address as rules have it (a dot behind the
 * domain, a host in digits) the next server may read as any of theirs: whoever writes there must have every service.
 */
function askFor(session: CallerSession, address: string, routes: readonly RecipientRoute[]): RefusalCode | undefined {
  const isPlain = readName(address)?.kind === 'rfc822Name'
  const route = routes.find(({ to }) => fits(normalAddress(address), to))
  const asked = isPlain ? (route === undefined ? [] : [route]) : routes
  for (const service of new Set(asked.map(({ service }) => service))) {
    const { decision, release } = session.ask(`service:${service}`, () => undefined)
    release()
    if (!decision.ok) return decision.code
  }
  return undefined
}

/** The engine brings domains to U-labels; certificates and other servers have A-labels. */
function normalAddress(address: string): string {
  return readName(address)?.value ?? address
}

/** For a caller who has left. */
function gone(): Error {
  return Object.assign(new Error('4.4.2 the connection has ended'), { responseCode: 421 })
}

function localPartOf(address: string): string {
  return address.slice(0, address.lastIndexOf('@'))
}

/** RFC 6531 §3.5: an address that is not ASCII, without the word for it. */
function isUnsaid(address: string, args: SMTPServerAddress['args']): boolean {
  return /\P{ASCII}/u.test(localPartOf(address)) && !saysSmtpUtf8(args)
}

function saysSmtpUtf8(args: SMTPServerAddress['args']): boolean {
  return args !== false && Object.hasOwn(args, 'SMTPUTF8')
}
