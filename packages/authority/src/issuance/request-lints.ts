// What a key of ours asks another authority for, rule by rule: it is asked for nothing else than an issuer's certificate.
import type { CertificationRequest, Name } from '@countersign/x509'
import { sameOctets } from '../octets.ts'
import type { Lint } from './lint-model.ts'

export interface RequestExpectation {
  readonly subject: Name
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array
  readonly keyIdentifier: Uint8Array
  /** RFC 5280 §4.2.1.9. */
  readonly pathLength: number | undefined
}

/** Every rule, each with its clause. */
export const REQUEST_LINTS: readonly Lint<CertificationRequest, RequestExpectation>[] = [
  {
    id: 'request-subject',
    clause: 'RFC 2986 §4.1',
    severity: 'error',
    check: ({ subject }, expected) => (sameOctets(subject.der, expected.subject.der) ? undefined : 'another name'),
  },
  {
    id: 'request-key',
    clause: 'RFC 2986 §4.1',
    severity: 'error',
    check: ({ subjectPublicKeyInfo }, { publicKey }) =>
      sameOctets(subjectPublicKeyInfo.der, publicKey) ? undefined : 'another key',
  },
  {
    id: 'request-authority',
    clause: 'RFC 5280 §4.2.1.9',
    severity: 'error',
    check: ({ requested: { basicConstraints } }, { pathLength }) =>
      basicConstraints?.cA === true && basicConstraints.pathLenConstraint === pathLength
        ? undefined
        : 'not the authority that was meant',
  },
  {
    id: 'request-key-identifier',
    clause: 'RFC 5280 §4.2.1.2',
    severity: 'error',
    check: ({ requested: { subjectKeyIdentifier } }, { keyIdentifier }) =>
      subjectKeyIdentifier !== undefined && sameOctets(subjectKeyIdentifier, keyIdentifier)
        ? undefined
        : 'not the identifier of the key',
  },
]
