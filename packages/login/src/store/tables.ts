// The tables as the queries see them, the same above SQLite and PostgreSQL. Times are epoch milliseconds, hashes and keys
// are octets, what pages sealed is text. What each is for stands in `schema.ts`.
import type { Generated } from 'kysely'

/** An account: the party that it is of is its name. */
export interface AccountTable {
  account: string
  door: string
  name: string
  email: string | null
  /** Of OPAQUE. NULL while it is set up. */
  record: string | null
  /** Encrypted under the secret of the door. */
  totp_secret: Uint8Array | null
  /** Picture and phrase under the export key. */
  of_password: string | null
  opened_at: number | null
}

/** An invitation to open an account. `id` is SHA-256 of what is in its address. */
export interface AccountInvitationTable {
  id: Uint8Array
  account: string
  door: string
  email: string | null
  /** Whether there is an account, in whose place the new one comes. */
  is_again: Generated<number>
  created_at: number
  expires_at: number
  spent_at: number | null
}

/** An account on its way to be open, at the device that began it. */
export interface SetUpTable {
  id: string
  invitation: Uint8Array
  device: string
  /** JSON of what was told so far, encrypted under the secret of the door. */
  state: Uint8Array
  expires_at: number
}

/** A device of an account; `device` is the RFC 7638 thumbprint of its signing key. */
export interface DeviceTable {
  device: string
  account: string
  name: string
  of_device: string | null
  how: string
  is_phone: number
  added_at: number
  last_seen_at: number
  removed_at: number | null
}

/** A passkey. `passkey` is the credential id in base64url. */
export interface PasskeyTable {
  passkey: string
  account: string
  name: string
  public_key: Uint8Array
  counter: number
  added_at: number
  removed_at: number | null
}

/** A recovery code, as HMAC-SHA-256 under the secret of the door. */
export interface RecoveryCodeTable {
  code: Uint8Array
  account: string
  used_at: number | null
}

/** A sign-in under way. */
export interface SignInTable {
  id: string
  /** NULL until a name is given; a name that nobody has stands here as well. */
  account: string | null
  /** NULL for a device that has no key yet. */
  device: string | null
  step: string
  /** JSON: what the step needs, as the server's state of OPAQUE, encrypted under the secret of the door. */
  state: Uint8Array
  began_at: number
  expires_at: number
}

/** What counts once: a step of TOTP, a proof's `jti`, a challenge, the pending secret of another app. */
export interface UsedTable {
  kind: string
  value: string
  until: number
}

/** How often somebody guessed of late: `about` as in `hour:unknown:carol`. */
export interface FailureTable {
  about: string
  count: number
  first_at: number
  last_at: number
}

/** A session of a person. */
export interface LoginSessionTable {
  id: string
  account: string
  door: string
  /** What it is bound to: a device, and the SHA-256 of the certificate that stands for its proofs, where there is one. */
  device: string | null
  certificate: string | null
  /** SHA-256 of the secret in the cookie, of now and of before the last rotation. */
  secret: Uint8Array
  previous: Uint8Array | null
  rotated_at: number
  /** When the secret of now first came back. */
  seen_at: number | null
  opened_at: number
  ends_at: number
  /** JSON. */
  proofs: string
  confirmed: string
  meeting: string
  ended_at: number | null
  ended_by: string | null
}

/** What waits for a known device, or a telephone, to be looked at. */
export interface WaitingTable {
  id: string
  account: string
  kind: string
  /** Two digits that both sides show. */
  number: string
  /** JSON of what is read. */
  matter: string
  /** Shown on the telephone alone; encrypted under the secret of the door. */
  code: Uint8Array | null
  sign_in: string | null
  state: string
  created_at: number
  expires_at: number
  /** When a recovery may go on. */
  ready_at: number | null
}

/** A notice by mail that is to be sent. */
export interface NoticeTable {
  id: string
  account: string
  email: string
  kind: string
  /** JSON of what the text is made of. */
  facts: string
  created_at: number
  next_at: number
  tries: number
  sent_at: number | null
}

/** The number that an account's codes go to by SMS. */
export interface SmsTable {
  account: string
  /** Encrypted under the secret of the door. */
  number: Uint8Array
  added_at: number
}

/** A code that went by SMS, as HMAC-SHA-256 under the secret of the door. */
export interface SmsCodeTable {
  /** As in `sign-in:ID`. */
  about: string
  account: string
  code: Uint8Array
  /** Where it went, of a number that is to be enrolled. */
  number: Uint8Array | null
  created_at: number
  expires_at: number
}

/** Every table of login. */
export interface Tables {
  login_account: AccountTable
  login_invitation: AccountInvitationTable
  login_set_up: SetUpTable
  login_device: DeviceTable
  login_passkey: PasskeyTable
  login_recovery_code: RecoveryCodeTable
  login_sign_in: SignInTable
  login_used: UsedTable
  login_failure: FailureTable
  login_session: LoginSessionTable
  login_waiting: WaitingTable
  login_notice: NoticeTable
  login_sms: SmsTable
  login_sms_code: SmsCodeTable
}

/** By what each row is found, for who copies a store. */
export const PRIMARY_KEYS: { readonly [Table in keyof Tables]: readonly (keyof Tables[Table])[] } = {
  login_account: ['account'],
  login_invitation: ['id'],
  login_set_up: ['id'],
  login_device: ['device'],
  login_passkey: ['passkey'],
  login_recovery_code: ['code'],
  login_sign_in: ['id'],
  login_used: ['kind', 'value'],
  login_failure: ['about'],
  login_session: ['id'],
  login_waiting: ['id'],
  login_notice: ['id'],
  login_sms: ['account'],
  login_sms_code: ['about'],
}
