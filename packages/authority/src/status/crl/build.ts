// What is to be signed as a revocation list, RFC 5280 §5.1.2: full, with a number.
import {
  authorityKeyIdentifierExtension,
  type Certificate,
  cRLNumberExtension,
  type RevokedCertificate,
  revokedCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import { identifierOf } from '../../issuance/build.ts'
import { signatureOf } from '../../issuance/issuer-signature.ts'
import { wholeSecond } from '../../octets.ts'
import type { RevokedEntry } from '../../store/certificates.ts'

/** As certificates have it: clocks differ. */
const BACKDATED = { minutes: 5 } as const

export interface CrlContents {
  readonly issuer: Certificate
  readonly number: bigint
  readonly entries: readonly RevokedEntry[]
  readonly nextUpdate: Temporal.Instant
  readonly now: Temporal.Instant
}

/**
 * What a list of `now` says of itself: a little less than now. A verifier refuses a list from the future, and its clock, or
 * ours after a step, may be behind by seconds; that must not shut every door after each revocation.
 */
export function thisUpdateOf(now: Temporal.Instant): Temporal.Instant {
  return wholeSecond(now.subtract(BACKDATED))
}

/** Writes a TBSCertList. `nextUpdate` loses its fraction of a second. */
export function buildCrl({ issuer, number, entries, nextUpdate, now }: CrlContents): Uint8Array {
  return writeTbsCertList({
    version: 2,
    signature: signatureOf(issuer.subjectPublicKeyInfo),
    issuer: issuer.subject,
    thisUpdate: thisUpdateOf(now),
    nextUpdate: wholeSecond(nextUpdate),
    revokedCertificates: entries.map(entryOf),
    crlExtensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: identifierOf(issuer) }),
      cRLNumberExtension(number),
    ],
  })
}

function entryOf({ serial, revokedAt, reason }: RevokedEntry): RevokedCertificate {
  return revokedCertificate({
    userCertificate: BigInt(`0x${serial}`),
    revocationDate: wholeSecond(revokedAt),
    // RFC 5280 §5.3.1: the extension should be absent instead of saying `unspecified`.
    ...(reason === 'unspecified' ? {} : { reasonCode: reason }),
  })
}
