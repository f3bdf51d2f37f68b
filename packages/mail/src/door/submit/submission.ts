// SMTP behind the gate: who submits has proved who they are, and the engine reads only octets that were checked. @see RFC 6409
import type { TLSSocket } from 'node:tls'
import type { CallerSession, House } from '@countersign/mtls'
import type { Meeting, Reference, RefusalCode } from '@countersign/protocol'
import { SMTPServer, type SMTPServerAddress, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Arrival, RefusedArrival } from '../arrive/arrive.ts'
import type { MailDoorConfig } from '../model.ts'
import type { Queue } from '../queue/model.ts'
import { answerOf, lineOf, plainAnswer, type SmtpAnswer } from './answer.ts'
import {
  askFor,
  type Caller,
  isInMessage,
  isUnsaid,
  normalAddress,
  type Transaction,
  transactionOf,
  unknownParameter,
} from './caller.ts'
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

const DEFAULT_MAX_OCTETS = 40 * 1024 * 1024
const DEFAULT_PER_MINUTE = 60
/** RFC 5321 §4.5.3.1.8: at least so many. */
const MAX_RECIPIENTS = 100
/** At once, of one caller: as many as a busy server before this one has (Postfix: 20 to one destination), several times. */
const MAX_SESSIONS = 100
/** In a row. Each is in the log: whoever goes on without a message that can be taken begins anew, with a handshake. */
const MAX_REFUSALS = 100
/** What a caller has sent may be in it. */
const MAX_NOTE = 400
/** RFC 5321 §4.5.3.2.7: "at least 5 minutes". */
const IDLE_MS = 300_000
/** What the engine would speak and a submission has no use for. TLS is there from the first octet: RFC 8314 §3.3. */
const NOT_SPOKEN = ['AUTH', 'STARTTLS', 'XCLIENT', 'XFORWARD', 'VRFY', 'HELP', 'WIZ', 'SHELL', 'KILL', 'LHLO']
const LINGER_MS = 1_000

/** Makes the engine; it never listens, the gate hands it sockets. */
export function createSubmission(options: SubmissionOptions): Submission {
  const { config, house, onTrouble } = options
  const { name: door, host, maxMessageOctets = DEFAULT_MAX_OCTETS } = config()
  const callers = new Map<string, Caller>()

  const refuse: Refuse = (caller, code, note, reference = caller.meeting.reference) => {
    caller.refusals++
    const trouble = { code, ...(note !== undefined && { note: note.slice(0, MAX_NOTE) }) }
    house.log('request.refused', {
      door,
      reference: caller.meeting.reference,
      code,
      ...(trouble.note !== undefined && { cause: trouble.note }),
    })
    onTrouble(caller.meeting, trouble)
    // RFC 5321 §3.8: 421 is followed by the end.
    return answerOf(code, reference, caller.refusals < MAX_REFUSALS ? undefined : 421)
  }
  const { judgeSender, judgeRecipient } = createJudges(options, refuse)
  const take = createTaking(options, maxMessageOctets, refuse)
  const answering = (
    smtp: SMTPServerSession,
    done: (error?: Error | null) => void,
    judge: (caller: Caller) => SmtpAnswer | undefined,
  ) => {
    const caller = callers.get(smtp.id)
    if (caller === undefined) return done(gone())
    caller.smtp = smtp
    done(judge(caller))
  }
  const server = new SMTPServer({
    name: host[0],
    secure: true,
    // The gate has: the engine must neither ask for TLS again nor bring a certificate of its own.
    ...{ secured: true },
    disabledCommands: NOT_SPOKEN,
    disableReverseLookup: true,
    logger: false,
    size: maxMessageOctets,
    socketTimeout: IDLE_MS,
    ...{ rejectOversized: true },
    onMailFrom: (address, smtp, done) => answering(smtp, done, (caller) => judgeSender(caller, address)),
    onRcptTo: (address, smtp, done) => answering(smtp, done, (caller) => judgeRecipient(caller, address)),
    onData(stream, smtp, done) {
      const caller = callers.get(smtp.id)
      if (caller?.transaction === undefined) return done(gone())
      take(caller, caller.transaction, stream, smtp).then(done, (error: unknown) => {
        // The caller left within its message, or was cut: nobody hears an answer.
        if (caller.socket.destroyed || stream.destroyed) return
        house.log('gate.fault', { door, reference: caller.meeting.reference, error })
        done(answerOf('ERR_GATE_FAULT', caller.meeting.reference))
      })
    },
    onClose: (smtp) => void callers.delete(smtp.id),
  })
  // What happens to a connection is told with its session.
  server.on('error', () => undefined)

  let serial = 0
  return {
    serve(socket, meeting, session) {
      const caller: Caller = { socket, meeting, session, refusals: 0 }
      const { name } = meeting.caller
      socket.on('error', () => socket.destroy())
      const others = callers.values().filter((other) => other.meeting.caller.name === name)
      if (others.toArray().length >= MAX_SESSIONS) {
        refuse(caller, 'ERR_MAIL_SESSIONS')
        return endWith(socket, lineOf('ERR_MAIL_SESSIONS', meeting.reference))
      }
      const id = `${++serial}`
      callers.set(id, caller)
      readStrictly(socket, (fault) => {
        refuse(caller, 'ERR_MAIL_LINES', fault)
        endWith(socket, lineOf('ERR_MAIL_LINES', meeting.reference))
      })
      server.connect(socket, { id })
    },
    endIdle() {
      for (const caller of callers.values())
        if (!isInMessage(caller)) endWith(caller.socket, lineOf('ERR_DOOR_DRAINING', caller.meeting.reference))
    },
  }
}

