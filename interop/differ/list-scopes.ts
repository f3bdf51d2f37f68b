// Random distribution points of a certificate and random scopes of lists, and what RFC 5280 §6.3.3 makes of them, step by step.
import type { CrlIndex } from '@countersign/verify'
import {
  basicConstraintsExtension,
  cRLDistributionPointsExtension,
  type DistributionPointName,
  type GeneralName,
  type Name,
  nameOf,
  type ReasonFlag,
} from '@countersign/x509'
import { crl, type Holder, intermediate, leaf, name, revoked, usage } from '../chains/house.ts'
import { anchor, idp, issuing } from '../chains/lists.ts'
import type { Random } from './random.ts'

const REASONS: readonly ReasonFlag[] = [
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
]
type Issuer = 'Issuing' | 'Lists'
/** A URI, the whole name of a shard, or a shard relative to whoever issues the list. */
type Place = 'a:1' | 'a:2' | 'Issuing/1' | 'Lists/1' | 'Issuing'
interface Places {
  readonly full?: readonly Place[]
  readonly relative?: true
}

interface Point {
  readonly places?: Places
  readonly cRLIssuer?: true
  readonly reasons?: readonly ReasonFlag[]
}

interface List {
  readonly issuer: Issuer
  readonly places?: Places
  readonly only?: 'users' | 'authorities' | 'attributes'
  readonly indirect?: true
  readonly reasons?: readonly ReasonFlag[]
  readonly revokes?: true
}

export interface ScopeWorld {
  readonly isAuthority: boolean
  readonly points: readonly Point[]
  readonly lists: readonly List[]
}

/** Signs lists for others; a certificate names it as the cRLIssuer of a point. */
export const lists: Holder = intermediate(anchor, {
  subject: name('Lists'),
  extensions: { keyUsage: usage('cRLSign') },
})

export function randomScopes(random: Random): ScopeWorld {
  const places = (): Places =>
    random.once(5)
      ? { relative: true }
      : { full: random.some<Place>(['a:1', 'a:2', 'Issuing/1', 'Lists/1', 'Issuing'], 1, 2) }
  const some = () =>
    random.once(3) ? { reasons: random.once(2) ? REASONS.slice(0, 4) : REASONS.slice(random.below(5)) } : {}
  const point = (): Point => {
    const delegated = random.once(3)
    return {
      ...((!delegated || !random.once(3)) && { places: places() }),
      ...(delegated && { cRLIssuer: true }),
      ...some(),
    }
  }
  const list = (): List => ({
    issuer: random.once(3) ? 'Lists' : 'Issuing',
    ...(random.once(2) && { places: places() }),
    ...(random.once(4) && { only: random.pick(['users', 'authorities', 'attributes'] as const) }),
    ...(random.once(2) && { indirect: true }),
    ...some(),
    ...(random.once(12) && { revokes: true }),
  })
  const many = <T>(most: number, one: () => T) => Array.from({ length: random.below(most + 1) }, one)
  return { isAuthority: random.once(3), points: many(3, point), lists: [list(), ...many(4, list)] }
}

/** The certificate and its lists. */
export function madeOf({ isAuthority, points, lists: given }: ScopeWorld): {
  holder: Holder
  crls: readonly CrlIndex[]
} {
  const holder = leaf(issuing, {
    ...(isAuthority && { extensions: { basicConstraints: basicConstraintsExtension({ cA: true }) } }),
    more:
      points.length === 0
        ? []
        : [
            cRLDistributionPointsExtension(
              points.map(({ places, cRLIssuer, reasons }) => ({
                ...(places && { distributionPoint: placesOf(places) }),
                ...(cRLIssuer && { cRLIssuer: [directory('Lists')] }),
                ...(reasons && { reasons: new Set(reasons) }),
              })),
            ),
          ],
  })
  const crls = given.map(({ issuer, places, only, indirect = false, reasons, revokes }) => {
    const isPart = places !== undefined || only !== undefined || indirect || reasons !== undefined
    const entry = indirect ? { certificateIssuer: [directory('Issuing')] } : {}
    return crl(issuer === 'Lists' ? lists : issuing, {
      revoked: revokes ? [revoked(holder, entry)] : [],
      extensions: isPart
        ? idp({
            ...(places && { distributionPoint: placesOf(places) }),
            onlyContainsUserCerts: only === 'users',
            onlyContainsCACerts: only === 'authorities',
            onlyContainsAttributeCerts: only === 'attributes',
            indirectCRL: indirect,
            ...(reasons && { onlySomeReasons: new Set(reasons) }),
          })
        : {},
    })
  })
  return { holder, crls }
}

/** The status by the text. Where it stops at the first list that revokes or the last reason, all lists are asked here. */
export function statusByText({ isAuthority, points, lists: given }: ScopeWorld): 'good' | 'revoked' | 'undetermined' {
  const mask = new Set<ReasonFlag>()
  let status: 'good' | 'revoked' = 'good'
  const implied: Point = { places: { full: ['Issuing'] } }
  const rounds: readonly (readonly [Point, readonly List[]])[] = [
    ...points.map((point) => [point, given] as const),
    [implied, given.filter(({ issuer }) => issuer === 'Issuing')],
  ]
  for (const [point, asked] of rounds)
    for (const list of asked) {
      // (b) (1)
      if (point.cRLIssuer ? list.issuer !== 'Lists' || !list.indirect : list.issuer !== 'Issuing') continue
      // (b) (2) (i)
      if (list.places !== undefined) {
        const names = point.places === undefined ? ['Lists'] : textsOf(point.places, list.issuer)
        if (!textsOf(list.places, list.issuer).some((text) => names.includes(text))) continue
      }
      // (ii) to (iv)
      if (list.only === 'attributes' || (list.only !== undefined && (list.only === 'authorities') !== isAuthority))
        continue
      // (d)
      const interim = REASONS.filter((reason) => (point.reasons ?? REASONS).includes(reason)).filter((reason) =>
        (list.reasons ?? REASONS).includes(reason),
      )
      // (j): a list that is not indirect speaks of its own issuer's certificates.
      if (list.revokes && (list.indirect || list.issuer === 'Issuing')) status = 'revoked'
      // (l)
      for (const reason of interim) mask.add(reason)
    }
  if (status === 'revoked') return status
  return mask.size === REASONS.length ? 'good' : 'undetermined'
}

function textsOf({ full, relative }: Places, issuer: Issuer): readonly string[] {
  return relative ? [`${issuer}/1`] : (full ?? [])
}

function placesOf({ full = [], relative }: Places): DistributionPointName {
  return relative
    ? { kind: 'nameRelativeToCRLIssuer', value: name('Shard 1').rdnSequence[0] ?? [] }
    : { kind: 'fullName', value: full.map(placeOf) }
}

function placeOf(place: Place): GeneralName {
  return place.startsWith('a:') ? { kind: 'uniformResourceIdentifier', value: place } : directory(place)
}

function directory(place: string): Extract<GeneralName, { kind: 'directoryName' }> {
  const [issuer = '', shard] = place.split('/')
  const value: Name =
    shard === undefined
      ? name(issuer)
      : nameOf([
          ['commonName', issuer],
          ['commonName', `Shard ${shard}`],
        ])
  return { kind: 'directoryName', value }
}
