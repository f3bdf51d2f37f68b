// A door for MQTT on loopback before a real broker.

import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import {
  type Access,
  createSessionIndex,
  createTrust,
  type SessionIndex,
  steadyAccess,
  type Trust,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { chainOf, type Holder, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { clientOptions, issuing, ROOT_PEM, root } from '../../../../tools/testing/web-house.ts'
import type { OpenDoor } from '../../src/kind/model.ts'
import { type MqttDoorConfig, openMqttDoor } from '../../src/mqtt/door.ts'

const server: Holder = issueLeaf(issuing, 'hello.localhost', {
  names: [{ kind: 'dNSName', value: 'hello.localhost' }],
  purpose: 'both',
})

export interface TestMqttDoor extends AsyncDisposable {
  readonly door: OpenDoor<MqttDoorConfig>
  readonly port: number
  readonly trust: Trust
  readonly sessions: SessionIndex
  readonly records: readonly Meeting[]
  readonly amended: readonly Meeting[]
  readonly logs: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

/** Who may come in, and what each may have beside: `*` for everything, or the names of services. */
export function accessFor(who: Readonly<Record<string, '*' | readonly string[]>>): Access {
  return steadyAccess(({ caller, what }) => {
    const may = who[caller.party ?? '']
    const ok = may !== undefined && (what === undefined || may === '*' || may.includes(what.replace('service:', '')))
    return ok ? { ok, rule: 'of the test' } : { ok, code: 'ERR_POLICY_NOT_ALLOWED', missing: ['a rule'] }
  })
}

export const TOPICS: MqttDoorConfig['topics'] = [
  { filter: 'own/{party}/#', publish: true, retain: true, subscribe: true, retained: 'clear' },
  { filter: 'news/#', publish: 'editor', subscribe: true },
  { filter: 'alarms/+/state', publish: true, subscribe: 'watcher' },
  { filter: '$share/team/jobs', subscribe: true },
  { filter: 'jobs', publish: true },
]

export async function openTestMqttDoor(
  broker: MqttDoorConfig['broker'],
  access: Access,
  more: Partial<MqttDoorConfig> = {},
): Promise<TestMqttDoor> {
  const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() })
  const sessions = createSessionIndex('devices')
  const records: Meeting[] = []
  const amended: Meeting[] = []
  const logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const door = await openMqttDoor(
    {
      ...{ name: 'devices', host: ['hello.localhost'], listen: { host: '127.0.0.1', port: 0 } },
      ...{ broker, topics: TOPICS, ...more },
    },
    {
      identity: {
        current: () => ({ certificates: chainOf(server), privateKey: server.privateKey }),
        onChange: () => () => undefined,
      },
      trust,
      access,
      sessions,
      clock: () => Temporal.Now.instant(),
      record: (meeting) => records.push(meeting),
      amend: (meeting) => amended.push(meeting),
      log: (event, fields = {}) => logs.push({ event, fields }),
    },
  )
  return {
    door,
    port: Number(/:(\d+)$/.exec(door.url)?.[1]),
    ...{ trust, sessions, records, amended, logs },
    [Symbol.asyncDispose]: () => door.close(),
  }
}

/** A TLS connection on which the test says every octet itself. */
export async function dial({ port }: TestMqttDoor, caller?: Holder): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ...clientOptions(caller) })
  socket.on('error', () => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

const ofCarol = () =>
  issueLeaf(issuing, 'carol', {
    names: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/carol' }],
    purpose: 'clientAuth',
  })
/** Who hears alarms, and nothing else beside the door. */
export const carol: Holder = ofCarol()
/** By another key. */
export const carolRenewed: Holder = ofCarol()

/** The client of npm, which many use. It does not connect again of itself. */
export function client(
  { port }: TestMqttDoor,
  caller: Holder,
  clientId: string,
  more: Partial<IClientOptions> = {},
): MqttClient {
  const options: IClientOptions = {
    ...{ protocol: 'mqtts', host: '127.0.0.1', port, servername: 'hello.localhost', ca: ROOT_PEM, ...pemOf(caller) },
    ...{ clientId, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000, ...more },
  }
  return mqtt.connect(options)
}

/** Waits until a client is let in. @throws what it was told. */
export async function joined(it: MqttClient): Promise<MqttClient> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  it.once('connect', () => resolve())
    .once('error', reject)
    .once('close', () => reject(new Error('it was closed')))
  await promise
  // How it ends is what the test looks at.
  it.on('error', () => undefined)
  return it
}

/** Waits until a client's connection is over, however it ended. */
export function closed(it: MqttClient): Promise<void> {
  return it.connected ? new Promise((resolve) => void it.once('close', () => resolve())) : Promise.resolve()
}

/** How a client is refused, in the words that it was given. */
export async function refusalOf(it: MqttClient): Promise<{ readonly code: number; readonly text: string }> {
  const said = saidTo(it)
  try {
    await joined(it)
  } catch {
    return { code: said().code ?? -1, text: said().reasonString ?? '' }
  } finally {
    it.end(true)
  }
  throw new Error('it was let in')
}

/** What the last packet to a client said. */
export interface Said {
  readonly code?: number
  readonly granted?: readonly number[]
  readonly sessionPresent?: boolean
  readonly reasonString?: string
  readonly assignedClientIdentifier?: string
}

/** Answers what the last packet said that a client has got. */
export function saidTo(it: MqttClient): () => Said {
  let last: Said = {}
  it.on('packetreceive', (packet) => {
    const { reasonCode, returnCode, granted, sessionPresent, properties } = packet as {
      readonly reasonCode?: number
      readonly returnCode?: number
      readonly granted?: readonly number[]
      readonly sessionPresent?: boolean
      readonly properties?: Omit<Said, 'code' | 'granted' | 'sessionPresent'>
    }
    const code = reasonCode ?? returnCode
    last = {
      ...properties,
      ...(code !== undefined && { code }),
      ...(granted && { granted }),
      ...(sessionPresent !== undefined && { sessionPresent }),
    }
  })
  return () => last
}

/** What a client has heard so far. */
export function heardBy(it: MqttClient): readonly { topic: string; text: string; retain: boolean }[] {
  const heard: { topic: string; text: string; retain: boolean }[] = []
  it.on('message', (topic, payload, { retain }) => heard.push({ topic, text: payload.toString(), retain }))
  return heard
}
