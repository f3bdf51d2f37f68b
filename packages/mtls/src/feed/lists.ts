// The lists that a feed brings: in force and on the disk, as far as an authority under our own anchors signed them.
import type { RevokedSerial } from '@countersign/protocol'
import { readCertificate, readCertificateList } from '@countersign/x509'
import type { Home } from '../enroll/home.ts'
import { authenticCrls } from '../enroll/judge-answer.ts'
import { replaceFiles } from '../identity/durable.ts'
import { withLock } from '../identity/lock.ts'
import type { DirectoryIdentity } from '../identity/open.ts'
import { crlFiles } from '../identity/write.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { newerCrls } from '../trust/trust.ts'

/** Takes lists. @throws {DerError | X509Error} where one is none, and then none is taken. @throws {IdentityError} */
export async function keepLists(
  { paths, anchors }: Home,
  { trust, current }: DirectoryIdentity,
  told: { readonly crls: readonly Uint8Array[]; readonly certificates: readonly Uint8Array[] },
  at: Temporal.Instant,
): Promise<void> {
  const crls = told.crls.map((der) => readCertificateList(der))
  // Ours was issued by one that signs lists; an authority of before there could be several tells no others.
  const others = told.certificates.map((der) => readCertificate(der))
  const certificates = [...trust.issuers, ...current().certificates, ...others]
  const fresh = newerCrls(authenticCrls({ certificates, crls }, anchors, createCheckSignature()), trust.crls)
  trust.replaceCrls(fresh, at)
  await withLock(paths.lock, () => replaceFiles(crlFiles(paths, fresh)))
}

/** What a list says need not be announced any more; who restarts reads the list. Serial numbers are random, and so one issuer's. */
export function notYetListed(
  { crls }: DirectoryIdentity['trust'],
  revoked: readonly RevokedSerial[],
): readonly RevokedSerial[] {
  return revoked.filter(({ serialNumber }) => !crls.some(({ entries }) => entries.has(serialNumber)))
}
