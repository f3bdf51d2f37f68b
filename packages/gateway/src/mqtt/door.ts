// The door for MQTT: mutual TLS from devices, their packets one by one to a broker; who publishes and hears what is policy.
import type { TLSSocket } from 'node:tls'
import { createAcceptor, createTroubles, type House } from '@countersign/mtls'
import type { Address } from '../kind/address.ts'
import { openListener } from '../kind/listener.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import { clearEstate, type Estate } from './broker.ts'
import { type Accepted, serveCaller, tellRefused } from './connection.ts'
import type { TopicRule } from './permissions.ts'

/** What a door for MQTT is called, what it proves, where it listens and which broker is behind it. */
export interface MqttDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: Address
  /** In clear, so on this machine. */
  readonly broker: Address
  /** What may be published and heard: what no line speaks of, nobody may. */
  readonly topics: readonly TopicRule[]
  /** Octets of the largest packet that a caller may send. Default 1,048,576. */
  readonly maxPacketOctets?: number
}

/** The door for MQTT among the kinds. */
export const mqttDoor: Opener<MqttDoorConfig> = {
  open: openMqttDoor,
  calls: () => false,
  fixed: ['host', 'listen'],
}

const MAX_PACKET_OCTETS = 1024 * 1024

/** Opens a door for MQTT. @throws the system's error where the address cannot be listened on. */
export async function openMqttDoor(config: MqttDoorConfig, house: House): Promise<OpenDoor<MqttDoorConfig>> {
  const { name, listen } = config
  let current = config
  const addTrouble = createTroubles(house)
  const open = new Set<TLSSocket>()
  const onFault = (socket: TLSSocket, error: unknown) => {
    // What is our own fault ends this one, and nobody else.
    house.log('gate.fault', { door: name, error })
    socket.destroy()
  }

  const serve = async (accepted: Accepted) => {
    const { broker, topics, maxPacketOctets = MAX_PACKET_OCTETS } = current
    const estate = await serveCaller({ name, broker, topics, maxPacketOctets }, house, accepted)
    if (estate && accepted.session.cutBy === 'ERR_CALLER_REVOKED') await clear(broker, estate, accepted)
  }
  /** Whoever is here by another credential has lost nothing. */
  const clear = async (broker: Address, estate: Estate, { meeting }: Accepted) => {
    const { party } = meeting.caller
    if (party !== undefined && house.sessions.find(`party:${party}`).some(({ isCut }) => !isCut)) return
    const { reference } = meeting
    try {
      const messages = await clearEstate(broker, estate)
      house.log('mqtt.cleared', { door: name, reference, client: estate.clientId, messages })
    } catch (error) {
      house.log('mqtt.uncleared', { door: name, reference, client: estate.clientId, cause: String(error) })
    }
  }

  const acceptor = createAcceptor({
    ...house,
    door: name,
    onAccepted(socket, meeting, session) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      serve({ socket, meeting, session, addTrouble }).catch((error: unknown) => onFault(socket, error))
    },
    onRefused: (socket, meeting) =>
      void tellRefused(socket, meeting, house).catch((error: unknown) => onFault(socket, error)),
  })
  const door = await openListener({
    name,
    kind: 'mqtt',
    scheme: 'mqtts',
    listen,
    server: { noDelay: true },
    house,
    onConnection: (raw) => acceptor.accept(raw),
    // Devices stay for months: what they have not said is said again to the next door, and nothing is lost that was acknowledged.
    endIdle: () => {
      for (const session of house.sessions.list()) void session.cut('ERR_DOOR_DRAINING')
    },
    isBusy: () => acceptor.pending > 0,
    stop: () => acceptor.close(),
    close: async () => undefined,
  })
  const prepare: OpenDoor<MqttDoorConfig>['prepare'] = async (next) => ({
    apply() {
      current = next
    },
    discard: async () => undefined,
  })
  return { ...door, prepare }
}
