// Whom this side believes, and what it knows about revocation.
import { createHash } from 'node:crypto'
import type { RevokedSerial } from '@countersign/protocol'
import { anchorOf, type CrlIndex, indexCrl, type TrustAnchor } from '@countersign/verify'
import type { Certificate, CertificateList } from '@countersign/x509'
import type { Trust, TrustChange } from '../model.ts'
import { sha256 } from '../sha256.ts'

/** What {@link createTrust} begins with. */
export interface TrustStart {
  /** Certificates whose name and key are believed; at least one. */
  readonly anchors: readonly Certificate[]
  /** Issuers known from elsewhere than the peer; only candidates. */
  readonly issuers?: readonly Certificate[]
  readonly crls?: readonly CertificateList[]
  readonly revocation: 'require' | 'prefer'
  /** The trust domain of the anchors' parties; absent: any. */
  readonly domain?: string | undefined
  /** When the newest status was learned. */
  readonly asOf: Temporal.Instant
}

/** Makes trust that is never empty. @throws {RangeError} when there is no anchor: believing nobody is a mistake, believing anybody is worse. */
export function createTrust(start: TrustStart): Trust {
  let anchors = anchorsOf(start.anchors)
  let anchorsSha256 = sha256OfAnchors(start.anchors)
  let issuers = start.issuers ?? []
  const crls = new Map<string, CrlIndex>()
  const announced = new Map<string, RevokedSerial>()
  const listeners = new Set<(change: TrustChange) => void>()
  let crlList: readonly CrlIndex[] = []
  let asOf = start.asOf
  let version = 1

  const changed = (change: TrustChange) => {
    version++
    for (const listener of [...listeners]) listener(change)
  }
  const learnedAt = (at: Temporal.Instant) => {
    if (Temporal.Instant.compare(at, asOf) > 0) asOf = at
  }
  const takeCrls = (lists: readonly CertificateList[]): boolean => {
    let taken = false
    for (const list of lists) {
      const scope = scopeOfCrl(list)
      const held = crls.get(scope)
      if (held !== undefined && !isNewer(list, held.crl)) continue
      crls.set(scope, indexCrl(list))
      taken = true
    }
    if (taken) crlList = [...crls.values()]
    return taken
  }
  takeCrls(start.crls ?? [])

  return {
    get anchors() {
      return anchors
    },
    domain: start.domain,
    authorityOf: () => undefined,
    revocation: start.revocation,
    get anchorsSha256() {
      return anchorsSha256
    },
    get issuers() {
      return issuers
    },
    get crls() {
      return crlList
    },
    get asOf() {
      return asOf
    },
    get version() {
      return version
    },
    announce(revoked, at) {
      for (const one of revoked) {
        const key = serialKey(one.issuerSpkiSha256, one.serialNumber)
        // The first word counts: a later one cannot move a revocation to a later time.
        if (!announced.has(key)) announced.set(key, one)
      }
      learnedAt(at)
      if (revoked.length > 0) changed({ kind: 'announced', revoked })
    },
    replaceCrls(lists, at) {
      learnedAt(at)
      if (takeCrls(lists)) changed({ kind: 'status' })
    },
    replaceAuthorities(next) {
      const sha256OfNext = sha256OfAnchors(next.anchors)
      // The same anchors stay the same values: verdicts under them stay, too.
      if (sha256OfNext !== anchorsSha256) anchors = anchorsOf(next.anchors)
      anchorsSha256 = sha256OfNext
      issuers = next.issuers
      changed({ kind: 'status' })
    },
    announced: (issuerSpkiSha256, serialNumber) => announced.get(serialKey(issuerSpkiSha256, serialNumber)),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Makes a trust anchor of each certificate. @throws {RangeError} when there is none. @see RFC 5280 §6.1.1 (d) */
function anchorsOf(certificates: readonly Certificate[]): readonly TrustAnchor[] {
  if (certificates.length === 0)
    throw new RangeError('trust needs at least one anchor: with none, nobody can be believed')
  return certificates.map(anchorOf)
}

/**
 * Which CRLs replace each other: those of one issuer's name, key and scope. An issuer that changes its key goes on to
 * publish under both, and a delta never stands in for what it is a delta to.
 */
export function scopeOfCrl(crl: CertificateList): string {
  const point = crl.crlExtensions.find(({ extnID }) => extnID === ISSUING_DISTRIBUTION_POINT)
  const hash = createHash('sha256').update(crl.issuer.der)
  for (const part of [crl.authorityKeyIdentifier?.keyIdentifier, point?.extnValue]) hash.update(`${part?.toHex()}\0`)
  return hash.update(String(crl.deltaCRLIndicator)).digest('hex')
}
const ISSUING_DISTRIBUTION_POINT = '2.5.29.28'

/** Keeps of `crls` what says more than `held` does: the newer of a scope, and what is of a scope that is not held. */
export function newerCrls(crls: readonly CertificateList[], held: readonly CrlIndex[]): readonly CertificateList[] {
  const known = new Map(held.map(({ crl }) => [scopeOfCrl(crl), crl]))
  return crls.filter((crl) => {
    const old = known.get(scopeOfCrl(crl))
    return old === undefined || isNewer(crl, old)
  })
}

/** RFC 5280 §5.2.3: numbers only rise; where one CRL has none, the later `thisUpdate` counts. */
function isNewer(crl: CertificateList, held: CertificateList): boolean {
  if (crl.cRLNumber !== undefined && held.cRLNumber !== undefined && crl.cRLNumber !== held.cRLNumber)
    return crl.cRLNumber > held.cRLNumber
  return Temporal.Instant.compare(crl.thisUpdate, held.thisUpdate) > 0
}

/** One value for a set of anchors, whatever their order. */
export function sha256OfAnchors(anchors: readonly Pick<Certificate, 'der'>[]): string {
  const hash = createHash('sha256')
  // In order of their own hashes: the same anchors are the same trust, in whatever order the file has them.
  for (const one of [...new Set(anchors.map(({ der }) => sha256(der)))].sort()) hash.update(one)
  return hash.digest('hex')
}

function serialKey(issuerSpkiSha256: string, serialNumber: bigint): string {
  return `${issuerSpkiSha256}:${serialNumber}`
}
