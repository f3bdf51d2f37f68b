// Where GnuTLS 3.7 (`certtool --verify`) and our private profile differ, and who is right. Policies and lists are not compared.
import type { FindingCode } from '@countersign/verify'
import { type Certificate, type GeneralName, OID } from '@countersign/x509'
import type { Facts, Row } from './model.ts'
import { says, twisted } from './says.ts'

const sentence = (pattern: RegExp, when: (facts: Facts) => boolean) => ({
  refusedBy: 'them' as const,
  explains: (reason: string, facts: Facts) => pattern.test(reason) && when(facts),
})
const some =
  (is: (certificate: Certificate) => boolean) =>
  ({ holders }: Facts) =>
    holders.some(({ certificate }) => is(certificate))
/** The kinds whose subtrees GnuTLS does not process. */
const isUnprocessed = (kind: GeneralName['kind']) => kind === 'uniformResourceIdentifier' || kind === 'directoryName'
/** What can be wrong with the certificate of an anchor. */
const ANCHOR_CODES: readonly FindingCode[] = [
  'ERR_VERIFY_NOT_A_CA',
  'ERR_VERIFY_KEY_USAGE',
  'ERR_VERIFY_EXTENDED_KEY_USAGE',
]
const isCommonName = ({ leaf, context }: Facts) =>
  leaf.subject.rdnSequence
    .flat()
    .some(({ type, text }) => type === OID.commonName && text?.toLowerCase() === context.name?.value.toLowerCase())

