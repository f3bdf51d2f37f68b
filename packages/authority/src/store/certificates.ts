// Every certificate that was signed, and whether it still counts.
import { expiringAt } from '@countersign/mtls'
import type { Identity } from '@countersign/protocol'
import type { Kysely } from 'kysely'
import { InvariantError } from '../error.ts'
import type { ProfileName } from '../issuance/profiles.ts'
import { PROFILE_NAMES } from '../issuance/profiles.ts'
import { readNames, readTexts } from './names.ts'
import { instantOf, octetsOf, oneOf } from './row.ts'
import { type ListQuery, type Page, searchCertificates } from './search.ts'
import type { NewRow, Row, Tables } from './tables.ts'

/** What may stand in the column `profile`: the profile, and `issuing` for the one intermediate that issues here. */
const STORED_PROFILES = [...PROFILE_NAMES, 'issuing'] as const
export type StoredProfile = ProfileName | 'issuing'

/** How the holder of a key was proved when its certificate was issued. */
const PROOF_METHODS = ['token', 'certificate', 'administrator', 'local', 'self'] as const
export type ProofMethod = (typeof PROOF_METHODS)[number]

/** Why a certificate of ours can be revoked, RFC 5280 §5.3.1; holds and what is for authorities are not among them. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const
export type RevocationReason = (typeof REVOCATION_REASONS)[number]

/** Which side of a meeting a certificate was shown by. */
export const SEEN_AS = ['caller', 'callee'] as const
export type SeenAs = (typeof SEEN_AS)[number]

export interface NewCertificate {
  readonly issuer: number
  /** Hexadecimal. */
  readonly serial: string
  readonly sha256: Uint8Array
  readonly spkiSha256: Uint8Array
  readonly party: string
  readonly profile: StoredProfile
  readonly names: readonly Identity[]
  readonly der: Uint8Array
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
  readonly issuedAt: Temporal.Instant
  readonly method: ProofMethod
  /** What shows the proof, as in `token 3f…` or `certificate 9a…`. */
  readonly evidence: string
  /** What was asked for and not granted, in words. */
  readonly denied: readonly string[]
  /** The row of the ledger's entry that says so; absent for what was issued before there was a ledger. */
  readonly entry?: number
}

export interface StoredCertificate extends NewCertificate {
  readonly id: number
  readonly revocation?: {
    readonly at: Temporal.Instant
    readonly reason: RevocationReason
    readonly sequence: number
    /** As of the certificate. */
    readonly entry?: number
  }
  /** In a meeting at a door, accepted or not. */
  readonly lastSeen?: { readonly at: Temporal.Instant; readonly door: string; readonly as: SeenAs }
  /** The row of the certificate that its holder renewed it for. */
  readonly succeededBy?: number
  /** It should have been renewed by now. */
  readonly isOverdue?: true
}

/** What a revocation list says of one certificate. */
export interface RevokedEntry {
  readonly serial: string
  readonly notAfter: Temporal.Instant
  readonly revokedAt: Temporal.Instant
  readonly reason: RevocationReason
  readonly sequence: number
}

/** One certificate that an event revoked. */
export interface RevokedCertificate {
  readonly issuer: number
  readonly serial: string
  readonly party: string
  readonly at: Temporal.Instant
  readonly reason: RevocationReason
}

