// The values that X.509 structures are read into and written from: RFC 5280 §4 and §5, RFC 2986.
// All are plain and frozen by type; octets are views of the input, never copies.

/** An object identifier in dotted decimal, as in `2.5.29.19`. */
export type Oid = string

/** RFC 5280 §4.1.1.2. `parameters` is the whole DER element, absent where the field is absent. */
export interface AlgorithmIdentifier {
  readonly algorithm: Oid
  readonly parameters?: Uint8Array
}

/** One attribute of a name, RFC 5280 §4.1.2.4. `value` is the whole DER element, so its string type survives. */
export interface AttributeTypeAndValue {
  readonly type: Oid
  readonly value: Uint8Array
  /** The text of `value` where it is one of the string types that we read. */
  readonly text?: string
}

/** A set of attributes that stand together in a name, RFC 5280 §4.1.2.4. */
export type RelativeDistinguishedName = readonly AttributeTypeAndValue[]

/** A distinguished name, RFC 5280 §4.1.2.4. `der` is the exact encoding. */
export interface Name {
  readonly der: Uint8Array
  readonly rdnSequence: readonly RelativeDistinguishedName[]
}

/** RFC 5280 §4.2.1.6. Text kinds are IA5String contents, not yet judged; `octets` of an address are 4 or 16 (8 or 32 in constraints). */
export type GeneralName =
  | { readonly kind: 'otherName'; readonly typeId: Oid; readonly value: Uint8Array }
  | { readonly kind: 'rfc822Name'; readonly value: string }
  | { readonly kind: 'dNSName'; readonly value: string }
  | { readonly kind: 'x400Address'; readonly der: Uint8Array }
  | { readonly kind: 'directoryName'; readonly value: Name }
  | { readonly kind: 'ediPartyName'; readonly der: Uint8Array }
  | { readonly kind: 'uniformResourceIdentifier'; readonly value: string }
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array }
  | { readonly kind: 'registeredID'; readonly value: Oid }

/** The bits of KeyUsage, RFC 5280 §4.2.1.3. */
export type KeyUsageBit =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** The bits of ReasonFlags, RFC 5280 §4.2.1.13. */
export type ReasonFlag =
  | 'unused'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'privilegeWithdrawn'
  | 'aACompromise'

/** CRLReason, RFC 5280 §5.3.1. */
export type CRLReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise'

/** RFC 5280 §4.2.1.9. `pathLenConstraint` counts certificates. */
export interface BasicConstraints {
  readonly cA: boolean
  readonly pathLenConstraint?: number
}

/** RFC 5280 §4.2.1.1. Issuer and serial number stand both or not at all. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier?: Uint8Array
  readonly authorityCertIssuer?: readonly GeneralName[]
  readonly authorityCertSerialNumber?: bigint
}

/** RFC 5280 §4.2.1.10. `minimum` other than 0 and any `maximum` are kept so that a verifier can refuse them. */
export interface GeneralSubtree {
  readonly base: GeneralName
  readonly minimum: number
  readonly maximum?: number
}

/** RFC 5280 §4.2.1.10. At least one of the two stands. */
export interface NameConstraints {
  readonly permittedSubtrees?: readonly GeneralSubtree[]
  readonly excludedSubtrees?: readonly GeneralSubtree[]
}

/** One policy, RFC 5280 §4.2.1.4. */
export interface PolicyInformation {
  readonly policyIdentifier: Oid
  /** Each the whole DER of one PolicyQualifierInfo. */
  readonly policyQualifiers?: readonly Uint8Array[]
}

/** One pair of policies that the issuer holds for equivalent, RFC 5280 §4.2.1.5. */
export interface PolicyMapping {
  readonly issuerDomainPolicy: Oid
  readonly subjectDomainPolicy: Oid
}

/** RFC 5280 §4.2.1.11. The numbers count certificates; at least one of the two stands. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number
  readonly inhibitPolicyMapping?: number
}

/** Where a CRL is, RFC 5280 §4.2.1.13. */
export type DistributionPointName =
  | { readonly kind: 'fullName'; readonly value: readonly GeneralName[] }
  | { readonly kind: 'nameRelativeToCRLIssuer'; readonly value: RelativeDistinguishedName }

/** RFC 5280 §4.2.1.13. At least one of `distributionPoint` and `cRLIssuer` stands. */
export interface DistributionPoint {
  readonly distributionPoint?: DistributionPointName
  readonly reasons?: ReadonlySet<ReasonFlag>
  readonly cRLIssuer?: readonly GeneralName[]
}

/** RFC 5280 §4.2.2.1 and §4.2.2.2. */
export interface AccessDescription {
  readonly accessMethod: Oid
  readonly accessLocation: GeneralName
}

/** What a CRL covers, RFC 5280 §5.2.5. */
export interface IssuingDistributionPoint {
  readonly distributionPoint?: DistributionPointName
  readonly onlyContainsUserCerts: boolean
  readonly onlyContainsCACerts: boolean
  readonly onlySomeReasons?: ReadonlySet<ReasonFlag>
  readonly indirectCRL: boolean
  readonly onlyContainsAttributeCerts: boolean
}

/** An extension as it stands, RFC 5280 §4.1.2.9. `extnValue` is the contents of the OCTET STRING. */
export interface Extension {
  readonly extnID: Oid
  readonly critical: boolean
  readonly extnValue: Uint8Array
}

