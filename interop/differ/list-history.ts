// An issuer that keeps to RFC 5280 §5.2.4 through a random history of one certificate, some of the lists it has published, and what
// they say together where they are merged entry by entry.
import type { CrlIndex } from '@countersign/verify'
import { type CRLReason, deltaCRLIndicatorExtension, type ReasonFlag } from '@countersign/x509'
import { crl, type Holder, hours, revoked } from '../chains/house.ts'
import { idp } from '../chains/lists.ts'
import type { Random } from './random.ts'

/** How the certificate stands: not listed, on hold, or revoked for good. */
type Standing = 'certificateHold' | 'keyCompromise' | 'superseded' | undefined

/** One list: a complete one, or a delta on `base`. */
interface Published {
  readonly number: number
  readonly base?: number
  readonly entry?: CRLReason
  readonly inForce: boolean
}

/** All that one issuer publishes for one scope. */
interface Series {
  readonly reasons?: ReadonlySet<ReasonFlag>
  /** `standings[n]` is what list number n says in the end. */
  readonly standings: readonly Standing[]
  readonly published: readonly Published[]
}

const LENGTH = 6
const FIRST: ReadonlySet<ReasonFlag> = new Set(['keyCompromise', 'cACompromise', 'certificateHold', 'aACompromise'])
const SECOND: ReadonlySet<ReasonFlag> = new Set([
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
])

/** A history with some of its lists: in one series, or in two that have the reasons between them. */
export function randomHistory(random: Random): readonly Series[] {
  const standings: Standing[] = [undefined]
  while (standings.length <= LENGTH) {
    const last = standings.at(-1)
    if (last === 'keyCompromise' || last === 'superseded' || !random.once(2)) standings.push(last)
    else if (random.once(8)) standings.push(last === undefined && random.once(2) ? 'superseded' : 'keyCompromise')
    else standings.push(last === undefined ? 'certificateHold' : undefined)
  }
  return (random.once(3) ? [FIRST, SECOND] : [undefined]).map((reasons) => {
    const inScope = standings.map((each) => (each !== undefined && reasons?.has(each) === false ? undefined : each))
    const published = Array.from({ length: LENGTH }, (_, i) => publish(inScope, i + 1, random)).flat()
    return { ...(reasons && { reasons }), standings: inScope, published: random.some(published, 1, 6) }
  })
}

/** A complete list, and deltas on some of those before it. */
function publish(standings: readonly Standing[], number: number, random: Random): readonly Published[] {
  const bases = Array.from({ length: number - 1 }, (_, i) => i + 1)
  return [undefined, ...random.some(bases, 0, 3)].map((base) => {
    const standing = standings[number]
    const since = standings.slice(base, number + 1)
    const entry =
      base === undefined || since.some((each) => each !== since[0])
        ? (standing ?? (since.includes('certificateHold') && base !== undefined ? 'removeFromCRL' : undefined))
        : undefined
    return {
      number,
      ...(base !== undefined && { base }),
      ...(entry !== undefined && { entry }),
      inForce: !random.once(2),
    }
  })
}

/** The lists, as the issuer signs them. */
export function listsOf(history: readonly Series[], issuer: Holder, party: Holder): readonly CrlIndex[] {
  return history.flatMap(({ reasons, published }) =>
    published.map(({ number, base, entry, inForce }) =>
      crl(issuer, {
        number: BigInt(number),
        thisUpdate: hours(number - LENGTH - 1),
        nextUpdate: hours(inForce ? 1 : 0),
        revoked: entry === undefined ? [] : [revoked(party, { reasonCode: entry })],
        extensions: {
          ...(base !== undefined && { delta: deltaCRLIndicatorExtension(BigInt(base)) }),
          ...(reasons && idp({ onlySomeReasons: reasons })),
        },
      }),
    ),
  )
}

/** Whether the lists show the certificate to be good: all current ones do, and nothing that stands against it has been overtaken by none. */
export function isGood(history: readonly Series[]): boolean {
  return history.every(({ standings, published }) => {
    const merged = mergedOf(published)
    for (const { number, standing } of merged)
      if (standing !== standings[number]) throw new Error(`list ${number} is not what its issuer meant`)
    const current = merged.filter(({ inForce }) => inForce)
    const against = published.filter(({ entry }) => entry !== undefined && entry !== 'removeFromCRL')
    const isOver = ({ number, entry }: Published) =>
      entry === 'certificateHold' &&
      (current.some((list) => list.number > number && list.standing === undefined) ||
        // Said outright, by a delta that tells of all that has changed since.
        published.some(
          (delta) =>
            delta.inForce &&
            delta.entry === 'removeFromCRL' &&
            (delta.base ?? Number.POSITIVE_INFINITY) <= number &&
            delta.number > number,
        ))
    return current.length > 0 && against.every(isOver)
  })
}

/** §5.2.4: every list that is complete, or becomes so where deltas are merged with what they fit. */
function mergedOf(published: readonly Published[]) {
  const merged: { number: number; standing: CRLReason | undefined; inForce: boolean }[] = []
  for (const { number, base, entry, inForce } of published.toSorted((left, right) => left.number - right.number)) {
    const below =
      base === undefined
        ? [{ standing: undefined }]
        : merged.filter((list) => base <= list.number && list.number < number)
    for (const { standing: before } of [...below]) {
      const standing = entry ?? before
      merged.push({ number, standing: standing === 'removeFromCRL' ? undefined : standing, inForce })
    }
  }
  return merged
}