/** Says no: to the log, to the record of the meeting, and to the caller. `reference`: of the message, where it has one of its own. */
type Refuse = (caller: Caller, code: RefusalCode, note?: string, reference?: Reference) => SmtpAnswer

/** What is said to MAIL and RCPT; undefined: go on. */
function createJudges({ config, house, arrival }: SubmissionOptions, refuse: Refuse) {
  const rate = createRate()
  return {
    judgeSender(caller: Caller, said: SMTPServerAddress): SmtpAnswer | undefined {
      const { address, args } = said
      const unknown = unknownParameter('MAIL', args)
      if (unknown !== undefined) return notOffered(unknown)
      const transaction = transactionOf(said)
      if (isUnsaid(address, transaction)) return refuse(caller, 'ERR_MAIL_NOT_ASCII', address)
      // RFC 6409 §6.1. Nobody submits reports: an empty sender is no address of a caller.
      if (!arrival && !isOwnAddress(address, caller.meeting))
        return refuse(caller, 'ERR_MAIL_SENDER', `MAIL FROM is <${address}>`)
      const { maxMessagesPerMinute = DEFAULT_PER_MINUTE } = config()
      if (!arrival && !rate.mayHave(caller.meeting.caller.name, maxMessagesPerMinute, house.clock()))
        return refuse(caller, 'ERR_MAIL_RATE')
      caller.transaction = transaction
      return undefined
    },
    judgeRecipient(caller: Caller, { address, args }: SMTPServerAddress): SmtpAnswer | undefined {
      const { transaction } = caller
      if (transaction === undefined) return plainAnswer(503, '5.5.1 MAIL comes first')
      const unknown = unknownParameter('RCPT', args)
      if (unknown !== undefined) return notOffered(unknown)
      if (transaction.recipients.size >= MAX_RECIPIENTS) return plainAnswer(452, '4.5.3 no more recipients at once')
      const normal = normalAddress(address)
      const note = `RCPT TO is <${address}>`
      if (isUnsaid(address, transaction)) return refuse(caller, 'ERR_MAIL_NOT_ASCII', note)
      if (arrival?.isFor(normal) === false) return refuse(caller, 'ERR_MAIL_NOT_HERE', note)
      const code = askFor(caller.session, address, config().recipients ?? [])
      if (code) return refuse(caller, code, note)
      transaction.recipients.add(normal)
      return undefined
    },
  }
}

/** Makes what takes a message in and answers why not, where not. */
function createTaking(options: SubmissionOptions, maxMessageOctets: number, refuse: Refuse) {
  const { config, house, queue, arrival, onQueued } = options
  const { name: door, host } = config()
  return async (
    caller: Caller,
    { sender, saysUtf8, recipients: found }: Transaction,
    stream: SMTPServerDataStream,
    { hostNameAppearsAs }: SMTPServerSession,
  ): Promise<SmtpAnswer | undefined> => {
    const { meeting, session } = caller
    const recipients = [...found]
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
    if (refused) return refuse(caller, refused.code, refused.note, refused.reference)
    caller.refusals = 0
    const { reference } = meeting
    house.log('mail.queued', { door, reference, caller: meeting.caller.name, recipients: recipients.length })
    onQueued()
    return undefined
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

/** RFC 5321 §4.1.1.11. */
function notOffered(parameter: string): SmtpAnswer {
  return plainAnswer(555, `5.5.4 ${parameter.slice(0, 64)} is not offered`)
}

/** For a caller who has left. */
function gone(): SmtpAnswer {
  return plainAnswer(421, '4.4.2 the connection has ended')
}
