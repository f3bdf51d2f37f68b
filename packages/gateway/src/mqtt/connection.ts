// One caller's connection, from its CONNECT to its end: packets go both ways at the pace of the slower side.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type AddTrouble, type CallerSession, closeAfterReading, type House } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { Address } from '../kind/address.ts'
import { createGrants } from '../kind/grants.ts'
import { type Words, wordsOf, wordsOfMeeting } from '../kind/refusal-words.ts'
import { subjectOf } from '../kind/subject.ts'
import { connectToBroker, type Estate, leaveInOrder, MAX_BROKER_OCTETS } from './broker.ts'
import { createExchange, type Effects, type Exchange, faultOf, limitsOf, mayLeaveWill } from './exchange.ts'
import { type First, firstOf, type Incoming, incoming, roomIn } from './incoming.ts'
import { PacketError, TYPE } from './packets.ts'
import { createPermissions, type Permissions, type TopicRule } from './permissions.ts'
import { type Limits, writeConnack, writeDisconnect } from './reasons.ts'

/** What of the door's configuration a connection goes by. */
export interface ConnectionConfig {
  readonly name: string
  readonly broker: Address
  readonly topics: readonly TopicRule[]
  readonly maxPacketOctets: number
}

/** A caller that the gate has let in. */
export interface Accepted {
  readonly socket: TLSSocket
  readonly meeting: Meeting
  readonly session: CallerSession
  readonly addTrouble: AddTrouble
}

const CONNECT_TIMEOUT_MS = 10_000
/** What one CONNECT may have that is refused anyway. */
const MAX_REFUSED_OCTETS = 64 * 1024
/** Refusals of one session that are told one by one. */
const MAX_TOLD = 32

/** Tells a caller that the gate has refused why, where it says CONNECT within the time, and lets it go. */
export async function tellRefused(socket: TLSSocket, meeting: Meeting, house: House): Promise<void> {
  const timer = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS)
  socket.once('close', () => clearTimeout(timer))
  try {
    const first = await firstOf(incoming(socket, MAX_REFUSED_OCTETS, TYPE.connect))
    sayLast(socket, first && writeConnack(wordsOfMeeting(meeting, house.clock()), limitsOf(first.packet)))
  } catch (error) {
    socket.destroy()
    if (!(error instanceof PacketError)) throw error
  }
}

/** How a connection came to its end. */
type Ending =
  | { readonly kind: 'left' | 'refused' | 'lost' | 'broker' }
  | { readonly kind: 'wrong'; readonly code: RefusalCode; readonly about?: string }

/** A caller at the broker. */
interface Joined {
  readonly broker: Socket
  readonly limits: Limits
  readonly exchange: Exchange
  readonly estate: Estate
}

/** Serves a caller until it goes, or must. Answers what it left at the broker, where it was cut there. */
export async function serveCaller(
  config: ConnectionConfig,
  house: House,
  accepted: Accepted,
): Promise<Estate | undefined> {
  const { socket, meeting, session } = accepted
  const { name, maxPacketOctets } = config
  const began = performance.now()
  const note = createNotes(name, house, accepted)
  let joined: Joined | undefined
  socket.once('close', () =>
    house.log('session.done', {
      door: name,
      reference: meeting.reference,
      caller: meeting.caller.name,
      seconds: (performance.now() - began) / 1000,
      octetsIn: joined?.broker.bytesWritten ?? 0,
      octetsOut: joined?.broker.bytesRead ?? 0,
      ...(session.cutBy !== undefined && { code: session.cutBy }),
    }),
  )
  const from = incoming(socket, maxPacketOctets, TYPE.connect)
  const timer = setTimeout(() => {
    note('ERR_MQTT_NO_CONNECT')
    void session.cut('ERR_MQTT_NO_CONNECT')
  }, CONNECT_TIMEOUT_MS)
  const first = await firstOf(from)
    .catch((error: unknown) => wrong(error))
    .finally(() => clearTimeout(timer))
  if (first === undefined) return void socket.destroy()
  if ('kind' in first) {
    // What it speaks is not known: nothing can be said in it.
    note(first.code, first.about)
    return void sayLast(socket)
  }
  const limits = limitsOf(first.packet)
  const entered = await enter(first, config, house, { ...accepted, note, limits })
  if ('code' in entered) return void sayLast(socket, writeConnack(entered, limits))
  joined = entered
  const { broker } = joined
  const ending = await carry(joined, { socket, from, early: first.rest })
  if (ending.kind === 'wrong') {
    note(ending.code, ending.about)
    sayLast(socket, writeDisconnect(wordsOf(ending.code, meeting), limits))
  }
  // A broker publishes the will of a caller that was lost, and of no other.
  if (ending.kind === 'lost' && !session.isCut) broker.destroy()
  else leaveInOrder(broker, limits.version, ending.kind === 'left')
  if (ending.kind === 'lost') socket.destroy()
  else if (ending.kind !== 'wrong') sayLast(socket)
  return session.isCut ? joined.estate : undefined
}

