export { whyNotKey } from './algorithms/key.ts'
export { fitsKey, whyNotSignatureAlgorithm } from './algorithms/signature.ts'
export { STRENGTH } from './algorithms/strength.ts'
export { checkSignatureOver, type SubtleVerifier } from './algorithms/web-crypto.ts'
export { anchorOf } from './anchor.ts'
export type {
  Announced,
  AsyncPathContext,
  Budget,
  CheckSignature,
  Facts,
  Finding,
  FindingCode,
  OcspAnswer,
  OcspContext,
  PathContext,
  PolicyQuestion,
  Purpose,
  ReferenceIdentity,
  StatusContext,
  StatusEvidence,
  TriedPath,
  TrustAnchor,
  Verdict,
  VerifiedPath,
} from './model.ts'
export { FINDINGS } from './model.ts'
export { mailboxOf, readMailbox } from './names/mailbox.ts'
export { identitiesOf, matchesName, type PresentedIdentity } from './names/match.ts'
export { readName, referenceOf } from './names/read-name.ts'
export { DEFAULT_BUDGET } from './path/budget.ts'
export { PROFILES, type Profile, webpkiProfile } from './profile.ts'
export type { CrlIndex } from './revocation/crl-index.ts'
export { indexCrl } from './revocation/crl-index.ts'
export { verifyParsedPath, verifyPath, verifyPathAsync } from './verify-path.ts'