/** The certificate extensions of RFC 5280 §4.2 (and RFC 9608), read by name; each is also in `extensions` as octets. */
export interface CertificateExtensions {
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier
  readonly subjectKeyIdentifier?: Uint8Array
  readonly keyUsage?: ReadonlySet<KeyUsageBit>
  readonly certificatePolicies?: readonly PolicyInformation[]
  readonly policyMappings?: readonly PolicyMapping[]
  readonly subjectAltName?: readonly GeneralName[]
  readonly issuerAltName?: readonly GeneralName[]
  readonly subjectDirectoryAttributes?: Uint8Array
  readonly basicConstraints?: BasicConstraints
  readonly nameConstraints?: NameConstraints
  readonly policyConstraints?: PolicyConstraints
  readonly extendedKeyUsage?: readonly Oid[]
  readonly cRLDistributionPoints?: readonly DistributionPoint[]
  readonly inhibitAnyPolicy?: number
  readonly freshestCRL?: readonly DistributionPoint[]
  readonly authorityInfoAccess?: readonly AccessDescription[]
  readonly subjectInfoAccess?: readonly AccessDescription[]
  readonly noRevAvail?: true
  /** The status of this OCSP responder is not to be asked for, RFC 6960 §4.2.2.2.1. */
  readonly ocspNoCheck?: true
  /** Numbers of TLS extensions that its server promises to answer, such as 5 for a stapled OCSP response; RFC 7633 §4. */
  readonly tlsFeature?: readonly number[]
  /** SignedCertificateTimestampList, RFC 6962 §3.3, as TLS encodes it; not read further. */
  readonly signedCertificateTimestamps?: Uint8Array
}

/** RFC 5280 §4.1.2.7. `der` is the exact encoding; `subjectPublicKey` the octets of the BIT STRING (0 unused bits). */
export interface SubjectPublicKeyInfo {
  readonly der: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly subjectPublicKey: Uint8Array
}

/** RFC 5280 §4.1.2.5, both ends inclusive; whole seconds. */
export interface Validity {
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
  /** What is before 2050 and stands as GeneralizedTime all the same: no issuer may write it so, every reader must read it. */
  readonly generalizedTime?: 'notBefore' | 'notAfter' | 'both'
}

/** What an issuer signs, RFC 5280 §4.1.2. */
export interface TbsCertificate {
  readonly version: 1 | 2 | 3
  readonly serialNumber: bigint
  readonly signature: AlgorithmIdentifier
  readonly issuer: Name
  readonly validity: Validity
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  /** Contents octets of the BIT STRINGs with their leading unused-bits octet. */
  readonly issuerUniqueID?: Uint8Array
  readonly subjectUniqueID?: Uint8Array
  readonly extensions: readonly Extension[]
}

/** A certificate read whole. `tbsDer` are the exact octets that were signed. */
export interface Certificate extends TbsCertificate, CertificateExtensions {
  readonly der: Uint8Array
  readonly tbsDer: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signatureValue: Uint8Array
}

/** A type and its values, each the whole DER of one. RFC 5280 Appendix A.1, RFC 2986 §4.1. */
export interface Attribute {
  readonly type: Oid
  readonly values: readonly Uint8Array[]
}

/** PKCS#10, RFC 2986 §4. `extensionRequest` is the attribute of RFC 2985 §5.4.2; other attributes stay octets. */
export interface CertificationRequest {
  readonly der: Uint8Array
  readonly certificationRequestInfoDer: Uint8Array
  readonly subject: Name
  readonly subjectPublicKeyInfo: SubjectPublicKeyInfo
  readonly attributes: readonly Attribute[]
  readonly extensionRequest: readonly Extension[]
  readonly requested: CertificateExtensions
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signatureValue: Uint8Array
}

/** The CRL entry extensions of RFC 5280 §5.3, read by name. */
export interface CrlEntryExtensions {
  readonly reasonCode?: CRLReason
  readonly invalidityDate?: Temporal.Instant
  readonly certificateIssuer?: readonly GeneralName[]
}

/** RFC 5280 §5.1.2.6 and §5.3. The named extensions are also in `extensions` as octets. */
export interface RevokedCertificate extends CrlEntryExtensions {
  readonly userCertificate: bigint
  readonly revocationDate: Temporal.Instant
  readonly extensions: readonly Extension[]
}

/** RFC 5280 §5.1.2. */
export interface TbsCertList {
  readonly version: 1 | 2
  readonly signature: AlgorithmIdentifier
  readonly issuer: Name
  readonly thisUpdate: Temporal.Instant
  readonly nextUpdate?: Temporal.Instant
  readonly revokedCertificates: readonly RevokedCertificate[]
  readonly crlExtensions: readonly Extension[]
}

/** The CRL extensions of RFC 5280 §5.2, read by name; each is also in `crlExtensions` as octets. */
export interface CrlExtensions {
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier
  readonly issuerAltName?: readonly GeneralName[]
  readonly cRLNumber?: bigint
  readonly deltaCRLIndicator?: bigint
  readonly issuingDistributionPoint?: IssuingDistributionPoint
  readonly freshestCRL?: readonly DistributionPoint[]
  readonly authorityInfoAccess?: readonly AccessDescription[]
}

/** A CRL read whole, RFC 5280 §5. `tbsDer` are the exact octets that were signed. */
export interface CertificateList extends TbsCertList, CrlExtensions {
  readonly der: Uint8Array
  readonly tbsDer: Uint8Array
  readonly signatureAlgorithm: AlgorithmIdentifier
  readonly signatureValue: Uint8Array
}

/** RFC 5958 OneAsymmetricKey, unencrypted. Secret. */
export interface PrivateKeyInfo {
  readonly privateKeyAlgorithm: AlgorithmIdentifier
  /** Contents of the OCTET STRING; their form is the algorithm's. */
  readonly privateKey: Uint8Array
  readonly attributes?: readonly Attribute[]
  /** Octets of the BIT STRING (0 unused bits). */
  readonly publicKey?: Uint8Array
}

/** `T` while it is being read. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] }