/** Tells what was refused within a session: each thing once, and few of them. */
function createNotes(
  door: string,
  { log }: House,
  { meeting, addTrouble }: Accepted,
): (code: RefusalCode, about?: string) => void {
  const told = new Set<string>()
  return (code, about) => {
    const key = `${code} ${about}`
    if (told.has(key) || told.size >= MAX_TOLD) return
    told.add(key)
    const { reference } = meeting
    log('mqtt.refused', { door, reference, code, ...(about !== undefined && { about }) })
    addTrouble(meeting, { code, ...(about !== undefined && { note: about }) })
  }
}

/** What is asked of CONNECT: whose it is, and its will. Then the broker gets it. */
async function enter(
  { packet, read }: First,
  { name, broker: address, topics, maxPacketOctets }: ConnectionConfig,
  house: House,
  { meeting, session, addTrouble, note, limits }: Accepted & { note: ReturnType<typeof createNotes>; limits: Limits },
): Promise<Joined | Words> {
  const { reference, caller } = meeting
  const own = subjectOf(caller)
  const refuse = (code: RefusalCode, about: string, refused?: Meeting): Words => {
    // The policy's no is a record of its own.
    if (refused) return wordsOfMeeting(refused, house.clock())
    note(code, about)
    return wordsOf(code, meeting)
  }
  const fault = faultOf(packet, own)
  if (fault !== undefined) return refuse(fault, packet.clientId)
  const onFault = (error: unknown) => house.log('gate.fault', { door: name, reference, error })
  const permissions: Permissions = createPermissions(
    topics,
    caller.party,
    createGrants(session, { now: house.clock, record: house.record, onFault }),
    (cause) => void session.cut(cause).catch(onFault),
  )
  const will = mayLeaveWill(packet, permissions)
  if (!will.ok) return refuse(will.code, `the will at ${packet.will?.topic}`, will.refused)
  const clientId = packet.clientId || own
  const exchange = createExchange(
    { packet, read, limits, clientId, user: own },
    { permissions, refuse, maxPacketOctets },
  )
  try {
    const broker = await connectToBroker(address)
    broker.on('error', () => broker.destroy())
    broker.write(exchange.connect)
    return { broker, limits, exchange, estate: { clientId, user: own, filters: permissions.cleared } }
  } catch (error) {
    const code = 'ERR_DOOR_UPSTREAM'
    house.log('upstream.failed', { door: name, reference, code, cause: String(error) })
    addTrouble(meeting, { code, note: String(error) })
    return wordsOf(code, meeting)
  }
}

/** Carries both ways until one side ends. */
async function carry(
  { broker, exchange }: Joined,
  { socket, from, early }: { readonly socket: TLSSocket; readonly from: Incoming; readonly early: readonly Buffer[] },
): Promise<Ending> {
  const act = ({ toBroker, toCaller, end }: Effects): Ending | undefined => {
    if (toBroker) broker.write(toBroker)
    if (toCaller) socket.write(toCaller)
    if (end === undefined) return undefined
    return end === 'left' || end === 'refused' ? { kind: end } : { kind: 'wrong', code: end }
  }
  const firstEnding = (frames: readonly Buffer[], take: (frame: Buffer) => Effects): Ending | undefined => {
    for (const frame of frames) {
      const ending = act(take(frame))
      if (ending) return ending
    }
    return undefined
  }
  /** What came at once goes on at once: each write of its own is a record of TLS, and a call of the system. */
  const together = <Result>(work: () => Result): Result => {
    for (const side of [broker, socket]) side.cork()
    try {
      return work()
    } finally {
      for (const side of [broker, socket]) side.uncork()
    }
  }
  const pump = async (
    source: Incoming,
    take: (frame: Buffer) => Effects,
    over: Ending,
    first: readonly Buffer[] = [],
  ): Promise<Ending> => {
    for (let frames: readonly Buffer[] | undefined = first; frames !== undefined; frames = await source.next()) {
      const ending = together(() => firstEnding(frames, take))
      if (ending) return ending
      await roomIn(broker, socket)
    }
    return over
  }
  return Promise.race([
    pump(from, exchange.fromCaller, { kind: 'lost' }, early).catch((error: unknown) => wrong(error)),
    pump(incoming(broker, MAX_BROKER_OCTETS, TYPE.connack), exchange.fromBroker, { kind: 'broker' }).catch(
      (error: unknown) => ofBroker(wrong(error)),
    ),
  ])
}

function wrong(error: unknown): Extract<Ending, { readonly kind: 'wrong' }> {
  if (!(error instanceof PacketError)) throw error
  return { kind: 'wrong', code: error.code, about: error.message }
}

/** What cannot be read from the broker is no fault of the caller's. */
function ofBroker({ about }: ReturnType<typeof wrong>): Ending {
  return { kind: 'wrong', code: 'ERR_DOOR_UPSTREAM', ...(about !== undefined && { about }) }
}

/** Says it and closes; whoever stays on holds up nothing. */
function sayLast(socket: TLSSocket, words?: Buffer): void {
  socket.on('error', () => socket.destroy())
  if (socket.destroyed) return
  if (words) socket.end(words)
  else socket.end()
  closeAfterReading(socket)
}
