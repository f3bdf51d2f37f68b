import { randomBytes } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import { writePem } from '@countersign/x509'
import { root } from '../../interop/chains/house.ts'
import { letThrough, openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Attempt, Control, Target } from '../model.ts'
import { around } from '../support/craft.ts'
import { dial, greeting, meet, presented } from '../support/tls-client.ts'

/** RFC 9846 §4.7.1, RFC 9325 §3.7: a ticket is honoured only where it was issued. */
export const resumption: Attack = {
  name: 'a session of another door',
  goal: 'meets a door that lets it in, and brings that session to a door that must judge it anew',
  cases: [
    way('TLS 1.3, with the certificate', ({ alice, issuing }) => presented(alice, issuing)),
    way('TLS 1.3, without a certificate', () => ({})),
    way('TLS 1.3, with another certificate', ({ bob, issuing }) => presented(bob, issuing)),
    way('TLS 1.2, with the certificate', ({ alice, issuing }) => presented(alice, issuing), 'TLSv1.2'),
    way('TLS 1.2, without a certificate', () => ({}), 'TLSv1.2'),
    way('TLS 1.2, with another certificate', ({ bob, issuing }) => presented(bob, issuing), 'TLSv1.2'),
    byName('of a name that asks nobody, at its guarded name', () => ({})),
    byName('of a name that asks nobody, at its guarded name, with another certificate', ({ bob, issuing }) =>
      presented(bob, issuing),
    ),
  ],
}

function way(
  name: string,
  second: (attackers: Attackers) => ConnectionOptions,
  maxVersion: 'TLSv1.3' | 'TLSv1.2' = 'TLSv1.3',
): Attack['cases'][number] {
  return {
    name,
    control: twoDoorsOfOneKey,
    async run(target): Promise<Attempt> {
      const { attackers, other } = target
      if (other === undefined) throw new Error('needs a second door')
      const session = await sessionOf(other, { ...presented(attackers.alice, attackers.issuing), maxVersion })
      // A door that gives no session in this version leaves the attacker with nothing but the question itself.
      const attempt = await meet(target, { ...second(attackers), ...(session && { session }), maxVersion })
      return { ...attempt, won: attempt.won && attempt.resumed }
    },
  }
}

/** One door, two names: what was met as nobody under the one is brought to the other. */
function byName(name: string, second: (attackers: Attackers) => ConnectionOptions): Attack['cases'][number] {
  return {
    name,
    control: twoNamesOfOneKey,
    async run(target): Promise<Attempt> {
      // Of a control each name is a server of its own.
      const open = target.guarded ?? target.other
      if (open === undefined) throw new Error('needs a door of two names')
      const guarded = target.guarded ? { ...open, serverName: 'guarded.localhost' } : target
      const session = await sessionOf(open, {})
      const attempt = await meet(guarded, { ...second(target.attackers), ...(session && { session }) })
      return { ...attempt, won: attempt.won && attempt.resumed, door: open.name }
    },
  }
}

/** A session that `door` handed out. In TLS 1.3 its tickets come behind the handshake. */
async function sessionOf(door: Target, options: ConnectionOptions): Promise<Buffer | undefined> {
  const { socket, over, session } = await dial(door, options)
  if (!socket.destroyed) socket.write(greeting(door))
  await over(300)
  return session()
}

/** Two servers that share ticket keys, as behind one balancer, and trust different authorities. */
async function twoDoorsOfOneKey(attackers: Attackers): ReturnType<Control> {
  const ticketKeys = randomBytes(48)
  const other = await openPlainDoor(attackers, { ticketKeys }, letThrough)
  const ca = writePem('CERTIFICATE', root(around()).certificate.der)
  return both(other, await openPlainDoor(attackers, { ticketKeys, ca }))
}

/** RFC 9846 §4.4.2: who resumes is asked for no certificate. This door takes it for somebody whom it has judged before. */
async function twoNamesOfOneKey(attackers: Attackers): ReturnType<Control> {
  const options = { ticketKeys: randomBytes(48), rejectUnauthorized: false }
  const other = await openPlainDoor(attackers, { ...options, requestCert: false })
  const guarded = await openPlainDoor(attackers, options, (socket) => {
    if (socket.isSessionReused() || socket.authorized) letThrough(socket)
    else socket.destroy()
  })
  return both(other, guarded)
}

function both(other: Target & AsyncDisposable, door: Target & AsyncDisposable): Target & AsyncDisposable {
  return {
    ...door,
    other,
    async [Symbol.asyncDispose]() {
      await Promise.all([other, door].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}
