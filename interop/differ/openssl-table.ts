// Where OpenSSL 3 (`openssl verify -x509_strict -policy_check`) and our private profile differ, and who is right.
// Longer than a file should be: a table, of which each row stands for itself.
import { type Certificate, namesEqual, OID } from '@countersign/x509'
import type { Facts, Row } from './model.ts'
import { saysOf } from './policies.ts'
import { policiesByTree } from './policy-tree.ts'
import { says, twisted } from './says.ts'

/** Their numbers are those of `x509_vfy.h`. */
const number = (numbers: readonly number[], when: (facts: Facts, depth: number) => boolean) => ({
  refusedBy: 'them' as const,
  explains(reason: string, facts: Facts) {
    const [code, depth] = reason.split(' at ').map(Number) as [number, number]
    return numbers.includes(code) && when(facts, depth)
  },
})
const uris = ({ leaf }: Facts) =>
  (leaf.subjectAltName ?? []).flatMap((each) => (each.kind === 'uniformResourceIdentifier' ? [each.value] : []))
const hasEmptyBase = ({ holders }: Facts) =>
  holders.some(({ certificate: { nameConstraints } }) =>
    [...(nameConstraints?.permittedSubtrees ?? []), ...(nameConstraints?.excludedSubtrees ?? [])].some(
      ({ base }) => (base.kind === 'rfc822Name' || base.kind === 'uniformResourceIdentifier') && base.value === '',
    ),
  )
/** X509_V_ERR of lists: none, not yet valid, ended, signature, no key usage, an unknown critical extension, another scope. */
const OF_LISTS = [3, 8, 11, 12, 33, 35, 36, 44]

