// An authority that is not the house's own: a company's existing one, a partner's.

import { dirname } from 'node:path'
import { anchorOf, type CrlIndex, indexCrl, type TrustAnchor } from '@countersign/verify'
import { follow } from '../identity/follow.ts'
import type { Log } from '../model.ts'
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
 * Opens an authority from files, all of it or nothing, and follows its lists: what can no longer be read leaves the old
 * list in force until its own end, and `trust.reload-failed` says so.
 * @throws {TrustFileError} when a file is missing, empty, unreadable or malformed.
 * @throws {RangeError} when a word of `vouches` is none.
 */
export async function openOtherAuthority(files: OtherAuthorityFiles, log: Log): Promise<OtherAuthority> {
  const { name, file, crl: crlFiles, vouches } = files
  const nameConstraints = vouchingFor(vouches)
  const certificates = await readAnchors(file)
  const readLists = async () => (await Promise.all(crlFiles.map(readCrl))).map(indexCrl)
  let crls = await readLists()
  const listeners = new Set<() => void>()
  const following = follow([...new Set(crlFiles.map(dirname))], async () => {
    try {
      crls = await readLists()
    } catch (error) {
      if (!(error instanceof TrustFileError)) throw error
      log('trust.reload-failed', { authority: name, file: error.file, code: error.code, reason: error.reason })
      return
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
