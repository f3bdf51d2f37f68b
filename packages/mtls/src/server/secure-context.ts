// The TLS context of a door: one per identity, set of anchors and epoch of tickets, so that tickets live no longer than the last two.
import { hash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Side } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import { sideOf } from '../gate/side.ts'
import type { AcceptorOptions, Callers, Credential, TicketEpoch } from '../model.ts'

/** What a handshake is held with. */
export interface DoorContext {
  readonly secureContext: SecureContext
  readonly credential: Credential
  /** What is asked of the caller. */
  readonly callers: Callers
  /** This side, as records of its meetings have it. */
  readonly callee: Side
  /** The epoch in which its tickets can be used. */
  readonly tickets: TicketEpoch
}

/**
 * Keeps the context that fits the identity and the anchors of now. Where a renewed identity cannot be used,
 * the one before stays and `onUnusable` is told, once for each.
 * @throws {Error} when the first identity cannot be used: its key does not fit, or TLS does not take it.
 */
export function createContexts(
  { door, identity, trust, tickets }: Required<Pick<AcceptorOptions, 'door' | 'identity' | 'trust' | 'tickets'>>,
  callers: Callers,
  onUnusable: (error: unknown) => void,
): { current(): DoorContext } {
  const build = (credential: Credential, epoch: TicketEpoch): DoorContext => ({
    credential,
    callers,
    tickets: epoch,
    callee: sideOf(credential.certificates[0], door, 'callee'),
    secureContext: createSecureContext({
      key: credential.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: pemOf(credential.certificates),
      // Hints for browsers (RFC 9846 §4.3.4). What OpenSSL makes of them is never asked for: see `judge`.
      ca: pemOf(trust.anchors.flatMap(({ certificate }) => certificate ?? [])),
      minVersion: 'TLSv1.3',
      sessionIdContext: sessionIdContext(door, callers, trust.anchorsSha256),
      ticketKeys: epoch.key,
    }),
  })
  let current = build(identity.current(), tickets.current())
  let anchors = trust.anchorsSha256
  let tried = current.credential

  return {
    current() {
      const [credential, epoch] = [identity.current(), tickets.current()]
      if (credential !== tried || trust.anchorsSha256 !== anchors) {
        tried = credential
        anchors = trust.anchorsSha256
        try {
          current = build(credential, epoch)
        } catch (error) {
          onUnusable(error)
        }
      }
      if (!epoch.key.equals(current.tickets.key)) current = build(current.credential, epoch)
      return current
    },
  }
}

/**
 * A ticket from another door, from a name that asked otherwise, or from before an anchor changed, has another context and
 * leads to a full handshake: a resumed caller is not asked for a certificate again.
 * OpenSSL takes 32 octets; 32 hexadecimal digits are 128 bits of the hash.
 */
function sessionIdContext(door: string, callers: Callers, anchorsSha256: string): string {
  return hash('sha256', `${door}\0${callers}\0${anchorsSha256}`, 'hex').slice(0, 32)
}

function pemOf(certificates: readonly { readonly der: Uint8Array }[]): string {
  return certificates.map(({ der }) => writePem('CERTIFICATE', der)).join('')
}
