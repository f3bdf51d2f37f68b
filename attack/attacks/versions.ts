import type { ConnectionOptions } from 'node:tls'
import { constructedContextTag, enter, openDer, peekTag, readAny, TAG } from '@countersign/x509'
import { letThrough, openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attempt, Case, Target } from '../model.ts'
import { attemptOf, dial, greeting, meet, presented } from '../support/tls-client.ts'

/** RFC 8996 (TLS 1.0, 1.1), RFC 9846 §4.2.2, RFC 5746, RFC 9155 (SHA-1), RFC 9846 §8 (0-RTT). */
export const versions: Attack = {
  name: 'old TLS',
  goal: 'is met by rules of an older TLS: certificates in clear, renegotiation, weak signatures, replays',
  anywhere: true,
  cases: [
    way('TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1' }),
    way('TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }),
    way('TLS 1.2', { maxVersion: 'TLSv1.2' }),
    {
      ...way('renegotiation in TLS 1.2', { maxVersion: 'TLSv1.2' }),
      async run(target) {
        const { socket, over, reference } = await dial(target, { ...alice(target), maxVersion: 'TLSv1.2' })
        const renegotiated =
          !socket.destroyed &&
          (await Promise.race([
            new Promise<boolean>((resolve) => socket.once('close', () => resolve(false))),
            new Promise<boolean>((resolve) => socket.renegotiate({}, (error) => resolve(error === null))),
          ]))
        if (!socket.destroyed) socket.write(greeting(target))
        const { said, error } = await over(300)
        return { ...attemptOf(said, error, reference()), won: renegotiated }
      },
    },
    way('TLS 1.2 with signatures by SHA-1', { maxVersion: 'TLSv1.2', sigalgs: 'ECDSA+SHA1:RSA+SHA1' }),
    way('TLS 1.2 without a certificate and without encryption', {
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-NULL-SHA:eNULL@SECLEVEL=0',
    }),
    {
      name: '0-RTT',
      control: { impossible: "Node's servers have no early data (RFC 9846 §2.3): no option lets one take it" },
      async run(target): Promise<Attempt> {
        const { socket, over, session } = await dial(target, alice(target))
        socket.write(greeting(target))
        await over(300)
        const ticket = session()
        if (ticket === undefined) return { peer: 'no session', won: false }
        const attempt = await meet(target, { ...alice(target), session: ticket })
        return { ...attempt, won: allowsEarlyData(ticket) }
      },
    },
  ],
}

function alice({ attackers }: Target): ConnectionOptions {
  return { ...presented(attackers.alice, attackers.issuing), ciphers: 'DEFAULT@SECLEVEL=0' }
}

function way(name: string, options: ConnectionOptions): Case {
  return {
    name,
    control: (attackers) =>
      openPlainDoor(
        attackers,
        {
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.2',
          ciphers: 'ALL:eNULL@SECLEVEL=0',
          sigalgs: 'ECDSA+SHA1:RSA+SHA1:ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256',
        },
        (socket) => void socket.once('data', () => letThrough(socket)),
      ),
    run: (target) => meet(target, { ...alice(target), ...options }),
  }
}

/** OpenSSL's SSL_SESSION_ASN1 has `max_early_data` in its field [15], and leaves that out where it is 0. */
function allowsEarlyData(session: Buffer): boolean {
  // Behind Node's own words.
  const start = session.indexOf('3082', 0, 'hex')
  const cursor = openDer(new Uint8Array(session.subarray(start)), {
    maxOctets: 65_536,
    maxElements: 4096,
    maxDepth: 32,
  })
  enter(cursor, TAG.sequence)
  while (cursor.at < cursor.end) {
    if (peekTag(cursor) === constructedContextTag(15)) return true
    readAny(cursor)
  }
  return false
}
