export { type HeaderProtection, type ProtectedMessage, protectHeader } from './header/protect.ts'
export { type ProtectedHeader, readProtectedHeader } from './header/protected.ts'
export { type OpenPgpFolder, type OwnOpenPgpKey, openPgpFolder } from './keys/openpgp-folder.ts'
export { makeMailKey, type OwnMailKey, readOwnMailKeys } from './keys/own-keys.ts'
export { PIN_KINDS, type PinKind, type PinnedKey, readPin, readPins, removePin, writePin } from './keys/pins.ts'
export { readAddresses } from './mime/addresses.ts'
export { type ContentDisposition, readContentDisposition, readContentType } from './mime/content-type.ts'
export { withCrlf } from './mime/crlf.ts'
export { decodeBase64, decodeBody, decodeQuotedPrintable } from './mime/decode.ts'
export { encodeBase64 } from './mime/encode.ts'
export { fieldOf, isMultipart } from './mime/entity.ts'
export { BUDGET_FAULTS, FORM_FAULTS, type MailFault, MailFormError } from './mime/error.ts'
export { MAIL_LIMITS, type MailLimits } from './mime/limits.ts'
export { type PayloadContents, type PayloadPart, walkPayload } from './mime/payload.ts'
export { scanEntity } from './mime/scan.ts'
export { createSpool, octetsOf, openFileSource, sourceOf } from './mime/source.ts'
export { readText } from './mime/words.ts'
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
  TimeEvidence,
  TransferEncoding,
} from './model.ts'
export { type OpenedMessage, type OpenMessageOptions, openMessage, type Payload } from './open/open-message.ts'
export { type SealedMessage, type SealMessageOptions, sealMessage } from './seal/seal-message.ts'
export type { ReadingKey } from './smime/decrypt.ts'
export { signerOf } from './smime/names.ts'
export { createSmimeOpener, type SmimeOpenerOptions } from './smime/open.ts'
export { createSmimeSealer, type SmimeSealerOptions } from './smime/seal.ts'
export type { SmimeSigner } from './smime/sign.ts'
export { type AskTimeStamp, judgeTimeStamp, type TimeStampVerdict } from './smime/time-stamp.ts'
export type { SignerContext } from './smime/trust.ts'
export type { Errant, MailFacts } from './verdict/facts.ts'
export { type MailRecord, meetingOfMail } from './verdict/meeting.ts'
export { type MailRemark, type MailVerdict, verdictOf } from './verdict/verdict.ts'
