// Where to find more: RFC 5280 §4.2.1.13, §4.2.1.15, §4.2.2, §5.2.5.
import { type DerCursor, enter, leave, peekTag } from '../der/cursor.ts'
import { readOid } from '../der/oid.ts'
import { readBooleanDefaultFalse, readNamedBits } from '../der/primitive.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import {
  writeBoolean,
  writeElement,
  writeElements,
  writeExplicit,
  writeNamedBits,
  writeOid,
  writeSequence,
} from '../der/write.ts'
import { X509Error } from '../error.ts'
import type {
  AccessDescription,
  DistributionPoint,
  DistributionPointName,
  IssuingDistributionPoint,
  Mutable,
  ReasonFlag,
} from '../model.ts'
import { readGeneralNameAt, readGeneralNamesAt, writeGeneralName, writeGeneralNames } from '../name/general-name.ts'
import { readRdnAt } from '../name/read.ts'
import { writeRdn } from '../name/write.ts'
import { bitsToNames, namesToBits, REASON_FLAGS } from './bits.ts'

/** Reads a CRLDistributionPoints at the cursor; at least one. @see RFC 5280 §4.2.1.13, §4.2.1.15 */
export function readDistributionPoints(c: DerCursor): DistributionPoint[] {
  const at = c.at
  const points: DistributionPoint[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) points.push(readDistributionPoint(c))
  leave(c, outer)
  if (points.length === 0) throw new X509Error('ERR_X509_DISTRIBUTION_POINTS_EMPTY', at)
  return points
}

function readDistributionPoint(c: DerCursor): DistributionPoint {
  const at = c.at
  const point: Mutable<DistributionPoint> = {}
  const outer = enter(c, TAG.sequence)
  if (peekTag(c) === constructedContextTag(0)) point.distributionPoint = readDistributionPointName(c)
  if (peekTag(c) === contextTag(1)) point.reasons = readReasons(c, contextTag(1))
  if (peekTag(c) === constructedContextTag(2)) point.cRLIssuer = readGeneralNamesAt(c, constructedContextTag(2))
  leave(c, outer)
  if (point.distributionPoint === undefined && point.cRLIssuer === undefined)
    throw new X509Error('ERR_X509_DISTRIBUTION_POINT_NOWHERE', at)
  return point
}

/** A CHOICE keeps its own tag: its [0] inside of the field's is EXPLICIT (X.680 §31.2.7). */
function readDistributionPointName(c: DerCursor): DistributionPointName {
  const outer = enter(c, constructedContextTag(0))
  const name: DistributionPointName =
    peekTag(c) === constructedContextTag(1)
      ? { kind: 'nameRelativeToCRLIssuer', value: readRdnAt(c, constructedContextTag(1)) }
      : { kind: 'fullName', value: readGeneralNamesAt(c, constructedContextTag(0)) }
  leave(c, outer)
  return name
}

function readReasons(c: DerCursor, tag: number): ReadonlySet<ReasonFlag> {
  const at = c.at
  const reasons = bitsToNames(readNamedBits(c, tag), REASON_FLAGS)
  if (reasons === undefined) throw new X509Error('ERR_X509_REASONS', at)
  return reasons
}

/** Writes a CRLDistributionPoints. @see RFC 5280 §4.2.1.13, §4.2.1.15 */
export function writeDistributionPoints(points: readonly DistributionPoint[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    points.map(({ distributionPoint, reasons, cRLIssuer }) => {
      const parts: Uint8Array[] = []
      if (distributionPoint !== undefined) parts.push(writeDistributionPointName(distributionPoint))
      if (reasons !== undefined) parts.push(writeNamedBits(namesToBits(reasons, REASON_FLAGS), contextTag(1)))
      if (cRLIssuer !== undefined) parts.push(writeGeneralNames(cRLIssuer, constructedContextTag(2)))
      return writeSequence(...parts)
    }),
  )
}

