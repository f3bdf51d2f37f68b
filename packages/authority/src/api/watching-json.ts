// What is watched, as JSON.
import type { CertificateOfKey, PartyKey } from '../store/keys.ts'
import type { Unissued } from '../store/watch.ts'
import type { OutageBudget } from '../watching/outage.ts'
import type { EndingCertificate, EndingList } from '../watching/report.ts'
import { certificateJson } from './json.ts'

/** A certificate that met a door, and is in no row. */
export function unissuedJson({ id: _, sha256: digest, spkiSha256, ...one }: Unissued): Record<string, unknown> {
  return {
    sha256: digest.toHex(),
    spkiSha256: spkiSha256.toHex(),
    ...one,
    notAfter: one.notAfter.toString(),
    firstSeenAt: one.firstSeenAt.toString(),
    lastSeenAt: one.lastSeenAt.toString(),
  }
}

/** A certificate that ends and was not renewed. */
export function endingJson(
  { certificate, owner, renewBefore, isOverdue, replacedBy }: EndingCertificate,
  now: Temporal.Instant,
): Record<string, unknown> {
  return {
    ...certificateJson(certificate, now),
    ...(owner !== undefined && { owner }),
    renewBefore: renewBefore.toString(),
    overdue: isOverdue,
    ...(replacedBy && {
      replacedBy: { serialNumber: replacedBy.serial, notAfter: replacedBy.notAfter.toString() },
    }),
  }
}

/** A revocation list that runs out. */
export function listJson({ name, number, thisUpdate, nextUpdate }: EndingList): Record<string, unknown> {
  return { issuer: name, number, thisUpdate: thisUpdate.toString(), nextUpdate: nextUpdate.toString() }
}

export function outageJson({ holdsUntil, failures, ...doors }: OutageBudget, at: Temporal.Instant): object {
  return {
    at: at.toString(),
    ...(holdsUntil && { holdsUntil: holdsUntil.toString() }),
    failures: failures.map((failure) => ({ ...failure, at: failure.at.toString() })),
    ...doors,
  }
}

/** A key of a party's, in its history. */
export function keyJson({ spkiSha256, firstSeen, endsAt, revokedAt, compromisedAt }: PartyKey): object {
  return {
    spkiSha256: spkiSha256.toHex(),
    firstSeen: firstSeen.toString(),
    endsAt: endsAt.toString(),
    ...(revokedAt && { revokedAt: revokedAt.toString() }),
    ...(compromisedAt && { compromisedAt: compromisedAt.toString() }),
  }
}

/** A certificate of a key. */
export function certificateOfKeyJson({ serial, sha256, profile, notBefore, ...ends }: CertificateOfKey): object {
  return {
    serialNumber: serial,
    sha256: sha256.toHex(),
    profile,
    notBefore: notBefore.toString(),
    notAfter: ends.notAfter.toString(),
    ...(ends.revokedAt && { revokedAt: ends.revokedAt.toString() }),
  }
}
