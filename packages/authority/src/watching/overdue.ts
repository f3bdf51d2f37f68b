// When somebody must be told that nobody has renewed: pure, from the life of what ends.
import { expiringAt } from '@countersign/mtls'
import type { StoredCertificate } from '../store/certificates.ts'

/** How late it is: whoever renews has done so before three quarters of a life; nine tenths; it has ended. */
export const STAGES = ['expiring', 'ending', 'expired'] as const
export type Stage = (typeof STAGES)[number]

/** From when to when something holds. */
export interface Life {
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
}

/** The stage that has come, and when the next one does; neither where there is nothing before or after it. */
export interface Lateness {
  readonly stage?: Stage
  readonly next?: Temporal.Instant
}

/** Whatever was told before: a clock that was ahead is set right, and it is looked at again when it is time. */
export function latenessOf({ notBefore, notAfter }: Life, now: Temporal.Instant): Lateness {
  const moments = [...expiringAt({ notBefore, notAfter }), notAfter]
  const passed = moments.filter((moment) => Temporal.Instant.compare(moment, now) <= 0).length
  const [stage, next] = [STAGES[passed - 1], moments[passed]]
  return { ...(stage && { stage }), ...(next && { next }) }
}

/**
 * Whether `other`, which ends later, is what its holder has in its place: it proves each name, and this one was not seen
 * since that was issued. Two machines under one name each have their own, and the one that goes on is no renewal of the other's.
 */
export function isReplacedBy(certificate: StoredCertificate, other: StoredCertificate): boolean {
  const { lastSeen, names } = certificate
  const isInUse = lastSeen !== undefined && Temporal.Instant.compare(lastSeen.at, other.issuedAt) > 0
  return (
    !isInUse && names.every(({ kind, value }) => other.names.some((name) => name.kind === kind && name.value === value))
  )
}
