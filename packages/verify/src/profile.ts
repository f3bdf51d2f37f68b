// Which rules bind beyond RFC 5280 §6: what that leaves to the one who verifies, and what an industry adds. One table per world.

/** Named limits on a path; what no profile names is the same in all. */
export interface Profile {
  readonly name: string
  /** A leaf with cA true: RFC 5280 allows it, SPIFFE X509-SVID §5.2 and CA/Browser Forum BR §7.1.2.7 do not. */
  readonly authorityAsLeaf: 'accepted' | 'refused'
  /**
   * RFC 5280 §4.2.1.12. `not-excluded`: an absent extendedKeyUsage and anyExtendedKeyUsage allow everything, as it says.
   * `named`: the leaf names the purpose. `named-alone`: and neither anyExtendedKeyUsage beside it nor the extension critical,
   * BR §7.1.2.7.10.
   */
  readonly leafPurpose: 'not-excluded' | 'named' | 'named-alone'
  /** RFC 9846 §4.5.1.2: TLS 1.3 peers prove their key by a signature and by nothing else. Not asked of a key for mail. */
  readonly leafKeyUsage: 'any' | 'digitalSignature'
  /** `forbidden`: a root names no purposes, BR §7.1.2.1.2. */
  readonly anchorPurpose: 'constrains' | 'forbidden'
  /** `key-identifier-only`: authorityKeyIdentifier of a root names no issuer and serial number, BR §7.1.2.1.3. */
  readonly anchorKeyIdentifier: 'any' | 'key-identifier-only'
  /** RFC 5280 §4.2.1.10: "Conforming CAs MUST mark this extension as critical"; BR §7.1.2.5.2 lets them leave it. */
  readonly nameConstraints: 'critical' | 'critical-or-not'
  /** `critical-if-alone`: subjectAltName is critical only beside an empty subject, BR §7.1.2.7.12. */
  readonly subjectAltName: 'critical-or-not' | 'critical-if-alone'
  /** `repeated`: a common name of the leaf repeats a value of its subjectAltName, BR §7.1.4.3. It never counts as a name. */
  readonly commonName: 'ignored' | 'repeated'
  /** Tells whether a domain in lower case is a public suffix, under which no wildcard may stand. Absent: none is. */
  readonly isPublicSuffix?: (domain: string) => boolean
}

/** RFC 5280 as it stands: for authorities of one's own. */
const PRIVATE: Profile = {
  name: 'private',
  authorityAsLeaf: 'accepted',
  leafPurpose: 'not-excluded',
  leafKeyUsage: 'any',
  anchorPurpose: 'constrains',
  anchorKeyIdentifier: 'any',
  nameConstraints: 'critical',
  subjectAltName: 'critical-or-not',
  commonName: 'ignored',
}

/** The named profiles. */
export const PROFILES: Readonly<Record<'private' | 'meeting', Profile>> = {
  /** RFC 5280 as it stands, for authorities of one's own. The default. */
  private: PRIVATE,
  /** What both sides of a meeting are held to: a party is no authority, and its key is for this purpose by name. */
  meeting: {
    ...PRIVATE,
    name: 'meeting',
    authorityAsLeaf: 'refused',
    leafPurpose: 'named',
    leafKeyUsage: 'digitalSignature',
  },
}

/**
 * The rules of the public web, CA/Browser Forum Baseline Requirements 2.
 * @param isPublicSuffix Tells whether a domain, in lower case, is on the public suffix list, its private part included.
 */
export function webpkiProfile(isPublicSuffix: (domain: string) => boolean): Profile {
  return {
    name: 'webpki',
    authorityAsLeaf: 'refused',
    leafPurpose: 'named-alone',
    leafKeyUsage: 'any',
    anchorPurpose: 'forbidden',
    anchorKeyIdentifier: 'key-identifier-only',
    nameConstraints: 'critical-or-not',
    subjectAltName: 'critical-if-alone',
    commonName: 'repeated',
    isPublicSuffix,
  }
}
