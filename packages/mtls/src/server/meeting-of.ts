// Which meeting a socket came from.
import type { Socket } from 'node:net'
import type { Meeting, Side } from '@countersign/protocol'

/** A meeting with its two sides named from here: `self` is ours, `peer` is theirs. */
export interface OwnMeeting extends Meeting {
  readonly self: Side
  readonly peer: Side
}

// Kept on the socket under a name that nobody else has: HTTP/2 hands out a stand-in for it, which passes properties on.
const MEETING = Symbol('meeting')
type MetSocket = Socket & { readonly [MEETING]?: OwnMeeting }

/** Names the two sides of a meeting by who saw it. */
export function ownMeeting(meeting: Meeting): OwnMeeting {
  const { caller, callee } = meeting
  const [self, peer] = meeting.seenBy === 'caller' ? [caller, callee] : [callee, caller]
  return Object.freeze({ ...meeting, self, peer })
}

/**
 * Finds the meeting that let this socket in. Only the gate's word counts: `socket.authorized` is also true for
 * a session that was resumed from elsewhere. Also for the `socket` of a request in HTTP/2. Undefined for every socket that the gate has not accepted.
 */
export function meetingOf(socket: Socket): OwnMeeting | undefined {
  return (socket as MetSocket)[MEETING]
}

/** For the gate alone. */
export function rememberMeeting(socket: Socket, meeting: Meeting): void {
  Object.defineProperty(socket, MEETING, { value: ownMeeting(meeting) })
}
