// One path of three, the lists that speak of it, and cases of them.
import type { CrlIndex, FindingCode } from '@countersign/verify'
import {
  cRLDistributionPointsExtension,
  type DistributionPoint,
  deltaCRLIndicatorExtension,
  type Extension,
  freshestCRLExtension,
  type IssuingDistributionPoint,
  issuingDistributionPointExtension,
} from '@countersign/x509'
import { crl, type DifferentCrl, type Holder, hours, intermediate, leaf, root } from './house.ts'

/** What is found where the anchor's list is good and these are there, and a status is required. */
export interface ListCase {
  readonly what: string
  readonly codes: readonly FindingCode[]
  readonly crls: readonly CrlIndex[]
  /** Who is asked about: the usual party, unless given. */
  readonly holder?: Holder
  /** What the peer sends beside its own certificate and its issuer's. */
  readonly sent?: readonly Holder[]
}

export const UNKNOWN: readonly FindingCode[] = ['ERR_VERIFY_STATUS_UNKNOWN']
export const REVOKED: readonly FindingCode[] = ['ERR_VERIFY_REVOKED']
export const EXPIRED: readonly FindingCode[] = ['ERR_VERIFY_STATUS_EXPIRED']

export const place = (uri: string) =>
  ({ kind: 'fullName', value: [{ kind: 'uniformResourceIdentifier', value: uri }] }) as const
export const A = place('http://a.example/crl')
export const B = place('http://b.example/crl')

export const anchor: Holder = root()
export const issuing: Holder = intermediate(anchor)
export const party: Holder = leaf(issuing)
export const anchorCrl: CrlIndex = crl(anchor)

/** Numbers go with the time, as OpenSSL tells newer lists from older ones by the time alone. */
const timeOf = (number: bigint) => ({ thisUpdate: hours(-1).add({ seconds: number < 60n ? Number(number) : 60 }) })

/** A list of the party's issuer. It says that there are deltas, without which OpenSSL looks for none. */
export const list = (different: DifferentCrl = {}): CrlIndex =>
  crl(issuing, {
    ...timeOf(different.number ?? 1n),
    ...different,
    extensions: { freshest: freshestCRLExtension([{ distributionPoint: A }]), ...different.extensions },
  })
export const delta = (base: bigint, number: bigint, different: DifferentCrl = {}): CrlIndex =>
  crl(issuing, {
    number,
    ...timeOf(number),
    ...different,
    extensions: { delta: deltaCRLIndicatorExtension(base), ...different.extensions },
  })

/** The extension of a CRL of a part. */
export const idp = (different: Partial<IssuingDistributionPoint>): Readonly<Record<string, Extension>> => ({
  idp: issuingDistributionPointExtension({
    onlyContainsUserCerts: false,
    onlyContainsCACerts: false,
    indirectCRL: false,
    onlyContainsAttributeCerts: false,
    ...different,
  }),
})
export const pointing = (...points: DistributionPoint[]): Holder =>
  leaf(issuing, { more: [cRLDistributionPointsExtension(points)] })
