// RFC 5280 §6.1.4 (k) to (n): may this certificate issue the next one?
import { type Certificate, namesEqual, OID, type Oid } from '@countersign/x509'
import type { Facts, Purpose } from '../model.ts'
import { fewOf } from '../text.ts'
import { isCritical } from './extensions.ts'
import type { Fault } from './fault.ts'

/** Judges a certificate that issues another one of the path, or the one that an anchor came as. Path length is apart. */
export function judgeIssuer(certificate: Certificate, purpose: Purpose, fault: Fault): void {
  // Nothing else of an older version can be right.
  if (certificate.version === 3) {
    judgeBasicConstraints(certificate, fault)
    // §4.2.1.2: "this extension MUST appear in all conforming CA certificates".
    if (certificate.subjectKeyIdentifier === undefined)
      fault('ERR_VERIFY_KEY_IDENTIFIER', 'subjectKeyIdentifier is absent from an issuer')
  }
  // (n)
  if (certificate.keyUsage?.has('keyCertSign') === false)
    fault('ERR_VERIFY_KEY_USAGE', `keyUsage of an issuer is only ${[...certificate.keyUsage].join(', ')}`, {
      found: [...certificate.keyUsage],
      wanted: 'keyCertSign',
    })
  const purposes = certificate.extendedKeyUsage
  if (purposes !== undefined && !purposes.includes(OID[purpose]) && !purposes.includes(OID.anyExtendedKeyUsage))
    fault('ERR_VERIFY_EXTENDED_KEY_USAGE', `extendedKeyUsage of an issuer leaves out ${purpose}`, {
      ...purposesFound(purposes),
      wanted: purpose,
    })
}

/** The first purposes of a certificate by their names. */
export function purposesFound(purposes: readonly Oid[]): Pick<Facts, 'found' | 'others'> {
  return fewOf(purposes.map((oid) => PURPOSE_NAMES.get(oid) ?? oid))
}

const PURPOSE_NAMES: ReadonlyMap<Oid, string> = new Map(
  (
    [
      'serverAuth',
      'clientAuth',
      'codeSigning',
      'emailProtection',
      'timeStamping',
      'OCSPSigning',
      'anyExtendedKeyUsage',
    ] as const
  ).map((name) => [OID[name], name]),
)

/** (k) A version 3 issuer says that it is one; §4.2.1.9: in a critical extension. */
function judgeBasicConstraints(certificate: Certificate, fault: Fault): void {
  const { basicConstraints } = certificate
  if (basicConstraints === undefined) fault('ERR_VERIFY_NOT_A_CA', 'basicConstraints is absent')
  else if (!basicConstraints.cA) fault('ERR_VERIFY_NOT_A_CA', 'cA is false')
  else if (!isCritical(certificate, OID.basicConstraints))
    fault('ERR_VERIFY_NOT_A_CA', 'basicConstraints is not critical')
}

/** §6.1: subject and issuer are the same name. */
export function selfIssued({ subject, issuer }: Certificate): boolean {
  return namesEqual(subject, issuer)
}

/**
 * (l) and (m): takes what the issuers above leave, and returns what this one leaves to those below. A constraint only tightens.
 * Infinity is no limit.
 */
export function stepPathLength(maxPathLength: number, certificate: Certificate, fault: Fault): number {
  let left = maxPathLength
  if (!selfIssued(certificate)) {
    if (left <= 0) fault('ERR_VERIFY_PATH_LENGTH', 'an issuer above allows no further issuer', { limit: 0 })
    left--
  }
  return Math.min(left, certificate.basicConstraints?.pathLenConstraint ?? Number.POSITIVE_INFINITY)
}
