// A CRL made ready for many questions.
import type { CertificateList, RevokedCertificate } from '@countersign/x509'

/** A full CRL with its entries by serial number; cost of a question is independent of its size. */
export interface CrlIndex {
  readonly crl: CertificateList
  readonly entries: ReadonlyMap<bigint, RevokedCertificate>
}

/** Indexes `crl`. Its signature and scope are judged per question, by the verifier. */
export function indexCrl(crl: CertificateList): CrlIndex {
  const entries = new Map<bigint, RevokedCertificate>()
  // The first entry wins: a later duplicate cannot soften an earlier revocation.
  for (const entry of crl.revokedCertificates)
    if (!entries.has(entry.userCertificate)) entries.set(entry.userCertificate, entry)
  return { crl, entries }
}
