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
const certificates = [Uint8Array.of(0x30, 1, 0)]
const rules = {
  // `printf 'meet: []\n' | sha256sum`
  policy: { text: 'meet: []\n', sha256: 'c14588dd82c760fcb810d277378efa86a172d94ab0a92b3da0b44f8126c9474b' },
  parties: [
    {
      id: 'alice',
      kind: 'person',
      labels: ['group:ops'],
      identities: [{ kind: 'rfc822Name', value: 'alice@partner.example' }],
    },
    { id: 'ops/backup', labels: [], identities: [] },
  ],
} as const

const anchors = [
  { name: 'partner', certificates: [Uint8Array.of(0x30, 0)], crls, vouches: ['spiffe://partner.example'] },
]

const locks = [{ party: 'alice', reason: 'lost on the train', until: at }, { party: 'ops/backup' }]

const snapshotOf = (told: unknown, others?: unknown) => ({
  kind: 'snapshot',
  snapshot: { sequence: '1', at: at.toString(), revoked: [], crls: [], rules: told, anchors: others },
})

suite('messages of the feed', () => {
  const feed: readonly FeedMessage[] = [
    { kind: 'snapshot', snapshot: { sequence: 12n, at, crls, certificates, revoked, rules, anchors, locks } },
    { kind: 'event', previous: 12n, event: { sequence: 13n, at, change: { kind: 'status', revoked } } },
    { kind: 'event', previous: 13n, event: { sequence: 14n, at, change: { kind: 'crl', crls, certificates } } },
    { kind: 'event', previous: 14n, event: { sequence: 17n, at, change: { kind: 'policy', rules } } },
    {
      kind: 'event',
      previous: 17n,
      event: { sequence: 18n, at, change: { kind: 'policy', rules: { parties: [] } } },
    },
    { kind: 'event', previous: 18n, event: { sequence: 19n, at, change: { kind: 'trust', anchors } } },
    { kind: 'event', previous: 19n, event: { sequence: 20n, at, change: { kind: 'lock', locks } } },
    { kind: 'event', previous: 20n, event: { sequence: 21n, at, change: { kind: 'lock', locks: [] } } },
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
    { kind: 'follow', version: 1, doors: [{ name: 'web', revocation: 'prefer' }] },
    {
      kind: 'confirm',
      sequence: 13n,
      cuts: [{ door: 'web', session: 's', reference: 'M-7F3K-92QD', lastOctetAt: at }],
    },
    { kind: 'confirm', sequence: 17n, cuts: [], refused: 'policy.yaml:1:1: it cannot be read' },
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
          proofs: { caller: ['certificate', 'totp'], callee: ['certificate'] },
          keys: ['party:alice'],
        },
        // As a door of before tells it.
        { id: 't', door: 'web', reference: 'M-7F3K-92QE', caller: 'bob', since: at, octetsSent: 0, keys: [] },
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
    for (const kept of [
      { sequence: 12n, at, revoked, locks },
      { sequence: 12n, at, revoked, locks: [], behind: true } as const,
    ])
      assert.deepEqual(readKeptSnapshot(JSON.parse(JSON.stringify(writeKeptSnapshot(kept)))), kept)
  })
  test('what was kept before there were locks locks nobody', () => {
    assert.deepEqual(readKeptSnapshot({ sequence: '12', at: at.toString(), revoked: [] }).locks, [])
  })
  for (const [what, told] of [
    ['no list', { party: 'alice' }],
    ['a party that is no text', [{ party: 7 }]],
    ['a reason that fills a screen', [{ party: 'alice', reason: 'x'.repeat(257) }]],
    ['an end that is no time', [{ party: 'alice', until: 'tomorrow' }]],
    ['more than there may be', Array.from({ length: 10_001 }, () => ({ party: 'alice' }))],
  ] as const)
    test(`locks are not: ${what}`, () => {
      const event = { sequence: '1', at: at.toString(), change: { kind: 'lock', locks: told } }
      assert.throws(() => readFeedMessage({ kind: 'event', previous: '0', event }), ShapeError)
    })
  test('a serial number is written as lists write it', () => {
    assert.match(JSON.stringify(writeKeptSnapshot({ sequence: 1n, at, revoked, locks: [] })), /"serialNumber":"0f"/)
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
    ['a snapshot without rules', snapshotOf(undefined), 'snapshot.rules'],
    ['rules without parties', snapshotOf({}), 'snapshot.rules.parties'],
    ['a policy that is no text', snapshotOf({ policy: { text: 7 }, parties: [] }), 'snapshot.rules.policy.text'],
    ['a policy without a hash', snapshotOf({ policy: { text: '' }, parties: [] }), 'snapshot.rules.policy.sha256'],
    [
      'a policy that is too long',
      snapshotOf({ policy: { text: ' '.repeat(4_194_305), sha256: '' }, parties: [] }),
      'snapshot.rules.policy.text',
    ],
    ['too many parties', snapshotOf({ parties: Array(100_001).fill({}) }), 'snapshot.rules.parties'],
    ['a party without a name', snapshotOf({ parties: [{ labels: [] }] }), 'snapshot.rules.parties[0].id'],
    [
      'too many labels',
      snapshotOf({ parties: [{ id: 'a', labels: Array(257).fill('group:ops'), identities: [] }] }),
      'snapshot.rules.parties[0].labels',
    ],
    [
      'a name of no kind',
      snapshotOf({ parties: [{ id: 'a', labels: [], identities: [{ kind: 'x', value: 'a' }] }] }),
      'snapshot.rules.parties[0].identities[0].kind',
    ],
    ['a snapshot without anchors', snapshotOf({ parties: [] }), 'snapshot.anchors'],
    ['an authority without a name', snapshotOf({ parties: [] }, [{}]), 'snapshot.anchors[0].name'],
    ['too many authorities', snapshotOf({ parties: [] }, Array(257).fill({})), 'snapshot.anchors'],
    [
      'a certificate that is no Base64',
      snapshotOf({ parties: [] }, [{ name: 'a', certificates: ['*'] }]),
      'snapshot.anchors[0].certificates[0]',
    ],
    [
      'an authority that does not say for what',
      snapshotOf({ parties: [] }, [{ name: 'a', certificates: [], crls: [] }]),
      'snapshot.anchors[0].vouches',
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
    ['doors that are no list', { kind: 'follow', version: 1, doors: 'web' }, 'doors'],
    [
      'a door that does not say what it does',
      { kind: 'follow', version: 1, doors: [{ name: 'web' }] },
      'doors[0].revocation',
    ],
    [
      'a door that does what there is not',
      { kind: 'follow', version: 1, doors: [{ name: 'web', revocation: 'ignore' }] },
      'doors[0].revocation',
    ],
    [
      'too many doors',
      { kind: 'follow', version: 1, doors: Array(1_025).fill({ name: 'web', revocation: 'prefer' }) },
      'doors',
    ],
    [
      'a cut without a reference',
      { kind: 'confirm', sequence: '1', cuts: [{ door: 'web', session: 's' }] },
      'cuts[0].reference',
    ],
    [
      'proofs without a side',
      {
        ...{ kind: 'sessions', id: 1 },
        sessions: [
          {
            ...{ id: 's', door: 'web', reference: 'M-7F3K-92QD', caller: 'a', since: `${at}`, octetsSent: 0, keys: [] },
            proofs: { caller: ['certificate'] },
          },
        ],
      },
      'sessions[0].proofs.callee',
    ],
    ['a refusal that is too long', { kind: 'confirm', sequence: '1', cuts: [], refused: 'x'.repeat(1_025) }, 'refused'],
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
