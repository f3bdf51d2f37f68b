// Which CRLs take the place of others, and which deltas can bring one up to date: RFC 5280 §5.2.3, §5.2.4 and §6.3.3 (a), (c) and (h).
import { type CertificateList, namesEqual, OID, type Oid, type SubjectPublicKeyInfo } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import type { Asking } from '../path/question.ts'
import type { CrlIndex } from './crl-index.ts'

/** Asks for the proved key that signed a CRL; undefined where none is known. */
export type AskSigner = (crl: CrlIndex) => Asking<SubjectPublicKeyInfo | undefined>

/**
 * Finds the complete CRL that each delta builds on, directly or over other deltas: what is combined so far is itself a CRL
 * "that is complete for that scope". A base may have ended (§6.3.3 (a) (1) (i)).
 * @param crls Newest first, none of the future.
 */
export function* findBases(crls: readonly CrlIndex[], signerOf: AskSigner): Asking<ReadonlyMap<CrlIndex, CrlIndex>> {
  const bases = new Map<CrlIndex, CrlIndex>()
  for (const delta of crls.toReversed()) {
    if (delta.crl.deltaCRLIndicator === undefined) continue
    for (const under of crls) {
      const base = under.crl.deltaCRLIndicator === undefined ? under : bases.get(under)
      if (base === undefined || !(yield* supersedes(delta, under, signerOf))) continue
      bases.set(delta, base)
      break
    }
  }
  return bases
}

/**
 * Whether `later` takes the place of `earlier`: of the same issuer and scope, under the same key, with a higher number. A delta does so
 * only for what it builds on.
 */
export function* supersedes(later: CrlIndex, earlier: CrlIndex, signerOf: AskSigner): Asking<boolean> {
  const { deltaCRLIndicator: base, cRLNumber: laterNumber = 0n } = later.crl
  const { cRLNumber: number = 0n } = earlier.crl
  // §5.2.4 (c) and (d)
  if (laterNumber <= number || (base !== undefined && base > number)) return false
  // (a) and (b); identical values are asked for, where "the values for each of the fields" may do: DER has one form for them.
  if (!namesEqual(later.crl.issuer, earlier.crl.issuer)) return false
  if (!sameExtension(later.crl, earlier.crl, OID.issuingDistributionPoint)) return false
  // §6.3.3 (c) (3)
  if (base !== undefined && !sameExtension(later.crl, earlier.crl, OID.authorityKeyIdentifier)) return false
  // §5.2.4: "the same private key"; a complete CRL is held to it too.
  const [one, other] = [yield* signerOf(later), yield* signerOf(earlier)]
  return one !== undefined && other !== undefined && sameOctets(one.der, other.der)
}

function sameExtension(left: CertificateList, right: CertificateList, oid: Oid): boolean {
  const [one, other] = [left, right].map(
    ({ crlExtensions }) => crlExtensions.find(({ extnID }) => extnID === oid)?.extnValue,
  )
  return one === undefined || other === undefined ? one === other : sameOctets(one, other)
}