/** Questions about certificates; writes belong into a transaction. */
export interface CertificateStore {
  /** Answers the row's id. Rejects when issuer and serial, or the octets, are there already. */
  add(certificate: NewCertificate): Promise<number>
  /** Adds a certificate of the authority itself under the row that it is known by. */
  addAuthority(id: number, certificate: NewCertificate): Promise<void>
  /** Adds a further root, which is its own issuer. */
  addRoot(certificate: NewCertificate): Promise<number>
  byId(id: number): Promise<StoredCertificate | undefined>
  bySha256(sha256: Uint8Array): Promise<StoredCertificate | undefined>
  bySerial(serial: string): Promise<readonly StoredCertificate[]>
  /** All of the party's, oldest first, at most `limit`. */
  byParty(party: string, limit: number): Promise<readonly StoredCertificate[]>
  /** The party's that are neither revoked nor expired. */
  currentOfParty(party: string, now: Temporal.Instant): Promise<readonly StoredCertificate[]>
  /** Those in force that prove this address, of a profile: neither revoked nor expired, and nothing has taken their place. The newest first. */
  currentOfAddress(
    address: string,
    profile: ProfileName,
    now: Temporal.Instant,
    limit: number,
  ): Promise<readonly StoredCertificate[]>
  /** How many of the party's newest `limit` certificates are renewals after `since`. */
  renewedOf(party: string, since: Temporal.Instant, limit: number): Promise<number>
  /** The party's certificate `sha256` was renewed: what took its place has the row `id`. */
  succeed(sha256: Uint8Array, party: string, id: number): Promise<void>
  /** Whether `spkiSha256` is the key of another party, or of a revoked certificate. */
  keyTaken(spkiSha256: Uint8Array, party: string): Promise<boolean>
  /**
   * Makes the key the party's, for good, whoever asks for it at the same time, and says until when it is used at least.
   * False where it is taken.
   */
  takeKey(spkiSha256: Uint8Array, party: string, now: Temporal.Instant, endsAt: Temporal.Instant): Promise<boolean>
  revoke(
    certificate: StoredCertificate,
    at: Temporal.Instant,
    reason: RevocationReason,
    sequence: number,
    entry?: number,
  ): Promise<void>
  /** The revoked certificates of `issuer` that a revocation list must name: not expired before `since`, or told after `covered`. */
  revokedOf(issuer: number, since: Temporal.Instant, covered: number): Promise<readonly RevokedEntry[]>
  /** What the event `sequence` revoked. */
  revokedBy(sequence: number): Promise<readonly RevokedCertificate[]>
  /** What events after `covered` revoked of `issuer`. */
  revokedAfter(issuer: number, covered: number): Promise<readonly RevokedCertificate[]>
  /** Whether there is any. */
  isRevokedAfter(issuer: number, covered: number): Promise<boolean>
  /** The end of the last of the certificates of `issuer`, its own apart, and whether revoked or not. */
  lastEndOf(issuer: number): Promise<Temporal.Instant | undefined>
  /** Whether a certificate of `issuer`, its own apart, is neither revoked nor over at `now`. */
  hasCurrentOf(issuer: number, now: Temporal.Instant): Promise<boolean>
  list(query: ListQuery): Promise<Page<StoredCertificate>>
}

const MAX_SAME_SERIAL = 10

/** Asked for anew when a person needs it: that one ends is nothing to tell. */
export const NEVER_RENEWED = 'ssh-user'

