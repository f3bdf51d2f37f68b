// An authority that is not the house's own: a company's existing one, a partner's.

import { dirname } from 'node:path'
import { anchorOf, type CrlIndex, indexCrl, type TrustAnchor } from '@countersign/verify'
import { type Certificate, type CertificateList, formatName } from '@countersign/x509'
import { follow } from '../identity/follow.ts'
import type { Log } from '../model.ts'
import { createCheckSignature } from './check-signature.ts'
import { isNamedBy, isSameName, isSignedBy } from './list-issuer.ts'
import { newerCrls, scopeOfCrl } from './trust.ts'
import { readAnchors, readCrl, TrustFileError } from './trust-files.ts'
import { vouchingFor } from './vouching.ts'

/** Where an authority's certificate and lists are, and what it may vouch for. */
export interface OtherAuthorityFiles {
  /** What records call it. */
  readonly name: string
  /** PEM: one certificate or more. Each is an anchor of this authority, but for those that another of them has signed. */
  readonly file: string
  /** Revocation lists, PEM or DER, each signed by a certificate of `file`; each is read again when it changes. */
  readonly crl: readonly string[]
  /** As `vouchingFor` reads them. */
  readonly vouches: readonly string[]
}

/** An authority that is not the house's own, with what is known of its status. */
export interface OtherAuthority {
  readonly name: string
  /** At least one; each is held to what the authority may vouch for. */
  readonly anchors: readonly TrustAnchor[]
  /** The authorities below them that its file names; only candidates for a path. */
  readonly issuers: readonly Certificate[]
  readonly crls: readonly CrlIndex[]
  onChange(listener: () => void): () => void
  close(): void
}

/**
 * Opens an authority from files, all of it or nothing, and follows its lists: one that can no longer be read, is of
 * another key, or older leaves the list before it in force until its own end, and `trust.reload-failed` says so. Its
 * certificates are read at the start alone: the same alarm says that they can no longer be read, `trust.changed` that they
 * are others, for which the house must be started anew.
 * @throws {TrustFileError} when a file is missing, empty, unreadable or malformed.
 * @throws {RangeError} when a word of `vouches` is none.
 */
export async function openOtherAuthority(files: OtherAuthorityFiles, log: Log): Promise<OtherAuthority> {
  const { name, file, crl: crlFiles, vouches } = files
  const nameConstraints = vouchingFor(vouches)
  const certificates = await readAnchors(file)
  const { anchors, issuers } = sorted(certificates)
  let crls: readonly CrlIndex[] = (
    await Promise.all(crlFiles.map((crlFile) => readList(crlFile, files, certificates)))
  ).map(indexCrl)
  const listeners = new Set<() => void>()
  const alarm = ({ file: which, code, reason }: TrustFileError) =>
    log('trust.reload-failed', { authority: name, file: which, code, reason })
  /** What `read` answers; where a file cannot be used, the alarm, and undefined. */
  const orAlarm = async <Value>(read: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof TrustFileError)) throw error
      alarm(error)
      return undefined
    }
  }
  // The anchors are those of the start; that they would not be found any more is told before it is too late.
  const lookAtAnchors = async () => {
    const now = await orAlarm(() => readAnchors(file))
    if (now && (now.length !== certificates.length || now.some((one) => !certificates.some((own) => isSame(one, own)))))
      log('trust.changed', { authority: name, file })
  }
  // Each for itself: one file that cannot be used holds back none of the others.
  const takeList = async (crlFile: string) => {
    const list = await orAlarm(() => readList(crlFile, files, certificates))
    if (list === undefined) return
    const [newer] = newerCrls([list], crls)
    const scope = scopeOfCrl(list)
    // Whoever puts an older one back must not undo what was revoked since.
    if (newer) crls = [...crls.filter(({ crl }) => scopeOfCrl(crl) !== scope), indexCrl(newer)]
    else if (!crls.some(({ crl }) => Buffer.compare(crl.tbsDer, list.tbsDer) === 0))
      alarm(new TrustFileError('ERR_TRUST_FILE_MALFORMED', crlFile, 'it is older than the list in force'))
  }
  const following = follow([...new Set([file, ...crlFiles].map(dirname))], async () => {
    await lookAtAnchors()
    for (const crlFile of crlFiles) await takeList(crlFile)
    for (const listener of [...listeners]) listener()
  })
  return {
    name,
    anchors: anchors.map((certificate) => ({ ...anchorOf(certificate), nameConstraints })),
    issuers,
    get crls() {
      return crls
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: following.close,
  }
}

function isSame(one: Certificate, other: Certificate): boolean {
  return Buffer.compare(one.der, other.der) === 0
}

/** An authority below an anchor is none itself: what is above it may have revoked it. Whoever signed itself is one. */
export function sorted(certificates: readonly Certificate[]): {
  readonly anchors: readonly Certificate[]
  readonly issuers: readonly Certificate[]
} {
  const checkSignature = createCheckSignature()
  const isBelow = (certificate: Certificate) =>
    !isSameName(certificate.issuer, certificate.subject) &&
    certificates.some(
      ({ subject, subjectPublicKeyInfo }) =>
        isSameName(certificate.issuer, subject) &&
        checkSignature(
          certificate.signatureAlgorithm,
          subjectPublicKeyInfo,
          certificate.tbsDer,
          certificate.signatureValue,
        ) === true,
    )
  const issuers = certificates.filter(isBelow)
  const anchors = certificates.filter((certificate) => !issuers.includes(certificate))
  return { anchors, issuers }
}

/** @throws {TrustFileError} */
async function readList(
  file: string,
  { file: certificatesFile }: OtherAuthorityFiles,
  certificates: readonly Certificate[],
): Promise<CertificateList> {
  const list = await readCrl(file)
  checkListIssuer(list, certificates, { file, certificatesFile })
  return list
}

/** @throws {TrustFileError} where no certificate of the authority signed a list: whose word it is, nobody could tell. */
export function checkListIssuer(
  list: CertificateList,
  certificates: readonly Certificate[],
  { file, certificatesFile }: { readonly file: string; readonly certificatesFile: string },
): void {
  const named = certificates.filter((certificate) => isNamedBy(list, certificate))
  if (named.length === 0)
    throw new TrustFileError(
      'ERR_TRUST_FILE_MALFORMED',
      file,
      `its issuer, ${formatName(list.issuer)}, is not in ${certificatesFile}: add that certificate there`,
    )
  const checkSignature = createCheckSignature()
  if (!named.some((certificate) => isSignedBy(list, certificate, checkSignature)))
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, 'it is signed by another key than its authority has')
}
