// Who is revoked while its connection is open.
import type { Socket } from 'node:net'
import type { Attempt, Target } from '../model.ts'
import { caller } from './craft.ts'
import { dial, presented } from './tls-client.ts'

/** What it does on its connection, once it is met. */
export interface WhileRevoked {
  readonly alpn?: readonly string[]
  readonly said: (target: Target) => string | Buffer
  /** How it reads from then on. */
  readonly slow?: (socket: Socket) => unknown
}

/** Still open a second after the receipt: the attacker has won. */
export async function whileRevoked(target: Target, { alpn, said, slow }: WhileRevoked): Promise<Attempt> {
  const { holder, revoke } = await guest(target)
  const identity = presented(holder, target.attackers.issuing)
  const { socket, reference, over } = await dial(target, { ...identity, ...(alpn && { ALPNProtocols: [...alpn] }) })
  socket.write(said(target))
  await new Promise((resolve) => setTimeout(resolve, 200))
  slow?.(socket)
  if (socket.destroyed) return { peer: 'ended before', won: false }
  await revoke()
  const seen = reference()
  socket.resume()
  let late = 0
  socket.on('data', (text: string) => {
    late += text.length
  })
  const closed = await Promise.race([
    new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))),
    new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, socket.destroyed)),
  ])
  await over(0)
  return { peer: closed ? 'cut' : `open, ${late} octets later`, won: !closed, ...(seen && { reference: seen }) }
}

/** Somebody new, who can be revoked. */
export async function guest({ revocable }: Target): ReturnType<NonNullable<Target['revocable']>['enroll']> {
  if (revocable === undefined) throw new Error('needs somebody who can be revoked')
  return revocable.enroll()
}

/** A control that knows no revocation: its guests go on. */
export function withGuests<Control extends Target>(door: Control): Control & Required<Pick<Target, 'revocable'>> {
  const enroll = async () => ({ holder: caller(door.attackers.issuing, 'guest'), revoke: async () => undefined })
  return { ...door, revocable: { enroll } }
}
