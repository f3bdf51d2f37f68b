// A CRL made ready for many questions.
import { type CertificateList, type Name, OID, type Oid, type RevokedCertificate, rdnKeys } from '@countersign/x509'

/** A CRL with its entries by serial number; cost of a question is independent of its size. Made by {@link indexCrl} only. */
export interface CrlIndex {
  readonly crl: CertificateList
  /** Those for certificates of the CRL's own issuer. */
  readonly entries: ReadonlyMap<bigint, RevokedCertificate>
  /** Of an indirect CRL, by the issuer of the certificates, RFC 5280 §5.3.3. */
  readonly indirect?: ReadonlyMap<string, ReadonlyMap<bigint, RevokedCertificate>>
  /** A critical extension of any entry that we do not understand: the CRL then says nothing of any certificate, RFC 5280 §5.3. */
  readonly unknownCriticalEntryExtension?: Oid
}

/** Entry extensions of RFC 5280 §5.3 that a direct CRL may have. */
const KNOWN_ENTRY_EXTENSIONS: ReadonlySet<Oid> = new Set([OID.reasonCode, OID.invalidityDate])

/** Indexes `crl`. Its signature and scope are judged per question, by the verifier. */
export function indexCrl(crl: CertificateList): CrlIndex {
  const isIndirect = crl.issuingDistributionPoint?.indirectCRL === true
  const own = keyOf(crl.issuer)
  const byIssuer = new Map<string, Map<bigint, RevokedCertificate>>([[own, new Map()]])
  // "If this extension is not present on the first entry in an indirect CRL, the certificate issuer defaults to the CRL issuer.
  // On subsequent entries ... the certificate issuer for the entry is the same as that for the preceding entry."
  let issuer = own
  let unknown: Oid | undefined
  for (const entry of crl.revokedCertificates) {
    if (isIndirect && entry.certificateIssuer !== undefined) {
      const [named, ...more] = entry.certificateIssuer.filter(({ kind }) => kind === 'directoryName')
      // It holds "the distinguished name ... of the certificate issuer": of none, or of several, nobody can tell whose it is.
      if (named?.kind === 'directoryName' && more.length === 0) issuer = keyOf(named.value)
      else unknown ??= OID.certificateIssuer
    }
    const entries = byIssuer.get(issuer) ?? new Map<bigint, RevokedCertificate>()
    byIssuer.set(issuer, entries)
    // Of two, the worse counts: a hold can end, and removeFromCRL is none.
    if (weightOf(entry) > weightOf(entries.get(entry.userCertificate))) entries.set(entry.userCertificate, entry)
    for (const { extnID, critical } of entry.extensions)
      if (critical && !KNOWN_ENTRY_EXTENSIONS.has(extnID) && !(isIndirect && extnID === OID.certificateIssuer))
        unknown ??= extnID
  }
  return {
    crl,
    entries: byIssuer.get(own) ?? new Map(),
    ...(isIndirect && { indirect: byIssuer }),
    ...(unknown !== undefined && { unknownCriticalEntryExtension: unknown }),
  }
}

function weightOf(entry: RevokedCertificate | undefined): number {
  if (entry === undefined) return 0
  if (entry.reasonCode === 'removeFromCRL') return 1
  return entry.reasonCode === 'certificateHold' ? 2 : 3
}

/** What the CRL says of a certificate of `issuer`. */
export function entryOf(
  { entries, indirect }: CrlIndex,
  issuer: Name,
  serialNumber: bigint,
): RevokedCertificate | undefined {
  return (indirect === undefined ? entries : indirect.get(keyOf(issuer)))?.get(serialNumber)
}

function keyOf(name: Name): string {
  return rdnKeys(name).join()
}
