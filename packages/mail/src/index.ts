export { makeMailKey, type OwnMailKey, readOwnMailKeys } from './keys/own-keys.ts'
export type {
  ContentType,
  Entity,
  Field,
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
  TransferEncoding,
} from './model.ts'
export type { Errant, MailFacts, TimeEvidence } from './verdict/facts.ts'
export { type MailRemark, type MailVerdict, verdictOf } from './verdict/verdict.ts'
