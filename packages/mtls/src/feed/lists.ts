// The lists that a feed brings: in force and on the disk, as far as an authority under our own anchors signed them.
import type { RevokedSerial } from '@countersign/protocol'
import { readCertificate, readCertificateList } from '@countersign/x509'
import { type Home, withSuccessors } from '../enroll/home.ts'
import { authenticCrls } from '../enroll/judge-answer.ts'
import { replaceFiles } from '../identity/durable.ts'
import { withLock } from '../identity/lock.ts'
import type { DirectoryIdentity } from '../identity/open.ts'
import { crlFiles } from '../identity/write.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { isSameName } from '../trust/list-issuer.ts'
import { successorsOf } from '../trust/successors.ts'
import { newerCrls } from '../trust/trust.ts'

/** Takes lists. @throws {DerError | X509Error} where one is none, and then none is taken. @throws {IdentityError} */
export async function keepLists(
  { paths, anchors, clock }: Home,
  { trust, current }: DirectoryIdentity,
  told: { readonly crls: readonly Uint8Array[]; readonly certificates: readonly Uint8Array[] },
  at: Temporal.Instant,
): Promise<void> {
  const crls = told.crls.map((der) => readCertificateList(der))
  // Ours was issued by one that signs lists; an authority of before there could be several tells no others.
  const others = told.certificates.map((der) => readCertificate(der))
  const certificates = [...trust.issuers, ...current().certificates, ...others]
  const checkSignature = createCheckSignature()
  const known = trust.anchors.flatMap(({ certificate }) => certificate ?? anchors)
  const fresh = newerCrls(authenticCrls({ certificates, crls }, known, checkSignature), trust.crls)
  trust.replaceCrls(fresh, at)
  const lists = trust.crls.map(({ crl }) => crl)
  const successors = successorsOf({ certificates: others, crls: lists }, known, clock(), checkSignature)
  // Those below them are candidates: a peer may not send what leads to a root that it need not know.
  const issuers = others.filter(({ subject, issuer }) => !isSameName(subject, issuer))
  if (others.length > 0) trust.replaceAuthorities({ anchors: [...known, ...successors], issuers })
  await withLock(paths.lock, async () =>
    replaceFiles([...crlFiles(paths, fresh), ...(await withSuccessors(paths, successors))]),
  )
}

/** What a list says need not be announced any more; who restarts reads the list. Serial numbers are random, and so one issuer's. */
export function notYetListed(
  { crls }: DirectoryIdentity['trust'],
  revoked: readonly RevokedSerial[],
): readonly RevokedSerial[] {
  return revoked.filter(({ serialNumber }) => !crls.some(({ entries }) => entries.has(serialNumber)))
}
