// A follower of a feed that says what a test wants.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type FeedRules,
  type KnownAuthority,
  type PartyLock,
  type RevokedSerial,
  writeFeedMessage,
} from '@countersign/protocol'
import { enroll } from '../../src/enroll/enroll.ts'
import { followFeed } from '../../src/feed/follow.ts'
import type { Believe, Govern } from '../../src/feed/told.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { issuing, type Recipe, startAuthority } from './authority.ts'
import { temporaryDirectory } from './directory.ts'
import { NOW, spkiSha256 } from './pki.ts'

const clock = () => NOW
export const revoked: RevokedSerial = {
  issuerSpkiSha256: spkiSha256(issuing.certificate),
  serialNumber: 0x1234n,
  party: 'mallory',
  at: NOW,
  reason: 'keyCompromise',
}
export const RULES: FeedRules = { parties: [{ id: 'alice', labels: ['group:ops'], identities: [] }] }
export const snapshot = (
  sequence: bigint,
  crls: readonly Uint8Array[] = [],
  {
    rules = RULES,
    anchors = [],
    locks = [],
  }: {
    readonly rules?: FeedRules
    readonly anchors?: readonly KnownAuthority[]
    readonly locks?: readonly PartyLock[]
  } = {},
) =>
  writeFeedMessage({
    kind: 'snapshot',
    snapshot: { sequence, at: NOW, crls, certificates: [], revoked: [], rules, anchors, locks },
  })
export const event = (previous: bigint, sequence: bigint) =>
  writeFeedMessage({
    kind: 'event',
    previous,
    event: { sequence, at: NOW, change: { kind: 'status', revoked: [revoked] } },
  })

/** Event `sequence`: other rules. */
export const ruled = (previous: bigint, sequence: bigint, rules: FeedRules) =>
  writeFeedMessage({ kind: 'event', previous, event: { sequence, at: NOW, change: { kind: 'policy', rules } } })

/** Event `sequence`: other authorities. */
export const vouched = (previous: bigint, sequence: bigint, anchors: readonly KnownAuthority[]) =>
  writeFeedMessage({ kind: 'event', previous, event: { sequence, at: NOW, change: { kind: 'trust', anchors } } })

/** Event `sequence`: these are locked. */
export const locked = (previous: bigint, sequence: bigint, locks: readonly PartyLock[]) =>
  writeFeedMessage({ kind: 'event', previous, event: { sequence, at: NOW, change: { kind: 'lock', locks } } })

interface Given {
  /** What stands in the directory's `feed.json`, `rules.json` and `anchors.json`. */
  readonly kept?: object
  readonly rules?: object
  readonly anchors?: object
  readonly govern?: Govern
  readonly believe?: Believe
  readonly onCut?: () => void
  /** So many confirmations are waited for, too. */
  readonly confirms?: number
}

export function confirmsIn(said: readonly unknown[]): readonly { readonly refused?: string }[] {
  return said.filter((one) => (one as { readonly kind: string }).kind === 'confirm') as { refused?: string }[]
}

/** Follows what `recipe` says until `fits` an event of the log, and answers what is then known. */
export async function followed(recipe: Recipe, fits: string, given: Given = {}) {
  await using house = await temporaryDirectory()
  const directory = join(house.path, 'gate')
  await using enrolled = await startAuthority()
  await enroll(enrolled.token, { directory, clock })
  await using authority = await startAuthority(recipe)
  const { address, name } = authority.token
  await writeFile(join(directory, 'authority.json'), JSON.stringify({ address, name }))
  const file = join(directory, 'feed.json')
  const rulesFile = join(directory, 'rules.json')
  const anchorsFile = join(directory, 'anchors.json')
  if (given.kept) await writeFile(file, JSON.stringify(given.kept))
  if (given.anchors) await writeFile(anchorsFile, JSON.stringify(given.anchors))
  if (given.rules) await writeFile(rulesFile, JSON.stringify(given.rules))
  const identity = await openIdentity(directory, { clock })
  const cuts: bigint[] = []
  const lockings: (readonly PartyLock[])[] = []
  const told = Promise.withResolvers<string>()
  const feed = await followFeed({
    identity,
    clock,
    timeoutMs: 500,
    async cut(these) {
      cuts.push(...these.map(({ serialNumber }) => serialNumber))
      given.onCut?.()
      return []
    },
    async lock(these) {
      lockings.push(these)
      return []
    },
    sessions: async () => [],
    ...(given.govern && { govern: given.govern }),
    ...(given.believe && { believe: given.believe }),
    log: (name, fields) => name === fits && told.resolve(String(fields?.['cause'])),
  })
  const cause = await told.promise
  while (confirmsIn(authority.said).length < (given.confirms ?? 0)) await pause(5)
  await feed.close()
  identity.close()
  const isKnown = identity.trust.announced(revoked.issuerSpkiSha256, revoked.serialNumber) !== undefined
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as unknown
  const { sequence, behind, locks } = (await read(file)) as { sequence?: string; behind?: true; locks?: unknown }
  return {
    cause,
    cuts,
    lockings,
    locks,
    isKnown,
    sequence,
    behind,
    rules: await read(rulesFile),
    anchors: await read(anchorsFile),
    said: authority.said,
  }
}
