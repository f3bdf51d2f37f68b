// A party's directory, written: what the tests of identities begin with.
import { join } from 'node:path'
import { type IdentityPaths, pathsOf } from '../../src/identity/files.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { type IdentityParts, writeIdentity } from '../../src/identity/write.ts'
import type { Credential } from '../../src/model.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createIntermediate, createRoot, type Issuer, issueLeaf } from '../support/pki.ts'

export const root: Issuer = createRoot('root')
export const issuing: Issuer = createIntermediate(root, 'issuing')
export const alice: Credential = issueLeaf(issuing, 'alice')
/** Her next certificate, for another key. */
export const renewed: Credential = issueLeaf(issuing, 'alice')

export function partsOf({ privateKey, certificates }: Credential): IdentityParts {
  return {
    privateKey,
    certificates: [certificates[0], issuing.certificate, root.certificate],
    anchors: [root.certificate],
    crls: [issueCrl(root), issueCrl(issuing)],
    authority: { address: '127.0.0.1:8443', name: 'authority.localhost' },
  }
}

/** A written identity of alice. */
export interface Written extends AsyncDisposable {
  readonly path: string
  readonly paths: IdentityPaths
}

/** Writes one into a directory that goes with the test. */
export async function written(): Promise<Written> {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'alice')
  await writeIdentity(path, partsOf(alice))
  return { path, paths: pathsOf(path), [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

export function leafOf(identity: { current(): Credential }): Uint8Array {
  return identity.current().certificates[0].der
}

/** The leaf that a directory opens with. */
export async function opened(directory: string): Promise<Uint8Array> {
  const identity = await openIdentity(directory, { renew: false })
  identity.close()
  return leafOf(identity)
}
