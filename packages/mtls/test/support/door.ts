// A door on loopback and callers on bare `node:tls`, so that the gate is tested against a side that is not ours.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { type Meeting, type Reference, referenceOf } from '@countersign/protocol'
import { steadyAccess } from '../../src/gate/access.ts'
import type { Acceptor, AcceptorOptions, Credential, OwnIdentity, Session, Trust } from '../../src/model.ts'
import { createAcceptor } from '../../src/server/acceptor.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { createTrust, type TrustStart } from '../../src/trust/trust.ts'
import { createIntermediate, createRoot, dns, issueLeaf, NOW, pemOf, uri } from './pki.ts'

export const root = createRoot('Acme Root')
export const issuing = createIntermediate(root, 'Acme Issuing 1')
export const shop: Credential = issueLeaf(issuing, 'shop', {
  names: [dns('shop.acme.example')],
  purposes: ['serverAuth'],
})
export const alice: Credential = issueLeaf(issuing, 'alice', {
  names: [uri('spiffe://acme.example/alice')],
  purposes: ['clientAuth'],
})

/** What a test sees of its door. */
export interface TestDoor {
  readonly port: number
  readonly acceptor: Acceptor
  readonly sessions: AcceptorOptions['sessions']
  readonly trust: Trust
  readonly records: Meeting[]
  readonly faults: unknown[]
  /** By which codes the gate ended open sessions itself. */
  readonly ended: string[]
  /** The next record that is made, or the one already there after `seen` others. */
  record(index?: number): Promise<Meeting>
  [Symbol.asyncDispose](): Promise<void>
}

export type DoorSetting = Partial<AcceptorOptions> & { readonly trusting?: Partial<TrustStart> }

/** Opens a door that greets whom it accepts, and tells others their code. */
export async function openDoor(setting: DoorSetting = {}): Promise<TestDoor> {
  const { trusting, ...options } = setting
  const trust =
    options.trust ?? createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW, ...trusting })
  const sessions = options.sessions ?? createSessionIndex('test')
  const records: Meeting[] = []
  const faults: unknown[] = []
  const ended: string[] = []
  const waiting = new Set<() => void>()
  const acceptor = createAcceptor({
    door: 'test',
    identity: steady(shop),
    access: steadyAccess(() => ({ ok: true, rule: 'everyone' })),
    clock: () => NOW,
    onAccepted: (socket) => socket.end('welcome'),
    onRefused: (socket, { outcome }) => socket.end(outcome.ok ? 'impossible' : outcome.refusal.code),
    log: (event, fields) => {
      if (event !== 'session.ended') faults.push(fields?.['error'] ?? event)
      else ended.push(String(fields?.['code']))
    },
    ...options,
    trust,
    sessions,
    record: (meeting) => {
      records.push(meeting)
      for (const wake of waiting) wake()
      options.record?.(meeting)
    },
  })
  const open = new Set<net.Socket>()
  const server = net.createServer((raw) => {
    open.add(raw)
    raw.once('close', () => open.delete(raw))
    acceptor.accept(raw)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: portOf(server),
    acceptor,
    sessions,
    trust,
    records,
    faults,
    ended,
    async record(index = 0) {
      for (;;) {
        const found = records[index]
        if (found) return found
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
    async [Symbol.asyncDispose]() {
      acceptor.close()
      for (const raw of open) raw.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An identity that does not change. */
export function steady(credential: Credential): OwnIdentity {
  return { current: () => credential, onChange: () => () => undefined }
}

export interface Visit {
  readonly socket: tls.TLSSocket
  /** Derived on this side, from its own key log. */
  readonly reference: Reference
  /** All that the door said, after the connection has ended. */
  readonly said: Promise<string>
  readonly error: Promise<NodeJS.ErrnoException | undefined>
}

/** Visits a door as a bare TLS client, and resolves when the handshake is done or failed on this side. */
export async function visit(
  port: number,
  credential?: Credential,
  options: tls.ConnectionOptions = {},
): Promise<Visit> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port,
    servername: 'shop.acme.example',
    rejectUnauthorized: false,
    ...(credential && keyAndCertificate(credential)),
    ...options,
  })
  let reference: Reference | undefined
  socket.once('keylog', (line: Buffer) => {
    reference = referenceOf(
      createHash('sha256')
        .update(Buffer.from(line.toString().split(' ')[1] ?? '', 'hex'))
        .digest(),
    )
  })
  let error: NodeJS.ErrnoException | undefined
  let text = ''
  socket.on('error', (reason) => {
    error = reason
  })
  socket.on('data', (chunk) => {
    text += chunk
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.race([closed, new Promise<void>((resolve) => socket.once('secureConnect', resolve))])
  return {
    socket,
    // A connection that failed before any key has a reference that no test asks for.
    reference: reference ?? ('' as Reference),
    said: closed.then(() => text),
    error: closed.then(() => error),
  }
}

/** A credential as Node's TLS takes it. */
function keyAndCertificate({ certificates, privateKey }: Credential): { key: string; cert: string } {
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pemOf(certificates) }
}

/** How a meeting ended, in one word. */
export function outcomeOf({ outcome }: Meeting): string {
  return outcome.ok ? 'accepted' : outcome.refusal.code
}

/** The six outcomes in short: `p` proved, `r` refused, `-` not reached. */
export function stepsOf({ steps }: Meeting): string {
  return steps.map(({ outcome }) => ({ proved: 'p', refused: 'r', 'not reached': '-' })[outcome]).join('')
}

export function portOf(server: net.Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return address.port
}

/** The only open session of a door. */
export function onlySession(sessions: AcceptorOptions['sessions']): Session {
  const [session, other] = sessions.list()
  if (!session || other) throw new Error(`${sessions.size} sessions are open`)
  return session
}
