// What passes between one caller and the broker, packet by packet. No octet of a packet that was not understood goes on.
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { IConnackPacket, IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import type { Words } from '../kind/refusal-words.ts'
import { createReader, type ReadPacket, readHead, TYPE, typeOf, type Version, writePacket } from './packets.ts'
import type { Answer, Permissions } from './permissions.ts'
import { FAILURE, type Limits, reasonOf, within, writeNoAck } from './reasons.ts'

/** What one packet leads to. */
export interface Effects {
  readonly toBroker?: Buffer
  readonly toCaller?: Buffer
  /** `left`: the caller has said that it goes; `refused`: it must go, and why has been noted. Otherwise why it must go. */
  readonly end?: 'left' | 'refused' | RefusalCode
}

/** One caller that has been let in, on its way to the broker and back. */
export interface Exchange {
  /** CONNECT as the broker gets it. */
  readonly connect: Buffer
  fromCaller(frame: Buffer): Effects
  fromBroker(frame: Buffer): Effects
}

/** What is known of a caller that has sent CONNECT. */
export interface Arrived {
  readonly packet: IConnectPacket
  readonly read: ReadPacket
  readonly limits: Limits
  /** Whom the broker is told: the client identifier, and the name of the user. */
  readonly clientId: string
  readonly user: string
}

/** What the exchange asks, and tells. */
export interface ExchangeOptions {
  readonly permissions: Permissions
  readonly maxPacketOctets: number
  /** Notes a refusal, and answers how it is told. `about` is the topic. */
  readonly refuse: (code: RefusalCode, about: string, refused?: Meeting) => Words
}

const NOTHING: Effects = {}

/** Makes it. The will has been asked about already. */
export function createExchange(arrived: Arrived, options: ExchangeOptions): Exchange {
  const { packet: connect, read, limits, clientId } = arrived
  const { permissions, maxPacketOctets, refuse } = options
  const { version, maxPacketOctets: theirMaximum = maxPacketOctets } = limits
  const write = (packet: Packet) => writePacket(packet, version)
  const readBroker = createReader(version)
  /** SUBSCRIBE under way, by packet identifier: for each filter the words of its refusal. */
  const asked = new Map<number, readonly (Words | undefined)[]>()
  /** Deliveries at QoS 2 that were kept from the caller, whose second half we answer. */
  const withheld = new Set<number>()

  const onPublish = (frame: Buffer): Effects => {
    const head = readHead(frame)
    const { topic, retain, qos, messageId } = head
    // Without properties there is nothing in it that is not looked at here: it goes on as it came.
    const isPlain = qos < 3 && (version === 4 || frame[head.end] === 0)
    const packet = isPlain ? undefined : (read(frame) as IPublishPacket)
    // CONNACK has said that there are no aliases.
    if (topic === '' || packet?.properties?.topicAlias !== undefined) return { end: 'ERR_MQTT_PROTOCOL' }
    const answer = permissions.publish(topic, retain)
    if (answer.ok) return { toBroker: packet === undefined ? frame : write(packet) }
    const words = refuse(answer.code, topic, answer.refused)
    if (qos === 0) return NOTHING
    // An acknowledgement of 3.1.1 cannot say no, and one that says yes would be a lie. MQTT 3.1.1 §3.3.5
    if (version === 4) return { end: 'refused' }
    return { toCaller: writeNoAck(qos === 1 ? 'puback' : 'pubrec', messageId, words, limits) }
  }

  const onSubscribe = (packet: ISubscribePacket): Effects => {
    const { messageId = 0, subscriptions } = packet
    const refused = subscriptions.map(({ topic }) => {
      const answer = permissions.subscribe(topic)
      return answer.ok ? undefined : refuse(answer.code, topic, answer.refused)
    })
    const allowed = subscriptions.filter((_, i) => refused[i] === undefined)
    if (allowed.length === 0) return { toCaller: writeSuback(messageId, refused, []) }
    if (allowed.length < subscriptions.length) asked.set(messageId, refused)
    return { toBroker: write({ ...packet, subscriptions: allowed }) }
  }

  /** What the broker granted, with our refusals between. @see MQTT 5.0 §3.9.3 */
  const writeSuback = (
    messageId: number,
    refused: readonly (Words | undefined)[],
    granted: readonly number[],
  ): Buffer => {
    const answers = granted.values()
    const codes = refused.map((words) =>
      words === undefined ? (answers.next().value ?? FAILURE) : version === 4 ? FAILURE : reasonOf(words.code),
    )
    const text = version === 5 && limits.wantsProblems ? refused.find((words) => words !== undefined)?.text : undefined
    return within(limits, text, (properties) => ({ cmd: 'suback', messageId, granted: codes, ...properties }))
  }

  const onConnack = (frame: Buffer): Effects => {
    const packet = readBroker(frame)
    return { toCaller: version === 4 || packet.cmd !== 'connack' ? frame : write(adapted(packet)) }
  }

  const adapted = (packet: IConnackPacket): IConnackPacket => {
    const { topicAliasMaximum: _, ...properties } = packet.properties ?? {}
    const { maximumPacketSize: theirs = maxPacketOctets } = properties
    return {
      ...packet,
      properties: {
        ...properties,
        maximumPacketSize: Math.min(theirs, maxPacketOctets),
        ...(connect.clientId === '' && { assignedClientIdentifier: clientId }),
      },
    }
  }

  const onDelivery = (frame: Buffer): Effects => {
    const { topic, qos, messageId } = readHead(frame)
    if (permissions.mayHear(topic)) return { toCaller: frame }
    if (qos === 0) return NOTHING
    if (qos === 1) return { toBroker: write({ cmd: 'puback', messageId }) }
    withheld.add(messageId)
    return { toBroker: write({ cmd: 'pubrec', messageId }) }
  }

  return {
    connect: write(forBroker(arrived, theirMaximum)),
    fromCaller(frame) {
      if (typeOf(frame) === TYPE.publish) return onPublish(frame)
      const packet = read(frame)
      switch (packet.cmd) {
        case 'subscribe':
          return onSubscribe(packet)
        case 'unsubscribe':
        case 'puback':
        case 'pubrec':
        case 'pubrel':
        case 'pubcomp':
        case 'pingreq':
          return { toBroker: write(packet) }
        case 'disconnect':
          return { toBroker: write(packet), end: 'left' }
        // A second CONNECT, what only servers send, and AUTH, which nobody has begun.
        default:
          return { end: 'ERR_MQTT_PROTOCOL' }
      }
    },
    fromBroker(frame) {
      switch (typeOf(frame)) {
        case TYPE.connack:
          return onConnack(frame)
        case TYPE.publish:
          return onDelivery(frame)
        case TYPE.pubrel: {
          const packet = readBroker(frame)
          const { messageId = 0 } = packet
          if (!withheld.delete(messageId)) return { toCaller: frame }
          return { toBroker: write({ cmd: 'pubcomp', messageId }) }
        }
        case TYPE.suback: {
          const packet = readBroker(frame)
          const { messageId = 0 } = packet
          const refused = asked.get(messageId)
          if (refused === undefined || packet.cmd !== 'suback') return { toCaller: frame }
          asked.delete(messageId)
          return { toCaller: writeSuback(messageId, refused, packet.granted.map(Number)) }
        }
        default:
          return { toCaller: frame }
      }
    },
  }
}

/** The caller has proved who it is: the broker is told so, and hears nothing that it could be deceived by. */
function forBroker({ packet, clientId, user, limits }: Arrived, maximumPacketSize: number): IConnectPacket {
  const { password: _, ...rest } = packet
  const connect: IConnectPacket = { ...rest, clientId, username: user }
  if (limits.version === 4) return connect
  // Without aliases each delivery says its topic, which is looked at.
  const { topicAliasMaximum: __, ...properties } = packet.properties ?? {}
  return { ...connect, properties: { ...properties, maximumPacketSize } }
}

/** Whether a will may be left; yes where there is none. */
export function mayLeaveWill({ will }: IConnectPacket, permissions: Permissions): Answer {
  return will === undefined ? { ok: true } : permissions.will(will.topic, will.retain ?? false)
}

/**
 * What is wrong with a CONNECT, before anything is asked.
 * @param own The caller's name. Its client identifiers are this, and whatever begins with it and a colon, which no name of a party has.
 */
export function faultOf(packet: IConnectPacket, own: string): RefusalCode | undefined {
  const { protocolVersion, clientId, clean, properties } = packet
  if (protocolVersion !== 4 && protocolVersion !== 5) return 'ERR_MQTT_VERSION'
  if (properties?.authenticationMethod !== undefined) return 'ERR_MQTT_AUTHENTICATION'
  if (clientId === '') return protocolVersion === 4 && clean !== true ? 'ERR_MQTT_CLIENT_ID' : undefined
  return clientId === own || clientId.startsWith(`${own}:`) ? undefined : 'ERR_MQTT_CLIENT_ID'
}

/** What a caller said of its limits. */
export function limitsOf({ protocolVersion, properties }: IConnectPacket): Limits {
  const version: Version = protocolVersion === 5 ? 5 : 4
  return {
    version,
    maxPacketOctets: properties?.maximumPacketSize,
    wantsProblems: properties?.requestProblemInformation !== false,
  }
}
