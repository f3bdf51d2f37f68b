// Who signs: roots, those below them, and those for SSH; each with what it may sign, and its state.
import { type Kysely, sql } from 'kysely'
import { PROFILE_NAMES, type ProfileName } from '../issuance/profiles.ts'
import { instantOf, octetsOf, oneOf } from './row.ts'
import type { Row, Tables } from './tables.ts'

export const ISSUER_KINDS = ['root', 'intermediate', 'ssh'] as const
export type IssuerKind = (typeof ISSUER_KINDS)[number]

/**
 * What an issuer does: `waiting` for its certificate; `next`, which is known to everybody and signs lists alone; `active`,
 * which signs; `retiring`, which signs lists alone and is believed; `retired`, which signs nothing any more.
 */
export const ISSUER_STATES = ['waiting', 'next', 'active', 'retiring', 'retired'] as const
export type IssuerState = (typeof ISSUER_STATES)[number]

/** Of these everybody is told. */
export const PUBLISHED_STATES: readonly IssuerState[] = ['next', 'active', 'retiring']

export interface NewIssuer {
  readonly name: string
  readonly kind: IssuerKind
  /** By which its certificates know it. Absent while it waits for its own. */
  readonly id?: number | undefined
  readonly state: IssuerState
  /** A file of the authority's folder, or a PKCS #11 URI. Absent where the key is elsewhere. */
  readonly keyPlace?: string | undefined
  readonly spkiSha256: Uint8Array
  /** DER of a SubjectPublicKeyInfo, where no certificate has it. */
  readonly publicKey?: Uint8Array | undefined
  /** What it may sign. */
  readonly profiles: readonly ProfileName[]
  readonly createdAt: Temporal.Instant
}

export type StoredIssuer = NewIssuer

/** A further certificate of an issuer's key. */
export interface CrossCertificate {
  readonly issuer: string
  readonly sha256: Uint8Array
  readonly der: Uint8Array
  readonly notAfter: Temporal.Instant
}

/** What of an issuer can be changed. */
export interface IssuerChange {
  readonly id?: number
  readonly state?: IssuerState
  readonly keyPlace?: string | null
}

export interface IssuerQuery {
  readonly state?: IssuerState | undefined
  readonly limit: number
  /** The last name of the page before, exclusive. */
  readonly after?: string | undefined
}

/** Questions about issuers; writes belong into a transaction. */
export interface IssuerStore {
  /** Rejects when the name or the key is there already. */
  add(issuer: NewIssuer): Promise<void>
  change(name: string, change: IssuerChange): Promise<void>
  /** What it may sign, in place of what it might; `signs` where it is the one that does, and nobody else can be. */
  setProfiles(name: string, profiles: readonly ProfileName[], signs: boolean): Promise<void>
  byName(name: string): Promise<StoredIssuer | undefined>
  byId(id: number): Promise<StoredIssuer | undefined>
  byKey(spkiSha256: Uint8Array): Promise<StoredIssuer | undefined>
  /** All that everybody is told of, by name, at most `limit`; each with the DER of its certificate, where it has one. */
  published(limit: number): Promise<readonly (StoredIssuer & { readonly der?: Uint8Array })[]>
  /** All for SSH, in every state but `waiting`. */
  ofSsh(): Promise<readonly StoredIssuer[]>
  /** A number for a further issuer for SSH. */
  nextSsh(): Promise<number>
  /** The name of the one that signs `profile`. */
  signerOf(profile: ProfileName): Promise<string | undefined>
  /** By name. */
  list(query: IssuerQuery): Promise<{ readonly found: readonly StoredIssuer[]; readonly next?: string }>
  addCross(cross: CrossCertificate): Promise<void>
  /** Of those issuers, that have not ended at `now`. */
  crossesOf(names: readonly string[], now: Temporal.Instant): Promise<readonly CrossCertificate[]>
}

