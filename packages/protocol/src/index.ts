export type { EnrollmentToken } from './enrollment.ts'
export {
  enrollmentMacInput,
  formatToken,
  parseToken,
  TOKEN_ID_LABEL,
  TOKEN_MAC_KEY_LABEL,
  TokenError,
} from './enrollment.ts'
export type { Cut, DoorMessage, FeedEvent, Receipt, RevokedSerial } from './feed.ts'
export type { DoorName, Fault, Identity, PartyId } from './identity.ts'
export type { CertificateSummary, Decision, Meeting, Refusal, Side, Step, StepEvidence, Steps } from './meeting.ts'
export { STEP_NAMES } from './meeting.ts'
export type { Reference } from './reference.ts'
export { parseReference, referenceOf } from './reference.ts'
export type { CredentialCause, RefusalCode, RefusalEntry } from './refusals.ts'
export { CAUSE_OF_FINDING, REFUSALS, refusalOfFindings } from './refusals.ts'
