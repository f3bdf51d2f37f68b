export type {
  Announced,
  Budget,
  CheckSignature,
  Finding,
  FindingCode,
  PathContext,
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
export type { CrlIndex } from './revocation/crl-index.ts'
export { indexCrl } from './revocation/crl-index.ts'
