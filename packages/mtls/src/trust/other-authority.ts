// An authority that is not the house's own: a company's existing one, a partner's.

import { dirname } from 'node:path'
import { anchorOf, type CrlIndex, indexCrl, type TrustAnchor } from '@countersign/verify'
import type { Certificate, CertificateList } from '@countersign/x509'
import { follow } from '../identity/follow.ts'
import type { Log } from '../model.ts'
import { createCheckSignature } from './check-signature.ts'
import { isNamedBy, isSignedBy } from './list-issuer.ts'
import { newerCrls, scopeOfCrl } from './trust.ts'
import { readAnchors, readCrl, TrustFileError } from './trust-files.ts'
import { vouchingFor } from './vouching.ts'

/** Where an authority's certificate and lists are, and what it may vouch for. */
export interface OtherAuthorityFiles {
  /** What records call it. */
  readonly name: string
  /** PEM: one certificate or more, each an anchor of this authority. */
  readonly file: string
  /** Revocation lists, PEM or DER; each is read again when it changes. */
  readonly crl: readonly string[]
  /** As `vouchingFor` reads them. */
  readonly vouches: readonly string[]
}

/** An authority that is not the house's own, with what is known of its status. */
export interface OtherAuthority {
  readonly name: string
  /** At least one; each is held to what the authority may vouch for. */
  readonly anchors: readonly TrustAnchor[]
  readonly crls: readonly CrlIndex[]
  onChange(listener: () => void): () => void
  close(): void
}

/**
 * Opens an authority from files, all of it or nothing, and follows its lists: what can no longer be read, is of
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
  const readLists = () => Promise.all(crlFiles.map((crlFile) => readList(crlFile, certificates)))
  let crls: readonly CrlIndex[] = (await readLists()).map(indexCrl)
  const listeners = new Set<() => void>()
  const alarm = ({ file: which, code, reason }: TrustFileError) =>
    log('trust.reload-failed', { authority: name, file: which, code, reason })
  // The anchors are those of the start; that they would not be found any more is told before it is too late.
  const lookAtAnchors = async () => {
    try {
      const now = await readAnchors(file)
      if (now.length !== certificates.length || now.some((one) => !certificates.some((own) => isSame(one, own))))
        log('trust.changed', { authority: name, file })
    } catch (error) {
      if (!(error instanceof TrustFileError)) throw error
      alarm(error)
    }
  }
  const following = follow([...new Set([file, ...crlFiles].map(dirname))], async () => {
    await lookAtAnchors()
    try {
      const read = await readLists()
      for (const [i, list] of read.entries())
        if (isOlder(list, crls))
          alarm(new TrustFileError('ERR_TRUST_FILE_MALFORMED', crlFiles[i] ?? '', 'it is older than the list in force'))
      crls = replaced(crls, read)
    } catch (error) {
      if (!(error instanceof TrustFileError)) throw error
      return alarm(error)
    }
    for (const listener of [...listeners]) listener()
  })
  return {
    name,
    anchors: certificates.map((certificate) => ({ ...anchorOf(certificate), nameConstraints })),
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

/** @throws {TrustFileError} also where it names one of `anchors` as its issuer, and none of them signed it. */
async function readList(file: string, anchors: readonly Certificate[]): Promise<CertificateList> {
  const list = await readCrl(file)
  const named = anchors.filter((anchor) => isNamedBy(list, anchor))
  const checkSignature = createCheckSignature()
  const isSigned = named.some((anchor) => isSignedBy(list, anchor, checkSignature))
  // Whether an authority below the anchors may sign it shows when a path is judged.
  if (named.length > 0 && !isSigned)
    throw new TrustFileError('ERR_TRUST_FILE_MALFORMED', file, 'it is signed by another key than its authority has')
  return list
}

/** Each list by its newest: whoever puts an older one back must not undo what was revoked since. */
function replaced(held: readonly CrlIndex[], read: readonly CertificateList[]): readonly CrlIndex[] {
  const fresh = newerCrls(read, held)
  const scopes = new Set(fresh.map(scopeOfCrl))
  return [...held.filter(({ crl }) => !scopes.has(scopeOfCrl(crl))), ...fresh.map(indexCrl)]
}

function isOlder(list: CertificateList, held: readonly CrlIndex[]): boolean {
  const same = held.find(({ crl }) => scopeOfCrl(crl) === scopeOfCrl(list))
  return same !== undefined && newerCrls([same.crl], [indexCrl(list)]).length > 0
}