export const GNUTLS_TABLE: readonly Row[] = [
  {
    what: 'critical constraints on policies, mappings, or inhibitAnyPolicy',
    right: 'ours',
    why: 'RFC 5280 §6.1.4: they are processed here; GnuTLS does not know them and refuses, as it must',
    example: 32,
    ...sentence(
      /unknown critical extension/,
      some(({ policyConstraints, policyMappings, inhibitAnyPolicy }) =>
        [policyConstraints, policyMappings, inhibitAnyPolicy].some((each) => each !== undefined),
      ),
    ),
  },
  {
    what: 'an issuer for any purpose',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.12 lets anyExtendedKeyUsage stand for all',
    example: 87,
    ...sentence(/intended purpose/, twisted(/(anchor|issuer): for any purpose/)),
  },
  {
    what: 'excluded URIs or directory names',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: they are processed here; GnuTLS does not process them and refuses, as it must',
    example: 349,
    ...sentence(
      /violates the signer's constraints/,
      some(({ nameConstraints }) =>
        (nameConstraints?.excludedSubtrees ?? []).some(({ base }) => isUnprocessed(base.kind)),
      ),
    ),
  },
  {
    what: 'a leaf without DNS names, where DNS names are constrained',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: "If no name of the type is in the certificate, the certificate is acceptable"; GnuTLS holds the common name',
    example: 731,
    ...sentence(
      /violates the signer's constraints/,
      (facts) =>
        !(facts.leaf.subjectAltName ?? []).some(({ kind }) => kind === 'dNSName') &&
        some(({ nameConstraints: { permittedSubtrees = [], excludedSubtrees = [] } = {} }) =>
          [...permittedSubtrees, ...excludedSubtrees].some(({ base }) => base.kind === 'dNSName'),
        )(facts),
    ),
  },
  {
    what: 'an authority key identifier that names another key, or a self-issued certificate without one',
    right: 'both',
    why: 'RFC 5280 §6.1 does not ask; for us it is a hint for building (RFC 4158 §3.5.12), and the signature decides',
    example: 828,
    ...sentence(/issuer is unknown/, twisted(/authorityKeyIdentifier/)),
  },
  {
    what: 'an address outside of what is permitted',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10; GnuTLS lets any address of the other version of IP, and any where two authorities permit none in common',
    example: 1276,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^IP:.* is outside/),
  },
  {
    what: 'a DNS name that is none, where DNS names are constrained',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.6: in the "preferred name syntax"; what cannot be compared cannot be permitted',
    example: 1126,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^DNS:.*cannot be held against/),
  },
  {
    what: 'an empty subject, and names that are not critical',
    right: 'ours',
    why: 'RFC 5280 §4.1.2.6: "the subjectAltName extension MUST be marked as critical"',
    example: 469,
    ...says('ERR_VERIFY_SUBJECT', /the subject is empty/),
  },
  {
    what: 'a DNS name with the dot of the root',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.6: in the "preferred name syntax", which has no such dot',
    example: 1168,
    refusedBy: 'us',
    explains: ({ code }, facts) =>
      ['ERR_VERIFY_NAME', 'ERR_VERIFY_NAME_ABSENT'].includes(code) && twisted(/dot of the root presented/)(facts),
  },
  {
    what: 'a self-issued authority where no further one is allowed',
    right: 'ours',
    why: 'RFC 5280 §6.1.4 (l): self-issued certificates are not counted; GnuTLS counts them',
    example: 7091,
    ...sentence(
      /violates the signer's constraints/,
      (facts) => twisted(/path length/)(facts) && twisted(/issuer: self-issued/)(facts),
    ),
  },
  {
    what: 'an empty subtree of permitted DNS names',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: every name is it with "zero or more labels" more; GnuTLS permits none by it',
    example: 7711,
    ...sentence(
      /violates the signer's constraints/,
      some(({ nameConstraints }) =>
        (nameConstraints?.permittedSubtrees ?? []).some(({ base }) => base.kind === 'dNSName' && base.value === ''),
      ),
    ),
  },
  {
    what: 'a wildcard under a domain of one label',
    right: 'ours',
    why: 'RFC 9525 §6.3 knows no such limit; GnuTLS wants two dots',
    example: 387,
    ...sentence(/name in the certificate does not match/, twisted(/^a wildcard under a top domain/)),
  },
  {
    what: 'a URI or directory name outside of what is permitted',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10; GnuTLS does not look at permitted subtrees of these kinds',
    example: 158,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^(DN|URI):/),
  },
  {
    what: 'an anchor that may not issue this',
    right: 'ours',
    why: 'RFC 5937 §3: what its certificate says binds; to GnuTLS an anchor is a name and a key',
    example: 302,
    refusedBy: 'us',
    explains: ({ depth, code }, { path }) => depth === path.length && ANCHOR_CODES.includes(code),
  },
  {
    what: 'a wildcard that could stand for what is excluded',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: none of the names may be within; GnuTLS compares the wildcard as it stands',
    example: 6565,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /^DNS:\*\..* is excluded/),
  },
  {
    what: 'a name is asked for with the dot of the root',
    right: 'ours',
    why: 'RFC 9525 §2: a reference of a fully qualified name; GnuTLS compares the dot as it stands',
    example: 5563,
    ...sentence(/name in the certificate does not match/, twisted(/the dot of the root asked for/)),
  },
  {
    what: 'a mail address whose local part differs in case',
    right: 'ours',
    why: 'RFC 5280 §7.5: the local part as it stands',
    example: 186,
    ...says('ERR_VERIFY_NAME', /Carol@party\.example/),
  },
  {
    what: 'no authority key identifier',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.1: "MUST be included in all certificates" but what its own key signed',
    example: 53,
    ...says('ERR_VERIFY_KEY_IDENTIFIER', /the key identifier of its issuer is absent/),
  },
  {
    what: 'no subject key identifier in an authority',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.2: "MUST appear in all conforming CA certificates"',
    example: 71,
    ...says('ERR_VERIFY_KEY_IDENTIFIER', /subjectKeyIdentifier is absent/),
  },
  {
    what: 'the authority key identifier names another key, or another certificate, than that of the issuer',
    right: 'both',
    why: 'a hint for building (RFC 4158 §3.5.12): told where the path does not stand for another reason',
    example: 285,
    refusedBy: 'us',
    explains: ({ code }, facts) =>
      ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_KEY_IDENTIFIER'].includes(code) &&
      twisted(/authorityKeyIdentifier/)(facts),
  },
  {
    what: 'a serial number that is not positive',
    right: 'ours',
    why: 'RFC 5280 §4.1.2.2: "MUST be a positive integer"',
    example: 55,
    ...says('ERR_VERIFY_SERIAL', /not positive/),
  },
  {
    what: 'a certificate of version 1 or 2',
    right: 'both',
    why: 'RFC 5280 §4.1.2.1: with extensions it is 3; §6.1.4 (k) lets one refuse the others',
    example: 89,
    ...says('ERR_VERIFY_VERSION', /version [12]/),
  },
  {
    what: 'basicConstraints of an authority that is not critical',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.9: "MUST mark the extension as critical"',
    example: 186,
    ...says('ERR_VERIFY_NOT_A_CA', /basicConstraints is not critical/),
  },
  {
    what: 'extensions that are critical and must not be, or the other way round',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.2.1; §4.2.1.10, §4.2.1.11, §4.2.1.14',
    example: 81,
    ...says(
      'ERR_VERIFY_CRITICAL_EXTENSION',
      /^((authorityKeyIdentifier|subjectKeyIdentifier|authorityInfoAccess) is critical|(nameConstraints|policyConstraints|inhibitAnyPolicy) is not critical)/,
    ),
  },
  {
    what: 'keyUsage that the purpose has no use for',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.12: "only be used for a purpose consistent with both extensions"',
    example: 120,
    ...says('ERR_VERIFY_KEY_USAGE', /has no use for/),
  },
  {
    what: 'keyCertSign in a leaf that is no authority',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.3: "the cA bit […] MUST also be asserted"',
    example: 119,
    ...says('ERR_VERIFY_KEY_USAGE', /is of no authority/),
  },
  {
    what: 'an RSA key of 1024 or 2047 bits',
    right: 'ours',
    why: 'NIST SP 800-131A: at least 2048',
    example: 35,
    ...says('ERR_VERIFY_WEAK_KEY', /modulus has (1024|2047) bits/),
  },
  {
    what: 'an RSA key with the exponent 3',
    right: 'both',
    why: 'FIPS 186-5 §A.1.1: above 2^16',
    example: 56,
    ...says('ERR_VERIFY_WEAK_KEY', /exponent/),
  },
  {
    what: 'a key of P-224',
    right: 'both',
    why: 'our profile: the curves of TLS 1.3',
    example: 25,
    ...says('ERR_VERIFY_WEAK_KEY', /curve/, twisted(/p-224/)),
  },
  {
    what: 'the name is only the common name',
    right: 'ours',
    why: 'RFC 9525 §2 leaves the common name out',
    example: 47,
    ...says('ERR_VERIFY_NAME_ABSENT', /carries no/, isCommonName),
  },
  {
    what: 'constraints on names in a leaf',
    right: 'ours',
    why: 'RFC 5280 §4.2.1.10: "MUST be used only in a CA certificate"',
    example: 336,
    ...says('ERR_VERIFY_NAME_CONSTRAINTS', /of no authority/),
  },
  {
    what: 'noRevAvail beside what contradicts it',
    right: 'ours',
    why: 'RFC 9608 §3, which GnuTLS does not know',
    example: 286,
    ...says('ERR_VERIFY_NO_REV_AVAIL', /stands beside/),
  },
]
