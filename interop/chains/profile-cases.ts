// What the profiles differ in: each chain is asked under one that refuses it, and under one that does not.

import { PROFILES, type Profile, webpkiProfile } from '@countersign/verify'
import { authorityKeyIdentifierExtension, basicConstraintsExtension, nameOf, OID } from '@countersign/x509'
import type { Case } from './chain.ts'
import { rootKeys } from './chain.ts'
import { keyIdOf, marked, name, purposes, sans, usage } from './house.ts'

/** Of the public suffixes it knows one. */
export const WEBPKI: Profile = webpkiProfile((domain) => domain === 'co.example')

const dns = (value: string) => ({ kind: 'dNSName', value }) as const
/** A party as the public web wants it. */
const PUBLIC = {
  subject: name('party.example'),
  extensions: { subjectAltName: sans(dns('party.example')) },
} as const

interface Difference extends Omit<Case, 'codes' | 'context'> {
  readonly code: Case['codes'][number]
  readonly refusedBy: Profile
  readonly acceptedBy: Profile
}

const DIFFERENCES: readonly Difference[] = [
  {
    what: 'an authority as a leaf',
    code: 'ERR_VERIFY_CA_AS_LEAF',
    party: { more: [basicConstraintsExtension({ cA: true })] },
    refusedBy: PROFILES.meeting,
    acceptedBy: PROFILES.private,
  },
  {
    what: 'an authority as a public leaf',
    code: 'ERR_VERIFY_CA_AS_LEAF',
    party: { ...PUBLIC, more: [basicConstraintsExtension({ cA: true })] },
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.private,
  },
  {
    what: 'a leaf without a purpose',
    code: 'ERR_VERIFY_EXTENDED_KEY_USAGE',
    party: { extensions: { extendedKeyUsage: null } },
    refusedBy: PROFILES.meeting,
    acceptedBy: PROFILES.private,
  },
  {
    what: 'a leaf for any purpose',
    code: 'ERR_VERIFY_EXTENDED_KEY_USAGE',
    party: { extensions: { extendedKeyUsage: purposes(OID.anyExtendedKeyUsage) } },
    refusedBy: PROFILES.meeting,
    acceptedBy: PROFILES.private,
  },
  {
    what: 'a public leaf for this purpose and any',
    code: 'ERR_VERIFY_EXTENDED_KEY_USAGE',
    party: {
      ...PUBLIC,
      extensions: { ...PUBLIC.extensions, extendedKeyUsage: purposes(OID.clientAuth, OID.anyExtendedKeyUsage) },
    },
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
  {
    what: 'a public leaf with its purposes critical',
    code: 'ERR_VERIFY_CRITICAL_EXTENSION',
    party: {
      ...PUBLIC,
      extensions: { ...PUBLIC.extensions, extendedKeyUsage: marked(true, purposes(OID.clientAuth)) },
    },
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
  {
    what: 'a public leaf whose key may only agree on keys',
    code: 'ERR_VERIFY_KEY_USAGE',
    party: { ...PUBLIC, extensions: { ...PUBLIC.extensions, keyUsage: usage('keyAgreement') } },
    refusedBy: PROFILES.meeting,
    acceptedBy: WEBPKI,
  },
  {
    what: 'a root for one purpose',
    code: 'ERR_VERIFY_EXTENDED_KEY_USAGE',
    root: { more: [purposes(OID.clientAuth)] },
    party: PUBLIC,
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
  {
    what: 'a root that names its issuer in full',
    code: 'ERR_VERIFY_KEY_IDENTIFIER',
    root: {
      more: [
        authorityKeyIdentifierExtension({
          keyIdentifier: keyIdOf(rootKeys),
          authorityCertIssuer: [{ kind: 'directoryName', value: name('Root') }],
          authorityCertSerialNumber: 1n,
        }),
      ],
    },
    party: PUBLIC,
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
  {
    what: 'a public leaf with critical names beside its subject',
    code: 'ERR_VERIFY_CRITICAL_EXTENSION',
    party: { ...PUBLIC, extensions: { subjectAltName: marked(true, sans(dns('party.example'))) } },
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
  ...['party', 'PARTY.example', 'other.example', '192.0.2.01', '2001:DB8::1'].map(
    (commonName): Difference => ({
      what: `the common name ${commonName}`,
      code: 'ERR_VERIFY_COMMON_NAME',
      party: {
        subject: name(commonName),
        extensions: {
          subjectAltName: sans(
            dns('party.example'),
            { kind: 'iPAddress', octets: Uint8Array.of(192, 0, 2, 1) },
            { kind: 'iPAddress', octets: Uint8Array.fromHex('20010db8000000000000000000000001') },
          ),
        },
      },
      refusedBy: WEBPKI,
      acceptedBy: PROFILES.meeting,
    }),
  ),
  {
    what: 'a wildcard under a public suffix',
    code: 'ERR_VERIFY_PUBLIC_SUFFIX',
    party: { subject: name('*.CO.example'), extensions: { subjectAltName: sans(dns('*.CO.example')) } },
    refusedBy: WEBPKI,
    acceptedBy: PROFILES.meeting,
  },
]

/** As near as the public web lets one come. */
const ACCEPTED: readonly Case[] = [
  { what: 'a public leaf', party: PUBLIC },
  {
    what: 'an address as the common name, in its one text form',
    party: {
      subject: name('2001:db8::1'),
      extensions: {
        subjectAltName: sans({ kind: 'iPAddress', octets: Uint8Array.fromHex('20010db8000000000000000000000001') }),
      },
    },
  },
  {
    what: 'a public leaf without a subject, with critical names',
    party: { subject: nameOf([]), extensions: { subjectAltName: marked(true, sans(dns('party.example'))) } },
  },
  {
    what: 'the domain of a wildcard as the common name',
    party: { subject: name('a.example'), extensions: { subjectAltName: sans(dns('*.a.example')) } },
  },
  {
    what: 'a wildcard one label below a public suffix',
    party: { subject: name('*.a.co.example'), extensions: { subjectAltName: sans(dns('*.a.co.example')) } },
  },
].map((one) => ({ ...one, codes: [], context: { profile: WEBPKI } }))

/** RFC 5280 §4.2.1.12: which bits of keyUsage are consistent with which purpose, where both extensions are present. */
const CONSISTENT: readonly Case[] = (
  [
    ['digitalSignature', 'clientAuth', true],
    ['keyAgreement', 'clientAuth', true],
    ['keyEncipherment', 'clientAuth', false],
    ['nonRepudiation', 'clientAuth', false],
    ['digitalSignature', 'serverAuth', true],
    ['keyAgreement', 'serverAuth', true],
    ['keyEncipherment', 'serverAuth', true],
    ['nonRepudiation', 'serverAuth', false],
  ] as const
).flatMap(([bit, purpose, consistent]): Case[] => [
  {
    what: `keyUsage of only ${bit} for ${purpose}`,
    codes: consistent ? [] : ['ERR_VERIFY_KEY_USAGE'],
    party: { extensions: { keyUsage: usage(bit) } },
    context: { purpose, profile: PROFILES.private },
  },
  {
    what: `keyUsage of only ${bit} for ${purpose}, without extendedKeyUsage`,
    codes: [],
    party: { extensions: { keyUsage: usage(bit), extendedKeyUsage: null } },
    context: { purpose, profile: PROFILES.private },
  },
])

/** RFC 5280 §4.1.2.6: "If the subject is a CA […], then the subject field MUST be populated with a non-empty distinguished name". */
const NAMELESS: Case = {
  what: 'an authority as a leaf, without a subject, with critical names',
  codes: ['ERR_VERIFY_SUBJECT'],
  party: {
    subject: nameOf([]),
    extensions: { subjectAltName: marked(true, sans(dns('party.example'))) },
    more: [basicConstraintsExtension({ cA: true })],
  },
  context: { profile: PROFILES.private },
}

export const PROFILE_CASES: readonly Case[] = [
  NAMELESS,
  ...ACCEPTED,
  ...CONSISTENT,
  ...DIFFERENCES.flatMap(({ code, refusedBy, acceptedBy, ...rest }) => [
    { ...rest, what: `${rest.what}, under ${refusedBy.name}`, codes: [code], context: { profile: refusedBy } },
    { ...rest, what: `${rest.what}, under ${acceptedBy.name}`, codes: [], context: { profile: acceptedBy } },
  ]),
]
