// A feed that lies, repeats or is silent: what was known stays, and is told.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type RevokedSerial, writeFeedMessage } from '@countersign/protocol'
import { enroll } from '../../src/enroll/enroll.ts'
import { followFeed } from '../../src/feed/follow.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { issuing, type Recipe, root, startAuthority } from '../support/authority.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createRoot, NOW, spkiSha256 } from '../support/pki.ts'

const clock = () => NOW
const revoked: RevokedSerial = {
  issuerSpkiSha256: spkiSha256(issuing.certificate),
  serialNumber: 0x1234n,
  party: 'mallory',
  at: NOW,
  reason: 'keyCompromise',
}
const snapshot = (sequence: bigint, crls: readonly Uint8Array[] = []) =>
  writeFeedMessage({ kind: 'snapshot', snapshot: { sequence, at: NOW, crls, revoked: [] } })
const event = (previous: bigint, sequence: bigint) =>
  writeFeedMessage({
    kind: 'event',
    previous,
    event: { sequence, at: NOW, change: { kind: 'status', revoked: [revoked] } },
  })

/** Follows what `recipe` says until `fits` an event of the log, and answers what is then known. */
async function followed(recipe: Recipe, fits: string, kept?: object, cut: () => void = () => undefined) {
  await using house = await temporaryDirectory()
  const directory = join(house.path, 'gate')
  await using enrolled = await startAuthority()
  await enroll(enrolled.token, { directory, clock })
  await using authority = await startAuthority(recipe)
  const { address, name } = authority.token
  await writeFile(join(directory, 'authority.json'), JSON.stringify({ address, name }))
  const file = join(directory, 'feed.json')
  if (kept) await writeFile(file, JSON.stringify(kept))
  const identity = await openIdentity(directory, { clock })
  const cuts: bigint[] = []
  const told = Promise.withResolvers<string>()
  const feed = await followFeed({
    identity,
    clock,
    timeoutMs: 500,
    async cut(these) {
      cuts.push(...these.map(({ serialNumber }) => serialNumber))
      cut()
      return []
    },
    sessions: async () => [],
    log: (name, fields) => name === fits && told.resolve(String(fields?.['cause'])),
  })
  const cause = await told.promise
  await feed.close()
  identity.close()
  const isKnown = identity.trust.announced(revoked.issuerSpkiSha256, revoked.serialNumber) !== undefined
  const text = await readFile(file, 'utf8').catch(() => '{}')
  return { cause, cuts, isKnown, sequence: (JSON.parse(text) as { sequence?: string }).sequence }
}

const KEPT = { sequence: '7', at: NOW.toString(), revoked: [] }

suite('a feed', () => {
  test('that is right is in force, cuts, and is kept', async () => {
    // What cannot be read at its end tells us that all before it was.
    const { cuts, isKnown, sequence } = await followed({ feed: [snapshot(3n), event(3n, 4n), 'over'] }, 'feed.refused')
    assert.deepEqual([cuts, isKnown, sequence], [[0x1234n], true, '4'])
  })

  test('is followed anew where what is open could not be cut', async () => {
    const fails = () => {
      throw new AggregateError([new Error('no')], '1 of 1 sessions could not be cut')
    }
    const { cause, isKnown, sequence } = await followed(
      { feed: [snapshot(3n), event(3n, 4n)] },
      'feed.fault',
      undefined,
      fails,
    )
    // Nobody new comes in by it; and it is not confirmed, so that it comes again.
    assert.deepEqual([cause, isKnown, sequence], ['AggregateError: 1 of 1 sessions could not be cut', true, '3'])
  })

  test('that repeats changes nothing twice', async () => {
    const feed = [snapshot(3n), event(3n, 4n), event(3n, 4n), event(2n, 3n), 'over']
    const { cuts, sequence } = await followed({ feed }, 'feed.refused')
    assert.deepEqual([cuts, sequence], [[0x1234n], '4'])
  })

  const lies: readonly (readonly [string, readonly unknown[], object | undefined, RegExp])[] = [
    ['leaves an event out', [event(8n, 9n)], KEPT, /event 9 follows 8, and 7 is the newest here/],
    ['was set back', [snapshot(6n)], KEPT, /a snapshot of event 6, and event 7 is known here/],
    ['begins without a snapshot', [event(0n, 1n)], undefined, /event 1 before a snapshot/],
    ['says what is no message', [{ kind: 'policy' }], KEPT, /kind is not one of/],
    ['has a list that is none', [snapshot(9n, [Uint8Array.of(0x30, 0)])], KEPT, /DerError|X509Error/],
  ]
  for (const [what, feed, kept, why] of lies)
    test(`that ${what} is refused, and what was known stays`, async () => {
      const { cause, cuts, isKnown, sequence } = await followed({ feed }, 'feed.refused', kept)
      assert.match(cause, why)
      assert.deepEqual([cuts, isKnown, sequence], [[], false, kept ? '7' : undefined])
    })

  test('with a list of another authority takes nothing from it', async () => {
    const other = issueCrl(createRoot('Elsewhere Root'))
    const lists = [issueCrl(root).der, issueCrl(issuing).der, other.der]
    const { sequence } = await followed({ feed: [snapshot(9n, lists), 'over'] }, 'feed.refused')
    assert.equal(sequence, '9')
  })

  test('that never begins is left', async () => {
    const { cause } = await followed({ silent: true }, 'feed.refused', KEPT)
    assert.match(cause, /does not answer within 0\.5 s/)
  })
})
