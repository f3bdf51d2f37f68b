// What is taken to another authority: a PKCS #10 request by the key of an issuer of ours. RFC 2986.
import {
  basicConstraintsExtension,
  keyUsageExtension,
  type Name,
  subjectKeyIdentifierExtension,
  writeCertificationRequest,
  writeCertificationRequestInfo,
} from '@countersign/x509'
import { InvariantError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { keyIdentifierOf } from '../issuance/build.ts'
import { lintRequest } from '../issuance/lint.ts'
import { X509_PROFILES } from '../issuance/profiles.ts'
import type { Signer } from '../keys/signer.ts'
import type { IssuerKind } from '../store/issuers.ts'

/** Signs the request of an issuer. It asks for what its certificate must have; who signs it may say more. */
export async function writeIssuerRequest(
  subject: Name,
  kind: IssuerKind,
  signer: Signer,
  failpoint: Failpoint,
): Promise<Uint8Array> {
  const { authority } = X509_PROFILES[kind === 'root' ? 'cross-root' : 'intermediate']
  const pathLength = authority?.pathLength
  const keyIdentifier = keyIdentifierOf(signer.publicKey)
  const info = writeCertificationRequestInfo({
    subject,
    subjectPublicKeyInfo: signer.publicKey,
    extensionRequest: [
      basicConstraintsExtension({ cA: true, ...(pathLength !== undefined && { pathLenConstraint: pathLength }) }),
      keyUsageExtension(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifierExtension(keyIdentifier),
    ],
  })
  const linted = lintRequest(info, { subject, publicKey: signer.publicKey.der, keyIdentifier, pathLength })
  if (!linted.ok) throw new InvariantError(linted.findings.map(({ id, detail }) => `${id}: ${detail}`).join('; '))
  failpoint('request.before-sign')
  const signature = await signer.sign(linted.tbs)
  failpoint('request.after-sign')
  return writeCertificationRequest(linted.tbs, signer.algorithm, signature)
}