function writeDistributionPointName(name: DistributionPointName): Uint8Array {
  const inner =
    name.kind === 'fullName'
      ? writeGeneralNames(name.value, constructedContextTag(0))
      : writeRdn(name.value, constructedContextTag(1))
  return writeExplicit(0, inner)
}

/** Reads an IssuingDistributionPoint at the cursor. @see RFC 5280 §5.2.5 */
export function readIssuingDistributionPoint(c: DerCursor): IssuingDistributionPoint {
  const at = c.at
  const outer = enter(c, TAG.sequence)
  if (c.at === c.end) throw new X509Error('ERR_X509_ISSUING_POINT_EMPTY', at)
  const distributionPoint = peekTag(c) === constructedContextTag(0) ? readDistributionPointName(c) : undefined
  const onlyContainsUserCerts = readBooleanDefaultFalse(c, contextTag(1))
  const onlyContainsCACerts = readBooleanDefaultFalse(c, contextTag(2))
  const onlySomeReasons = peekTag(c) === contextTag(3) ? readReasons(c, contextTag(3)) : undefined
  const indirectCRL = readBooleanDefaultFalse(c, contextTag(4))
  const onlyContainsAttributeCerts = readBooleanDefaultFalse(c, contextTag(5))
  leave(c, outer)
  if (Number(onlyContainsUserCerts) + Number(onlyContainsCACerts) + Number(onlyContainsAttributeCerts) > 1)
    throw new X509Error('ERR_X509_ISSUING_POINT_SCOPES', at)
  return {
    ...(distributionPoint && { distributionPoint }),
    onlyContainsUserCerts,
    onlyContainsCACerts,
    ...(onlySomeReasons && { onlySomeReasons }),
    indirectCRL,
    onlyContainsAttributeCerts,
  }
}

/** Writes an IssuingDistributionPoint. @see RFC 5280 §5.2.5 */
export function writeIssuingDistributionPoint(point: IssuingDistributionPoint): Uint8Array {
  const parts: Uint8Array[] = []
  if (point.distributionPoint !== undefined) parts.push(writeDistributionPointName(point.distributionPoint))
  if (point.onlyContainsUserCerts) parts.push(writeBoolean(true, contextTag(1)))
  if (point.onlyContainsCACerts) parts.push(writeBoolean(true, contextTag(2)))
  if (point.onlySomeReasons !== undefined)
    parts.push(writeNamedBits(namesToBits(point.onlySomeReasons, REASON_FLAGS), contextTag(3)))
  if (point.indirectCRL) parts.push(writeBoolean(true, contextTag(4)))
  if (point.onlyContainsAttributeCerts) parts.push(writeBoolean(true, contextTag(5)))
  return writeElement(TAG.sequence, ...parts)
}

/** Reads an AuthorityInfoAccessSyntax or SubjectInfoAccessSyntax at the cursor; at least one. @see RFC 5280 §4.2.2 */
export function readAccessDescriptions(c: DerCursor): AccessDescription[] {
  const at = c.at
  const descriptions: AccessDescription[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    const outerDescription = enter(c, TAG.sequence)
    descriptions.push({ accessMethod: readOid(c), accessLocation: readGeneralNameAt(c) })
    leave(c, outerDescription)
  }
  leave(c, outer)
  if (descriptions.length === 0) throw new X509Error('ERR_X509_ACCESS_DESCRIPTIONS_EMPTY', at)
  return descriptions
}

/** Writes an AuthorityInfoAccessSyntax or SubjectInfoAccessSyntax. @see RFC 5280 §4.2.2 */
export function writeAccessDescriptions(descriptions: readonly AccessDescription[]): Uint8Array {
  return writeElements(
    TAG.sequence,
    descriptions.map(({ accessMethod, accessLocation }) =>
      writeSequence(writeOid(accessMethod), writeGeneralName(accessLocation)),
    ),
  )
}
