// Asks a database door how it decided: it refuses in PostgreSQL's own words, and lets PostgreSQL's own question through.
import type { Socket } from 'node:net'
import { type Meeting, parseReference, REFUSALS, type Refusal, type RefusalCode } from '@countersign/protocol'

/** The ALPN name of clients that begin with TLS at once (PostgreSQL 17). */
export const POSTGRESQL_ALPN = 'postgresql'

/** An SSLRequest: every PostgreSQL answers it by one octet, and nobody has said who he is. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f)
const MAX_ANSWER_OCTETS = 4_096

/** What came of the question: a refusal of this very meeting, or what is known in its place. */
export type PostgresqlWord = { readonly refusal: Refusal } | { readonly silence: string }

/** @see PostgreSQL documentation, "Message Flow", "Message Formats" (ErrorResponse) */
export function askPostgresql(meeting: Meeting, socket: Socket, timeoutMs: number): Promise<PostgresqlWord> {
  const { promise, resolve } = Promise.withResolvers<PostgresqlWord>()
  let octets = Buffer.alloc(0)
  const settle = (word: PostgresqlWord) => {
    clearTimeout(timer)
    resolve(word)
    socket.destroy()
  }
  const timer = setTimeout(() => settle({ silence: `no answer within ${timeoutMs / 1000} s` }), timeoutMs)
  const ended = (note: string) => settle({ refusal: { code: 'ERR_CALLER_REFUSED', note } })
  socket
    .on('data', (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
      const word = wordOf(octets, meeting)
      if (word !== undefined) settle(word)
    })
    .on('error', (error: NodeJS.ErrnoException) => ended(`the connection ended: ${error.code ?? error.message}`))
    .on('end', () => ended('the connection ended'))
    .on('close', () => ended('the connection ended'))
  socket.write(SSL_REQUEST)
  return promise
}

/** Undefined where more is to come. */
function wordOf(octets: Buffer, meeting: Meeting): PostgresqlWord | undefined {
  const [first] = octets.toString('latin1')
  if (first === 'S' || first === 'N') return { silence: 'it speaks PostgreSQL, and the database answers' }
  if (first !== 'E') return { silence: 'it speaks no PostgreSQL' }
  if (octets.length < 5) return undefined
  const end = 1 + octets.readUInt32BE(1)
  if (end > MAX_ANSWER_OCTETS) return { silence: 'it speaks no PostgreSQL' }
  if (octets.length < end) return undefined
  const fields = octets.toString('utf8', 5, end).split('\0')
  const field = (type: string) => fields.find((each) => each.startsWith(type))?.slice(1) ?? ''
  const [, word = ''] = /^reference (\S+)$/.exec(field('D')) ?? []
  // What the database itself says is said to somebody whom the door has let in.
  if (parseReference(word) !== meeting.reference) return { silence: `PostgreSQL says: ${field('M')}` }
  const code = REFUSAL_CODES.find((each) => each === field('R'))
  if (code?.startsWith('ERR_DOOR_')) return { silence: REFUSALS[code].public }
  return { refusal: code === undefined ? { code: 'ERR_CALLER_REFUSED', note: field('M') } : { code } }
}

const REFUSAL_CODES = Object.keys(REFUSALS) as RefusalCode[]
