// The way out: plain TCP from programs on this machine, mutual TLS to a callee that must prove itself.
import type { Socket } from 'node:net'
import {
  type ConnectOptions,
  connect,
  createResumptionStore,
  type House,
  MeetingRefusedError,
  SessionCutError,
} from '@countersign/mtls'
import { referenceOf } from '@countersign/verify'
import type { Address } from '../kind/address.ts'
import { join } from '../kind/join.ts'
import { openListener } from '../kind/listener.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'

/** Where programs of this machine connect, and whom they then reach. */
export interface EgressDoorConfig {
  readonly name: string
  /** Loopback or a Unix socket: whoever can connect here speaks as this house. */
  readonly listen: Address
  readonly callee: {
    readonly host: string
    readonly port: number
    /** What the callee must prove where that is not `host`: a DNS name, IP address or URI. */
    readonly name?: string
  }
}

/** The way out among the kinds. */
export const egressDoor: Opener<EgressDoorConfig> = {
  open: openEgressDoor,
  calls: () => true,
  fixed: ['listen'],
}

/** Opens the way out. @throws the system's error where the address cannot be listened on. */
export async function openEgressDoor(config: EgressDoorConfig, house: House): Promise<OpenDoor<EgressDoorConfig>> {
  const { name, listen } = config
  const targetOf = ({ callee }: EgressDoorConfig): ConnectOptions => ({
    host: callee.host,
    port: callee.port,
    ...(callee.name !== undefined && { name: referenceOf(callee.name) }),
    identity: house.identity,
    trust: house.trust,
    clock: house.clock,
    door: name,
    resumption: createResumptionStore(),
    allowHalfOpen: true,
  })
  let target = targetOf(config)
  const open = new Set<Socket>()
  const carry = async (near: Socket) => {
    open.add(near)
    near.once('close', () => open.delete(near)).on('error', () => near.destroy())
    try {
      const { socket, meeting } = await connect(target)
      house.record(meeting)
      socket.on('error', (error) => {
        if (error instanceof SessionCutError)
          house.log('callee.cut', { door: name, reference: meeting.reference, code: error.code })
        socket.destroy()
      })
      if (near.destroyed) return void socket.destroy()
      join(near, socket)
    } catch (error) {
      near.destroy()
      // As at a door: what is our own fault refuses this one, and ends nobody else.
      if (!(error instanceof MeetingRefusedError)) return house.log('gate.fault', { door: name, error })
      // Where nobody answered, there was no meeting.
      if (error.code !== 'ERR_CALLEE_UNREACHABLE') house.record(error.meeting)
      house.log('callee.refused', {
        door: name,
        code: error.code,
        reference: error.meeting.reference,
        cause: error.message,
      })
    }
  }
  const door = await openListener({
    name,
    kind: 'egress',
    scheme: 'tcp',
    listen,
    server: { noDelay: true, allowHalfOpen: true },
    house,
    onConnection: (near) => void carry(near),
    isBusy: () => open.size > 0,
    endIdle: () => undefined,
    stop: () => {
      for (const near of open) near.destroy()
    },
    close: async () => undefined,
  })
  const prepare: OpenDoor<EgressDoorConfig>['prepare'] = async (next) => ({
    apply() {
      target = targetOf(next)
    },
    discard: async () => undefined,
  })
  return { ...door, prepare }
}
