// Every certificate that was signed, and whether it still counts.
import type { DatabaseSync } from 'node:sqlite'
import type { Identity } from '@countersign/protocol'
import type { ProfileName } from '../issuance/profiles.ts'
import { PROFILE_NAMES } from '../issuance/profiles.ts'
import { readNames } from './names.ts'
import { instant, integer, octets, oneOf, optional, type Row, text } from './row.ts'

/** What may stand in the column `profile`: what leaves are issued by, and the two certificates above them. */
const STORED_PROFILES = [...PROFILE_NAMES, 'root', 'issuing'] as const
export type StoredProfile = ProfileName | 'root' | 'issuing'

/** How the holder of a key was proved when its certificate was issued. */
const PROOF_METHODS = ['token', 'certificate', 'local', 'self'] as const
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
}

export interface StoredCertificate extends NewCertificate {
  readonly id: number
  readonly revocation?: {
    readonly at: Temporal.Instant
    readonly reason: RevocationReason
    readonly sequence: number
  }
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
  readonly serial: string
  readonly party: string
  readonly at: Temporal.Instant
  readonly reason: RevocationReason
}

export type CertificateState = 'valid' | 'revoked' | 'expired'

export interface CertificateStore {
  /** Answers the row's id. @throws when issuer and serial, or the octets, are there already. */
  add(certificate: NewCertificate): number
  /** Adds the self-signed root; it is its own issuer. */
  addRoot(certificate: Omit<NewCertificate, 'issuer'>): number
  byId(id: number): StoredCertificate | undefined
  bySha256(sha256: Uint8Array): StoredCertificate | undefined
  bySerial(serial: string): readonly StoredCertificate[]
  /** All of the party's, oldest first, at most `limit`. */
  byParty(party: string, limit: number): readonly StoredCertificate[]
  /** The party's that are neither revoked nor expired. */
  currentOfParty(party: string, now: Temporal.Instant): readonly StoredCertificate[]
  /** How many of the party's newest `limit` certificates are renewals after `since`. */
  renewedOf(party: string, since: Temporal.Instant, limit: number): number
  /** Whether `spkiSha256` is the key of another party, or of a revoked certificate. */
  keyTaken(spkiSha256: Uint8Array, party: string): boolean
  revoke(id: number, at: Temporal.Instant, reason: RevocationReason, sequence: number): void
  /** The revoked certificates of `issuer` that a revocation list must name: not expired before `since`, or told after `covered`. */
  revokedOf(issuer: number, since: Temporal.Instant, covered: number): readonly RevokedEntry[]
  /** What the event `sequence` revoked of `issuer`. */
  revokedBy(issuer: number, sequence: number): readonly RevokedCertificate[]
  list(query: ListQuery): readonly StoredCertificate[]
}

/** `after` is where the page before ended, exclusive: the row's id and, for lists by expiry, its notAfter. */
export interface ListQuery {
  readonly party?: string
  readonly state?: CertificateState
  readonly now: Temporal.Instant
  readonly limit: number
  readonly after?: { readonly id: number; readonly notAfter: number }
}

