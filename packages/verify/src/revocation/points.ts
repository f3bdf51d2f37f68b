// Which distribution points a CRL answers, and for which reasons: RFC 5280 §6.3.3 (b) and (d).
import {
  type Certificate,
  type CertificateList,
  type DistributionPoint,
  type DistributionPointName,
  type GeneralName,
  type IssuingDistributionPoint,
  type Name,
  namesEqual,
  type ReasonFlag,
  readName,
  writeGeneralName,
  writeName,
} from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/** §6.3.2 (a): "the possible revocation reason values minus unspecified". */
export const ALL_REASONS: ReadonlySet<ReasonFlag> = new Set([
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
])

/**
 * The reasons for which a CRL speaks of a certificate, over all of its distribution points and the one that every
 * certificate has; or why it speaks for none. Undefined where it is another issuer's, and nothing points to it.
 */
export function reasonsCovered(
  certificate: Certificate,
  { issuer: crlIssuer, issuingDistributionPoint: idp }: CertificateList,
): ReadonlySet<ReasonFlag> | string | undefined {
  const { issuer } = certificate
  const isOwn = namesEqual(crlIssuer, issuer)
  // (b) (1): "verify that the issuer field in the complete CRL matches cRLIssuer in the DP and that the complete CRL contains an
  // issuing distribution point extension with the indirectCRL boolean asserted"
  const delegated = (certificate.cRLDistributionPoints ?? []).filter(
    ({ cRLIssuer }) =>
      idp?.indirectCRL === true &&
      cRLIssuer?.some((name) => name.kind === 'directoryName' && namesEqual(name.value, crlIssuer)),
  )
  if (!isOwn && delegated.length === 0) return undefined
  const why = idp && whyNotScope(certificate, idp)
  if (why !== undefined) return why
  // "assume a DP with both the reasons and the cRLIssuer fields omitted and a distribution point name of the certificate issuer"
  const implied: DistributionPoint = {
    distributionPoint: {
      kind: 'fullName',
      value: [{ kind: 'directoryName', value: issuer }, ...(certificate.issuerAltName ?? [])],
    },
  }
  const points = (certificate.cRLDistributionPoints ?? []).filter(({ cRLIssuer }) => cRLIssuer === undefined)
  const answered = [...(isOwn ? [...points, implied] : []), ...delegated].filter((point) =>
    answers(idp, point, crlIssuer),
  )
  if (answered.length === 0) return 'it is of another distribution point than the certificate names'
  const covered = answered.flatMap(({ reasons }) => [...(reasons ?? ALL_REASONS)])
  return new Set(covered).intersection(idp?.onlySomeReasons ?? ALL_REASONS).intersection(ALL_REASONS)
}

/** How many names one question about a certificate's status has to look at, at most, for each CRL: what its issuer let it carry. */
export function namesOfPoints({ cRLDistributionPoints = [], issuerAltName = [] }: Certificate): number {
  return cRLDistributionPoints.reduce(
    (sum, { distributionPoint, cRLIssuer = [] }) =>
      sum + (distributionPoint?.kind === 'fullName' ? distributionPoint.value.length : 1) + cRLIssuer.length,
    issuerAltName.length,
  )
}

/** (b) (2) (ii) to (iv) */
function whyNotScope({ basicConstraints }: Certificate, idp: IssuingDistributionPoint): string | undefined {
  const isAuthority = basicConstraints?.cA === true
  if (idp.onlyContainsAttributeCerts) return 'it is for attribute certificates'
  if (idp.onlyContainsUserCerts && isAuthority) return 'it is for parties, and the certificate is of an authority'
  if (idp.onlyContainsCACerts && !isAuthority) return 'it is for authorities, and the certificate is of a party'
  return undefined
}

/** (b) (2) (i) */
function answers(
  idp: IssuingDistributionPoint | undefined,
  { distributionPoint, cRLIssuer = [] }: DistributionPoint,
  issuer: Name,
): boolean {
  if (idp?.distributionPoint === undefined) return true
  // Where it "is omitted from the DP, then verify that one of the names in the IDP matches one of the names in the cRLIssuer".
  const point: DistributionPointName = distributionPoint ?? { kind: 'fullName', value: cRLIssuer }
  const theirs = namesOf(idp.distributionPoint, issuer)
  return namesOf(point, issuer).some((name) => theirs.some((other) => sameGeneralName(name, other)))
}

function namesOf(point: DistributionPointName, issuer: Name): readonly GeneralName[] {
  return point.kind === 'fullName'
    ? point.value
    : [{ kind: 'directoryName', value: readName(writeName([...issuer.rdnSequence, point.value])) }]
}

function sameGeneralName(left: GeneralName, right: GeneralName): boolean {
  if (left.kind === 'directoryName' && right.kind === 'directoryName') return namesEqual(left.value, right.value)
  return sameOctets(writeGeneralName(left), writeGeneralName(right))
}
