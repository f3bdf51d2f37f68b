// Meets a door, and asks it for its own view of the same meeting.
import type { Socket } from 'node:net'
import type { MEETING_PATH as Path } from '@countersign/gateway'
import { type ConnectOptions, connect, MeetingRefusedError } from '@countersign/mtls'
import {
  fieldOf,
  type Meeting,
  parseReference,
  REFUSALS,
  type Refusal,
  type RefusalCode,
  readMeeting,
  revocationField,
  ShapeError,
} from '@countersign/protocol'
import { exchangeJson } from '../http-once.ts'
import { askPostgresql, POSTGRESQL_ALPN } from './ask-postgresql.ts'
import { isSameMeeting, mergeMeetings, refusedByCallee } from './merge.ts'

/** Where a door tells its view of the meeting on the connection that asks. Only its type is imported: `meet` needs no door. */
const MEETING_PATH: typeof Path = '/.well-known/countersign/meeting'

/** A door tells from memory; what takes longer is another protocol. */
const ANSWER_TIMEOUT_MS = 5_000

/** A meeting as the caller saw it, with the callee's word where it gave one. */
export interface Met {
  readonly meeting: Meeting
  /** The door's own record; absent where it told none, or one of another meeting. */
  readonly told?: Meeting
  /** What came in its place, as in `HTTP status 404`. */
  readonly silence?: string
}

/** Meets the door that `options` name. A refusal is an answer here, not an error. */
export async function meetDoor(options: ConnectOptions): Promise<Met> {
  try {
    const { socket, meeting } = await connect({ ...options, alpn: ['http/1.1', POSTGRESQL_ALPN] })
    if (socket.alpnProtocol === POSTGRESQL_ALPN) return await askDatabaseDoor(meeting, socket)
    return await askDoor(meeting, options.name?.value ?? options.host, socket)
  } catch (error) {
    if (error instanceof MeetingRefusedError) return { meeting: error.meeting }
    throw error
  }
}

async function askDatabaseDoor(meeting: Meeting, socket: Socket): Promise<Met> {
  const word = await askPostgresql(meeting, socket, ANSWER_TIMEOUT_MS)
  return 'refusal' in word ? { meeting: refusedByCallee(meeting, word.refusal) } : { meeting, silence: word.silence }
}

async function askDoor(meeting: Meeting, host: string, socket: Socket): Promise<Met> {
  const way = { createConnection: () => socket }
  const exchange = exchangeJson({ path: MEETING_PATH, host, way, timeoutMs: ANSWER_TIMEOUT_MS })
  const answer = await exchange.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error)) throw error
    const code = String(error.code)
    // Who refuses ends the connection; who speaks another protocol than HTTP is silent, or says what is none.
    if (code === 'ETIMEDOUT') return { silence: `no answer within ${ANSWER_TIMEOUT_MS / 1000} s` }
    return code.startsWith('HPE_') ? { silence: 'it speaks no HTTP' } : `the connection ended: ${code}`
  })
  if (typeof answer !== 'string' && 'silence' in answer) return { meeting, ...answer }
  // In TLS 1.3 a client is through with the handshake before the server has judged it: no answer is no acceptance.
  if (typeof answer === 'string')
    return { meeting: refusedByCallee(meeting, { code: 'ERR_CALLER_REFUSED', note: answer }), silence: answer }
  const told = readTold(answer.json)
  if (told !== undefined && isSameMeeting(meeting, told)) return { meeting: mergeMeetings(meeting, told), told }
  const refused = readProblem(answer.json, meeting)
  if (refused !== undefined) return { meeting: refusedByCallee(meeting, refused) }
  const silence = told === undefined ? `HTTP status ${answer.status}` : `a word on another meeting (${told.reference})`
  return { meeting, silence }
}

function readTold(json: unknown): Meeting | undefined {
  try {
    return readMeeting(json)
  } catch (error) {
    if (error instanceof ShapeError) return undefined
    throw error
  }
}

/** What refuses a meeting; an authority that knows no such path, say, has accepted it. */
const MEETING_REFUSALS = Object.keys(REFUSALS).filter((code) =>
  /^ERR_(GATE|CALLER|POLICY|DOOR)_/.test(code),
) as RefusalCode[]

/** A refusal that was told as a problem document, where it is of this meeting. */
function readProblem(json: unknown, { reference }: Meeting): Refusal | undefined {
  try {
    const field = fieldOf(json)
    const code = field.get('code').oneOf(MEETING_REFUSALS)
    if (parseReference(field.get('reference').text(32)) !== reference) return undefined
    const revocation = field.get('revocation').optional(revocationField)
    if (revocation === undefined) return { code }
    const { clause } = REFUSALS[code]
    return { code, detail: { code: 'ERR_VERIFY_REVOKED', clause, detail: 'as the door says', revocation } }
  } catch (error) {
    if (error instanceof ShapeError) return undefined
    throw error
  }
}
