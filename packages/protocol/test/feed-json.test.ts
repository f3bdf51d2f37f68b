import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type FeedMessage,
  type FollowerMessage,
  readFeedMessage,
  readFollowerMessage,
  readKeptSnapshot,
  ShapeError,
  writeFeedMessage,
  writeFollowerMessage,
  writeKeptSnapshot,
} from '@countersign/protocol'

const at = Temporal.Instant.from('2026-11-24T12:00:00Z')
const revoked = [
  { issuerSpkiSha256: 'ab'.repeat(32), serialNumber: 0x0fn, party: 'alice', at, reason: 'keyCompromise' },
] as const
const crls = [Uint8Array.of(0x30, 0)]

suite('messages of the feed', () => {
  const feed: readonly FeedMessage[] = [
    { kind: 'snapshot', snapshot: { sequence: 12n, at, crls, revoked } },
    { kind: 'event', previous: 12n, event: { sequence: 13n, at, change: { kind: 'status', revoked } } },
    { kind: 'event', previous: 13n, event: { sequence: 14n, at, change: { kind: 'crl', crls } } },
    { kind: 'beat', at },
    { kind: 'sessions', id: 3 },
    { kind: 'kept', id: 4 },
  ]
  for (const message of feed)
    test(`${message.kind} comes through JSON as it was`, () => {
      assert.deepEqual(readFeedMessage(JSON.parse(JSON.stringify(writeFeedMessage(message)))), message)
    })
  const follower: readonly FollowerMessage[] = [
    { kind: 'follow', version: 1 },
    { kind: 'follow', version: 1, after: 12n },
    {
      kind: 'confirm',
      sequence: 13n,
      cuts: [{ door: 'web', session: 's', reference: 'M-7F3K-92QD', lastOctetAt: at }],
    },
    {
      kind: 'sessions',
      id: 3,
      sessions: [
        {
          id: 's',
          door: 'web',
          reference: 'M-7F3K-92QD',
          caller: 'alice',
          party: 'alice',
          since: at,
          octetsSent: 9,
          keys: ['party:alice'],
        },
      ],
    },
  ]
  for (const message of follower)
    test(`a follower's ${message.kind} comes through JSON as it was`, () => {
      assert.deepEqual(readFollowerMessage(JSON.parse(JSON.stringify(writeFollowerMessage(message)))), message)
    })
  test('a session whose caller has longer names than are told comes through without them', () => {
    const long = 'a'.repeat(5_000)
    const keys = [`identity:uniformResourceIdentifier:${long}`, ...Array.from({ length: 600 }, (_, i) => `key:${i}`)]
    const session = { id: '1', door: 'web', reference: 'M-7F3K-92QD', caller: long, since: at, octetsSent: 0, keys }
    const read = readFollowerMessage(writeFollowerMessage({ kind: 'sessions', id: 1, sessions: [session] }))
    assert.ok(read.kind === 'sessions')
    const [told] = read.sessions
    assert.equal(told?.caller, `${long.slice(0, 255)}…`)
    assert.deepEqual(told?.keys, keys.slice(1, 513))
  })
  test('what is kept comes through JSON as it was', () => {
    const kept = { sequence: 12n, at, revoked }
    assert.deepEqual(readKeptSnapshot(JSON.parse(JSON.stringify(writeKeptSnapshot(kept)))), kept)
  })
  test('a serial number is written as lists write it', () => {
    assert.match(JSON.stringify(writeKeptSnapshot({ sequence: 1n, at, revoked })), /"serialNumber":"0f"/)
  })

  const bad: readonly (readonly [string, unknown, string])[] = [
    ['no kind', {}, 'kind'],
    ['another kind', { kind: 'policy' }, 'kind'],
    ['no previous event', { kind: 'event', event: {} }, 'previous'],
    ['a negative number', { kind: 'event', previous: '-1' }, 'previous'],
    ['a number that is no text', { kind: 'event', previous: 12 }, 'previous'],
    ['no change', { kind: 'event', previous: '1', event: { sequence: '2', at: at.toString() } }, 'event.change'],
    [
      'another change',
      { kind: 'event', previous: '1', event: { sequence: '2', at: at.toString(), change: { kind: 'x' } } },
      'event.change.kind',
    ],
    ['a time that is none', { kind: 'beat', at: 'soon' }, 'at'],
    [
      'a list that is no Base64',
      { kind: 'snapshot', snapshot: { sequence: '1', at: at.toString(), revoked: [], crls: ['*'] } },
      'snapshot.crls[0]',
    ],
    ['nothing', null, ''],
  ]
  for (const [what, value, path] of bad)
    test(`refused: ${what}`, () => {
      assert.throws(
        () => readFeedMessage(value),
        (error) => error instanceof ShapeError && error.path === path,
      )
    })
  const worse: readonly (readonly [string, unknown, string])[] = [
    ['another version', { kind: 'follow', version: 2 }, 'version'],
    ['no version', { kind: 'follow' }, 'version'],
    [
      'a cut without a reference',
      { kind: 'confirm', sequence: '1', cuts: [{ door: 'web', session: 's' }] },
      'cuts[0].reference',
    ],
    ['no meeting', { kind: 'meeting', id: 1 }, 'meeting'],
    ['a meeting that is none', { kind: 'meeting', id: 1, meeting: {} }, 'reference'],
    ['sessions that are no list', { kind: 'sessions', id: 1, sessions: {} }, 'sessions'],
  ]
  for (const [what, value, path] of worse)
    test(`refused of a follower: ${what}`, () => {
      assert.throws(
        () => readFollowerMessage(value),
        (error) => error instanceof ShapeError && error.path === path,
      )
    })
})