export function createIssuerStore(db: Kysely<Tables>): IssuerStore {
  const issuers = () => db.selectFrom('issuer').selectAll()
  const withProfiles = async (rows: readonly Row<'issuer'>[]): Promise<readonly StoredIssuer[]> => {
    if (rows.length === 0) return []
    const names = rows.map(({ name }) => name)
    const profiles = await db.selectFrom('issuer_profile').selectAll().where('issuer', 'in', names).execute()
    return rows.map((row) =>
      readIssuerRow(
        row,
        profiles.filter(({ issuer }) => issuer === row.name).map(({ profile }) => profile),
      ),
    )
  }
  const one = async (row: Row<'issuer'> | undefined) => (row && (await withProfiles([row])))?.[0]

  return {
    async add(issuer) {
      const { name, kind, id, state, keyPlace, spkiSha256, publicKey, profiles, createdAt } = issuer
      const row = { name, kind, id, state, key_place: keyPlace, spki_sha256: spkiSha256, public_key: publicKey }
      await db
        .insertInto('issuer')
        .values({ ...row, created_at: createdAt.epochMilliseconds })
        .execute()
      await this.setProfiles(name, profiles, state === 'active')
    },
    async change(name, { id, state, keyPlace }) {
      const changed = {
        ...(id !== undefined && { id }),
        ...(state !== undefined && { state }),
        ...(keyPlace !== undefined && { key_place: keyPlace }),
      }
      await db.updateTable('issuer').set(changed).where('name', '=', name).execute()
    },
    async setProfiles(name, profiles, signs) {
      await db.deleteFrom('issuer_profile').where('issuer', '=', name).execute()
      if (profiles.length === 0) return
      const rows = profiles.map((profile) => ({ issuer: name, profile, signs: signs ? 1 : 0 }))
      await db.insertInto('issuer_profile').values(rows).execute()
    },
    byName: async (name) => one(await issuers().where('name', '=', name).executeTakeFirst()),
    byId: async (id) => one(await issuers().where('id', '=', id).executeTakeFirst()),
    byKey: async (key) => one(await issuers().where('spki_sha256', '=', key).executeTakeFirst()),
    async published(limit) {
      const rows = await db
        .selectFrom('issuer')
        .leftJoin('certificate', 'certificate.id', 'issuer.id')
        .selectAll('issuer')
        .select('certificate.der')
        .where('state', 'in', PUBLISHED_STATES)
        .orderBy('state')
        .orderBy('name')
        .limit(limit)
        .execute()
      const ders = new Map(rows.map(({ name, der }) => [name, der]))
      return (await withProfiles(rows)).map((issuer) => {
        const der = ders.get(issuer.name)
        return { ...issuer, ...(der && { der: octetsOf(der) }) }
      })
    },
    // Those of X.509 have rows of certificates, from 1 on.
    ofSsh: async () => withProfiles(await issuers().where('id', '<', 1).orderBy('id', 'desc').execute()),
    async nextSsh() {
      const lowest = await db
        .selectFrom('issuer')
        .select('id')
        .where('id', 'is not', null)
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      return Math.min(lowest?.id ?? 1, 1) - 1
    },
    async signerOf(profile) {
      const query = db.selectFrom('issuer_profile').select('issuer').where('profile', '=', profile)
      // As a number of the statement: the index is of these alone.
      return (await query.where('signs', '=', sql.lit(1)).executeTakeFirst())?.issuer
    },
    async list({ state, limit, after }) {
      let query = issuers()
        .orderBy('name')
        .limit(limit + 1)
      if (state !== undefined) query = query.where('state', '=', state)
      if (after !== undefined) query = query.where('name', '>', after)
      const found = await withProfiles(await query.execute())
      const page = found.slice(0, limit)
      const last = page.at(-1)
      return { found: page, ...(found.length > limit && last && { next: last.name }) }
    },
    async addCross({ issuer, sha256, der, notAfter }) {
      const row = { issuer, sha256, der, not_after: notAfter.epochMilliseconds }
      await db.insertInto('cross_certificate').values(row).execute()
    },
    async crossesOf(names, now) {
      if (names.length === 0) return []
      const query = db.selectFrom('cross_certificate').selectAll().where('issuer', 'in', names)
      const rows = await query.where('not_after', '>', now.epochMilliseconds).execute()
      return rows.map(({ issuer, sha256, der, not_after }) => ({
        issuer,
        sha256: octetsOf(sha256),
        der: octetsOf(der),
        notAfter: instantOf(not_after),
      }))
    },
  }
}

function readIssuerRow(row: Row<'issuer'>, profiles: readonly string[]): StoredIssuer {
  const { name, kind, id, state, key_place, spki_sha256, public_key, created_at } = row
  return {
    name,
    kind: oneOf(kind, ISSUER_KINDS),
    state: oneOf(state, ISSUER_STATES),
    spkiSha256: octetsOf(spki_sha256),
    // In the order of the table of profiles, whatever the store's is.
    profiles: PROFILE_NAMES.filter((profile) => profiles.includes(profile)),
    createdAt: instantOf(created_at),
    ...(id !== null && { id }),
    ...(key_place !== null && { keyPlace: key_place }),
    ...(public_key !== null && { publicKey: octetsOf(public_key) }),
  }
}
