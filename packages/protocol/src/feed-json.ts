// The messages of the feed as JSON, one to a line; what comes in is untrusted until it has been read here.
import type {
  FeedEvent,
  FeedMessage,
  FollowedDoor,
  FollowerMessage,
  OpenSession,
  RevokedSerial,
  Snapshot,
} from './feed.ts'
import { anchorsField } from './feed-anchors.ts'
import { locksField } from './feed-locks.ts'
import { rulesField } from './feed-rules.ts'
import { type Field, fieldOf, type Json, ShapeError, writeJson } from './json.ts'
import { readMeeting, writeMeeting } from './meeting-json.ts'
import { mostCharacters, shortText } from './meeting-limits.ts'
import { cutField, hexOf, revokedField } from './receipt-json.ts'

/** The `Upgrade` token by which a follower asks for the feed, and the path at which. @see RFC 9110 §7.8 */
export const FEED_PROTOCOL = 'countersign-feed'
/** Where the feed is asked for. */
export const FEED_PATH = '/v1/feed'

// A list of half a million entries has some 20 MB.
const MAX_CRL_OCTETS = 33_554_432
const MAX_CRLS = 64
const MAX_CERTIFICATES = 128
const MAX_CERTIFICATE_OCTETS = 65_536
// As many as one event or snapshot may hold; the lists have the rest.
const MAX_REVOKED = 1_000_000
const MAX_CUTS = 1_000_000
const MAX_SESSIONS = 1_000_000
const MAX_DOORS = 1_024
const MAX_KEYS = 512
const MAX_KEY_CHARACTERS = 1024
const MAX_CALLER_CHARACTERS = 256
const MAX_PROOFS = 16
const MAX_PROOF_CHARACTERS = 64
const MAX_ID = 1_000_000_000_000
/** Characters of why a follower refuses something: what a person reads in a log. */
export const MAX_REFUSED_CHARACTERS = 1_024

/** Writes a message of the authority. */
export function writeFeedMessage(message: FeedMessage): Json {
  switch (message.kind) {
    case 'snapshot':
      return {
        ...plain(message),
        snapshot: { ...plain(message.snapshot), revoked: message.snapshot.revoked.map(writeRevoked) },
      }
    case 'event': {
      const { change } = message.event
      const written =
        change.kind === 'status' ? { kind: 'status', revoked: change.revoked.map(writeRevoked) } : writeJson(change)
      return { ...plain(message), event: { ...plain(message.event), change: written } }
    }
    default:
      return writeJson(message)
  }
}

/** Writes a message of a follower, which {@link readFollowerMessage} reads whatever a caller is called. */
export function writeFollowerMessage(message: FollowerMessage): Json {
  switch (message.kind) {
    case 'meeting':
      return { ...plain({ ...message, meeting: undefined }), meeting: writeMeeting(message.meeting) }
    case 'sessions':
      return writeJson({ ...message, sessions: message.sessions.map(withinSession) })
    default:
      return writeJson(message)
  }
}

/** A caller of another authority has the names that it was given; what is too long is for no eyes, and no key of ours. */
function withinSession(session: OpenSession): OpenSession {
  const { caller, keys } = session
  const short = keys.filter(({ length }) => length <= MAX_KEY_CHARACTERS).slice(0, MAX_KEYS)
  return { ...session, caller: shortText(caller, MAX_CALLER_CHARACTERS), keys: short }
}

/** Reads what the authority says. @throws {ShapeError} naming the field. */
export function readFeedMessage(value: unknown): FeedMessage {
  const field = fieldOf(value)
  switch (field.get('kind').oneOf(['snapshot', 'event', 'beat', 'sessions', 'kept'])) {
    case 'snapshot':
      return { kind: 'snapshot', snapshot: snapshotField(field.get('snapshot')) }
    case 'event':
      return { kind: 'event', previous: field.get('previous').integer(), event: eventField(field.get('event')) }
    case 'beat':
      return { kind: 'beat', at: field.get('at').instant() }
    case 'sessions':
      return { kind: 'sessions', id: field.get('id').number(MAX_ID) }
    case 'kept':
      return { kind: 'kept', id: field.get('id').number(MAX_ID) }
  }
}

/** Reads what a follower says. @throws {ShapeError} naming the field. */
export function readFollowerMessage(value: unknown): FollowerMessage {
  const field = fieldOf(value)
  switch (field.get('kind').oneOf(['follow', 'confirm', 'sessions', 'meeting'])) {
    case 'follow': {
      if (field.get('version').number(1) !== 1) throw new ShapeError('version', '1')
      const after = field.get('after').optional((f) => f.integer())
      const doors = field.get('doors').optional((f) => f.list(MAX_DOORS).map(doorField))
      return {
        kind: 'follow',
        version: 1,
        ...(after !== undefined && { after }),
        ...(doors !== undefined && { doors }),
      }
    }
    case 'confirm': {
      const refused = field.get('refused').optional((f) => f.text(MAX_REFUSED_CHARACTERS))
      return {
        kind: 'confirm',
        sequence: field.get('sequence').integer(),
        cuts: field.get('cuts').list(MAX_CUTS).map(cutField),
        ...(refused !== undefined && { refused }),
      }
    }
    case 'sessions':
      return {
        kind: 'sessions',
        id: field.get('id').number(MAX_ID),
        sessions: field.get('sessions').list(MAX_SESSIONS).map(sessionField),
      }
    case 'meeting':
      return {
        kind: 'meeting',
        id: field.get('id').number(MAX_ID),
        meeting: readMeetingField(field.get('meeting'), value),
      }
  }
}

