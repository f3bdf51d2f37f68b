// Extensions: critical or not, known or not, processed or not.
import {
  authorityInfoAccessExtension,
  cRLDistributionPointsExtension,
  type Extension,
  freshestCRLExtension,
  inhibitAnyPolicyExtension,
  issuerAltNameExtension,
  nameConstraintsExtension,
  noRevAvailExtension,
  OID,
  policyConstraintsExtension,
  subjectDirectoryAttributesExtension,
  subjectInfoAccessExtension,
  subjectKeyIdentifierExtension,
  writeNull,
  writeOid,
  writeSequence,
  writeSetOf,
} from '@countersign/x509'
import { type Case, issuingKeys } from './chain.ts'
import { akiOf, crl, keyIdOf, marked, purposes, usage } from './house.ts'

/** Attributes ::= one attribute with one value. */
const attributes = writeSequence(writeSequence(writeOid('1.3.6.1.4.1.32473.3'), writeSetOf([writeNull()])))
const unknown = (critical: boolean): Extension => ({
  extnID: '1.3.6.1.4.1.32473.1',
  critical,
  extnValue: writeSequence(),
})
const place = [
  { accessMethod: OID.ocsp, accessLocation: { kind: 'uniformResourceIdentifier', value: 'http://a.example/' } },
] as const
const point = [{ distributionPoint: { kind: 'fullName', value: [place[0].accessLocation] } }] as const
const constraints = nameConstraintsExtension({
  permittedSubtrees: [{ base: { kind: 'dNSName', value: 'example' }, minimum: 0 }],
})
const carol = { kind: 'rfc822Name', value: 'carol@example.com' } as const

export const EXTENSION_CASES: readonly Case[] = [
  { what: 'an unknown extension', codes: [], party: { more: [unknown(false)] } },
  ...(['root', 'issuing', 'party'] as const).map((where) => ({
    what: `an unknown critical extension in ${where}`,
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'] as const,
    [where]: { more: [unknown(true)] },
  })),
  ...(
    [
      ['subjectDirectoryAttributes', subjectDirectoryAttributesExtension(attributes)],
      ['authorityInfoAccess', authorityInfoAccessExtension(place)],
      ['subjectInfoAccess', subjectInfoAccessExtension(place)],
      ['freshestCRL', freshestCRLExtension(point)],
    ] as const
  ).map(([what, extension]) => ({
    what: `${what} that is critical`,
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'] as const,
    party: { more: [marked(true, extension)] },
  })),
  {
    what: 'a critical authorityKeyIdentifier',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    party: { extensions: { authorityKeyIdentifier: marked(true, akiOf({ keys: issuingKeys })) } },
  },
  {
    what: 'a critical subjectKeyIdentifier',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    issuing: {
      extensions: { subjectKeyIdentifier: marked(true, subjectKeyIdentifierExtension(keyIdOf(issuingKeys))) },
    },
  },
  {
    what: 'keyUsage that is not critical',
    codes: [],
    party: { extensions: { keyUsage: marked(false, usage('digitalSignature')) } },
  },
  {
    what: 'extendedKeyUsage that is critical',
    codes: [],
    party: { extensions: { extendedKeyUsage: marked(true, purposes(OID.clientAuth)) } },
  },
  {
    what: 'name constraints that are not critical',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    issuing: { more: [marked(false, constraints)] },
  },
  {
    what: 'policy constraints that are not critical',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    issuing: { more: [marked(false, policyConstraintsExtension({ requireExplicitPolicy: 9 }))] },
  },
  {
    what: 'inhibitAnyPolicy that is not critical',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    issuing: { more: [marked(false, inhibitAnyPolicyExtension(0))] },
  },
  { what: 'noRevAvail', codes: [], party: { more: [noRevAvailExtension()] } },
  {
    what: 'noRevAvail where a status is required',
    codes: [],
    party: { more: [noRevAvailExtension()] },
    context: ({ root }) => ({ status: { mode: 'require', crls: [crl(root)] } }),
  },
  {
    what: 'noRevAvail that is critical',
    codes: ['ERR_VERIFY_CRITICAL_EXTENSION'],
    party: { more: [marked(true, noRevAvailExtension())] },
  },
  {
    what: 'noRevAvail of an authority',
    codes: ['ERR_VERIFY_NO_REV_AVAIL'],
    issuing: { more: [noRevAvailExtension()] },
  },
  ...(
    [
      ['cRLDistributionPoints', cRLDistributionPointsExtension(point)],
      ['freshestCRL', freshestCRLExtension(point)],
      ['the place of an ocsp responder', authorityInfoAccessExtension(place)],
    ] as const
  ).map(([what, extension]) => ({
    what: `noRevAvail beside ${what}`,
    codes: ['ERR_VERIFY_NO_REV_AVAIL'] as const,
    party: { more: [noRevAvailExtension(), extension] },
  })),
  {
    what: 'critical issuerAltName',
    codes: ['ERR_VERIFY_UNSUPPORTED'],
    party: { more: [marked(true, issuerAltNameExtension([carol]))] },
  },
]
