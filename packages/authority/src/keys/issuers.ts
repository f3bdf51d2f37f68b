// Who signs here: what everybody is told of them, and their keys, each opened when it is first needed.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import { type Certificate, readCertificate } from '@countersign/x509'
import { AuthorityError } from '../error.ts'
import type { ProfileName } from '../issuance/profiles.ts'
import { sameOctets, sha256 } from '../octets.ts'
import type { StoredIssuer } from '../store/issuers.ts'
import type { Store } from '../store/store.ts'
import type { Custody } from './custody.ts'
import { ISSUING_ROW, readKeyFile } from './hierarchy.ts'
import { openTokenSigner, type TokenSigner } from './pkcs11/token-signer.ts'
import { keySigner, type Signer } from './signer.ts'

/** More are not told to everybody at one time: each has a list that every door holds. */
export const MAX_PUBLISHED = 48

/** An issuer of X.509 that everybody is told of. */
export interface PublishedIssuer extends StoredIssuer {
  readonly id: number
  readonly certificate: Certificate
  /** Of the same key, by other roots. */
  readonly crosses: readonly Certificate[]
}

/** What everybody is told. One value, until something changes. */
export interface Published {
  /** Those below a root first. */
  readonly issuers: readonly PublishedIssuer[]
  /** The one that signs first. */
  readonly roots: readonly Certificate[]
  /** All that are no roots of their own: they lead to one. */
  readonly intermediates: readonly Certificate[]
  /** Those for SSH. */
  readonly ssh: readonly StoredIssuer[]
}

/** An issuer that signs now. */
export interface Signing {
  readonly id: number
  readonly signer: Signer
}

/** One that signs certificates of X.509. */
export interface X509Signing extends Signing {
  readonly certificate: Certificate
  /** Its own certificate, and those that lead from it to every root, and these. */
  readonly chain: readonly [Certificate, Certificate, ...Certificate[]]
}

/** The issuers of an authority. */
export interface Issuers {
  published(): Published
  /** Reads them anew: something has changed, here or elsewhere. Listeners are told. */
  refresh(): Promise<void>
  onChange(listener: () => void): void
  /** Who signs `profile` now. */
  signing(profile: ProfileName): Promise<X509Signing | Refusal>
  signingSsh(profile: ProfileName): Promise<Signing | Refusal>
  /** Whether the key is in this machine's folder, or on a token. */
  hasKey(issuer: StoredIssuer): boolean
  /** Opens its key. @throws {AuthorityError} (rejects) where it is not here, or is another one. */
  signerOf(issuer: StoredIssuer): Promise<Signer>
  /** The certificates that lead from `certificate`, of an issuer of ours, to every root, and these. */
  above(certificate: Certificate): X509Signing['chain']
}

interface Parts {
  readonly store: Store
  /** Of the authority, with its keys. */
  readonly folder: string
  readonly custody: Custody
  readonly clock: Clock
}

const TOKEN = 'pkcs11:'

