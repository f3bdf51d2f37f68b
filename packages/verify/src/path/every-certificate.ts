// RFC 5280 §6.1.3 (a) and §4.1: what every certificate of a path must satisfy, whatever its place.
import { type Certificate, OID } from '@countersign/x509'
import { whyNotKey } from '../algorithms/key.ts'
import { sameAlgorithm, whyNotSignatureAlgorithm } from '../algorithms/signature.ts'
import type { Profile } from '../profile.ts'
import { judgeExtensions } from './extensions.ts'
import type { Fault } from './fault.ts'

/** Judges version, serial number, validity, key and extensions. The signature is not asked for here. @param use Of its key, where that need not sign. */
export function judgeEveryCertificate(
  certificate: Certificate,
  now: Temporal.Instant,
  profile: Profile,
  fault: Fault,
  use?: 'mail',
): void {
  judgeVersion(certificate, fault)
  judgeValidity(certificate, now, fault)
  const weak = whyNotKey(certificate.subjectPublicKeyInfo, use)
  if (weak !== undefined)
    fault('ERR_VERIFY_WEAK_KEY', weak, { found: [certificate.subjectPublicKeyInfo.algorithm.algorithm] })
  judgeExtensions(certificate, profile, fault)
  if (certificate.noRevAvail) judgeNoRevAvail(certificate, fault)
}

/** RFC 9608 §3: what contradicts "no revocation information will be made available" makes the certificate invalid. */
function judgeNoRevAvail(certificate: Certificate, fault: Fault): void {
  const { basicConstraints, cRLDistributionPoints, freshestCRL, authorityInfoAccess } = certificate
  const beside = [
    basicConstraints?.cA === true && 'cA true',
    cRLDistributionPoints !== undefined && 'cRLDistributionPoints',
    freshestCRL !== undefined && 'freshestCRL',
    authorityInfoAccess?.some(({ accessMethod }) => accessMethod === OID.ocsp) && 'the place of an OCSP responder',
  ].filter((each) => typeof each === 'string')
  if (beside.length > 0)
    fault('ERR_VERIFY_NO_REV_AVAIL', `noRevAvail stands beside ${beside.join(', ')}`, { found: beside })
}

/** RFC 5280 §4.1.1.2: the algorithm, inside and outside, of a certificate whose signature counts. False where it must not. */
export function judgeSignatureAlgorithm({ signature, signatureAlgorithm }: Certificate, fault: Fault): boolean {
  const refused = whyNotSignatureAlgorithm(signatureAlgorithm)
  if (refused !== undefined) fault('ERR_VERIFY_ALGORITHM', refused, { found: [signatureAlgorithm.algorithm] })
  // What was not signed must not say how to check.
  const same = sameAlgorithm(signature, signatureAlgorithm)
  if (!same)
    fault('ERR_VERIFY_ALGORITHM_MISMATCH', 'the signature algorithm inside of what is signed is another', {
      found: [signatureAlgorithm.algorithm, signature.algorithm],
    })
  return refused === undefined && same
}

function judgeVersion({ version }: Certificate, fault: Fault): void {
  // §6.1.4 (k): "Conforming implementations may choose to reject all version 1 and version 2 intermediate certificates."
  // A leaf of these versions has no place for the names and purposes that we ask for.
  if (version !== 3)
    fault('ERR_VERIFY_VERSION', `the certificate is of version ${version}`, { count: version, limit: 3 })
}

/** §4.1.2.2: positive, and at most 20 octets of an INTEGER, which are 159 bits and the sign. Nobody asks it of an anchor. */
export function judgeSerialNumber({ serialNumber }: Certificate, fault: Fault): void {
  if (serialNumber <= 0n || serialNumber >> 159n !== 0n)
    fault('ERR_VERIFY_SERIAL', 'the serial number is not positive or has more than 20 octets', {
      found: [serialNumber.toString(16)],
    })
}

/** §4.1.2.5: "from notBefore through notAfter, inclusive", in whole seconds, as both are encoded. */
function judgeValidity({ validity: { notBefore, notAfter } }: Certificate, now: Temporal.Instant, fault: Fault): void {
  const seconds = Math.floor(now.epochMilliseconds / 1000)
  if (seconds < Math.floor(notBefore.epochMilliseconds / 1000))
    fault('ERR_VERIFY_NOT_YET_VALID', `not valid before ${notBefore}, and it is ${now}`, { at: notBefore })
  if (seconds > Math.floor(notAfter.epochMilliseconds / 1000))
    fault('ERR_VERIFY_EXPIRED', `expired at ${notAfter}, and it is ${now}`, { at: notAfter })
}
