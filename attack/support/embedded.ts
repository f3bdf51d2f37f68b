// A gate in this process, as a program that embeds it has one.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import {
  type AcceptorOptions,
  createAcceptor,
  createRefusalResponder,
  createSessionIndex,
  createTrust,
  steadyAccess,
} from '@countersign/mtls'
import { leaf, sans } from '../../interop/chains/house.ts'
import { letThrough } from '../controls/plain-door.ts'
import type { Attackers } from '../model.ts'
import { around } from './craft.ts'

/** A gate that listens. */
export interface Embedded extends AsyncDisposable {
  readonly port: number
}

/** Opens one that lets in everybody whom the root of `attackers` vouches for; `change` may break what it is given. */
export async function openEmbedded(
  attackers: Attackers,
  change: (options: AcceptorOptions) => AcceptorOptions,
): Promise<Embedded> {
  const { root, issuing } = attackers
  const server = leaf(issuing, {
    ...around(),
    extensions: { subjectAltName: sans({ kind: 'dNSName', value: 'hello.localhost' }) },
  })
  const clock = () => Temporal.Now.instant()
  const refusals = createRefusalResponder(clock)
  const usual: AcceptorOptions = {
    door: 'embedded',
    identity: {
      current: () => ({
        certificates: [server.certificate, issuing.certificate],
        privateKey: server.keys.privateKey,
      }),
      onChange: () => () => undefined,
    },
    trust: createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: clock() }),
    access: steadyAccess(() => ({ ok: true, rule: 'everybody' })),
    sessions: createSessionIndex('embedded'),
    clock,
    record: (meeting) => void meeting,
    log: (event) => void event,
    onAccepted: (socket) => {
      socket.on('error', () => socket.destroy())
      letThrough(socket)
    },
    onRefused: refusals.answer,
  }
  const acceptor = createAcceptor(change(usual))
  const open = new Set<Socket>()
  const listener = createServer((raw) => {
    open.add(raw)
    raw.once('close', () => open.delete(raw))
    acceptor.accept(raw)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      acceptor.close()
      refusals.close()
      for (const raw of open) raw.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
