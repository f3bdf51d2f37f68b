// A program that embeds the gate and follows its authority: told by a message what it is, it tells its port and each meeting.
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import {
  createHttpsServer,
  createServer,
  doorTrust,
  followFeed,
  openIdentity,
  openTickets,
  steadyAuthorities,
  type Trust,
} from '@countersign/mtls'
import type { TargetKind } from '../model.ts'
import { outcomeOf } from './outcome.ts'
import { THROUGH } from './tls-client.ts'

/** What it is started with. */
export interface TwinStart {
  readonly kind: TargetKind
  /** The directory of an enrolled party that may follow the feed. */
  readonly identity: string
  /** The directory that its like share. */
  readonly tickets: string
  readonly revocation: Trust['revocation']
  /** Whether it listens before its authority has been met. */
  readonly alone: boolean
}

/** What it is told later: how far its clock is ahead. */
export interface TwinClock {
  readonly hours: number
}

/** What it tells: where it listens, that its clock goes so, and each meeting. */
export type TwinWord = { readonly port: number } | TwinClock | { readonly reference: string; readonly record: string }

const tell = (word: TwinWord) => process.send?.(word)
const [start] = (await once(process, 'message')) as [TwinStart]
let ahead: TwinClock = { hours: 0 }
const clock = () => Temporal.Now.instant().add(ahead)
process.on('message', (word: TwinClock) => {
  ahead = word
  tell(ahead)
})
const identity = await openIdentity(start.identity, { renew: false, clock })
const standing = Promise.withResolvers<void>()
const feed = await followFeed({
  identity,
  clock,
  // The server ends what is open by itself: it follows the trust.
  cut: async () => [],
  sessions: async () => [],
  log: (event) => event === 'feed.connected' && standing.resolve(),
})
const options = {
  identity: {
    ...identity,
    trust: doorTrust(identity.trust, { revocation: start.revocation, others: steadyAuthorities([]) }),
  },
  clock,
  // Whoever is revoked is refused for that alone.
  allow: ['*'],
  door: 'twin',
  tickets: await openTickets(start.tickets),
  record: (meeting: Parameters<typeof outcomeOf>[0]) =>
    void tell({ reference: meeting.reference, record: outcomeOf(meeting) }),
}
const server: Server =
  start.kind === 'web'
    ? createHttpsServer(options, (_request, response) => response.end(THROUGH))
    : createServer(options, (socket) => {
        socket.on('error', () => socket.destroy())
        socket.once('data', () => socket.write(THROUGH))
      })
if (!start.alone) await standing.promise
server.listen(0, '127.0.0.1')
await once(server, 'listening')
tell({ port: (server.address() as AddressInfo).port })
await once(process, 'disconnect')
await feed.close()
process.exit()
