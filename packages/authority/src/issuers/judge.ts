// Whether a certificate that was signed elsewhere makes an issuer of ours: as every door will judge what it signs.
import type { CheckSignature } from '@countersign/verify'
import { anchorOf, PROFILES, verifyParsedPath } from '@countersign/verify'
import { type Certificate, formatName, readCertificate, writeCertificate } from '@countersign/x509'
import { buildCertificate, makeSerial, partyName } from '../issuance/build.ts'
import { signatureOf } from '../issuance/issuer-signature.ts'
import { spiffeIdOf } from '../issuance/names.ts'
import { X509_PROFILES } from '../issuance/profiles.ts'
import { faultOfKey } from '../issuance/public-key.ts'
import { sameOctets } from '../octets.ts'

interface Parts {
  readonly domain: string
  readonly now: Temporal.Instant
  readonly checkSignature: CheckSignature
}

/** What speaks against a certificate of an authority, whoever signed it; undefined where nothing does. */
export function faultOfAuthority(certificate: Certificate, now: Temporal.Instant): string | undefined {
  const { basicConstraints, keyUsage, subjectKeyIdentifier, subjectPublicKeyInfo, validity } = certificate
  if (basicConstraints?.cA !== true) return 'it is not the certificate of an authority (RFC 5280 §4.2.1.9)'
  if (keyUsage === undefined || !keyUsage.has('keyCertSign') || !keyUsage.has('cRLSign'))
    return 'its key usage lacks keyCertSign or cRLSign (RFC 5280 §4.2.1.3)'
  if (subjectKeyIdentifier === undefined) return 'it has no subject key identifier (RFC 5280 §4.2.1.2)'
  const keyFault = faultOfKey(subjectPublicKeyInfo.der, X509_PROFILES.intermediate)
  if (keyFault !== undefined) return keyFault
  return Temporal.Instant.compare(validity.notAfter, now) <= 0 ? `it ended at ${validity.notAfter}` : undefined
}

/** Whether a certificate is signed by `issuer`, octets of the name and signature. */
export function isSignedBy(certificate: Certificate, issuer: Certificate, checkSignature: CheckSignature): boolean {
  const { signatureAlgorithm, tbsDer, signatureValue } = certificate
  return (
    sameOctets(certificate.issuer.der, issuer.subject.der) &&
    checkSignature(signatureAlgorithm, issuer.subjectPublicKeyInfo, tbsDer, signatureValue) === true
  )
}

/**
 * What speaks against believing, by `root`, what `issuer` signs: a leaf is made up that it might have signed, and judged as
 * at a door but for its own signature. Undefined where nothing does.
 */
export function faultOfPath(
  issuer: Certificate,
  others: readonly Certificate[],
  root: Certificate,
  { domain, now, checkSignature }: Parts,
): string | undefined {
  const { subjectPublicKeyInfo: key } = issuer
  // Clocks differ: one that begins in a minute is none that never will.
  const begins = [issuer, root]
    .map(({ validity }) => validity.notBefore)
    .toSorted(Temporal.Instant.compare)
    .at(-1)
  const then = begins !== undefined && Temporal.Instant.compare(begins, now) > 0 ? begins : now
  const tbs = buildCertificate({
    profile: 'client',
    subject: partyName('probe'),
    publicKey: key.der,
    identities: [spiffeIdOf(domain, 'probe')],
    issuer,
    serial: makeSerial(),
    now: then,
  })
  const leaf = readCertificate(writeCertificate(tbs, signatureOf(key), new Uint8Array(8)))
  const verdict = verifyParsedPath(leaf, [issuer, ...others], {
    anchors: [anchorOf(root)],
    issuers: [],
    status: { mode: 'prefer', crls: [] },
    now: then,
    purpose: 'clientAuth',
    profile: PROFILES.meeting,
    checkSignature: (algorithm, spki, signed, signature) =>
      sameOctets(signed, leaf.tbsDer) ? true : checkSignature(algorithm, spki, signed, signature),
  })
  if (verdict.ok) return undefined
  const [finding] = verdict.findings
  return `what it signs would not be believed by ${formatName(root.subject)}: ${finding === undefined ? 'no path' : `${finding.detail} [${finding.code}]`}`
}
