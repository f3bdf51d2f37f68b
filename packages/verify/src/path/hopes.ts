// Which ways can still lead to a path that stands: RFC 4158 §2.4.2. What is given up here could be in no valid path, so that
// a search that finds nothing has missed nothing.
import type { Certificate, SubjectPublicKeyInfo } from '@countersign/x509'
import { whyNotKey } from '../algorithms/key.ts'
import { fitsKey } from '../algorithms/signature.ts'
import type { AnyPathContext, TrustAnchor } from '../model.ts'
import { type Candidate, type FindIssuers, isOf } from './candidates.ts'
import { selfIssued } from './issuer.ts'
import type { Judgement, Judges } from './judge.ts'
import { type Plan, planWays, type Ways } from './plan.ts'

/** Decides which ways a search goes. It learns from each path that does not stand. */
export interface Hopes {
  /** Whether `path`, ended by this anchor, may stand. */
  atAnchor(path: readonly Candidate[], anchor: TrustAnchor): boolean
  /** Answers the likeliest of `candidates` that, on top of `path`, may lead to one that stands. */
  above(path: readonly Candidate[], candidates: ReadonlySet<Candidate>): Candidate | undefined
  /** A path was judged, and does not stand. */
  failed(path: readonly Candidate[], anchor: TrustAnchor, judgement: Judgement): void
  /** A path ended without an anchor. */
  ended(): void
}