function doorField(field: Field): FollowedDoor {
  return {
    name: field.get('name').text(mostCharacters('door')),
    revocation: field.get('revocation').oneOf(['require', 'prefer']),
  }
}

/** A snapshot without the lists and the rules, which stand in files of their own. */
export interface KeptSnapshot extends Pick<Snapshot, 'sequence' | 'at' | 'revoked' | 'locks'> {
  /** Something of it was refused: who starts with it asks as a newcomer does. */
  readonly behind?: true
}

/** Reads what a follower keeps between its connections. @throws {ShapeError} */
export function readKeptSnapshot(value: unknown): KeptSnapshot {
  return keptField(fieldOf(value))
}

/** Writes it. */
export function writeKeptSnapshot(kept: KeptSnapshot): Json {
  return { ...plain(kept), revoked: kept.revoked.map(writeRevoked) }
}

function plain(value: object): { readonly [key: string]: Json } {
  return writeJson(value) as { readonly [key: string]: Json }
}

function writeRevoked(one: RevokedSerial): Json {
  return { ...plain(one), serialNumber: hexOf(one.serialNumber) }
}

function snapshotField(field: Field): Snapshot {
  return {
    ...pastField(field),
    crls: crlsField(field.get('crls')),
    certificates: certificatesField(field.get('certificates')),
    rules: rulesField(field.get('rules')),
    anchors: anchorsField(field.get('anchors')),
  }
}

function keptField(field: Field): KeptSnapshot {
  const behind = field.get('behind').optional((f) => f.boolean()) === true
  return { ...pastField(field), ...(behind && { behind }) }
}

function pastField(field: Field): Pick<Snapshot, 'sequence' | 'at' | 'revoked' | 'locks'> {
  return {
    // An authority, or a file, of before there were any.
    locks: field.get('locks').optional(locksField) ?? [],
    sequence: field.get('sequence').integer(),
    at: field.get('at').instant(),
    revoked: field.get('revoked').list(MAX_REVOKED).map(revokedField),
  }
}

function eventField(field: Field): FeedEvent {
  const change = field.get('change')
  const common = { sequence: field.get('sequence').integer(), at: field.get('at').instant() }
  const kind = change.get('kind').oneOf(['status', 'crl', 'policy', 'trust', 'lock'])
  switch (kind) {
    case 'crl':
      return {
        ...common,
        change: {
          kind,
          crls: crlsField(change.get('crls')),
          certificates: certificatesField(change.get('certificates')),
        },
      }
    case 'policy':
      return { ...common, change: { kind, rules: rulesField(change.get('rules')) } }
    case 'trust':
      return { ...common, change: { kind, anchors: anchorsField(change.get('anchors')) } }
    case 'lock':
      return { ...common, change: { kind, locks: locksField(change.get('locks')) } }
    case 'status':
      return { ...common, change: { kind, revoked: change.get('revoked').list(MAX_REVOKED).map(revokedField) } }
  }
}

function crlsField(field: Field): readonly Uint8Array[] {
  return field.list(MAX_CRLS).map((f) => f.octets(MAX_CRL_OCTETS))
}

/** An authority of before there could be several issuers tells none. */
function certificatesField(field: Field): readonly Uint8Array[] {
  return field.optional((f) => f.list(MAX_CERTIFICATES).map((one) => one.octets(MAX_CERTIFICATE_OCTETS))) ?? []
}

function sessionField(field: Field): OpenSession {
  const party = field.get('party').optional((f) => f.text(256))
  const proofs = field
    .get('proofs')
    .optional((f) => ({ caller: proofsField(f.get('caller')), callee: proofsField(f.get('callee')) }))
  return {
    id: field.get('id').text(256),
    door: field.get('door').text(256),
    reference: field.get('reference').text(32),
    caller: field.get('caller').text(MAX_CALLER_CHARACTERS),
    ...(party !== undefined && { party }),
    since: field.get('since').instant(),
    octetsSent: field.get('octetsSent').number(Number.MAX_SAFE_INTEGER),
    ...(proofs !== undefined && { proofs }),
    keys: field
      .get('keys')
      .list(MAX_KEYS)
      .map((key) => key.text(MAX_KEY_CHARACTERS)),
  }
}

function proofsField(field: Field): readonly string[] {
  return field.list(MAX_PROOFS).map((one) => one.text(MAX_PROOF_CHARACTERS))
}

/** A meeting has its own reader, which names its own fields. */
function readMeetingField(field: Field, value: unknown): ReturnType<typeof readMeeting> {
  if (!field.present) throw new ShapeError('meeting', 'a meeting')
  return readMeeting((value as { readonly meeting: unknown }).meeting)
}
