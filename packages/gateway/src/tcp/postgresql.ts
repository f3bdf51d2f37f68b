// PostgreSQL's way to TLS, so that its own clients meet a database door.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { closeAfterReading } from '@countersign/mtls'
import { explainMeeting, type Meeting, publicMeeting, REFUSALS, type RefusalCode } from '@countersign/protocol'

/** The ALPN name of clients that begin with TLS at once (PostgreSQL 17). */
export const POSTGRESQL_ALPN = 'postgresql'

const TLS_HANDSHAKE = 0x16
const MAX_REQUEST_OCTETS = 8
const REQUEST_TIMEOUT_MS = 10_000
// PostgreSQL documentation, "Message Formats": the codes of what a client may send first.
const SSL_REQUEST = 80_877_103
const GSSENC_REQUEST = 80_877_104
const CANCEL_REQUEST = 80_877_102
/** PostgreSQL documentation, "Error Codes". */
const SQLSTATE = { invalid_authorization_specification: '28000', connection_failure: '08006' } as const

const PLAIN = {
  sqlstate: SQLSTATE.invalid_authorization_specification,
  message: 'this door takes mutual TLS alone',
  hint: 'set sslmode=verify-full, sslrootcert, sslcert and sslkey',
}

/** Who is between TCP and TLS. */
export interface Greeter {
  /** Answers what a client sends before TLS, and hands it on where TLS begins. */
  greet(raw: Socket): void
  readonly pending: number
  /** Ends what has not come to TLS. */
  close(): void
}

// As many as may be in the middle of a handshake; beyond it the oldest gives way.
const MAX_PENDING = 1_024

/**
 * Makes the greeter of one door. GSS encryption is declined, so that the client asks for TLS next; a start in clear is
 * refused in words that the client prints. A request to cancel that comes in clear is not passed on: nobody has proved
 * anything.
 * @param meet Takes a connection from its first octet of TLS on.
 * @param refused Told why one was not handed on.
 * @see PostgreSQL documentation, "Message Flow", "SSL Session Encryption"
 */
export function createGreeter(meet: (raw: Socket) => void, refused: (cause: string) => void): Greeter {
  const pending = new Map<Socket, (cause: string) => void>()
  return {
    get pending() {
      return pending.size
    },
    greet(raw) {
      const [oldest] = pending.values()
      if (oldest && pending.size >= MAX_PENDING) oldest('too many have not come to TLS')
      const over = () => pending.delete(raw)
      pending.set(raw, greetOne(raw, { meet, refused, over }))
    },
    close() {
      for (const abandon of [...pending.values()]) abandon('the door is closing')
    },
  }
}

interface Greeting {
  readonly meet: (raw: Socket) => void
  readonly refused: (cause: string) => void
  readonly over: () => void
}

/** Answers how to give up on it. */
function greetOne(raw: Socket, { meet, refused, over }: Greeting): (cause: string) => void {
  let octets = Buffer.alloc(0)
  const timer = setTimeout(() => leave('it sent nothing'), REQUEST_TIMEOUT_MS)
  const onError = () => raw.destroy()
  const settle = () => {
    over()
    clearTimeout(timer)
    raw.off('data', onData).off('error', onError).off('close', settle).off('end', onEnd)
  }
  const leave = (cause: string, answer?: Uint8Array) => {
    settle()
    raw.on('error', onError)
    if (answer === undefined) raw.destroy()
    else raw.end(answer, () => raw.destroySoon())
    refused(cause)
  }
  const onEnd = () => {
    settle()
    raw.destroy()
  }
  const onData = (chunk: Buffer) => {
    octets = Buffer.concat([octets, chunk])
    const asked = readRequest(octets)
    if (asked === undefined) return
    if (asked === 'more') return leave('octets came behind a request in clear, as if before TLS')
    octets = Buffer.alloc(0)
    switch (asked) {
      case 'tls':
      case 'ssl':
        settle()
        raw.pause()
        if (asked === 'ssl') raw.write('S')
        else raw.unshift(chunk)
        meet(raw)
        // Paused by us, it would not begin to flow for its new reader.
        raw.resume()
        return
      case 'gssenc':
        raw.write('N')
        return
      case 'cancel':
        return leave('a request to cancel in clear')
      case 'plain':
        return leave('a start in clear', writeErrorResponse(PLAIN))
    }
  }
  raw.on('data', onData).on('error', onError).on('close', settle).on('end', onEnd)
  return leave
}

/** What the first octets of a client ask for. Undefined: not enough of them. `more`: more than is asked for. */
function readRequest(octets: Buffer): 'tls' | 'ssl' | 'gssenc' | 'cancel' | 'plain' | 'more' | undefined {
  if (octets[0] === TLS_HANDSHAKE) return 'tls'
  if (octets.length < MAX_REQUEST_OCTETS) return undefined
  const code = octets.readUInt32BE(4)
  if (code === CANCEL_REQUEST) return 'cancel'
  if (code !== SSL_REQUEST && code !== GSSENC_REQUEST) return 'plain'
  // Whoever is in between could put octets in front of what comes through TLS (CVE-2021-23214).
  if (octets.length > MAX_REQUEST_OCTETS || octets.readUInt32BE(0) !== MAX_REQUEST_OCTETS) return 'more'
  return code === SSL_REQUEST ? 'ssl' : 'gssenc'
}

/** Tells a refused client why inside TLS, in the words that it prints, and closes. */
export function refusePostgresql(socket: TLSSocket, meeting: Meeting, now: Temporal.Instant): void {
  const { refusal } = explainMeeting(publicMeeting(meeting), now)
  sayLast(socket, {
    sqlstate: SQLSTATE.invalid_authorization_specification,
    message: refusal?.why ?? 'refused',
    detail: `reference ${meeting.reference}`,
    hint: refusal?.next ?? 'ask the operator of this door',
    routine: refusal?.code,
  })
}

/** Tells a client that was let in that there is no database behind the door, and closes. */
export function failPostgresql(socket: TLSSocket, { reference }: Meeting, code: RefusalCode): void {
  const { public: message, next: hint } = REFUSALS[code]
  sayLast(socket, {
    sqlstate: SQLSTATE.connection_failure,
    message,
    detail: `reference ${reference}`,
    hint,
    routine: code,
  })
}

function sayLast(socket: TLSSocket, words: ErrorWords): void {
  socket.on('error', () => socket.destroy())
  socket.end(writeErrorResponse(words))
  // Whoever stays on holds up nothing.
  closeAfterReading(socket)
}

interface ErrorWords {
  readonly sqlstate: (typeof SQLSTATE)[keyof typeof SQLSTATE]
  readonly message: string
  readonly detail?: string
  readonly hint: string
  /** Our own code: clients show it where they are verbose. */
  readonly routine?: RefusalCode | undefined
}

/** PostgreSQL documentation, "Error and Notice Message Fields". */
function writeErrorResponse(words: ErrorWords): Buffer {
  const fields = [
    `SFATAL`,
    `VFATAL`,
    `C${words.sqlstate}`,
    `M${words.message}`,
    ...(words.detail === undefined ? [] : [`D${words.detail}`]),
    `H${words.hint}`,
    ...(words.routine === undefined ? [] : [`R${words.routine}`]),
  ]
  const body = Buffer.from(`${fields.map((field) => `${field.replaceAll('\0', '')}\0`).join('')}\0`)
  const head = Buffer.alloc(5)
  head.write('E', 0, 'latin1')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
