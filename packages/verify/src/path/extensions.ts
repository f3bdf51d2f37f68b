// Extensions: which may or must be critical, and which we cannot yet process. RFC 5280 §4.2 and §6.1.4 (o), RFC 9608.
import {
  type Certificate,
  enter,
  OID,
  type Oid,
  openDer,
  type PolicyInformation,
  readOid,
  TAG,
} from '@countersign/x509'
import type { Profile } from '../profile.ts'
import type { Fault } from './fault.ts'

interface ExtensionRule {
  readonly name: string
  /** What a conforming authority marks it; `either` where the clause leaves it open or says SHOULD. */
  readonly critical: 'always' | 'never' | 'either'
  /** It is not processed, and refused where it is critical. */
  readonly unsupported?: true
}

/** Every extension that RFC 5280 §4.2 and RFC 9608 name. Any other is unknown, and refused where it is critical. */
const EXTENSION_RULES: ReadonlyMap<Oid, ExtensionRule> = new Map<Oid, ExtensionRule>([
  [OID.authorityKeyIdentifier, { name: 'authorityKeyIdentifier', critical: 'never' }],
  [OID.subjectKeyIdentifier, { name: 'subjectKeyIdentifier', critical: 'never' }],
  [OID.keyUsage, { name: 'keyUsage', critical: 'either' }],
  [OID.certificatePolicies, { name: 'certificatePolicies', critical: 'either' }],
  [OID.policyMappings, { name: 'policyMappings', critical: 'either' }],
  [OID.subjectAltName, { name: 'subjectAltName', critical: 'either' }],
  [OID.issuerAltName, { name: 'issuerAltName', critical: 'either', unsupported: true }],
  [OID.subjectDirectoryAttributes, { name: 'subjectDirectoryAttributes', critical: 'never' }],
  [OID.basicConstraints, { name: 'basicConstraints', critical: 'either' }],
  [OID.nameConstraints, { name: 'nameConstraints', critical: 'always' }],
  [OID.policyConstraints, { name: 'policyConstraints', critical: 'always' }],
  [OID.extendedKeyUsage, { name: 'extendedKeyUsage', critical: 'either' }],
  [OID.cRLDistributionPoints, { name: 'cRLDistributionPoints', critical: 'either' }],
  [OID.inhibitAnyPolicy, { name: 'inhibitAnyPolicy', critical: 'always' }],
  [OID.freshestCRL, { name: 'freshestCRL', critical: 'never' }],
  [OID.authorityInfoAccess, { name: 'authorityInfoAccess', critical: 'never' }],
  [OID.subjectInfoAccess, { name: 'subjectInfoAccess', critical: 'never' }],
  [OID.noRevAvail, { name: 'noRevAvail', critical: 'never' }],
])

/** Judges the criticality of every extension, and refuses what could matter and is not processed. */
export function judgeExtensions(
  { extensions, certificatePolicies = [] }: Certificate,
  { nameConstraints }: Profile,
  fault: Fault,
): void {
  for (const { extnID, critical } of extensions) {
    const rule = EXTENSION_RULES.get(extnID)
    if (rule === undefined) {
      if (critical)
        fault('ERR_VERIFY_CRITICAL_EXTENSION', `the critical extension ${extnID} is not known`, { found: [extnID] })
      continue
    }
    const free = extnID === OID.nameConstraints && nameConstraints === 'critical-or-not'
    if (!free && rule.critical === (critical ? 'never' : 'always'))
      fault('ERR_VERIFY_CRITICAL_EXTENSION', `${rule.name} is ${critical ? '' : 'not '}critical`, {
        found: [rule.name],
      })
    // §4.2.1.4: "If this extension is critical, the path validation software MUST be able to interpret this extension (including
    // the optional qualifier), or MUST reject the certificate."
    if (extnID === OID.certificatePolicies && critical && certificatePolicies.some(hasUnknownQualifier))
      fault('ERR_VERIFY_CRITICAL_EXTENSION', 'a qualifier of critical certificatePolicies is not known', {
        found: [rule.name],
      })
    if (rule.unsupported && critical)
      fault('ERR_VERIFY_UNSUPPORTED', `${rule.name} is not processed yet, and it could forbid this`, {
        found: [rule.name],
      })
  }
}

/** PolicyQualifierInfo begins with its policyQualifierId; the reader has seen to its form. */
function hasUnknownQualifier({ policyQualifiers = [] }: PolicyInformation): boolean {
  return policyQualifiers.some((qualifier) => {
    const cursor = openDer(qualifier, { maxOctets: qualifier.length, maxElements: 2, maxDepth: 1 })
    enter(cursor, TAG.sequence)
    const id = readOid(cursor)
    return id !== OID.cps && id !== OID.unotice
  })
}

/** Tells whether the certificate has the extension and marks it critical. */
export function isCritical({ extensions }: Certificate, extnID: Oid): boolean {
  return extensions.some((extension) => extension.extnID === extnID && extension.critical)
}