export function createCertificateStore(db: Kysely<Tables>): CertificateStore {
  const certificates = () => db.selectFrom('certificate').selectAll()
  const one = (row: Row<'certificate'> | undefined) => (row === undefined ? undefined : readCertificateRow(row))
  const all = (rows: readonly Row<'certificate'>[]) => rows.map(readCertificateRow)

  const revokedRows = () =>
    db
      .selectFrom('certificate')
      .select(['issuer', 'serial', 'party', 'revoked_at', 'reason', 'revoked_by'])
      .where('revoked_at', 'is not', null)
  const revokedAfter = (issuer: number, covered: number) =>
    revokedRows().where('issuer', '=', issuer).where('revoked_by', '>', covered)
  // The root's own has itself as its issuer.
  const below = (issuer: number) =>
    db.selectFrom('certificate').where('issuer', '=', issuer).whereRef('certificate.id', '<>', 'certificate.issuer')

  const insert = async (row: NewRow<'certificate'>, names: readonly Identity[]): Promise<number> => {
    const { id } = await db.insertInto('certificate').values(row).returning('id').executeTakeFirstOrThrow()
    if (names.length > 0)
      await db
        .insertInto('certificate_name')
        .values(names.map(({ kind, value }) => ({ certificate: id, kind, value })))
        .execute()
    return id
  }

  return {
    add: (certificate) => insert(rowOf(certificate), certificate.names),
    async addAuthority(id, certificate) {
      await insert({ ...rowOf(certificate), id }, certificate.names)
    },
    async addRoot(certificate) {
      const id = await insert(rowOf(certificate), certificate.names)
      await db.updateTable('certificate').set({ issuer: id }).where('id', '=', id).execute()
      return id
    },
    byId: async (id) => one(await certificates().where('id', '=', id).executeTakeFirst()),
    bySha256: async (sha256) => one(await certificates().where('sha256', '=', sha256).executeTakeFirst()),
    bySerial: async (serial) =>
      all(await certificates().where('serial', '=', serial).orderBy('id').limit(MAX_SAME_SERIAL).execute()),
    byParty: async (party, limit) =>
      all(await certificates().where('party', '=', party).orderBy('id').limit(limit).execute()),
    currentOfParty: async (party, now) =>
      all(
        await certificates()
          .where('party', '=', party)
          .where('revoked_at', 'is', null)
          .where('not_after', '>', now.epochMilliseconds)
          .orderBy('id')
          .execute(),
      ),
    currentOfAddress: async (address, profile, now, limit) =>
      all(
        await db
          .selectFrom('certificate_name as named')
          // SQLite takes a cross join in the order in which it stands: from the few of a name, not from the many of a profile.
          .crossJoin('certificate')
          .whereRef('certificate.id', '=', 'named.certificate')
          .selectAll('certificate')
          .where('named.value', '=', address)
          .where('named.kind', '=', 'rfc822Name')
          .where('certificate.profile', '=', profile)
          .where('certificate.revoked_at', 'is', null)
          .where('certificate.succeeded_by', 'is', null)
          .where('certificate.not_after', '>', now.epochMilliseconds)
          .orderBy('named.certificate', 'desc')
          .limit(limit)
          .execute(),
      ),
    async renewedOf(party, since, limit) {
      const newest = db
        .selectFrom('certificate')
        .select(['method', 'issued_at'])
        .where('party', '=', party)
        .orderBy('id', 'desc')
        .limit(limit)
      const { count } = await db
        .selectFrom(newest.as('newest'))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('method', '=', 'certificate')
        .where('issued_at', '>', since.epochMilliseconds)
        .executeTakeFirstOrThrow()
      return count
    },
    async keyTaken(spkiSha256, party) {
      const holder = await db
        .selectFrom('party_key')
        .selectAll()
        .where('spki_sha256', '=', spkiSha256)
        .executeTakeFirst()
      return holder !== undefined && (holder.party !== party || holder.revoked_at !== null)
    },
    async succeed(sha256, party, id) {
      await db
        .updateTable('certificate')
        .set({ succeeded_by: id, warn_at: null })
        .where('sha256', '=', sha256)
        .where('party', '=', party)
        .execute()
    },
    async takeKey(spkiSha256, party, now, endsAt) {
      const ends_at = endsAt.epochMilliseconds
      const row = { spki_sha256: spkiSha256, party, first_seen: now.epochMilliseconds, revoked_at: null, ends_at }
      // One statement decides among those who ask at the same time.
      await db
        .insertInto('party_key')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .column('spki_sha256')
            .doUpdateSet({ ends_at })
            .where('party_key.party', '=', party)
            .where('party_key.ends_at', '<', ends_at),
        )
        .execute()
      return !(await this.keyTaken(spkiSha256, party))
    },
    async revoke({ id, spkiSha256 }, at, reason, sequence, entry) {
      const revoked_at = at.epochMilliseconds
      await db
        .updateTable('certificate')
        .set({ revoked_at, reason, revoked_by: sequence, revoked_entry: entry ?? null, warn_at: null })
        .where('id', '=', id)
        .execute()
      // What it had taken the place of is the last of its line again, and is looked at anew.
      await db
        .updateTable('certificate')
        .set({ succeeded_by: null, warn_at: revoked_at })
        .where('succeeded_by', '=', id)
        .where('revoked_at', 'is', null)
        .execute()
      const key = () => db.updateTable('party_key').where('spki_sha256', '=', spkiSha256)
      await key().set({ revoked_at }).where('revoked_at', 'is', null).execute()
      if (reason === 'keyCompromise')
        await key().set({ compromised_at: revoked_at }).where('compromised_at', 'is', null).execute()
    },
    async revokedOf(issuer, since, covered) {
      const revoked = () =>
        db
          .selectFrom('certificate')
          .select(['serial', 'not_after', 'revoked_at', 'reason', 'revoked_by'])
          .where('issuer', '=', issuer)
          .where('revoked_at', 'is not', null)
      const told = revoked().where('revoked_by', '>', covered).where('not_after', '<', since.epochMilliseconds)
      const rows = await revoked().where('not_after', '>=', since.epochMilliseconds).unionAll(told).execute()
      return rows.map((row) => ({
        serial: row.serial,
        notAfter: instantOf(row.not_after),
        ...revocationOf(row),
      }))
    },
    revokedBy: async (sequence) =>
      (await revokedRows().where('revoked_by', '=', sequence).execute()).map(readRevokedRow),
    revokedAfter: async (issuer, covered) => (await revokedAfter(issuer, covered).execute()).map(readRevokedRow),
    isRevokedAfter: async (issuer, covered) =>
      (await revokedAfter(issuer, covered).limit(1).executeTakeFirst()) !== undefined,
    async lastEndOf(issuer) {
      const query = below(issuer).select('not_after').orderBy('not_after', 'desc').limit(1)
      const row = await query.executeTakeFirst()
      return row && instantOf(row.not_after)
    },
    async hasCurrentOf(issuer, now) {
      const query = below(issuer).select('id').where('revoked_at', 'is', null)
      return (await query.where('not_after', '>', now.epochMilliseconds).limit(1).executeTakeFirst()) !== undefined
    },
    async list(query) {
      const { found, next } = await searchCertificates(db, query)
      return { found: all(found), ...(next && { next }) }
    },
  }
}

