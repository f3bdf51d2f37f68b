// Explanations between a party and its own authority: why it refused a door is told there, and what happened is asked there.
import { fieldOf, type Json, type Meeting, type Reference, readMeeting, writeMeeting } from '@countersign/protocol'
import { connect } from '../client/connect.ts'
import { exchangeJson } from '../enroll/exchange.ts'
import { authorityTarget, openHome, type RenewOptions } from '../enroll/home.ts'
import type { OwnIdentity, Trust } from '../model.ts'

/** Where meetings are told, and asked for by their reference, as the party that was in them. */
export const OWN_MEETINGS_PATH = '/v1/own/meetings'

/** A party with a directory that an enrollment wrote. */
export interface Enrolled extends Pick<OwnIdentity, 'current' | 'onChange'> {
  readonly directory: string
  readonly trust: Trust
}

const MAX_MEETINGS = 40

/**
 * Tells the authority of `identity` that it refused a door, so that the door's operator finds why under the reference that
 * both have.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError} when it could not be told.
 */
export async function reportRefusal(identity: Enrolled, meeting: Meeting, options: RenewOptions = {}): Promise<void> {
  await ask(identity, { method: 'POST', path: OWN_MEETINGS_PATH, body: writeMeeting(meeting), status: 201 }, options)
}

/**
 * Asks what the doors, and this party, recorded of its own meetings under a reference; without what is for operators alone.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError} where nothing is known of it, too.
 */
export async function ownMeetings(
  identity: Enrolled,
  reference: Reference,
  options: RenewOptions = {},
): Promise<readonly Meeting[]> {
  const path = `${OWN_MEETINGS_PATH}/${reference}`
  const answer = await ask(identity, { method: 'GET', path, status: 200 }, options)
  // Counted here; each has its own reader.
  fieldOf(answer).get('meetings').list(MAX_MEETINGS)
  return (answer as { readonly meetings: readonly unknown[] }).meetings.map(readMeeting)
}

interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Json
  readonly status: 200 | 201
}

async function ask(identity: Enrolled, asked: Asked, options: RenewOptions): Promise<unknown> {
  const { current, onChange, trust, directory } = identity
  const home = await openHome(directory, options)
  // Without its own way to report: a refused authority would be told of by meeting it.
  const connected = await connect({ ...authorityTarget(home), identity: { current, onChange }, trust })
  return exchangeJson(connected, { ...home.waiting, ...asked, host: home.authority.name })
}
