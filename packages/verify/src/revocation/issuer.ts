import type { Certificate, Name, SubjectPublicKeyInfo } from '@countersign/x509'

/** Who issued the certificate that is judged: the next one of the path, or the anchor. */
export interface StatusIssuer {
  readonly name: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly certificate?: Certificate
}