/** Reads them; those that sign must be able to. @throws {AuthorityError} (rejects) */
export async function openIssuers(parts: Parts, opened: AsyncDisposableStack): Promise<Issuers> {
  const { store, folder, custody, clock } = parts
  const signers = new Map<string, Promise<Signer>>()
  const parsed = new Map<string, Certificate>()
  const listeners = new Set<() => void>()
  let known = await readPublished(store, clock(), parsed)

  const open = async (issuer: StoredIssuer): Promise<Signer> => {
    const { keyPlace: place, spkiSha256 } = issuer
    if (issuer.id === ISSUING_ROW && custody.token !== undefined) return custody.token
    if (place === undefined) throw elsewhere(folder, issuer)
    const path = join(folder, place)
    if (!place.startsWith(TOKEN) && !existsSync(path)) throw elsewhere(path, issuer)
    const signer = place.startsWith(TOKEN)
      ? await openToken(place, opened)
      : keySigner(readKeyFile(path, custody.passphrase))
    if (!sameOctets(sha256(signer.publicKey.der), spkiSha256))
      throw new AuthorityError('ERR_AUTHORITY_FILE_MISMATCH', place, `this is not the key of the issuer ${issuer.name}`)
    return signer
  }
  const signerOf = (issuer: StoredIssuer): Promise<Signer> => {
    const kept = signers.get(issuer.name)
    if (kept !== undefined) return kept
    const signer = open(issuer)
    // A root's key is used a few times in years: it is in no memory between. What failed is tried again.
    if (issuer.kind !== 'root') {
      signers.set(issuer.name, signer)
      signer.catch(() => signers.delete(issuer.name))
    }
    return signer
  }
  const orRefusal = async <Given>(open: () => Promise<Given>): Promise<Given | Refusal> => {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof AuthorityError && error.code === 'ERR_AUTHORITY_ISSUER_KEY')) throw error
      return { code: 'ERR_AUTHORITY_NO_ISSUER', note: `${error.path}: ${error.message}` }
    }
  }
  const signs = (profile: ProfileName) => (issuer: StoredIssuer) =>
    issuer.state === 'active' && issuer.profiles.includes(profile)

  const issuers: Issuers = {
    published: () => known,
    async refresh() {
      known = await readPublished(store, clock(), parsed)
      for (const listener of [...listeners]) listener()
    },
    onChange: (listener) => void listeners.add(listener),
    signerOf,
    above: (certificate) => [certificate, ...above(known, certificate)],
    async signing(profile) {
      const issuer = known.issuers.find(signs(profile))
      if (issuer === undefined) return { code: 'ERR_AUTHORITY_NO_ISSUER', note: `no issuer signs ${profile}` }
      const { id, certificate } = issuer
      if (Temporal.Instant.compare(certificate.validity.notAfter, clock()) <= 0)
        return { code: 'ERR_AUTHORITY_NO_ISSUER', note: `the certificate of ${issuer.name} has ended` }
      return orRefusal(async () => ({
        id,
        certificate,
        signer: await signerOf(issuer),
        chain: issuers.above(certificate),
      }))
    },
    async signingSsh(profile) {
      const issuer = known.ssh.find(signs(profile))
      if (issuer?.id === undefined) return { code: 'ERR_AUTHORITY_NO_ISSUER', note: `no issuer signs ${profile}` }
      const { id } = issuer
      return orRefusal(async () => ({ id, signer: await signerOf(issuer) }))
    },
    hasKey: ({ id, keyPlace: place }) =>
      (id === ISSUING_ROW && custody.token !== undefined) ||
      (place !== undefined && (place.startsWith(TOKEN) || existsSync(join(folder, place)))),
  }
  // Fail closed: a start tells what is wrong with the keys that sign, and not the first who asks.
  for (const issuer of known.issuers)
    if (issuer.state === 'active' && issuer.kind === 'intermediate') {
      const { notAfter } = issuer.certificate.validity
      if (Temporal.Instant.compare(notAfter, clock()) <= 0)
        throw new AuthorityError(
          'ERR_AUTHORITY_ISSUER_EXPIRED',
          issuer.name,
          `the issuing certificate ended at ${notAfter}`,
        )
      await signerOf(issuer)
    }
  return issuers
}

async function openToken(uri: string, opened: AsyncDisposableStack): Promise<TokenSigner> {
  const token = await openTokenSigner(uri)
  opened.defer(() => token.close())
  return token
}

function elsewhere(path: string, { name }: StoredIssuer): AuthorityError {
  return new AuthorityError('ERR_AUTHORITY_ISSUER_KEY', path, `the key of the issuer ${name} is not here`)
}

/** All within one question each; certificates are parsed once. */
async function readPublished(
  { issuers }: Store,
  now: Temporal.Instant,
  parsed: Map<string, Certificate>,
): Promise<Published> {
  const read = (der: Uint8Array): Certificate => {
    const key = der.toHex()
    const certificate = parsed.get(key) ?? readCertificate(der)
    parsed.set(key, certificate)
    return certificate
  }
  const rows = await issuers.published(MAX_PUBLISHED)
  const crosses = await issuers.crossesOf(
    rows.map(({ name }) => name),
    now,
  )
  const published = rows.flatMap(({ der, ...row }): readonly PublishedIssuer[] => {
    const { id } = row
    if (id === undefined || der === undefined) return []
    const own = crosses.filter(({ issuer }) => issuer === row.name).map((cross) => read(cross.der))
    return [{ ...row, id, certificate: read(der), crosses: own }]
  })
  const order = ({ kind, state }: StoredIssuer) => (kind === 'root' ? 2 : 0) + (state === 'active' ? 0 : 1)
  const sorted = published.toSorted((one, other) => order(one) - order(other) || one.id - other.id)
  return {
    issuers: sorted,
    roots: sorted.filter(({ kind }) => kind === 'root').map(({ certificate }) => certificate),
    intermediates: sorted.flatMap(({ kind, certificate, crosses: own }) =>
      kind === 'root' ? own : [certificate, ...own],
    ),
    ssh: rows.filter(({ kind }) => kind === 'ssh'),
  }
}

/** What leads from a certificate of ours to each root: its own further ones, those of the roots, and the roots. */
function above({ issuers, roots }: Published, certificate: Certificate): [Certificate, ...Certificate[]] {
  const own = issuers.find((issuer) => issuer.certificate === certificate)?.crosses ?? []
  const others = issuers.flatMap(({ kind, crosses }) => (kind === 'root' ? crosses : []))
  const [first, ...more] = [...own, ...others, ...roots]
  if (first === undefined) throw new AuthorityError('ERR_AUTHORITY_FILE_MISSING', 'root', 'there is no root any more')
  return [first, ...more]
}
