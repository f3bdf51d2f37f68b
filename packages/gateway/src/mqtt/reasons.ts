// How MQTT says no: its reason codes, and what it lets us say beside them.
import type { RefusalCode } from '@countersign/protocol'
import type { Packet } from 'mqtt-packet'
import type { Words } from '../kind/refusal-words.ts'
import { type Version, writePacket } from './packets.ts'

/** Reason codes. @see MQTT 5.0 §2.4 */
export const REASON = {
  malformed: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  clientIdentifier: 0x85,
  notAuthorized: 0x87,
  unavailable: 0x88,
  authenticationMethod: 0x8c,
  topicAlias: 0x94,
  packetTooLarge: 0x95,
} as const

/** Return codes of a CONNACK of 3.1.1, §3.2.2.3. */
const RETURN = { version: 1, identifier: 2, unavailable: 3, notAuthorized: 5 } as const

/** SUBACK of 3.1.1, §3.9.3: failure. */
export const FAILURE = 0x80

const REASON_OF: Readonly<Partial<Record<RefusalCode, number>>> = {
  ERR_MQTT_PACKET: REASON.malformed,
  ERR_MQTT_PROTOCOL: REASON.protocolError,
  ERR_MQTT_PACKET_SIZE: REASON.packetTooLarge,
  ERR_MQTT_VERSION: REASON.unsupportedVersion,
  ERR_MQTT_CLIENT_ID: REASON.clientIdentifier,
  ERR_MQTT_AUTHENTICATION: REASON.authenticationMethod,
  ERR_DOOR_UPSTREAM: REASON.unavailable,
}
const RETURN_OF: Readonly<Partial<Record<RefusalCode, number>>> = {
  ERR_MQTT_VERSION: RETURN.version,
  ERR_MQTT_CLIENT_ID: RETURN.identifier,
  ERR_DOOR_UPSTREAM: RETURN.unavailable,
}

/** Reason code of MQTT 5 for a refusal. */
export function reasonOf(code: RefusalCode): number {
  return REASON_OF[code] ?? REASON.notAuthorized
}

/** What a caller said of its own limits in CONNECT. */
export interface Limits {
  readonly version: Version
  /** Absent: any. */
  readonly maxPacketOctets?: number | undefined
  /** Whether it wants reason strings beside what is refused. @see MQTT 5.0 §3.1.2.11.7 */
  readonly wantsProblems: boolean
}

/** CONNACK: nobody has come in. */
export function writeConnack({ code, text }: Words, limits: Limits): Buffer {
  if (limits.version === 4)
    return writePacket(
      { cmd: 'connack', sessionPresent: false, returnCode: RETURN_OF[code] ?? RETURN.notAuthorized },
      4,
    )
  return within(limits, text, (properties) => ({
    cmd: 'connack',
    sessionPresent: false,
    reasonCode: reasonOf(code),
    ...properties,
  }))
}

/** DISCONNECT; undefined where a server cannot say it. */
export function writeDisconnect({ code, text }: Words, limits: Limits): Buffer | undefined {
  if (limits.version === 4) return undefined
  return within(limits, text, (properties) => ({ cmd: 'disconnect', reasonCode: reasonOf(code), ...properties }))
}

/** PUBACK or PUBREC that refuses, MQTT 5 alone. */
export function writeNoAck(cmd: 'puback' | 'pubrec', messageId: number, { code, text }: Words, limits: Limits): Buffer {
  return within(limits, limits.wantsProblems ? text : undefined, (properties) => ({
    cmd,
    messageId,
    reasonCode: reasonOf(code),
    ...properties,
  }))
}

/** A packet that the caller would have to refuse for its size goes without words. @see MQTT 5.0 §3.1.2.11.4 */
export function within(
  { maxPacketOctets, version }: Limits,
  reasonString: string | undefined,
  make: (properties: { readonly properties?: { readonly reasonString: string } }) => Packet,
): Buffer {
  const whole = writePacket(make(reasonString === undefined ? {} : { properties: { reasonString } }), version)
  return maxPacketOctets !== undefined && whole.length > maxPacketOctets ? writePacket(make({}), version) : whole
}
