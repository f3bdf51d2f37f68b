// Which meeting a socket came from.
import type { Socket } from 'node:net'
import type { Meeting, Side } from '@countersign/protocol'

/** A meeting with its two sides named from here: `self` is ours, `peer` is theirs. */
export interface OwnMeeting extends Meeting {
  readonly self: Side
  readonly peer: Side
}

const meetings = new WeakMap<Socket, OwnMeeting>()

/** Names the two sides of a meeting by who saw it. */
export function ownMeeting(meeting: Meeting): OwnMeeting {
  const { caller, callee } = meeting
  const [self, peer] = meeting.seenBy === 'caller' ? [caller, callee] : [callee, caller]
  return Object.freeze({ ...meeting, self, peer })
}

/**
 * Finds the meeting that let this socket in. Only the gate's word counts: `socket.authorized` is also true for
 * a session that was resumed from elsewhere. Undefined for every socket that the gate has not accepted.
 */
export function meetingOf(socket: Socket): OwnMeeting | undefined {
  return meetings.get(socket)
}

/** For the gate alone. */
export function rememberMeeting(socket: Socket, meeting: Meeting): void {
  meetings.set(socket, ownMeeting(meeting))
}
