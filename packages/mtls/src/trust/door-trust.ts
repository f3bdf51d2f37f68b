// What one door believes: the house's own authority, and others as far as each may vouch.
import type { TrustAnchor } from '@countersign/verify'
import type { Trust, TrustChange } from '../model.ts'
import type { OtherAuthorities } from './other-authorities.ts'
import { sha256OfAnchors } from './trust.ts'

/** How a door believes. */
export interface DoorTrust {
  readonly revocation: Trust['revocation']
  readonly others: OtherAuthorities
}

/** What a view holds, for as long as nothing that it is made of changed: every meeting asks for it. */
interface View extends Pick<Trust, 'anchors' | 'anchorsSha256' | 'issuers' | 'crls'> {
  readonly names: ReadonlyMap<TrustAnchor, string>
  readonly of: Pick<Trust, 'anchors' | 'issuers' | 'crls'>
}

/** The trust of a house as one door has it: a view, which follows the house and the other authorities. */
export function doorTrust(house: Trust, { revocation, others }: DoorTrust): Trust {
  const listeners = new Set<(change: TrustChange) => void>()
  let changes = 0
  let seen: View | undefined
  others.onChange(() => {
    changes++
    seen = undefined
    for (const listener of [...listeners]) listener({ kind: 'status' })
  })
  const view = (): View => {
    const { anchors, issuers, crls } = house
    if (seen?.of.anchors === anchors && seen.of.issuers === issuers && seen.of.crls === crls) return seen
    const theirs = others.current
    const names = new Map(
      theirs.flatMap(({ name, anchors: own }) => own.map((anchor): [TrustAnchor, string] => [anchor, name])),
    )
    const all = [...anchors, ...names.keys()]
    seen = {
      of: { anchors, issuers, crls },
      names,
      anchors: all,
      anchorsSha256: hashOf(all),
      issuers: [...issuers, ...theirs.flatMap((other) => other.issuers)],
      crls: [...crls, ...theirs.flatMap((other) => other.crls)],
    }
    return seen
  }
  return {
    revocation,
    get anchors() {
      return view().anchors
    },
    get anchorsSha256() {
      return view().anchorsSha256
    },
    domain: house.domain,
    authorityOf: (anchor) => view().names.get(anchor),
    get issuers() {
      return view().issuers
    },
    get crls() {
      return view().crls
    },
    get asOf() {
      return house.asOf
    },
    get version() {
      return house.version + changes
    },
    announce: (revoked, at) => house.announce(revoked, at),
    replaceCrls: (lists, at) => house.replaceCrls(lists, at),
    replaceAuthorities: (next) => house.replaceAuthorities(next),
    announced: (issuer, serialNumber) => house.announced(issuer, serialNumber),
    onChange(listener) {
      listeners.add(listener)
      const leave = house.onChange(listener)
      return () => {
        listeners.delete(listener)
        leave()
      }
    },
  }
}

function hashOf(anchors: readonly TrustAnchor[]): string {
  return sha256OfAnchors(anchors.flatMap(({ certificate }) => certificate ?? []))
}
