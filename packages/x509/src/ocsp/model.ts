// The values of OCSP messages, RFC 6960 §4. Octets are views of the input.
import type {
  AccessDescription,
  AlgorithmIdentifier,
  CRLReason,
  CrlEntryExtensions,
  Extension,
  GeneralName,
  Name,
  Oid,
} from '../model.ts'

/** Which certificate a question or an answer is about, by hashes of its issuer, RFC 6960 §4.1.1. */
export interface CertID {
  readonly hashAlgorithm: AlgorithmIdentifier
  /** Over the DER of the issuer's name, as the certificate in question has it. */
  readonly issuerNameHash: Uint8Array
  /** Over the octets of the issuer's subjectPublicKey. */
  readonly issuerKeyHash: Uint8Array
  readonly serialNumber: bigint
}

/** The extensions of a question on one certificate, read by name; each is also in `singleRequestExtensions` as octets. */
export interface OcspSingleRequestExtensions {
  readonly serviceLocator?: ServiceLocator
}

/** Where the authority of a certificate answers, RFC 6960 §4.4.6. */
export interface ServiceLocator {
  readonly issuer: Name
  readonly locator?: readonly AccessDescription[]
}

/** A question on one certificate: Request of RFC 6960 §4.1.1. */
export interface OcspSingleRequest extends OcspSingleRequestExtensions {
  readonly reqCert: CertID
  readonly singleRequestExtensions: readonly Extension[]
}

/** The extensions of a whole request, read by name; each is also in `requestExtensions` as octets. */
export interface OcspRequestExtensions {
  /** 1 to 128 octets, RFC 9654 §2.1. */
  readonly nonce?: Uint8Array
  /** RFC 6960 §4.4.3. */
  readonly acceptableResponses?: readonly Oid[]
  readonly preferredSignatureAlgorithms?: readonly PreferredSignatureAlgorithm[]
}

/** An algorithm that the client wants the response signed by, RFC 6960 §4.4.7.1. */
export interface PreferredSignatureAlgorithm {
  readonly sigIdentifier: AlgorithmIdentifier
  readonly pubKeyAlgIdentifier?: AlgorithmIdentifier
}

/** What a requestor may sign, RFC 6960 §4.1.1. */
export interface TbsRequest {
  readonly requestorName?: GeneralName
  readonly requestList: readonly OcspSingleRequest[]
  readonly requestExtensions: readonly Extension[]
}

/** The signature of a request or of a response, with certificates that may help: not judged, each the whole DER of one. */
export interface OcspSignature {
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  readonly certs?: readonly Uint8Array[]
}

/** A request read whole, RFC 6960 §4.1.1. `tbsDer` are the exact octets that a signature is over. */
export interface OCSPRequest extends TbsRequest, OcspRequestExtensions {
  readonly der: Uint8Array
  readonly tbsDer: Uint8Array
  readonly optionalSignature?: OcspSignature
}

/** The errors that a responder answers, RFC 6960 §4.2.1. They are not signed: anyone on the way can say them. */
export type OcspErrorStatus = 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized'

/** Who signed a response, RFC 6960 §4.2.1. `keyHash` is the SHA-1 of the octets of its subjectPublicKey. */
export type ResponderID =
  | { readonly kind: 'byName'; readonly name: Name }
  | { readonly kind: 'byKey'; readonly keyHash: Uint8Array }

/** The status of one certificate, RFC 6960 §2.2 and §4.2.1. */
export type CertStatus =
  | { readonly kind: 'good' }
  | { readonly kind: 'revoked'; readonly revocationTime: Temporal.Instant; readonly revocationReason?: CRLReason }
  | { readonly kind: 'unknown' }

/** The CRL in which a responder found a certificate, RFC 6960 §4.4.2. */
export interface CrlID {
  readonly crlUrl?: string
  readonly crlNum?: bigint
  readonly crlTime?: Temporal.Instant
}

/** The extensions of the answer on one certificate, read by name; each is also in `singleExtensions` as octets. */
export interface OcspSingleResponseExtensions extends CrlEntryExtensions {
  readonly crlID?: CrlID
  /** RFC 6960 §4.4.4. */
  readonly archiveCutoff?: Temporal.Instant
  /** SignedCertificateTimestampList, RFC 6962 §3.3, as TLS encodes it; not read further. */
  readonly ocspSignedCertificateTimestamps?: Uint8Array
}

/** The answer on one certificate, RFC 6960 §4.2.1. */
export interface SingleResponse extends OcspSingleResponseExtensions {
  readonly certID: CertID
  readonly certStatus: CertStatus
  readonly thisUpdate: Temporal.Instant
  readonly nextUpdate?: Temporal.Instant
  readonly singleExtensions: readonly Extension[]
}

/** The extensions of a whole response, read by name; each is also in `responseExtensions` as octets. */
export interface OcspResponseExtensions {
  /** 1 to 128 octets, RFC 9654 §2.1. */
  readonly nonce?: Uint8Array
  /** Says that "revoked" may mean "never issued", RFC 6960 §4.4.8. */
  readonly extendedRevoke?: true
}

/** What a responder signs, RFC 6960 §4.2.1. */
export interface ResponseData {
  readonly responderID: ResponderID
  readonly producedAt: Temporal.Instant
  readonly responses: readonly SingleResponse[]
  readonly responseExtensions: readonly Extension[]
}

/** A signed response read whole, RFC 6960 §4.2.1. `tbsDer` are the exact octets that the signature is over. */
export interface BasicOCSPResponse extends ResponseData, OcspResponseExtensions, OcspSignature {
  readonly tbsDer: Uint8Array
}

/** A response, RFC 6960 §4.2.1: an answer, or why there is none. */
export type OCSPResponse =
  | { readonly responseStatus: 'successful'; readonly basic: BasicOCSPResponse }
  | { readonly responseStatus: OcspErrorStatus }
