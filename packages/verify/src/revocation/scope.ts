// Whether a CRL can speak of a certificate at all: RFC 5280 §5.2 and §6.3.3 (b), RFC 10007 §4. Its times and its signature are apart.
import { type Certificate, type CertificateList, OID, type Oid } from '@countersign/x509'
import { sameAlgorithm, whyNotSignatureAlgorithm } from '../algorithms/signature.ts'
import { sameOctets } from '../octets.ts'
import type { CrlIndex } from './crl-index.ts'

/** CRL extensions of RFC 5280 §5.2 that we process or may skip. A conforming issuer marks none of them critical. */
const KNOWN_EXTENSIONS: ReadonlySet<Oid> = new Set([
  OID.authorityKeyIdentifier,
  OID.issuerAltName,
  OID.cRLNumber,
  // Where to find newer deltas: to fetch them is the caller's business, and §6.3.3 leaves their use to us.
  OID.freshestCRL,
  OID.authorityInfoAccess,
])
/** Those that a conforming issuer does mark. */
const CRITICAL_EXTENSIONS: ReadonlySet<Oid> = new Set([OID.deltaCRLIndicator, OID.issuingDistributionPoint])

/** Says why a CRL is not used at all; undefined where it may be, if one of its issuer's keys signed it. */
export function whyNotCrl({ crl, unknownCriticalEntryExtension }: CrlIndex): string | undefined {
  for (const { extnID, critical } of crl.crlExtensions) {
    const must = CRITICAL_EXTENSIONS.has(extnID)
    // §5.2.4, §5.2.5: who does not know them must not take a part for the whole.
    if (must && !critical) return `its extension ${extnID} must be critical`
    if (must || !critical) continue
    return KNOWN_EXTENSIONS.has(extnID)
      ? `its extension ${extnID} must not be critical`
      : `its critical extension ${extnID} is not known`
  }
  if (unknownCriticalEntryExtension !== undefined)
    return `the critical extension ${unknownCriticalEntryExtension} of an entry is not understood`
  // §5.2.3: "CRL issuers conforming to this profile MUST include this extension in all CRLs".
  if (crl.cRLNumber === undefined) return 'its crl number is absent'
  const refused = whyNotSignatureAlgorithm(crl.signatureAlgorithm)
  if (refused !== undefined) return refused
  if (!sameAlgorithm(crl.signature, crl.signatureAlgorithm))
    return 'its signature algorithm is another inside of what is signed'
  return undefined
}

/** Says why the key of `issuer` cannot have signed the CRL; a bare anchor has no certificate that could say. */
export function whyNotSigner(crl: CertificateList, issuer: Certificate | undefined): string | undefined {
  if (issuer === undefined) return undefined
  // RFC 10007 §4: "verify that the key usage extension is present and verify that the cRLSign bit is set".
  if (issuer.version === 3 && !issuer.keyUsage?.has('cRLSign')) return 'the key usage of its issuer has no cRLSign'
  const wanted = crl.authorityKeyIdentifier?.keyIdentifier
  if (
    wanted !== undefined &&
    issuer.subjectKeyIdentifier !== undefined &&
    !sameOctets(wanted, issuer.subjectKeyIdentifier)
  )
    return 'another key of its issuer signed it'
  return undefined
}