/** Starts without a plan: most searches need none. The first way that fails makes one. */
export function startHopes(
  leaf: Certificate,
  maxDepth: number,
  { anchors, maxPathLength = Number.POSITIVE_INFINITY }: AnyPathContext,
  findIssuers: FindIssuers,
  { alone, signatures, names }: Judges,
): Hopes {
  /** By anchor: the certificates whose status speaks against them under an issuer, which is undefined where it is the anchor. */
  const barred = new Map<TrustAnchor, Map<Certificate, Set<Certificate | undefined>>>()
  const wrongAnchors = new Set<TrustAnchor>()
  let plan: Plan | undefined
  let ways: readonly (readonly [readonly TrustAnchor[], Ways])[] | undefined
  let isFirst = true

  const isSound = (certificate: Certificate) => alone(certificate, 'issuer').faults.length === 0
  const isSoundAnchor = (anchor: TrustAnchor) =>
    !wrongAnchors.has(anchor) &&
    (anchor.certificate === undefined
      ? whyNotKey(anchor.subjectPublicKeyInfo) === undefined
      : alone(anchor.certificate, 'anchor').faults.length === 0)
  const mayHaveSigned = (key: SubjectPublicKeyInfo, { signatureAlgorithm, tbsDer }: Certificate) =>
    fitsKey(signatureAlgorithm, key.algorithm) && !signatures.hasFailed(tbsDer, key)
  const isBarred = (anchor: TrustAnchor, certificate: Certificate, issuer: Certificate | undefined) =>
    barred.get(anchor)?.get(certificate)?.has(issuer) === true
  const isPathBarred = (anchor: TrustAnchor, path: readonly Candidate[]) =>
    barred.has(anchor) &&
    path.some(({ certificate }, depth) => {
      const above = path[depth + 1]?.certificate
      return above !== undefined && isBarred(anchor, certificate, above)
    })
  /** What was learned may speak against what the path has already. */
  const isOpen = (path: readonly Candidate[]) =>
    path.every(({ certificate }, depth) => {
      const above = path[depth + 1]?.certificate
      return above === undefined || mayHaveSigned(above.subjectPublicKeyInfo, certificate)
    })
  const allowanceOf = ({ certificate }: TrustAnchor) => Math.min(maxPathLength, pathLengthOf(certificate))

  /** Whether what an issuer says of names allows all that are below it. */
  const allowsNames = (issuer: Pick<Certificate, 'nameConstraints'>, path: readonly Candidate[]): boolean => {
    if (issuer.nameConstraints === undefined) return true
    let allowed = true
    const forbid = () => {
      allowed = false
    }
    const constraints = names.add(issuer, [], forbid)
    for (const [depth, { certificate }] of path.entries()) names.judge(certificate, depth === 0, constraints, forbid)
    return allowed
  }

  const forbids = (anchor: TrustAnchor, path: readonly Candidate[]) =>
    !allowsNames(anchor, path) || (anchor.certificate !== undefined && !allowsNames(anchor.certificate, path))

  const links = {
    mayLead: (certificate: Certificate, issuer: Certificate, under: readonly TrustAnchor[]) =>
      mayHaveSigned(issuer.subjectPublicKeyInfo, certificate) &&
      !under.every((anchor) => isBarred(anchor, certificate, issuer)),
    allowance: (certificate: Certificate, anchor: TrustAnchor) =>
      isSoundAnchor(anchor) &&
      mayHaveSigned(anchor.subjectPublicKeyInfo, certificate) &&
      // What the anchor's own certificate leads to, the anchor leads to without it.
      (certificate === leaf || !isOf(certificate, anchor.name, anchor.subjectPublicKeyInfo)) &&
      !isBarred(anchor, certificate, undefined)
        ? allowanceOf(anchor)
        : -1,
  }

  const followAll = () => {
    plan ??= planWays(leaf, findIssuers, isSound)
    const { follow } = plan
    // What bars a certificate, or a name, may do so under one anchor alone; most bar nothing, and are followed together.
    const bars = (anchor: TrustAnchor) =>
      barred.has(anchor) || anchor.nameConstraints !== undefined || anchor.certificate?.nameConstraints !== undefined
    const groups = [anchors.filter((anchor) => !bars(anchor)), ...anchors.filter(bars).map((anchor) => [anchor])]
    return groups.map((group) => [group, follow(links, group)] as const)
  }

  /** The shortest way first, which never meets itself; before a way has failed, the order of the candidates is the only one. */
  const distanceAbove = (path: readonly Candidate[], below: number): ((certificate: Certificate) => number) => {
    if (isFirst) return () => 0
    ways ??= followAll()
    const distances = (isOpen(path) ? ways : [])
      .filter(([group]) => !group.every((anchor) => isPathBarred(anchor, path) || forbids(anchor, path)))
      .map(([, { reach }]) => reach(path, maxDepth - path.length, below, (node) => !allowsNames(node, path)))
    return (certificate) => Math.min(...distances.map((distance) => distance(certificate)))
  }

  return {
    atAnchor(path, anchor) {
      const end = (path.at(-1) as Candidate).certificate
      return (
        links.allowance(end, anchor) >= countIssuers(path) &&
        isOpen(path) &&
        !isPathBarred(anchor, path) &&
        !forbids(anchor, path)
      )
    },
    above(path, candidates) {
      const end = (path.at(-1) as Candidate).certificate
      const below = countIssuers(path)
      const distance = distanceAbove(path, below)
      let best: Candidate | undefined
      let least = Number.POSITIVE_INFINITY
      for (const candidate of candidates) {
        const { certificate } = candidate
        if (!isSound(certificate) || !mayHaveSigned(certificate.subjectPublicKeyInfo, end)) continue
        const far = distance(certificate)
        if (far >= least || below > pathLengthOf(certificate) || !allowsNames(certificate, path)) continue
        best = candidate
        least = far
      }
      return best
    },
    failed(path, anchor, { barred: depth, findings }) {
      isFirst = false
      const certificate = path[depth ?? -1]?.certificate
      if (depth !== undefined && certificate !== undefined) {
        if (!barred.has(anchor)) ways = undefined
        const under = barred.get(anchor) ?? new Map<Certificate, Set<Certificate | undefined>>()
        barred.set(anchor, under)
        const issuers = under.get(certificate) ?? new Set()
        under.set(certificate, issuers.add(path[depth + 1]?.certificate))
      }
      if (findings.some((each) => each.depth === path.length)) {
        wrongAnchors.add(anchor)
        ways = undefined
      }
      for (const [, { refresh }] of ways ?? []) for (const each of path) refresh(each.certificate)
    },
    ended() {
      isFirst = false
    },
  }
}

/** RFC 5280 §4.2.1.9: "the maximum number of non-self-issued intermediate certificates that may follow". */
function pathLengthOf(certificate: Certificate | undefined): number {
  return certificate?.basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY
}

/** Those of a path that count for the path length. */
function countIssuers(path: readonly Candidate[]): number {
  let count = 0
  for (let depth = 1; depth < path.length; depth++) if (!selfIssued((path[depth] as Candidate).certificate)) count++
  return count
}
