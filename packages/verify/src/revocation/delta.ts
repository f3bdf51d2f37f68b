// Which CRLs take the place of others, and which deltas can bring one up to date: RFC 5280 §5.2.3, §5.2.4 and §6.3.3 (a), (c) and (h).
import {
  type Certificate,
  type CertificateList,
  namesEqual,
  OID,
  type Oid,
  type SubjectPublicKeyInfo,
} from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import type { Asking } from '../path/question.ts'
import { type CrlIndex, entryOf } from './crl-index.ts'

/** The proved key that signed a CRL; `until`: the end of what proves it, where that is not in the path itself. */
export interface CrlSigner {
  readonly key: SubjectPublicKeyInfo
  readonly until?: Temporal.Instant
}

/** Asks for the proved key that signed a CRL; undefined where none is known. */
export type AskSigner = (crl: CrlIndex) => Asking<CrlSigner | undefined>

/** For each delta that can be combined, the CRL below it: a complete one, or another delta that has one below. */
export type Below = ReadonlyMap<CrlIndex, CrlIndex>

/**
 * Finds what each delta can be combined with: what is combined so far is itself a CRL "that is complete for that scope". One that is
 * below may have ended (§6.3.3 (a) (1) (i)). Complete ones are tried first, as each further one costs a signature.
 * @param deltas Those that are asked about.
 * @param crls None of the future.
 */
export function* findBelow(deltas: readonly CrlIndex[], crls: readonly CrlIndex[], signerOf: AskSigner): Asking<Below> {
  const below = new Map<CrlIndex, CrlIndex>()
  const asked = new Set<CrlIndex>()
  const candidates = [...crls.filter((crl) => !isDelta(crl)), ...crls.filter(isDelta)]
  for (const delta of deltas.filter(isDelta))
    if (!asked.has(delta)) yield* findUnder(delta, { below, asked, candidates, signerOf })
  return below
}

/** What is found of all deltas, together. */
interface Combining {
  readonly below: Map<CrlIndex, CrlIndex>
  readonly asked: Set<CrlIndex>
  readonly candidates: readonly CrlIndex[]
  readonly signerOf: AskSigner
}

function* findUnder(delta: CrlIndex, combining: Combining): Asking<void> {
  const { below, asked, candidates, signerOf } = combining
  asked.add(delta)
  const { deltaCRLIndicator: base = 0n, cRLNumber: number = 0n } = delta.crl
  for (const under of candidates) {
    const { cRLNumber: underNumber = 0n } = under.crl
    // §5.2.4 (c) and (d)
    if (underNumber < base || underNumber >= number) continue
    if (isDelta(under) && !asked.has(under)) yield* findUnder(under, combining)
    if (isDelta(under) && !below.has(under)) continue
    if (!(yield* sameSeries(delta, under, signerOf))) continue
    below.set(delta, under)
    return
  }
}

function isDelta({ crl }: CrlIndex): boolean {
  return crl.deltaCRLIndicator !== undefined
}

/** The complete CRL at the bottom of a delta. */
export function baseOf(crl: CrlIndex, below: Below): CrlIndex | undefined {
  let base = below.get(crl)
  while (base !== undefined && below.has(base)) base = below.get(base)
  return base
}

/**
 * Whether `later` ends the hold that `earlier` tells of: by its number "a particular CRL supersedes another CRL" of the same issuer and scope
 * (§5.2.3), and no longer has the hold. The same key is asked for, as for deltas.
 */
export function* endsHold(
  later: CrlIndex,
  earlier: CrlIndex,
  certificate: Certificate,
  below: Below,
  signerOf: AskSigner,
): Asking<boolean> {
  const { cRLNumber: held = 0n } = earlier.crl
  if ((later.crl.cRLNumber ?? 0n) <= held || !lacksHold(later, held, certificate, below)) return false
  return yield* sameSeries(later, earlier, signerOf)
}

/** A complete CRL lacks it by its silence. A delta says removeFromCRL, or lies upon one that lacks it. */
function lacksHold(crl: CrlIndex, held: bigint, certificate: Certificate, below: Below): boolean {
  const entry = entryOf(crl, certificate.issuer, certificate.serialNumber)
  const { deltaCRLIndicator: base } = crl.crl
  // §5.2.4: a delta tells of whatever was on hold in its base "or any subsequent CRL"; of a hold before that, its base tells.
  const under = base === undefined || base <= held ? undefined : below.get(crl)
  if (base !== undefined && base > held && under === undefined) return false
  if (entry !== undefined) return entry.reasonCode === 'removeFromCRL'
  return base === undefined || (under !== undefined && lacksHold(under, held, certificate, below))
}

/** §5.2.4 (a), (b) and "the same private key"; §6.3.3 (c). */
function* sameSeries(one: CrlIndex, other: CrlIndex, signerOf: AskSigner): Asking<boolean> {
  if (!namesEqual(one.crl.issuer, other.crl.issuer)) return false
  // Identical values are asked for, where "the values for each of the fields" may do: DER has one form for them.
  if (!SERIES.every((oid) => sameExtension(one.crl, other.crl, oid))) return false
  const [signer, otherSigner] = [yield* signerOf(one), yield* signerOf(other)]
  return signer !== undefined && otherSigner !== undefined && sameOctets(signer.key.der, otherSigner.key.der)
}

const SERIES = [OID.issuingDistributionPoint, OID.authorityKeyIdentifier]

function sameExtension(left: CertificateList, right: CertificateList, oid: Oid): boolean {
  const [one, other] = [left, right].map(
    ({ crlExtensions }) => crlExtensions.find(({ extnID }) => extnID === oid)?.extnValue,
  )
  return one === undefined || other === undefined ? one === other : sameOctets(one, other)
}