function rowOf(certificate: NewCertificate): NewRow<'certificate'> {
  const { issuer, serial, sha256, spkiSha256, party, profile, names, der, method, evidence, denied, entry } =
    certificate
  return {
    issuer,
    serial,
    sha256,
    spki_sha256: spkiSha256,
    party,
    profile,
    names: JSON.stringify(names),
    der,
    not_before: certificate.notBefore.epochMilliseconds,
    not_after: certificate.notAfter.epochMilliseconds,
    issued_at: certificate.issuedAt.epochMilliseconds,
    method,
    evidence,
    denied: denied.length === 0 ? null : JSON.stringify(denied),
    issued_entry: entry ?? null,
    warn_at: (profile === NEVER_RENEWED ? certificate.notAfter : expiringAt(certificate)[0]).epochMilliseconds,
  }
}

/** A row as it stands in the table. */
export function readCertificateRow(row: Row<'certificate'>): StoredCertificate {
  const revoked = row.revoked_at === null ? undefined : revocationOf(row)
  return {
    id: row.id,
    issuer: row.issuer,
    serial: row.serial,
    sha256: octetsOf(row.sha256),
    spkiSha256: octetsOf(row.spki_sha256),
    party: row.party,
    profile: oneOf(row.profile, STORED_PROFILES),
    names: readNames(row.names),
    der: octetsOf(row.der),
    notBefore: instantOf(row.not_before),
    notAfter: instantOf(row.not_after),
    issuedAt: instantOf(row.issued_at),
    method: oneOf(row.method, PROOF_METHODS),
    evidence: row.evidence,
    denied: row.denied === null ? [] : readTexts(row.denied),
    ...(row.issued_entry !== null && { entry: row.issued_entry }),
    ...(revoked && {
      revocation: {
        at: revoked.revokedAt,
        reason: revoked.reason,
        sequence: revoked.sequence,
        ...(row.revoked_entry !== null && { entry: row.revoked_entry }),
      },
    }),
    ...lastSeenOf(row),
    ...(row.succeeded_by !== null && { succeededBy: row.succeeded_by }),
    ...(row.overdue === 1 && { isOverdue: true }),
  }
}

/** The three columns are written together. */
function lastSeenOf({
  last_seen_at,
  last_seen_door,
  last_seen_as,
}: Row<'certificate'>): Pick<StoredCertificate, 'lastSeen'> {
  if (last_seen_at === null || last_seen_door === null || last_seen_as === null) return {}
  return { lastSeen: { at: instantOf(last_seen_at), door: last_seen_door, as: oneOf(last_seen_as, SEEN_AS) } }
}

function readRevokedRow(
  row: Pick<Row<'certificate'>, 'issuer' | 'serial' | 'party' | 'revoked_at' | 'reason' | 'revoked_by'>,
): RevokedCertificate {
  const { issuer, serial, party } = row
  const { revokedAt: at, reason } = revocationOf(row)
  return { issuer, serial, party, at, reason }
}

/** The three columns of a revocation are there together, as the schema has it. */
function revocationOf({
  revoked_at,
  reason,
  revoked_by,
}: Pick<Row<'certificate'>, 'revoked_at' | 'reason' | 'revoked_by'>) {
  if (revoked_at === null || reason === null || revoked_by === null) throw new InvariantError('half a revocation')
  return { revokedAt: instantOf(revoked_at), reason: oneOf(reason, REVOCATION_REASONS), sequence: revoked_by }
}
