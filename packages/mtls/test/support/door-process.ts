// A door in a process of its own: told by messages what it is and what is revoked, it tells each of its meetings.
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { RevokedSerial } from '@countersign/protocol'
import { readCertificate } from '@countersign/x509'
import { steadyAccess } from '../../src/gate/access.ts'
import { createAcceptor } from '../../src/server/acceptor.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { openTickets } from '../../src/tickets/shared-tickets.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { outcomeOf, portOf, steady } from './door.ts'
import { NOW } from './pki.ts'

/** What such a door is started with. DER and the key are as `advanced` serialization carries them. */
export interface DoorProcessStart {
  readonly tickets: string
  readonly root: Uint8Array
  readonly certificates: readonly [Uint8Array, ...Uint8Array[]]
  readonly key: string
  /** Whether it keeps open what it has greeted. */
  readonly keeps?: true
}

/** What it tells. */
export type DoorProcessWord =
  | { readonly port: number }
  | { readonly resumed: boolean; readonly outcome: string }
  | { readonly announced: true }

const tell = (word: DoorProcessWord) => process.send?.(word)
const [start] = (await once(process, 'message')) as [DoorProcessStart]
const clock = () => NOW
const [leaf, ...above] = start.certificates
const trust = createTrust({ anchors: [readCertificate(start.root)], revocation: 'prefer', asOf: NOW })
const acceptor = createAcceptor({
  door: 'shared',
  identity: steady({
    certificates: [readCertificate(leaf), ...above.map((der) => readCertificate(der))],
    privateKey: createPrivateKey(start.key),
  }),
  trust,
  access: steadyAccess(() => ({ ok: true, rule: 'everyone' })),
  clock,
  tickets: await openTickets(start.tickets, { clock }),
  sessions: createSessionIndex('shared'),
  record: (meeting) => tell({ resumed: meeting.resumed, outcome: outcomeOf(meeting) }),
  onAccepted: (socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('welcome')
    if (!start.keeps) socket.end()
  },
  onRefused: (socket) => socket.end('refused'),
})
process.on('message', (revoked: Omit<RevokedSerial, 'at'>) => {
  trust.announce([{ ...revoked, at: NOW }], NOW)
  tell({ announced: true })
})
const server = createServer((raw) => acceptor.accept(raw))
await once(server.listen(0, '127.0.0.1'), 'listening')
tell({ port: portOf(server) })
