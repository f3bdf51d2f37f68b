// Who is at the other end of a connection to the API.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { meetingOf } from '@countersign/mtls'
import type { Meeting, Refusal } from '@countersign/protocol'
import { InvariantError } from '../error.ts'
import type { Role } from '../store/parties.ts'
import type { Repositories } from '../store/store.ts'

/** A connection through the socket in the data directory (its mode makes the caller an administrator), or one through the gate. */
export type Caller =
  | { readonly kind: 'local' }
  | { readonly kind: 'met'; readonly socket: TLSSocket; readonly meeting: Meeting }

const localSockets = new WeakSet<Socket>()

/** Says that `socket` came through the socket in the data directory: whoever is there is an administrator. */
export function markLocal(socket: Socket): void {
  localSockets.add(socket)
}

/** Tells the two kinds of connections apart, each by the word of the door that let it in. */
export function callerOf(socket: Socket): Caller {
  if (localSockets.has(socket)) return { kind: 'local' }
  const meeting = meetingOf(socket)
  // Nothing may be answered to a connection that no door has let in.
  if (meeting === undefined || !(socket instanceof TLSSocket)) throw new InvariantError('a caller that no door knows')
  return { kind: 'met', socket, meeting }
}

/** Who asked, as it is kept. */
export function callerName(request: { readonly raw: { readonly socket: Socket } }): string {
  const caller = callerOf(request.raw.socket)
  if (caller.kind === 'local') return 'administrator on the machine'
  const { party, name } = caller.meeting.caller
  return `administrator ${party ?? name}`
}

/** By what a caller is told from others: the party, or whoever owns the data directory. */
export function callerKey(request: { readonly raw: { readonly socket: Socket } }): string {
  const caller = callerOf(request.raw.socket)
  // No party's name has a space.
  return caller.kind === 'local' ? 'the data directory' : (caller.meeting.caller.party ?? '')
}

/**
 * Decides as what `caller` may administer: looked up at each request, so that a revocation or a lock counts at once. Whoever owns the
 * data directory is an officer, and so is an administrator of whom nothing else was said.
 */
export async function decideRole(caller: Caller, store: Repositories, now: Temporal.Instant): Promise<Role | Refusal> {
  if (caller.kind === 'local') return 'officer'
  const sha256 = caller.meeting.caller.certificate?.sha256
  if (sha256 === undefined) return { code: 'ERR_ADMIN_FORBIDDEN', note: 'no certificate was presented' }
  const certificate = await store.certificates.bySha256(Uint8Array.fromHex(sha256))
  const isAdministrator =
    certificate?.profile === 'admin' &&
    certificate.revocation === undefined &&
    Temporal.Instant.compare(now, certificate.notAfter) < 0
  if (!isAdministrator) return { code: 'ERR_ADMIN_FORBIDDEN' }
  // Asked of the store: another authority on it may have locked the party, and this one not have heard of it yet.
  if (await store.parties.isLocked(certificate.party, now)) return { code: 'ERR_POLICY_LOCKED' }
  return (await store.parties.byName(certificate.party))?.role ?? 'officer'
}
