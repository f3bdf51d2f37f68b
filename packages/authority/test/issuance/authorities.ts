// The two authorities that the tests of lints build, unsigned: a lint comes before the signature.
import {
  ALGORITHM,
  type Certificate,
  readCertificate,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  writeCertificate,
} from '@countersign/x509'
import { authorityName, buildCertificate, makeSerial } from '../../src/issuance/build.ts'
import { START } from '../support/core.ts'
import { newKey } from '../support/keys.ts'

/** Stands where the signature will. */
export const signature: Uint8Array = new Uint8Array(8)

export function certificateOf(tbs: Uint8Array): Certificate {
  return readCertificate(writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, signature))
}

export const rootKey: SubjectPublicKeyInfo = readSubjectPublicKeyInfo(newKey().spki)
export const issuingKey: SubjectPublicKeyInfo = readSubjectPublicKeyInfo(newKey().spki)
export const root: Certificate = certificateOf(
  buildCertificate({
    profile: 'root',
    subject: authorityName('Acme', 'Root 1'),
    publicKey: rootKey.der,
    identities: [],
    serial: makeSerial(),
    now: START,
  }),
)
export const issuing: Certificate = certificateOf(
  buildCertificate({
    profile: 'intermediate',
    subject: authorityName('Acme', 'Issuing 1'),
    publicKey: issuingKey.der,
    identities: [],
    issuer: root,
    serial: makeSerial(),
    now: START,
  }),
)
