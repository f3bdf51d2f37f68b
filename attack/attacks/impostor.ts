import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls'
import { connect, createIdentity, createTrust, MeetingRefusedError } from '@countersign/mtls'
import { writePem } from '@countersign/x509'
import { type Holder, leaf, root, sans } from '../../interop/chains/house.ts'
import type { Attack, Attackers, Attempt, Case, Target } from '../model.ts'
import { around, caller, uri } from '../support/craft.ts'
import { startTap } from '../support/tap.ts'
import { presented } from '../support/tls-client.ts'

/** Larger than all that a client says before its certificate, so that octets alone tell whether it came. */
const NAMES = Array.from(
  { length: 120 },
  (_, i) => ({ kind: 'dNSName', value: `name-${i}.of.a.party.with.many.names.example` }) as const,
)

/** DESIGN: step 3 precedes step 4. RFC 9846 §4.5.1.3 lets a client verify before it presents itself. */
export const impostor: Attack = {
  name: 'an impostor of a door',
  goal: 'learns who the caller is, before the caller has found out that it is no door of its house',
  cases: [
    way('of another root', () => server(root(around()), 'hello.localhost')),
    way('of another name', ({ issuing }) => server(issuing, 'evil.localhost')),
    way('with the certificate of a caller', ({ alice }) => alice),
  ],
}

function way(name: string, make: (attackers: Attackers) => Holder): Case {
  return {
    name,
    // Checks whom it has met when it has a moment, as code after an `await` does.
    control: async (attackers) => ({
      ...client(attackers),
      name: 'control',
      [Symbol.asyncDispose]: async () => undefined,
    }),
    async run(target): Promise<Attempt> {
      const { attackers } = target
      const mine = caller(attackers.issuing, 'alice', {
        extensions: { subjectAltName: sans(uri('spiffe://house.localhost/alice'), ...NAMES) },
      })
      const callee = createServer({
        ...presented(make(attackers), attackers.issuing),
        requestCert: true,
        rejectUnauthorized: false,
      })
      callee.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()).resume())
      callee.on('tlsClientError', (_error, socket) => socket.destroy())
      callee.listen(0, '127.0.0.1')
      await once(callee, 'listening')
      const tap = await startTap({ host: '127.0.0.1', port: (callee.address() as AddressInfo).port })
      const record = await (target.name === 'control' ? plainClient : ourClient)(tap.port, mine, attackers)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const saw = tap.octets() > mine.certificate.der.length
      tap.close()
      callee.close()
      return { peer: saw ? 'a certificate' : 'no certificate', won: saw, record }
    },
  }
}

/** The caller, as a target. */
function client(attackers: Attackers): Target {
  return { kind: 'client', name: '', host: '127.0.0.1', port: 0, serverName: 'hello.localhost', attackers }
}

function server(issuer: Holder, host: string): Holder {
  return leaf(issuer, { ...around(), extensions: { subjectAltName: sans({ kind: 'dNSName', value: host }) } })
}

async function ourClient(port: number, mine: Holder, { root: top, issuing }: Attackers): Promise<string> {
  const { certificate } = top
  const anchor = { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo, certificate }
  try {
    const { socket } = await connect({
      host: '127.0.0.1',
      port,
      name: { kind: 'dNSName', value: 'hello.localhost' },
      identity: createIdentity({
        certificates: [mine.certificate, issuing.certificate],
        privateKey: mine.keys.privateKey,
      }),
      trust: createTrust({ anchors: [anchor.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() }),
    })
    socket.destroy()
    return 'accepted'
  } catch (error) {
    if (!(error instanceof MeetingRefusedError)) throw error
    const step = error.meeting.steps.findIndex(({ outcome }) => outcome === 'refused') + 1
    return `${error.refusal.code}, step ${step}`
  }
}

async function plainClient(port: number, mine: Holder, { root: top, issuing }: Attackers): Promise<string> {
  const socket: TLSSocket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'hello.localhost',
    ca: writePem('CERTIFICATE', top.certificate.der),
    rejectUnauthorized: false,
    ...presented(mine, issuing),
  })
  socket.on('error', () => socket.destroy())
  await once(socket, 'secureConnect')
  await new Promise((resolve) => setImmediate(resolve))
  const { authorized } = socket
  socket.destroy()
  return authorized ? 'accepted' : 'refused afterwards'
}
