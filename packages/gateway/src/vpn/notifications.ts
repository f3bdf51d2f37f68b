// What OpenVPN says on its management connection, read strictly: notifications of several lines in one piece, answers to
// commands, and whatever else, which is passed over. @see OpenVPN doc/management-notes.txt, "REAL-TIME MESSAGE FORMAT"
import type { Line } from './lines.ts'

/** The variables of a notification. `over`: there were more, longer or stranger ones than are read, and none is there. */
export type Variables = { readonly ok: true; readonly values: ReadonlyMap<string, string> } | { readonly ok: false }

/** Something that the engine said. */
export type Notification =
  /** A caller has finished its handshake, or has renewed its keys, and waits for an answer. */
  | { readonly kind: 'connect' | 'reauth'; readonly cid: number; readonly kid: number; readonly variables: Variables }
  | { readonly kind: 'established' | 'disconnect'; readonly cid: number; readonly variables: Variables }
  | { readonly kind: 'bytes'; readonly cid: number; readonly received: number; readonly sent: number }
  | { readonly kind: 'state'; readonly state: string }
  | { readonly kind: 'hold' }
  | { readonly kind: 'log' | 'fatal'; readonly text: string }
  /** The answer to a command. */
  | { readonly kind: 'answer'; readonly ok: boolean; readonly text: string }
  | { readonly kind: 'unknown' }

/** A notification whose variables are not all there yet. */
interface Open {
  readonly kind: 'connect' | 'reauth' | 'established' | 'disconnect' | 'unknown'
  readonly cid: number
  readonly kid: number
  readonly variables: ReadonlyMap<string, string>
  readonly octets: number
  readonly isOver: boolean
}

/** Between two lines. */
export interface ReadingState {
  readonly open?: Open
}

/** What one notification may have: the engine has some fifty variables, and a client may add to them. */
export const MAX_VARIABLES = 300
/** Of all its variables together. */
export const MAX_VARIABLE_OCTETS: number = 64 * 1024

const CLIENT = /^>CLIENT:(CONNECT|REAUTH|ESTABLISHED|DISCONNECT|CR_RESPONSE),(\d{1,10})(?:,(\d{1,10})(?:,.*)?)?$/
const ENV = '>CLIENT:ENV,'
const VARIABLE = /^([A-Za-z0-9_]{1,128})=(.*)$/s
const BYTES = /^>BYTECOUNT_CLI:(\d{1,10}),(\d{1,16}),(\d{1,16})$/
const KINDS = {
  CONNECT: 'connect',
  REAUTH: 'reauth',
  ESTABLISHED: 'established',
  DISCONNECT: 'disconnect',
  CR_RESPONSE: 'unknown',
} as const

/** Reads one more line. Pure: the same lines give the same notifications, whatever octets they are of. */
export function stepReading(
  state: ReadingState,
  line: Line,
): { readonly state: ReadingState; readonly said?: Notification } {
  const { open } = state
  if (!line.ok) return open ? { state: { open: { ...open, isOver: true } } } : { state, said: { kind: 'unknown' } }
  const { text } = line
  if (text.startsWith(ENV)) return open ? withVariable(open, text.slice(ENV.length)) : { state, said: UNKNOWN }
  const client = CLIENT.exec(text)
  // Of two that come into each other the first is lost; what is said beside one is not of it.
  if (client) return { state: begin(client) }
  return { state, said: plainOf(text) }
}

const UNKNOWN: Notification = { kind: 'unknown' }

function begin([, word, cid, kid]: RegExpExecArray): ReadingState {
  const known = word !== undefined && Object.hasOwn(KINDS, word) ? KINDS[word as keyof typeof KINDS] : 'unknown'
  const asks = known === 'connect' || known === 'reauth'
  const kind = asks && kid === undefined ? 'unknown' : known
  return {
    open: { kind, cid: Number(cid), kid: Number(kid ?? 0), variables: new Map(), octets: 0, isOver: false },
  }
}

function withVariable(open: Open, text: string): ReturnType<typeof stepReading> {
  if (text === 'END') return { state: {}, said: closed(open) }
  const [, name, value = ''] = VARIABLE.exec(text) ?? []
  const octets = open.octets + text.length
  const { variables } = open
  const isTooMuch = variables.size >= MAX_VARIABLES || octets > MAX_VARIABLE_OCTETS
  // Two of one name: whichever we took, somebody else could take the other.
  if (open.isOver || isTooMuch || name === undefined || variables.has(name))
    return { state: { open: { ...open, octets, isOver: true, variables: new Map() } } }
  return { state: { open: { ...open, octets, variables: new Map([...variables, [name, value]]) } } }
}

function closed({ kind, cid, kid, variables, isOver }: Open): Notification {
  if (kind === 'unknown') return UNKNOWN
  const all: Variables = isOver ? { ok: false } : { ok: true, values: variables }
  return kind === 'connect' || kind === 'reauth' ? { kind, cid, kid, variables: all } : { kind, cid, variables: all }
}

function plainOf(text: string): Notification {
  const [, cid, received, sent] = BYTES.exec(text) ?? []
  if (cid !== undefined) return { kind: 'bytes', cid: Number(cid), received: Number(received), sent: Number(sent) }
  if (text.startsWith('>STATE:')) return { kind: 'state', state: text.split(',')[1] ?? '' }
  if (text.startsWith('>HOLD:')) return { kind: 'hold' }
  if (text.startsWith('>FATAL:')) return { kind: 'fatal', text: text.slice('>FATAL:'.length) }
  // >LOG:time,flags,text
  if (text.startsWith('>LOG:')) return { kind: 'log', text: text.split(',').slice(2).join(',') }
  if (text.startsWith('SUCCESS:')) return { kind: 'answer', ok: true, text: text.slice('SUCCESS: '.length) }
  if (text.startsWith('ERROR:')) return { kind: 'answer', ok: false, text: text.slice('ERROR: '.length) }
  return UNKNOWN
}
