// A CRL made ready for many questions.
import { type CertificateList, OID, type Oid, type RevokedCertificate } from '@countersign/x509'

/** A full CRL with its entries by serial number; cost of a question is independent of its size. Made by {@link indexCrl} only. */
export interface CrlIndex {
  readonly crl: CertificateList
  readonly entries: ReadonlyMap<bigint, RevokedCertificate>
  /** A critical extension of any entry that we do not know: the CRL then says nothing of any certificate, RFC 5280 §5.3. */
  readonly unknownCriticalEntryExtension?: Oid
}

/** Entry extensions of RFC 5280 §5.3 that a direct CRL may have. */
const KNOWN_ENTRY_EXTENSIONS: ReadonlySet<Oid> = new Set([OID.reasonCode, OID.invalidityDate])

/** Indexes `crl`. Its signature and scope are judged per question, by the verifier. */
export function indexCrl(crl: CertificateList): CrlIndex {
  const entries = new Map<bigint, RevokedCertificate>()
  let unknown: Oid | undefined
  for (const entry of crl.revokedCertificates) {
    // The first entry wins: a later duplicate cannot soften an earlier revocation.
    if (!entries.has(entry.userCertificate)) entries.set(entry.userCertificate, entry)
    for (const { extnID, critical } of entry.extensions)
      if (critical && !KNOWN_ENTRY_EXTENSIONS.has(extnID)) unknown ??= extnID
  }
  return { crl, entries, ...(unknown !== undefined && { unknownCriticalEntryExtension: unknown }) }
}
