export { formatLength, formatValidity, formatWhen } from './age.ts'
export { CAUSE_OF_FINDING, refusalOfFindings } from './cause.ts'
export {
  CHANNEL_PROOF_LABEL,
  type ChannelRole,
  type ChannelRun,
  channelProofInput,
  readChannelAnswer,
  readChannelHello,
  readChannelProof,
  writeChannelAnswer,
  writeChannelHello,
  writeChannelProof,
} from './channel-proof.ts'
export type { DrawOptions } from './draw.ts'
export { drawMeeting } from './draw.ts'
export type { EnrollmentToken } from './enrollment.ts'
export {
  enrollmentMacInput,
  formatToken,
  parseToken,
  TOKEN_ID_LABEL,
  TOKEN_MAC_KEY_LABEL,
  TokenError,
} from './enrollment.ts'
export { type Audience, explainFinding, type FindingWords, SENTENCES, type Sentence } from './explain-finding.ts'
export type { Explanation, ExplanationRow } from './explanation.ts'
export { explainMeeting, explainRefusal, sharedReference } from './explanation.ts'
export type {
  Cut,
  FeedEvent,
  FeedMessage,
  FollowedDoor,
  FollowerMessage,
  OpenSession,
  Receipt,
  RevokedSerial,
  Snapshot,
} from './feed.ts'
export { type KnownAuthority, MAX_ANCHORS_CHARACTERS, readAnchors, writeAnchors } from './feed-anchors.ts'
export {
  FEED_PATH,
  FEED_PROTOCOL,
  type KeptSnapshot,
  MAX_REFUSED_CHARACTERS,
  readFeedMessage,
  readFollowerMessage,
  readKeptSnapshot,
  writeFeedMessage,
  writeFollowerMessage,
  writeKeptSnapshot,
} from './feed-json.ts'
export { MAX_LOCK_REASON_CHARACTERS, MAX_LOCKS, type PartyLock, readLocks, writeLocks } from './feed-locks.ts'
export {
  type FeedRules,
  type KnownParty,
  MAX_RULES_CHARACTERS,
  readFeedRules,
  writeFeedRules,
} from './feed-rules.ts'
export type { DoorName, Fault, Identity, PartyId } from './identity.ts'
export { isParty } from './identity.ts'
export type { Field, Json } from './json.ts'
export { fieldOf, ShapeError, writeJson } from './json.ts'
export type {
  ContentType,
  Entity,
  HeaderField,
  Layer,
  LayerOpener,
  LayerSealer,
  Mailbox,
  MailFormat,
  OpenContext,
  OpenedLayer,
  Recipient,
  SealedEntity,
  SealHow,
  SealProfile,
  SignatureFact,
  Signer,
  SignerTrust,
  Source,
  Spool,
  TimeEvidence,
  TransferEncoding,
} from './mail.ts'
export { MailError } from './mail.ts'
export type {
  CertificateSummary,
  Decision,
  Meeting,
  Proof,
  ProofKind,
  Refusal,
  Side,
  Step,
  StepEvidence,
  Steps,
  Trouble,
} from './meeting.ts'
export { MOST_TROUBLES, PROOF_KINDS, STEP_NAMES } from './meeting.ts'
export { publicMeeting, readMeeting, revocationField, writeBriefMeeting, writeMeeting } from './meeting-json.ts'
export { NEXT_STEPS, type NextStep, type Presenter } from './next-steps.ts'
export {
  type Counter,
  createCounter,
  createHistogram,
  type Family,
  type Histogram,
  type Labels,
  OPEN_METRICS_TYPE,
  type Sample,
  writeOpenMetrics,
} from './open-metrics.ts'
export { readReceipt, writeReceipt } from './receipt-json.ts'
export type { Reference } from './reference.ts'
export { parseReference, referenceOf } from './reference.ts'
export type { CredentialCause, RefusalCode, RefusalEntry } from './refusals.ts'
export { REFUSALS } from './refusals.ts'
export {
  SSH_ENROLLMENT_NAMESPACE,
  SSH_ENROLLMENT_PROFILES,
  type SshEnrollmentProfile,
  sshEnrollmentMessage,
} from './ssh-enrollment.ts'
