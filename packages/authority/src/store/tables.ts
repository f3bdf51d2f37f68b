// The tables as the queries see them, the same above SQLite and PostgreSQL. Times are epoch milliseconds, hashes and DER
// are octets. What each is for stands in `schema.ts`.
import type { ColumnType, Generated, Insertable, Selectable } from 'kysely'

/** A certificate that was signed. */
export interface CertificateTable {
  id: Generated<number>
  issuer: number
  serial: string
  sha256: Uint8Array
  spki_sha256: Uint8Array
  party: string
  profile: string
  names: string
  der: Uint8Array
  not_before: number
  not_after: number
  issued_at: number
  method: string
  evidence: string
  denied: string | null
  issued_entry: ColumnType<number | null, number | null | undefined>
  revoked_at: number | null
  reason: string | null
  revoked_by: number | null
  revoked_entry: ColumnType<number | null, number | null | undefined>
  last_seen_at: ColumnType<number | null, number | null | undefined>
  last_seen_door: ColumnType<string | null, string | null | undefined>
  last_seen_as: ColumnType<string | null, string | null | undefined>
  succeeded_by: ColumnType<number | null, number | null | undefined>
  warn_at: number | null
  overdue: ColumnType<number, number | undefined>
}

/** A certificate that met a door, and is in no row of `certificate`. */
export interface UnissuedTable {
  id: Generated<number>
  sha256: Uint8Array
  spki_sha256: Uint8Array
  vouched: string
  authority: string | null
  serial: string
  subject: string
  issuer: string
  not_after: number
  door: string
  seen_as: string
  first_seen_at: number
  last_seen_at: number
  meetings: number
}

/** The names of a certificate, one a row, so that each can be searched. */
export interface CertificateNameTable {
  certificate: number
  kind: string
  value: string
}

/** Whose a key is, for good. */
export interface PartyKeyTable {
  spki_sha256: Uint8Array
  party: string
  first_seen: number
  revoked_at: number | null
  ends_at: number
  compromised_at: ColumnType<number | null, number | null | undefined>
}

/** Everybody that was invited or certified. */
export interface PartyTable {
  name: string
  kind: ColumnType<string | null, string | null | undefined>
  owner: ColumnType<string | null, string | null | undefined>
  role: ColumnType<string | null, string | null | undefined>
  created_at: number
  locked_at: ColumnType<number | null, number | null | undefined>
  lock_reason: ColumnType<string | null, string | null | undefined>
  lock_until: ColumnType<number | null, number | null | undefined>
}

export interface PartyLabelTable {
  party: string
  label: string
}

export interface InvitationTable {
  id: Uint8Array
  mac_key: Uint8Array | null
  party: string
  profile: string
  names: string
  created_at: number
  expires_at: number
  spent_at: number | null
  request_sha256: Uint8Array | null
  certificate: number | null
}

export interface EventTable {
  sequence: Generated<number>
  at: number
  kind: string
  node: string | null
}

export interface CrlTable {
  issuer: number
  number: number
  der: Uint8Array
  this_update: number
  next_update: number
  covers: number
  warn_at: number | null
}

/** Who signs. */
export interface IssuerTable {
  name: string
  kind: string
  id: ColumnType<number | null, number | null | undefined>
  state: string
  key_place: ColumnType<string | null, string | null | undefined>
  spki_sha256: Uint8Array
  public_key: ColumnType<Uint8Array | null, Uint8Array | null | undefined>
  created_at: number
}

/** What an issuer may sign, and whether it is the one that does. */
export interface IssuerProfileTable {
  issuer: string
  profile: string
  signs: number
}

/** What another root signed of an issuer's key. */
export interface CrossCertificateTable {
  sha256: Uint8Array
  issuer: string
  der: Uint8Array
  not_after: number
}

export interface SettingTable {
  key: string
  value: string
}

/** What happened: its number among all that did, and where in the tree of the ledger it is. */
export interface LedgerEntryTable {
  id: Generated<number>
  octets: Uint8Array
  position: ColumnType<number | null, undefined>
  number: ColumnType<number | null, undefined>
  in_tree: ColumnType<number, number | undefined>
}

/** What was answered to a request that had a key. */
export interface AnswerTable {
  caller: string
  key_sha256: Uint8Array
  request_sha256: Uint8Array
  at: number
  status: number
  body: Uint8Array
  is_whole: number
}

/** A part that another program has brought. */
export interface StorePartTable {
  name: string
  version: number
}

/** All of them, by name. */
export interface Tables {
  certificate: CertificateTable
  certificate_name: CertificateNameTable
  unissued: UnissuedTable
  party_key: PartyKeyTable
  party: PartyTable
  party_label: PartyLabelTable
  invitation: InvitationTable
  event: EventTable
  crl: CrlTable
  setting: SettingTable
  ledger_entry: LedgerEntryTable
  answer: AnswerTable
  issuer: IssuerTable
  issuer_profile: IssuerProfileTable
  cross_certificate: CrossCertificateTable
  store_part: StorePartTable
}

/** A row as it is read. */
export type Row<Name extends keyof Tables> = Selectable<Tables[Name]>
/** A row as it is written. */
export type NewRow<Name extends keyof Tables> = Insertable<Tables[Name]>

/** Each table with its primary key: what others refer to comes before them. A copy goes by this. */
export const PRIMARY_KEYS: { readonly [Name in keyof Tables]: readonly (keyof Tables[Name])[] } = {
  setting: ['key'],
  event: ['sequence'],
  certificate: ['id'],
  certificate_name: ['certificate', 'kind', 'value'],
  unissued: ['id'],
  party_key: ['spki_sha256'],
  party: ['name'],
  party_label: ['party', 'label'],
  invitation: ['id'],
  crl: ['issuer', 'number'],
  ledger_entry: ['id'],
  answer: ['caller', 'key_sha256'],
  issuer: ['name'],
  issuer_profile: ['issuer', 'profile'],
  cross_certificate: ['sha256'],
  store_part: ['name'],
}
