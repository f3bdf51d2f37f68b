export type { AccountInvitation, Accounts, SeenAccount } from './accounts.ts'
export { describeApi } from './api/openapi.ts'
export { openAuthority } from './authority.ts'
export { type Restored, restoreBackup, restoreSecrets } from './backup/restore.ts'
export type { HouseSecret } from './backup/secret.ts'
export type { InvitationRequest, Invited } from './enrollment/token/invite.ts'
export { AUTHORITY_ERRORS, AuthorityError, type AuthorityErrorCode } from './error.ts'
export { FAILPOINTS, type Failpoint, type FailpointName } from './failpoints.ts'
export {
  INVITED_PROFILES,
  KEY_KINDS,
  type KeyKind,
  PROFILE_NAMES,
  PROFILES,
  type Profile,
  type ProfileName,
  type SshProfile,
  type SshProfileName,
  type X509Profile,
  type X509ProfileName,
} from './issuance/profiles.ts'
export { exportRootKey } from './keys/export-root-key.ts'
export { readSecret } from './keys/secret.ts'
export { checkReceipt, type ProvedEntry, type ReceiptVerdict } from './ledger/check-receipt.ts'
export { type Checkpoint, readCheckpoint } from './ledger/checkpoint.ts'
export { openLedgerDirectory } from './ledger/directory.ts'
export { checkEd25519 } from './ledger/ed25519.ts'
export { LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from './ledger/error.ts'
export { LEDGER_FINDINGS, type LedgerFinding, type LedgerFindingCode } from './ledger/finding.ts'
export { formatVerifierKey, parseVerifierKey, type VerifierKey, verifierKey } from './ledger/key.ts'
export { type Ledger, type LedgerOptions, type LedgerStore, openLedger } from './ledger/ledger.ts'
export { type LedgerToVerify, type LedgerVerdict, verifyLedger } from './ledger/verify-ledger.ts'
export type { Authority, AuthorityOptions, LocalRequest, Reload, Reloaded } from './model.ts'
export type { KeptOpenPgpKey, OpenPgpAuthorityKey, OpenPgpKeys, OpenPgpOutcome } from './openpgp.ts'
export type { FeedDoor } from './status/feed/feed.ts'
export type { RevocationRequest, Revoked } from './status/revoke.ts'
export { REVOCATION_REASONS, type RevocationReason } from './store/certificates.ts'
export { countRows } from './store/count-rows.ts'
export { type Moved, moveStore, type TableCopy } from './store/move.ts'
export type { AccountAct, PartOfStore, PartTransaction } from './store/part-of-store.ts'
export type { StorePart } from './store/parts.ts'
export type { Words } from './store/words.ts'
