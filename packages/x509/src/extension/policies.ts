// Certificate policies and their mappings: RFC 5280 §4.2.1.4, §4.2.1.5; and attributes of the subject, §4.2.1.8.
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave, since } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { TAG } from '../der/tag.ts'
import { writeElements, writeOid, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { PolicyInformation, PolicyMapping } from '../model.ts'
import { readAttributeAt } from './attribute.ts'

/** Reads a CertificatePolicies at the cursor; at least one, each once. @see RFC 5280 §4.2.1.4 */
export function readCertificatePolicies(c: DerCursor): PolicyInformation[] {
  const at = c.at
  const policies: PolicyInformation[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) policies.push(readPolicyInformation(c))
  leave(c, outer)
  if (policies.length === 0) throw new X509Error('ERR_X509_POLICIES_EMPTY', at)
  if (policies.length > 1 && new Set(policies.map((policy) => policy.policyIdentifier)).size < policies.length)
    throw new X509Error('ERR_X509_POLICY_DUPLICATE', at)
  return policies
}

function readPolicyInformation(c: DerCursor): PolicyInformation {
  const outer = enter(c, TAG.sequence)
  const policyIdentifier = readOid(c)
  const value = c.at < c.end ? { policyIdentifier, policyQualifiers: readQualifiers(c) } : { policyIdentifier }
  leave(c, outer)
  return value
}

function readQualifiers(c: DerCursor): Uint8Array[] {
  const at = c.at
  const qualifiers: Uint8Array[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    const start = c.at
    const outerQualifier = enter(c, TAG.sequence)
    readOid(c)
    readAny(c)
    leave(c, outerQualifier)
    qualifiers.push(since(c, start))
  }
  leave(c, outer)
  if (qualifiers.length === 0) throw new X509Error('ERR_X509_POLICY_QUALIFIERS_EMPTY', at)
  return qualifiers
}

/** Writes a CertificatePolicies. @see RFC 5280 §4.2.1.4 */
export function writeCertificatePolicies(policies: readonly PolicyInformation[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    policies.map(({ policyIdentifier, policyQualifiers }) =>
      policyQualifiers === undefined
        ? writeSequence(writeOid(policyIdentifier))
        : writeSequence(writeOid(policyIdentifier), writeSequence(...policyQualifiers)),
    ),
  )
}

/** Reads a PolicyMappings at the cursor; at least one. @see RFC 5280 §4.2.1.5 */
export function readPolicyMappings(c: DerCursor): PolicyMapping[] {
  const at = c.at
  const mappings: PolicyMapping[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    const outerMapping = enter(c, TAG.sequence)
    mappings.push({ issuerDomainPolicy: readOid(c), subjectDomainPolicy: readOid(c) })
    leave(c, outerMapping)
  }
  leave(c, outer)
  if (mappings.length === 0) throw new X509Error('ERR_X509_POLICY_MAPPINGS_EMPTY', at)
  return mappings
}

/** Writes a PolicyMappings. @see RFC 5280 §4.2.1.5 */
export function writePolicyMappings(mappings: readonly PolicyMapping[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    mappings.map((mapping) =>
      writeSequence(writeOid(mapping.issuerDomainPolicy), writeOid(mapping.subjectDomainPolicy)),
    ),
  )
}

/** Judges SubjectDirectoryAttributes and gives them whole: no decision of ours reads into them. */
export function readSubjectDirectoryAttributes(c: DerCursor): Uint8Array {
  const at = c.at
  const outer = enter(c, TAG.sequence)
  if (c.at === c.end) throw new X509Error('ERR_X509_DIRECTORY_ATTRIBUTES_EMPTY', at)
  while (c.at < c.end) readAttributeAt(c)
  leave(c, outer)
  return since(c, at)
}