export function createCertificateStore(db: DatabaseSync): CertificateStore {
  const insert = db.prepare(
    `INSERT INTO certificate (id, issuer, serial, sha256, spki_sha256, party, profile, names, der, not_before, not_after,
       issued_at, method, evidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const select = (rest: string) => db.prepare(`SELECT * FROM certificate WHERE ${rest}`)
  const byId = select('id = ?')
  const bySha256 = select('sha256 = ?')
  const bySerial = select('serial = ? ORDER BY id LIMIT 10')
  const byParty = select('party = ? ORDER BY id LIMIT ?')
  const currentOfParty = select('party = ? AND revoked_at IS NULL AND not_after > ? ORDER BY id')
  const newestOf = db.prepare('SELECT method, issued_at FROM certificate WHERE party = ? ORDER BY id DESC LIMIT ?')
  const otherHolder = db.prepare('SELECT 1 FROM certificate WHERE spki_sha256 = ? AND party <> ? LIMIT 1')
  const revokedKey = db.prepare('SELECT 1 FROM certificate WHERE spki_sha256 = ? AND revoked_at IS NOT NULL LIMIT 1')
  const revoke = db.prepare('UPDATE certificate SET revoked_at = ?, reason = ?, revoked_by = ? WHERE id = ?')
  const entry = 'SELECT serial, not_after, revoked_at, reason, revoked_by FROM certificate'
  const revokedOf = db.prepare(
    `${entry} WHERE issuer = :issuer AND revoked_at IS NOT NULL AND not_after >= :since
     UNION ALL
     ${entry} WHERE issuer = :issuer AND revoked_at IS NOT NULL AND revoked_by > :covered AND not_after < :since`,
  )
  const revokedBy = db.prepare(
    'SELECT serial, party, revoked_at, reason FROM certificate WHERE issuer = ? AND revoked_by = ? AND revoked_at IS NOT NULL',
  )
  const lists = {
    all: select('id > :id ORDER BY id LIMIT :limit'),
    party: select('party = :party AND id > :id ORDER BY id LIMIT :limit'),
    partyValid: select(
      'party = :party AND id > :id AND revoked_at IS NULL AND not_after > :now ORDER BY id LIMIT :limit',
    ),
    partyExpired: select(
      'party = :party AND id > :id AND revoked_at IS NULL AND not_after <= :now ORDER BY id LIMIT :limit',
    ),
    partyRevoked: select('party = :party AND id > :id AND revoked_at IS NOT NULL ORDER BY id LIMIT :limit'),
    revoked: select('revoked_at IS NOT NULL AND id > :id ORDER BY id LIMIT :limit'),
    valid: select(
      `revoked_at IS NULL AND not_after > :now AND (not_after, id) > (:notAfter, :id)
         ORDER BY not_after, id LIMIT :limit`,
    ),
    expired: select(
      `revoked_at IS NULL AND not_after <= :now AND (not_after, id) > (:notAfter, :id)
         ORDER BY not_after, id LIMIT :limit`,
    ),
  }

  const add = (id: number | null, issuer: number, c: Omit<NewCertificate, 'issuer'>): number => {
    const { lastInsertRowid } = insert.run(
      id,
      issuer,
      c.serial,
      c.sha256,
      c.spkiSha256,
      c.party,
      c.profile,
      JSON.stringify(c.names),
      c.der,
      c.notBefore.epochMilliseconds,
      c.notAfter.epochMilliseconds,
      c.issuedAt.epochMilliseconds,
      c.method,
      c.evidence,
    )
    return Number(lastInsertRowid)
  }
  const one = (row: Row | undefined) => (row === undefined ? undefined : readCertificateRow(row))

  return {
    add: (certificate) => add(null, certificate.issuer, certificate),
    addRoot: (certificate) => add(1, 1, certificate),
    byId: (id) => one(byId.get(id)),
    bySha256: (sha256) => one(bySha256.get(sha256)),
    bySerial: (serial) => bySerial.all(serial).map(readCertificateRow),
    byParty: (party, limit) => byParty.all(party, limit).map(readCertificateRow),
    currentOfParty: (party, now) => currentOfParty.all(party, now.epochMilliseconds).map(readCertificateRow),
    renewedOf: (party, since, limit) =>
      newestOf
        .all(party, limit)
        .filter((row) => text(row, 'method') === 'certificate' && integer(row, 'issued_at') > since.epochMilliseconds)
        .length,
    keyTaken: (spkiSha256, party) =>
      otherHolder.get(spkiSha256, party) !== undefined || revokedKey.get(spkiSha256) !== undefined,
    revoke(id, at, reason, sequence) {
      revoke.run(at.epochMilliseconds, reason, sequence, id)
    },
    revokedBy: (issuer, sequence) =>
      revokedBy.all(issuer, sequence).map((row) => ({
        serial: text(row, 'serial'),
        party: text(row, 'party'),
        at: instant(row, 'revoked_at'),
        reason: oneOf(row, 'reason', REVOCATION_REASONS),
      })),
    revokedOf: (issuer, since, covered) =>
      revokedOf.all({ issuer, since: since.epochMilliseconds, covered }).map((row) => ({
        serial: text(row, 'serial'),
        notAfter: instant(row, 'not_after'),
        revokedAt: instant(row, 'revoked_at'),
        reason: oneOf(row, 'reason', REVOCATION_REASONS),
        sequence: integer(row, 'revoked_by'),
      })),
    list({ party, state, now, limit, after }) {
      const id = after?.id ?? 0
      const at = now.epochMilliseconds
      if (party !== undefined) {
        if (state === undefined) return lists.party.all({ party, id, limit }).map(readCertificateRow)
        if (state === 'revoked') return lists.partyRevoked.all({ party, id, limit }).map(readCertificateRow)
        const list = state === 'valid' ? lists.partyValid : lists.partyExpired
        return list.all({ party, id, limit, now: at }).map(readCertificateRow)
      }
      if (state === undefined) return lists.all.all({ id, limit }).map(readCertificateRow)
      if (state === 'revoked') return lists.revoked.all({ id, limit }).map(readCertificateRow)
      const list = state === 'valid' ? lists.valid : lists.expired
      return list.all({ id, limit, now: at, notAfter: after?.notAfter ?? 0 }).map(readCertificateRow)
    },
  }
}

function readCertificateRow(row: Row): StoredCertificate {
  const revokedAt = optional(row, 'revoked_at', instant)
  return {
    id: integer(row, 'id'),
    issuer: integer(row, 'issuer'),
    serial: text(row, 'serial'),
    sha256: octets(row, 'sha256'),
    spkiSha256: octets(row, 'spki_sha256'),
    party: text(row, 'party'),
    profile: oneOf(row, 'profile', STORED_PROFILES),
    names: readNames(text(row, 'names')),
    der: octets(row, 'der'),
    notBefore: instant(row, 'not_before'),
    notAfter: instant(row, 'not_after'),
    issuedAt: instant(row, 'issued_at'),
    method: oneOf(row, 'method', PROOF_METHODS),
    evidence: text(row, 'evidence'),
    ...(revokedAt === undefined
      ? {}
      : {
          revocation: {
            at: revokedAt,
            reason: oneOf(row, 'reason', REVOCATION_REASONS),
            sequence: integer(row, 'revoked_by'),
          },
        }),
  }
}
