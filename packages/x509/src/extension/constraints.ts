// Extensions that constrain what is below a CA: RFC 5280 §4.2.1.9, §4.2.1.10, §4.2.1.11.
import { type DerCursor, enter, leave, peekTag } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readBooleanDefaultFalse, readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { writeBoolean, writeElements, writeInteger, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import type { BasicConstraints, GeneralSubtree, Mutable, NameConstraints, PolicyConstraints } from '../model.ts'
import { readGeneralNameAt, writeGeneralName } from '../name/general-name.ts'

/** Reads a BasicConstraints at the cursor. @see RFC 5280 §4.2.1.9 */
export function readBasicConstraints(c: DerCursor): BasicConstraints {
  const outer = enter(c, TAG.sequence)
  const cA = readBooleanDefaultFalse(c)
  const value = c.at < c.end ? { cA, pathLenConstraint: readUnsigned(c) } : { cA }
  leave(c, outer)
  return value
}

/** Writes a BasicConstraints. @see RFC 5280 §4.2.1.9 */
export function writeBasicConstraints({ cA, pathLenConstraint }: BasicConstraints): Uint8Array {
  const parts = cA ? [writeBoolean(true)] : []
  if (pathLenConstraint !== undefined) parts.push(writeInteger(pathLenConstraint))
  return writeSequence(...parts)
}

/** Reads a NameConstraints at the cursor; at least one subtree. @see RFC 5280 §4.2.1.10 */
export function readNameConstraints(c: DerCursor): NameConstraints {
  const at = c.at
  const constraints: Mutable<NameConstraints> = {}
  const outer = enter(c, TAG.sequence)
  if (peekTag(c) === constructedContextTag(0)) constraints.permittedSubtrees = readSubtrees(c, constructedContextTag(0))
  if (peekTag(c) === constructedContextTag(1)) constraints.excludedSubtrees = readSubtrees(c, constructedContextTag(1))
  leave(c, outer)
  if (constraints.permittedSubtrees === undefined && constraints.excludedSubtrees === undefined)
    throw new X509Error('ERR_X509_NAME_CONSTRAINTS_EMPTY', at)
  return constraints
}

function readSubtrees(c: DerCursor, tag: number): GeneralSubtree[] {
  const at = c.at
  const subtrees: GeneralSubtree[] = []
  const outer = enter(c, tag)
  while (c.at < c.end) subtrees.push(readSubtree(c))
  leave(c, outer)
  if (subtrees.length === 0) throw new X509Error('ERR_X509_NAME_CONSTRAINTS_EMPTY', at)
  return subtrees
}

function readSubtree(c: DerCursor): GeneralSubtree {
  const outer = enter(c, TAG.sequence)
  const base = readGeneralNameAt(c, true)
  let minimum = 0
  if (peekTag(c) === contextTag(0)) {
    const at = c.at
    minimum = readUnsigned(c, contextTag(0))
    if (minimum === 0) throw new DerError('ERR_DER_DEFAULT', at)
  }
  const value =
    peekTag(c) === contextTag(1) ? { base, minimum, maximum: readUnsigned(c, contextTag(1)) } : { base, minimum }
  leave(c, outer)
  return value
}

/** Writes a NameConstraints. @see RFC 5280 §4.2.1.10 */
export function writeNameConstraints({ permittedSubtrees, excludedSubtrees }: NameConstraints): Uint8Array {
  const parts: Uint8Array[] = []
  if (permittedSubtrees) parts.push(writeElements(constructedContextTag(0), permittedSubtrees.map(writeSubtree)))
  if (excludedSubtrees) parts.push(writeElements(constructedContextTag(1), excludedSubtrees.map(writeSubtree)))
  return writeSequence(...parts)
}

function writeSubtree({ base, minimum, maximum }: GeneralSubtree): Uint8Array {
  const parts = [writeGeneralName(base)]
  if (minimum !== 0) parts.push(writeInteger(minimum, contextTag(0)))
  if (maximum !== undefined) parts.push(writeInteger(maximum, contextTag(1)))
  return writeSequence(...parts)
}

/** Reads a PolicyConstraints at the cursor; at least one field. @see RFC 5280 §4.2.1.11 */
export function readPolicyConstraints(c: DerCursor): PolicyConstraints {
  const at = c.at
  const constraints: Mutable<PolicyConstraints> = {}
  const outer = enter(c, TAG.sequence)
  if (peekTag(c) === contextTag(0)) constraints.requireExplicitPolicy = readUnsigned(c, contextTag(0))
  if (peekTag(c) === contextTag(1)) constraints.inhibitPolicyMapping = readUnsigned(c, contextTag(1))
  leave(c, outer)
  if (constraints.requireExplicitPolicy === undefined && constraints.inhibitPolicyMapping === undefined)
    throw new X509Error('ERR_X509_POLICY_CONSTRAINTS_EMPTY', at)
  return constraints
}

/** Writes a PolicyConstraints. @see RFC 5280 §4.2.1.11 */
export function writePolicyConstraints(constraints: PolicyConstraints): Uint8Array {
  const { requireExplicitPolicy, inhibitPolicyMapping } = constraints
  const parts: Uint8Array[] = []
  if (requireExplicitPolicy !== undefined) parts.push(writeInteger(requireExplicitPolicy, contextTag(0)))
  if (inhibitPolicyMapping !== undefined) parts.push(writeInteger(inhibitPolicyMapping, contextTag(1)))
  return writeSequence(...parts)
}
