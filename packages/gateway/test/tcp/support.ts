// A TCP door on loopback before a service of the test's own: who may come in is alice.
import { createServer, type Socket } from 'node:net'
import { allowList, createSessionIndex, createTrust, type SessionIndex, type Trust } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { chainOf, type Holder, issueLeaf } from '../../../../tools/testing/pki.ts'
import { issuing, root } from '../../../../tools/testing/web-house.ts'
import type { OpenDoor } from '../../src/kind/model.ts'
import { openTcpDoor, type TcpDoorConfig } from '../../src/tcp/door.ts'

export const server: Holder = issueLeaf(issuing, 'hello.localhost', {
  names: [{ kind: 'dNSName', value: 'hello.localhost' }],
  purpose: 'both',
})

export interface TestTcpDoor extends AsyncDisposable {
  readonly door: OpenDoor<TcpDoorConfig>
  readonly port: number
  readonly trust: Trust
  readonly sessions: SessionIndex
  readonly records: readonly Meeting[]
  /** Recorded meetings with what went wrong since. */
  readonly amended: readonly Meeting[]
  readonly logs: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

/** Opens a TCP door before `upstream`. */
export async function openTestTcpDoor(
  upstream: TcpDoorConfig['upstream'],
  more: Partial<TcpDoorConfig> = {},
): Promise<TestTcpDoor> {
  const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() })
  const sessions = createSessionIndex('raw')
  const records: Meeting[] = []
  const amended: Meeting[] = []
  const logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const door = await openTcpDoor(
    { name: 'raw', host: ['hello.localhost'], listen: { host: '127.0.0.1', port: 0 }, upstream, ...more },
    {
      identity: {
        current: () => ({ certificates: chainOf(server), privateKey: server.privateKey }),
        onChange: () => () => undefined,
      },
      trust,
      access: allowList(['alice']),
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
    trust,
    sessions,
    records,
    amended,
    logs,
    [Symbol.asyncDispose]: () => door.close(),
  }
}

export interface Service extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number }
  readonly connections: readonly Socket[]
}

/** A plain TCP service that does `act` with each connection. */
export async function openService(act: (socket: Socket) => void): Promise<Service> {
  const connections: Socket[] = []
  const service = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket)
    // How it ends is what the test looks at.
    socket.on('error', () => socket.destroy())
    act(socket)
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const address = service.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return {
    address: { host: '127.0.0.1', port: address.port },
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => service.close(resolve))
    },
  }
}
