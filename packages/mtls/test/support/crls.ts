// Revocation lists of small authorities for tests.
import { type KeyObject, sign } from 'node:crypto'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  type Certificate,
  type CertificateList,
  type CRLReason,
  cRLNumberExtension,
  readCertificateList,
  revokedCertificate,
  writeCertificateList,
  writeTbsCertList,
} from '@countersign/x509'
import { type Issuer, NOW } from './pki.ts'

export interface CrlOptions {
  readonly number?: bigint
  readonly revoked?: readonly Certificate[]
  readonly reason?: CRLReason
  readonly thisUpdate?: Temporal.Instant
  readonly nextUpdate?: Temporal.Instant
  /** Signed by this key instead of the issuer's. */
  readonly signedBy?: KeyObject
}

/** Makes the full CRL of `issuer`, in force at `NOW` unless told otherwise. */
export function issueCrl(issuer: Issuer, options: CrlOptions = {}): CertificateList {
  const { number = 1n, revoked = [], reason, thisUpdate = NOW.subtract({ hours: 1 }), signedBy } = options
  const { certificate } = issuer
  const keyIdentifier = certificate.subjectKeyIdentifier
  if (keyIdentifier === undefined) throw new RangeError('the issuer has no key identifier')
  const tbs = writeTbsCertList({
    version: 2,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: certificate.subject,
    thisUpdate,
    nextUpdate: options.nextUpdate ?? thisUpdate.add({ hours: 24 }),
    revokedCertificates: revoked.map(({ serialNumber }) =>
      revokedCertificate({
        userCertificate: serialNumber,
        revocationDate: thisUpdate,
        ...(reason && { reasonCode: reason }),
      }),
    ),
    crlExtensions: [authorityKeyIdentifierExtension({ keyIdentifier }), cRLNumberExtension(number)],
  })
  const signature = sign('sha256', tbs, signedBy ?? issuer.privateKey)
  return readCertificateList(writeCertificateList(tbs, ALGORITHM.ecdsaWithSHA256, signature))
}
