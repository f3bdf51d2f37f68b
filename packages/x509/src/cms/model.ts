// The values that CMS messages are read into and written from: RFC 5652, RFC 5083. Octets are views of the input.
import type { AlgorithmIdentifier, Attribute, Name, Oid, SubjectPublicKeyInfo } from '../model.ts'

/** A content and its type, RFC 5652 §3. `content` is the whole DER element that stands in the EXPLICIT [0]. */
export interface ContentInfo {
  readonly contentType: Oid
  readonly content: Uint8Array
}

/** A certificate by its issuer and number, RFC 5652 §10.2.4; the number of any sign, as old issuers wrote it. */
export interface IssuerAndSerialNumber {
  readonly kind: 'issuerAndSerialNumber'
  readonly issuer: Name
  readonly serialNumber: bigint
}

/** A certificate by its subjectKeyIdentifier extension, RFC 5652 §5.3. */
export interface SubjectKeyIdentifier {
  readonly kind: 'subjectKeyIdentifier'
  readonly keyIdentifier: Uint8Array
}

/** How a signer or a recipient is named, RFC 5652 §5.3 and §6.2.1. */
export type CertificateReference = IssuerAndSerialNumber | SubjectKeyIdentifier

/** The bag of certificates and CRLs of RFC 5652 §10.2, each the whole DER of one; what is no certificate or CRL of X.509 is kept. */
export interface CertificateBag {
  /** Absent and empty are two encodings. */
  readonly certificates?: readonly Uint8Array[]
  readonly crls?: readonly Uint8Array[]
}

/** One signer, RFC 5652 §5.3. */
export interface SignerInfo {
  readonly sid: CertificateReference
  readonly digestAlgorithm: AlgorithmIdentifier
  readonly signedAttrs?: readonly Attribute[]
  /** The signed attributes as a SET OF: the exact octets that are signed, RFC 5652 §5.4. */
  readonly signedAttrsDer?: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly unsignedAttrs?: readonly Attribute[]
}

/** RFC 5652 §5.1. Without signers it is a bag of certificates, as PKCS #7 files and EST carry them. */
export interface SignedData extends CertificateBag {
  readonly version: number
  readonly digestAlgorithms: readonly AlgorithmIdentifier[]
  readonly eContentType: Oid
  /** The content itself; absent where it is detached. */
  readonly eContent?: Uint8Array
  readonly signerInfos: readonly SignerInfo[]
}

/** RFC 5652 §6.2.1: the content's key, encrypted to a public key. */
export interface KeyTransRecipientInfo {
  readonly kind: 'ktri'
  readonly rid: CertificateReference
  readonly keyEncryptionAlgorithm: AlgorithmIdentifier
  readonly encryptedKey: Uint8Array
}

/** The originator's key of RFC 5652 §6.2.2: one of its own, or one that a certificate has. */
export type OriginatorKey =
  | { readonly kind: 'originatorKey'; readonly publicKey: SubjectPublicKeyInfo }
  | CertificateReference

/** One recipient of an agreement, RFC 5652 §6.2.2. `dated` are the date and other attribute of an rKeyId, whole. */
export interface RecipientEncryptedKey {
  readonly rid: IssuerAndSerialNumber | (SubjectKeyIdentifier & { readonly dated?: Uint8Array })
  readonly encryptedKey: Uint8Array
}

/** RFC 5652 §6.2.2: the content's key, wrapped under what two keys agree on. */
export interface KeyAgreeRecipientInfo {
  readonly kind: 'kari'
  readonly originator: OriginatorKey
  /** User keying material. */
  readonly ukm?: Uint8Array
  readonly keyEncryptionAlgorithm: AlgorithmIdentifier
  readonly recipientEncryptedKeys: readonly RecipientEncryptedKey[]
}

/** A recipient by a key that both have, a password, or in another way (RFC 5652 §6.2.3 to §6.2.5): kept whole. */
export interface OtherRecipientInfo {
  readonly kind: 'kekri' | 'pwri' | 'ori'
  readonly der: Uint8Array
}

/** RFC 5652 §6.2. */
export type RecipientInfo = KeyTransRecipientInfo | KeyAgreeRecipientInfo | OtherRecipientInfo

/** RFC 5652 §6.1. */
export interface EncryptedContentInfo {
  readonly contentType: Oid
  readonly contentEncryptionAlgorithm: AlgorithmIdentifier
  /** Absent where it is detached. */
  readonly encryptedContent?: Uint8Array
}

/** RFC 5652 §6.1. */
export interface EnvelopedData {
  readonly version: number
  readonly originatorInfo?: CertificateBag
  readonly recipientInfos: readonly RecipientInfo[]
  readonly encryptedContentInfo: EncryptedContentInfo
  readonly unprotectedAttrs?: readonly Attribute[]
}

/** RFC 5083 §2.1. */
export interface AuthEnvelopedData {
  readonly originatorInfo?: CertificateBag
  readonly recipientInfos: readonly RecipientInfo[]
  readonly authEncryptedContentInfo: EncryptedContentInfo
  readonly authAttrs?: readonly Attribute[]
  /** The authenticated attributes as a SET OF: the exact octets that are authenticated, RFC 5083 §2.2. */
  readonly authAttrsDer?: Uint8Array
  readonly mac: Uint8Array
  readonly unauthAttrs?: readonly Attribute[]
}

/** RFC 5652 §8: encrypted under a key that the message does not carry. */
export interface EncryptedData {
  readonly version: number
  readonly encryptedContentInfo: EncryptedContentInfo
  readonly unprotectedAttrs?: readonly Attribute[]
}