export const OPENSSL_TABLE: readonly Row[] = [
  {
    what: 'a certificate, or list, ends in this second',
    right: 'ours',
    why: 'RFC 5280 §4.1.2.5: "through notAfter, inclusive"; OpenSSL ends it one second before',
    example: 592,
    ...number([10], twisted(/ends now/)),
  },
  {
    what: 'the authority key identifier names another key, or another certificate, than that of the issuer',
    right: 'both',
    why: 'RFC 5280 §6.1 does not ask; for us it is a hint for building (RFC 4158 §3.5.12), and the signature decides',
    example: 493,
    ...number([18, 19, 20, 21], twisted(/authorityKeyIdentifier/)),
  },
  {
    what: 'a self-issued certificate without key identifiers',
    right: 'ours',
    why: 'RFC 5280 §6.1: self-issued is not self-signed; OpenSSL takes it for self-signed and ends the path there',
    example: 13610,
    ...number([18, 19], twisted(/no subjectKeyIdentifier/)),
  },
  {
    what: 'an issuer for any purpose',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.12 lets anyExtendedKeyUsage stand for all; OpenSSL skips it',
    example: 87,
    ...number([26], twisted(/(anchor|issuer): for any purpose/)),
  },
  {
    what: 'a leaf for any purpose',
    right: 'ours',
    why: 'as above; the profile of a meeting refuses it, too',
    example: 79,
    ...number([26], twisted(/leaf: for (mail and )?any purpose/)),
  },
  {
    what: 'an issuer without keyUsage',
    right: 'ours',
    why: 'RFC 5280 §6.1.4 (n) and §4.2.1.9 ask only where it is present; -x509_strict asks for it',
    example: 133,
    ...number([81, 92], twisted(/(anchor|issuer): no keyUsage/)),
  },
  {
    what: 'a wildcard under a domain of one label',
    right: 'ours',
    why: 'RFC 9525 §6.3 knows no such limit; OpenSSL wants two dots',
    example: 387,
    ...number([62], twisted(/^a wildcard under a top domain/)),
  },
  {
    what: 'a name is asked for with the dot of the root',
    right: 'ours',
    why: 'RFC 9525 §2: a reference of a fully qualified name; OpenSSL compares the dot as it stands',
    example: 14257,
    ...number([62], twisted(/the dot of the root asked for/)),
  },
  {
    what: 'the status of the anchor, by its own list',
    right: 'ours',
    why: 'RFC 5280 §6.1: the anchor is no part of the path; -crl_check_all asks for its status, too',
    example: 106,
    ...number(OF_LISTS, ({ holders }, depth) => depth === holders.length - 1),
  },
  {
    what: 'noRevAvail',
    right: 'ours',
    why: 'RFC 9608 §4: no status is looked for; OpenSSL 3.0 does not know the extension',
    example: 13845,
    ...number(OF_LISTS, (facts, depth) => depth === 0 && twisted(/leaf: noRevAvail/)(facts)),
  },
  {
    what: 'an indirect list',
    right: 'ours',
    why: 'RFC 5280 §5.2.5: it speaks of its own issuer’s certificates, too; OpenSSL needs -extended_crl for it',
    example: 10966,
    ...number([3], twisted(/list: indirectCRL/)),
  },
  {
    what: 'a list by another key of the same name, where an authority is self-issued',
    right: 'ours',
    why: 'RFC 5280 §6.3.3 (f): any key of the list’s issuer that leads to the same anchor',
    example: 13641,
    ...number(
      OF_LISTS,
      ({ holders, twists }) =>
        [...twists].some((twist) => twist.startsWith('list:')) &&
        holders
          .slice(1, -1)
          .some(({ certificate }) => certificate.subject.der.toHex() === certificate.issuer.der.toHex()),
    ),
  },
  {
    what: 'a leaf whose keyUsage is of no use for TLS, without extendedKeyUsage',
    right: 'both',
    why: 'RFC 5280 §4.2.1.12 speaks of both extensions; who holds the key is asked by the handshake',
    example: 47367,
    ...number(
      [26],
      (facts) =>
        facts.leaf.extendedKeyUsage === undefined && twisted(/leaf: keyUsage for (encipherment|contents|crls)/)(facts),
    ),
  },
  {
    what: 'an authority as a leaf, without subjectKeyIdentifier or keyUsage',
    right: 'both',
    why: 'RFC 5280 §4.2.1.2, §4.2.1.3 ask it of authorities; here it issues nothing, and the profile of a meeting refuses it',
    example: 20555,
    ...number([86, 92], (facts, depth) => depth === 0 && twisted(/leaf: no (subjectKeyIdentifier|keyUsage)/)(facts)),
  },
  {
    what: 'an empty subtree of permitted mail addresses or URIs',
    right: 'both',
    why: 'RFC 5280 §4.2.1.10 does not say; to us and to Go it is every name, as for DNS names, to OpenSSL none',
    example: 20263,
    ...number([47], hasEmptyBase),
  },
  {
    what: 'a URI with a user, below what is permitted',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: the host counts; OpenSSL takes the user for a part of it',
    example: 66926,
    ...number([47], (facts) => uris(facts).some((uri) => uri.includes('@'))),
  },

  {
    what: 'a signature with SHA-1',
    right: 'ours',
    why: 'SHA-1 is broken (RFC 9155 for TLS); level 1 of Debian lets it pass here',
    example: 118,
    ...says('ERR_VERIFY_ALGORITHM', /ecdsa with sha-1/, twisted(/sha-1/)),
  },
  {
    what: 'a key of P-224',
    right: 'both',
    why: 'our profile: the curves of TLS 1.3',
    example: 25,
    ...says('ERR_VERIFY_WEAK_KEY', /curve/, twisted(/p-224/)),
  },
  {
    what: 'an RSA key of 1024 or 2047 bits',
    right: 'ours',
    why: 'NIST SP 800-131A: at least 2048, which level 1 of Debian does not ask for',
    example: 35,
    ...says('ERR_VERIFY_WEAK_KEY', /modulus has (1024|2047) bits/),
  },
  {
    what: 'an RSA key with the exponent 3',
    right: 'both',
    why: 'FIPS 186-5 §A.1.1: above 2^16',
    example: 86,
    ...says('ERR_VERIFY_WEAK_KEY', /exponent/),
  },
  {
    what: 'a leaf of version 1 or 2',
    right: 'both',
    why: 'RFC 5280 §4.1.2.1: with extensions it is 3; without them it has no names and no purpose',
    example: 125,
    ...says('ERR_VERIFY_VERSION', /version [12]/),
  },
  {
    what: 'a serial number that is not positive',
    right: 'ours',
    why: 'RFC 5280 §4.1.2.2: "MUST be a positive integer"',
    example: 395,
    ...says('ERR_VERIFY_SERIAL', /not positive/),
  },
  {
    what: 'an anchor that another key signed, without the identifier of that key',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.1: only what its own key signed may leave it out',
    example: 340,
    ...says('ERR_VERIFY_KEY_IDENTIFIER', /its own key did not sign it/),
  },
  {
    what: 'constraints that are not critical',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10, §4.2.1.11, §4.2.1.14: each MUST be critical',
    example: 756,
    ...says('ERR_VERIFY_CRITICAL_EXTENSION', /^(nameConstraints|policyConstraints|inhibitAnyPolicy) is not critical/),
  },
  {
    what: 'constraints on names in a leaf',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: "MUST be used only in a CA certificate"',
    example: 336,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /of no authority/),
  },
  {
    what: 'a URI without a host, or with an address, where URIs are constrained',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: "the application MUST reject the certificate"',
    example: 242,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^URI:.*cannot be held against/),
  },
  {
    what: 'a DNS name that is none, where DNS names are constrained',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.6: in the "preferred name syntax"; what cannot be compared cannot be permitted',
    example: 10313,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^DNS:.*cannot be held against/),
  },
  {
    what: 'a URI with a user, below what is excluded',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: the host counts; OpenSSL takes the user for a part of it',
    example: 56559,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^URI:[^ ]*@.* is excluded/),
  },
  {
    what: 'an empty subtree of excluded mail addresses or URIs',
    right: 'both',
    why: 'as above; so read, more is refused',
    example: 720,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^(email|URI):.* is excluded/, hasEmptyBase),
  },
  {
    what: 'a wildcard that could stand for what is excluded',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: none of the names may be within; OpenSSL compares the wildcard as it stands',
    example: 46589,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^DNS:\*\..* is excluded/),
  },
  {
    what: 'the name is only the common name',
    right: 'ours',
    why: 'RFC 9525 §2 leaves the common name out; OpenSSL asks it where no DNS name is presented',
    example: 47,
    ...says('ERR_VERIFY_NAME_ABSENT', /carries no dns name/, ({ leaf, context }) =>
      leaf.subject.rdnSequence
        .flat()
        .some(
          ({ type, text }) =>
            type === OID.commonName &&
            text?.toLowerCase().replace(/\.$/, '') === context.name?.value.toLowerCase().replace(/\.$/, ''),
        ),
    ),
  },
  {
    what: 'a DNS name with the dot of the root',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.6: in the "preferred name syntax", which has no such dot',
    example: 14481,
    ...says('ERR_VERIFY_NAME', /not for party\.example\.?$/, twisted(/the dot of the root presented/)),
  },
  {
    what: 'a DNS name with the dot of the root, and no other',
    right: 'ours',
    why: 'as above',
    example: 252,
    ...says('ERR_VERIFY_NAME_ABSENT', /carries no dns name/, twisted(/the dot of the root presented/)),
  },
  {
    what: 'noRevAvail beside what contradicts it',
    right: 'ours',
    why: 'RFC 9608 §3; OpenSSL 3.0 does not know the extension',
    example: 298,
    ...says('ERR_VERIFY_NO_REV_AVAIL', /stands beside/),
  },
  {
    what: 'a list without nextUpdate',
    right: 'ours',
    why: 'RFC 5280 §5.1.2.5: "Conforming CRL issuers MUST include the nextUpdate field"; it would count for ever',
    example: 21,
    ...says('ERR_VERIFY_STATUS_UNKNOWN', /no next update/),
  },
  {
    what: 'a list without its number',
    right: 'ours',
    why: 'RFC 5280 §5.2.3: "MUST include this extension in all CRLs"',
    example: 9,
    ...says('ERR_VERIFY_STATUS_UNKNOWN', /crl number is absent/),
  },
  {
    what: 'the policies of the anchor',
    right: 'ours',
    why: 'RFC 5937 §3.2: they bind; OpenSSL does not look at them',
    example: 604,
    ...says('ERR_VERIFY_POLICY', /an explicit policy is required/, twisted(/anchor: policies/)),
  },
  {
    what: 'a mapping of anyPolicy',
    right: 'ours',
    why: 'RFC 5280 §6.1.4 (a): refused whatever else is asked; OpenSSL looks where a policy is required',
    example: 33104,
    ...says('ERR_VERIFY_POLICY_MAPPING', /anyPolicy is mapped/),
  },
  {
    what: 'a self-issued leaf where a policy is required one certificate later',
    right: 'ours',
    why: 'RFC 5280 §6.1.5 (a) counts the leaf, self-issued or not: the tree says so; OpenSSL does not count it',
    example: 31715,
    ...says(
      'ERR_VERIFY_POLICY',
      /an explicit policy is required/,
      (facts) => namesEqual(facts.leaf.subject, facts.leaf.issuer) && isRefusedByTree(facts),
    ),
  },
  {
    what: 'a mapping in a certificate that has anyPolicy, too',
    right: 'ours',
    why: 'RFC 5280 §6.1.3 (d), §6.1.4 (b): its tree says so; OpenSSL takes what is mapped for named, also where anyPolicy is inhibited',
    example: 11988,
    ...says(
      'ERR_VERIFY_POLICY',
      /an explicit policy is required/,
      (facts) => facts.path.some(mapsBesideAny) && isRefusedByTree(facts),
    ),
  },
]

function mapsBesideAny({ policyMappings, certificatePolicies = [] }: Certificate): boolean {
  return (
    policyMappings !== undefined &&
    certificatePolicies.some(({ policyIdentifier }) => policyIdentifier === OID.anyPolicy)
  )
}

function isRefusedByTree({ path, context: { policy = {} } }: Facts): boolean {
  const {
    initialPolicySet = [OID.anyPolicy],
    initialExplicitPolicy = false,
    initialPolicyMappingInhibit = false,
    initialAnyPolicyInhibit = false,
  } = policy
  const inputs = { initialPolicySet, initialExplicitPolicy, initialPolicyMappingInhibit, initialAnyPolicyInhibit }
  return policiesByTree(saysOf(path), inputs) === undefined
}
