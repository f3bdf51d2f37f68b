// What one door believes: the house's own authority, and others as far as each may vouch.
import type { TrustAnchor } from '@countersign/verify'
import type { Trust, TrustChange } from '../model.ts'
import type { OtherAuthority } from './other-authority.ts'
import { sha256OfAnchors } from './trust.ts'

/** How a door believes. */
export interface DoorTrust {
  readonly revocation: Trust['revocation']
  readonly others: readonly OtherAuthority[]
}

/** The trust of a house as one door has it: a view, which follows the house and the other authorities. */
export function doorTrust(house: Trust, { revocation, others }: DoorTrust): Trust {
  const names = new Map<TrustAnchor, string>(
    others.flatMap(({ name, anchors }) => anchors.map((anchor): [TrustAnchor, string] => [anchor, name])),
  )
  const listeners = new Set<(change: TrustChange) => void>()
  let changes = 0
  for (const other of others)
    other.onChange(() => {
      changes++
      crls = undefined
      for (const listener of [...listeners]) listener({ kind: 'status' })
    })
  const anchors = () => [...house.anchors, ...names.keys()]
  // A list of lists keeps its identity while nothing changed: every meeting asks for it.
  let crls: Trust['crls'] | undefined
  let houseCrls: Trust['crls'] | undefined
  let known = anchors()
  let hash = hashOf(known)
  const otherIssuers = others.flatMap((other) => other.issuers)
  let issuers: Trust['issuers'] = [...house.issuers, ...otherIssuers]
  let houseAnchors = house.anchors
  let houseIssuers = house.issuers
  const refresh = () => {
    if (house.issuers !== houseIssuers) {
      houseIssuers = house.issuers
      issuers = [...houseIssuers, ...otherIssuers]
    }
    if (house.anchors === houseAnchors) return
    houseAnchors = house.anchors
    known = anchors()
    hash = hashOf(known)
  }
  return {
    revocation,
    get anchors() {
      refresh()
      return known
    },
    get anchorsSha256() {
      refresh()
      return hash
    },
    domain: house.domain,
    authorityOf: (anchor) => names.get(anchor),
    get issuers() {
      refresh()
      return issuers
    },
    get crls() {
      if (crls === undefined || houseCrls !== house.crls) {
        houseCrls = house.crls
        crls = [...houseCrls, ...others.flatMap((other) => other.crls)]
      }
      return crls
    },
    get asOf() {
      return house.asOf
    },
    get version() {
      return house.version + changes
    },
    announce: (revoked, at) => house.announce(revoked, at),
    replaceCrls: (lists, at) => house.replaceCrls(lists, at),
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
