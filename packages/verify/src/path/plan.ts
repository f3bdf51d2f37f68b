// How far it is to an anchor from where a search stands, and whether the path lengths on the way allow it: in a few passes over
// all certificates at once, where going every way would take a step for each.
import type { Certificate } from '@countersign/x509'
import type { TrustAnchor } from '../model.ts'
import { type Candidate, type FindIssuers, sameAuthority } from './candidates.ts'
import { selfIssued } from './issuer.ts'

/** What is known of a pair, whatever the path. */
export interface Links {
  /** Whether a path under one of `anchors` may go from a certificate to this issuer. */
  mayLead(certificate: Certificate, issuer: Certificate, anchors: readonly TrustAnchor[]): boolean
  /** How many issuers that are not self-issued may follow this anchor; -1 where it did not issue the certificate. */
  allowance(certificate: Certificate, anchor: TrustAnchor): number
}

/** The certificates that may be above a leaf, at whatever distance. */
export interface Plan {
  /** Follows the links to `anchors` as they are known. */
  follow(links: Links, anchors: readonly TrustAnchor[]): Ways
}

export interface Ways {
  readonly reach: Reach
  /** Looks again at the links of a certificate. */
  refresh(certificate: Certificate): void
}

/**
 * How many certificates the shortest way from a certificate up to an anchor has, which is no longer than `certificates`, allows
 * `below` issuers that are not self-issued below it, and meets no authority of the path again and none that is closed;
 * infinity where there is none. Real ways can be closed by more than this: it never says infinity of one that is open.
 */
export type Reach = (
  path: readonly Candidate[],
  certificates: number,
  below: number,
  isClosed: (certificate: Certificate) => boolean,
) => (certificate: Certificate) => number

/** Makes a plan of what is sound. */
export function planWays(
  leaf: Certificate,
  findIssuers: FindIssuers,
  isSound: (certificate: Certificate) => boolean,
): Plan {
  const nodes = nodesAbove(leaf, findIssuers, isSound)
  const places = new Map(nodes.map((node, place) => [node, place]))
  const authorities = nodes.map((node) => nodes.findIndex((other) => sameAuthority(node, other)))
  const costs = nodes.map((node) => (selfIssued(node) ? 0 : 1))
  const limits = nodes.map((node) => node.basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY)
  /** What a certificate leaves of what is left above it: RFC 5280 §6.1.4 (l) and (m). */
  const step = (place: number, left: number) => {
    const cost = costs[place] as number
    return left < cost ? -1 : Math.min(left - cost, limits[place] as number)
  }
  return {
    follow(links, anchors) {
      const issuersOf = (node: Certificate) =>
        findIssuers(node).candidates.flatMap(({ certificate }) => {
          const place = places.get(certificate)
          return place !== undefined && links.mayLead(node, certificate, anchors) ? [place] : []
        })
      const directOf = (node: Certificate, place: number) =>
        findIssuers(node).anchors.reduce(
          (best, anchor) =>
            anchors.includes(anchor) ? Math.max(best, step(place, links.allowance(node, anchor))) : best,
          -1,
        )
      const issuers = nodes.map(issuersOf)
      const direct = nodes.map(directOf)
      const reach: Reach = (path, certificates, below, isClosed) => {
        const met = new Set(path.map(({ certificate }) => authorities[places.get(certificate) ?? -1]))
        const open = nodes.flatMap((node, place) => (met.has(authorities[place]) || isClosed(node) ? [] : [place]))
        const distances = nodes.map(() => Number.POSITIVE_INFINITY)
        let allowances: readonly number[] = nodes.map(() => -1)
        for (let pass = 1, changes = true; changes && pass <= certificates; pass++) {
          const last = allowances
          const next = [...last]
          changes = false
          for (const place of open) {
            let best = direct[place] as number
            for (const above of issuers[place] as readonly number[])
              if (last[above] !== -1) best = Math.max(best, step(place, last[above] as number))
            if (best === last[place]) continue
            changes = true
            next[place] = best
            if (best >= below) distances[place] = Math.min(distances[place] as number, pass)
          }
          allowances = next
        }
        return (certificate) => distances[places.get(certificate) ?? -1] ?? Number.POSITIVE_INFINITY
      }
      const refresh = (certificate: Certificate) => {
        const place = places.get(certificate)
        if (place === undefined) return
        issuers[place] = issuersOf(certificate)
        direct[place] = directOf(certificate, place)
      }
      return { reach, refresh }
    },
  }
}

function nodesAbove(
  leaf: Certificate,
  findIssuers: FindIssuers,
  isSound: (certificate: Certificate) => boolean,
): readonly Certificate[] {
  const nodes = new Set<Certificate>()
  const waiting = [leaf]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const { certificate } of findIssuers(next).candidates)
      if (!nodes.has(certificate) && isSound(certificate)) {
        nodes.add(certificate)
        waiting.push(certificate)
      }
  return [...nodes]
}
