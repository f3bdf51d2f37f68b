export { ALGORITHM, type AlgorithmName, writeAlgorithmIdentifier } from './algorithm.ts'
export { readCertificate } from './certificate/read.ts'
export { writeCertificate, writeTbsCertificate } from './certificate/write.ts'
export { cmsFromBer, readContentInfo, writeContentInfo } from './cms/content-info.ts'
export {
  cipherOf,
  type NewEnvelope,
  type NewRecipient,
  openContentKey,
  openEnvelope,
  requireContentType,
  sealEnvelope,
} from './cms/envelope.ts'
export {
  readAuthEnvelopedData,
  readEncryptedData,
  readEnvelopedData,
  writeAuthEnvelopedData,
  writeEncryptedData,
  writeEnvelopedData,
} from './cms/enveloped-data.ts'
export { CMS_ERRORS, CmsError, type CmsErrorCode } from './cms/error.ts'
export type { KeyAgreement } from './cms/key-algorithms.ts'
export {
  type CertificateHash,
  encryptionKeyPreferenceAttribute,
  encryptionKeyPreferenceOf,
  signingCertificateV2Attribute,
  signingCertificateV2Of,
  smimeCapabilitiesAttribute,
} from './cms/mail-attributes.ts'
export type {
  AuthEnvelopedData,
  CertificateBag,
  CertificateReference,
  ContentInfo,
  EncryptedContentInfo,
  EncryptedData,
  EnvelopedData,
  IssuerAndSerialNumber,
  KeyAgreeRecipientInfo,
  KeyTransRecipientInfo,
  OriginatorKey,
  OtherRecipientInfo,
  RecipientEncryptedKey,
  RecipientInfo,
  SignedData,
  SignerInfo,
  SubjectKeyIdentifier,
} from './cms/model.ts'
export { envelopedDataVersion } from './cms/recipient-info.ts'
export {
  hashOfSigner,
  isReferenceTo,
  type NewDigestedData,
  type NewSignedData,
  type NewSigner,
  referenceByIssuer,
  referenceByKey,
  type SignerVerdict,
  signData,
  signDigest,
  signingTimeAttribute,
  signingTimeOf,
  verifySigner,
  verifySignerOfDigest,
} from './cms/sign.ts'
export {
  readSignedData,
  signedDataVersion,
  writeCertificatesOnly,
  writeSignedData,
  writeSignerInfo,
} from './cms/signed-data.ts'
export {
  createMessageReader,
  MAX_AROUND_CONTENT,
  type MessageEvent,
  type MessagePrefix,
  type MessageReader,
  type MessageRest,
} from './cms/stream-reader.ts'
export { endEnvelope, type NewEnvelopeStream, startContentPart, startEnvelope } from './cms/stream-writer.ts'
export {
  hashOfImprint,
  imprintOf,
  latestOf,
  type MessageImprint,
  readTimeStampReq,
  readTimeStampResp,
  readTSTInfo,
  TIME_STAMP_FAILURES,
  type TimeStampFailure,
  type TimeStampReq,
  type TimeStampResp,
  type TSTInfo,
  writeTimeStampReq,
  writeTimeStampResp,
  writeTSTInfo,
} from './cms/time-stamp.ts'
export {
  certificateIssuerExtension,
  invalidityDateExtension,
  reasonCodeExtension,
  revokedCertificate,
} from './crl/entry.ts'
export { readCertificateList } from './crl/read.ts'
export { writeCertificateList, writeTbsCertList } from './crl/write.ts'
export {
  type CipherName,
  type ContentCipher,
  type CryptoAnswer,
  type CryptoStep,
  type CryptoSteps,
  type HashName,
  type KeyDerivation,
  type KeyTransport,
  performSteps,
  performStepsAsync,
} from './crypto-step.ts'
export { readAny } from './der/any.ts'
export { type BerShape, derFromBer } from './der/ber.ts'
export {
  closeDer,
  type DerCursor,
  type DerLimits,
  enter,
  leave,
  openDer,
  peekTag,
  readContents,
  since,
} from './der/cursor.ts'
export { DER_ERRORS, DerError, type DerErrorCode } from './der/error.ts'
export { readOid } from './der/oid.ts'
export {
  readBitString,
  readBoolean,
  readBooleanDefaultFalse,
  readInteger,
  readNamedBits,
  readNull,
  readOctetBitString,
  readUnsigned,
} from './der/primitive.ts'
export { constructedContextTag, contextTag, TAG } from './der/tag.ts'
export { readIa5String, readText } from './der/text.ts'
export { readGeneralizedTime, readTime, readUtcTime } from './der/time.ts'
export {
  writeBoolean,
  writeElement,
  writeElements,
  writeExplicit,
  writeGeneralizedTime,
  writeIa5String,
  writeInteger,
  writeNamedBits,
  writeNull,
  writeOctetBitString,
  writeOctetString,
  writeOid,
  writePrintableString,
  writeSequence,
  writeSetOf,
  writeTime,
  writeUtf8String,
} from './der/write.ts'
export { X509_ERRORS, X509Error, type X509ErrorCode } from './error.ts'
export { escapeText } from './escape.ts'
export {
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  cRLNumberExtension,
  deltaCRLIndicatorExtension,
  extendedKeyUsageExtension,
  freshestCRLExtension,
  inhibitAnyPolicyExtension,
  issuerAltNameExtension,
  issuingDistributionPointExtension,
  keyUsageExtension,
  nameConstraintsExtension,
  noRevAvailExtension,
  ocspNoCheckExtension,
  policyConstraintsExtension,
  policyMappingsExtension,
  signedCertificateTimestampsExtension,
  subjectAltNameExtension,
  subjectDirectoryAttributesExtension,
  subjectInfoAccessExtension,
  subjectKeyIdentifierExtension,
  tlsFeatureExtension,
} from './extension/write.ts'
export { readEcdsaSignature, writeEcdsaSignature } from './key/ecdsa-signature.ts'
export {
  type EncryptedPrivateKeyInfo,
  openPrivateKey,
  readEncryptedPrivateKeyInfo,
  sealPrivateKey,
  writeEncryptedPrivateKeyInfo,
} from './key/encrypted-private-key.ts'
export { readPrivateKeyInfo, writePrivateKeyInfo } from './key/private-key.ts'
export { type PrivateKey, readPrivateKey } from './key/private-key-contents.ts'
export { type PssParameters, readPssParameters, writePssParameters } from './key/pss.ts'
export { type CurveName, type OctetKeyKind, type PublicKey, readPublicKey, writePublicKey } from './key/public-key.ts'
export { readSignatureAlgorithm, type SignatureAlgorithm } from './key/signature-algorithm.ts'
export { readSubjectPublicKeyInfo, writeSubjectPublicKeyInfo } from './key/spki.ts'
export { CERTIFICATE_LIMITS, CMS_LIMITS, CRL_LIMITS, OCSP_LIMITS, PKCS12_LIMITS } from './limits.ts'
export type {
  AccessDescription,
  AlgorithmIdentifier,
  Attribute,
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CertificateExtensions,
  CertificateList,
  CertificationRequest,
  CRLReason,
  CrlEntryExtensions,
  CrlExtensions,
  DistributionPoint,
  DistributionPointName,
  Extension,
  GeneralName,
  GeneralSubtree,
  IssuingDistributionPoint,
  KeyUsageBit,
  Name,
  NameConstraints,
  Oid,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
  PrivateKeyInfo,
  ReasonFlag,
  RelativeDistinguishedName,
  RevokedCertificate,
  SubjectPublicKeyInfo,
  TbsCertificate,
  TbsCertList,
  Validity,
} from './model.ts'
export { isEmptyName, namesEqual, rdnKeys } from './name/compare.ts'
export { type AttributeName, formatName } from './name/format.ts'
export { formatGeneralName } from './name/format-general-name.ts'
export { writeGeneralName } from './name/general-name.ts'
export { domainToALabels } from './name/idna.ts'
export { formatIpAddress, parseIpAddress } from './name/ip-address.ts'
export { readName } from './name/read.ts'
export { readSmtpUTF8Mailbox, smtpUTF8MailboxName } from './name/smtp-utf8-mailbox.ts'
export { nameOf, writeName } from './name/write.ts'
export { certIDOf } from './ocsp/cert-id.ts'
export {
  acceptableResponsesExtension,
  archiveCutoffExtension,
  crlIDExtension,
  extendedRevokeExtension,
  nonceExtension,
  ocspSignedCertificateTimestampsExtension,
  preferredSignatureAlgorithmsExtension,
  serviceLocatorExtension,
} from './ocsp/extension.ts'
export type {
  BasicOCSPResponse,
  CertID,
  CertStatus,
  CrlID,
  OCSPRequest,
  OCSPResponse,
  OcspErrorStatus,
  OcspRequestExtensions,
  OcspResponseExtensions,
  OcspSignature,
  OcspSingleRequest,
  OcspSingleRequestExtensions,
  OcspSingleResponseExtensions,
  PreferredSignatureAlgorithm,
  ResponderID,
  ResponseData,
  ServiceLocator,
  SingleResponse,
  TbsRequest,
} from './ocsp/model.ts'
export { readOCSPRequest, writeOCSPRequest, writeTbsRequest } from './ocsp/request.ts'
export { readOCSPResponse, writeOCSPErrorResponse, writeOCSPResponse, writeResponseData } from './ocsp/response.ts'
export { OID } from './oid.ts'
export { hashOf } from './parameters.ts'
export { openBudget, PASSWORD_LIMITS, type PasswordBudget, type PasswordLimits } from './password/derivation.ts'
export { PBES2_ERRORS, Pbes2Error, type Pbes2ErrorCode } from './password/error.ts'
export { decryptPbes2, encryptPbes2, type NewProtection } from './password/pbes2.ts'
export { PEM_ERRORS, PemError, type PemErrorCode } from './pem/error.ts'
export { type PemBlock, type PemLimits, readPem, writePem } from './pem/pem.ts'
export { PKCS12_ERRORS, Pkcs12Error, type Pkcs12ErrorCode } from './pkcs12/error.ts'
export { openPkcs12, type Pkcs12, type Pkcs12Names } from './pkcs12/open.ts'
export {
  type MacData,
  type Pfx,
  pkcs12FromBer,
  readAuthenticatedSafe,
  readPfx,
  readSafeContents,
  type SafeBag,
  writeAuthenticatedSafe,
  writePfx,
  writeSafeContents,
} from './pkcs12/pfx.ts'
export { type NewPkcs12, PKCS12_ENTROPY_OCTETS, sealPkcs12 } from './pkcs12/seal.ts'
export { readCertificationRequest } from './request/read.ts'
export {
  type CertificationRequestInfo,
  writeCertificationRequest,
  writeCertificationRequestInfo,
} from './request/write.ts'
export { sameSecret } from './same-secret.ts'
