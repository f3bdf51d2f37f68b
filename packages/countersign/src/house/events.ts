// What happens in a running house, as one line each: text for people, JSON for programs.
import { explainMeeting, type Meeting } from '@countersign/protocol'
import { plainText } from '../output/plain-text.ts'
import type { Style } from '../output/style.ts'

/** The ready line: only what this house has. */
export interface Ready {
  readonly event: 'ready'
  /** SHA-256 of the root certificate, as in `sha256:…`. */
  readonly root: string
  /** Path of the root certificate in PEM. */
  readonly trust: string
  readonly authority: { readonly url: string; readonly crl: string }
  readonly doors: readonly { readonly name: string; readonly kind: string; readonly url: string }[]
  /** Where the numbers are. */
  readonly metrics?: string
}

/** One meeting, short; `countersign why` tells the whole. */
export interface MeetingEvent {
  readonly event: 'meeting'
  readonly at: string
  readonly door: string
  readonly reference: string
  readonly caller: string
  readonly callee: string
  readonly resumed: boolean
  readonly ok: boolean
  readonly code?: string
}

/** Sums a meeting up for `--json`. */
export function meetingEvent(meeting: Meeting): MeetingEvent {
  const { at, door, reference, caller, callee, resumed, outcome } = meeting
  return {
    event: 'meeting',
    at: at.toString(),
    door,
    reference,
    caller: caller.name,
    callee: callee.name,
    resumed,
    ok: outcome.ok,
    ...(!outcome.ok && { code: outcome.refusal.code }),
  }
}

/** One meeting on one line. */
export function meetingLine(meeting: Meeting, now: Temporal.Instant, style: Style): string {
  const { caller, door, reference } = meeting
  const { refusal } = explainMeeting(meeting, now)
  const who = plainText(caller.name)
  if (refusal === undefined) return `${style.proved('✔')} ${who} met ${door}  ${style.quiet(reference)}`
  const { cause, code } = refusal
  return `${style.refused('✘')} ${who} was refused at ${door}: ${plainText(cause)}  ${style.quiet(`${reference} ${code}`)}`
}

/** Lines for the log events that a person at the terminal wants to see; `{field}` is filled in. The rest is in `--json`. */
const LOG_LINES: Readonly<Record<string, readonly ['done' | 'ended' | 'alarm', string]>> = {
  'invite.done': ['done', '{party} was invited'],
  'issue.done': ['done', '{party} has a new certificate ({profile})'],
  'enroll.refused': ['ended', 'an enrollment was refused: {code}  {reference}'],
  'revoke.done': ['ended', '{subject} was revoked ({reason}): open sessions cut: {cuts}'],
  'request.refused': ['ended', 'a request was refused at {door}: {code}  {reference}'],
  'identity.expiring': ['alarm', 'the certificate in {directory} ends at {notAfter}: {next}'],
  'identity.renewal-failed': ['alarm', 'the certificate in {directory} was not renewed: {reason}'],
  'request.broken': ['ended', 'an answer of the service behind {door} broke off: {code}: {cause}  {reference}'],
  'upstream.down': ['alarm', 'the service behind {door} cannot be reached at {address}: {cause}'],
  'upstream.up': ['done', 'the service behind {door} is reached again at {address}'],
  'feed.unconfirmed': ['alarm', 'door {door} did not confirm a change within a second'],
  'feed.failed': ['alarm', 'door {door} could not follow a change: {error}'],
  'trust.reload-failed': [
    'alarm',
    '{file} of {authority} can no longer be used, so the list before it stays: {reason}',
  ],
  'trust.changed': ['alarm', '{file} of {authority} holds others than before: start the house anew for them'],
  'feed.trust-refused': ['alarm', 'other authorities that the authority tells cannot be used here: {cause}'],
  'trust.untold': ['alarm', 'houses that join are not told of other authorities: {cause}'],
  'feed.policy-refused': ['alarm', 'the rules of the authority cannot be used here, so the old ones stay: {cause}'],
  'feed.refused-there': ['alarm', 'door {door} cannot use the rules, so its old ones stay: {cause}'],
  'policy.replaced': ['done', 'the policy was replaced: {gains} may do more, {losses} less'],
  'assertion.unwritten': [
    'alarm',
    'the next key for the statements of door {door} cannot be kept, so the one before goes on: {cause}',
  ],
  'access-log.failed': ['alarm', '{file} cannot be written, so its lines are lost: {cause}'],
  'access-log.resumed': ['done', '{file} is written again; {lost} lines were lost'],
  'config.reloaded': ['done', '{file} was read again, and holds'],
  'config.reload-failed': ['alarm', 'nothing was changed: {cause}'],
  'door.accept-failed': ['alarm', 'door {door} could not take a connection: {cause}'],
  'crl.failed': ['alarm', 'the revocation list could not be signed: {error}'],
  'housekeeping.failed': ['alarm', 'housekeeping ({chore}) failed: {error}'],
  'authority.not-yet-valid': [
    'alarm',
    "the authority's certificates begin at {notBefore}, and it is {now}: check the clock of this machine; until then every meeting is refused",
  ],
  'meetings.damaged': ['alarm', '{file} was damaged: records of meetings in it are lost ({count})'],
  'meetings.unwritten': [
    'alarm',
    '{file} cannot be written: meetings that wait for the authority are lost if this process ends: {cause}',
  ],
  'meetings.written': ['done', '{file} is written again'],
  'meetings.lost': ['alarm', '{count} meetings could not be recorded: {cause}'],
  'door.renewal-failed': ['alarm', 'the certificate of door {door} could not be renewed: {error}'],
  'store.failed': ['alarm', 'a request to the authority failed at its store: {error}'],
  'api.failed': ['alarm', 'a request to the authority failed, a bug of ours: {error}'],
}

/** One log event on one line; undefined where it is not for people. */
export function logLine(
  event: string,
  fields: Readonly<Record<string, unknown>>,
  style: Style,
): { readonly text: string; readonly alarm: boolean } | undefined {
  const known = LOG_LINES[event]
  if (known === undefined) return undefined
  const [kind, template] = known
  const text = template.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => plainText(String(fields[name] ?? '?')))
  const mark = { done: style.proved('+'), ended: style.refused('–'), alarm: style.refused('!') }[kind]
  return { text: `${mark} ${text}`, alarm: kind === 'alarm' }
}
