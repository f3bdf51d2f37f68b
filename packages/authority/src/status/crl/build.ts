// What is to be signed as a revocation list, RFC 5280 §5.1.2: full, with a number.
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  type Certificate,
  cRLNumberExtension,
  type RevokedCertificate,
  revokedCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import { keyIdentifierOf } from '../../issuance/build.ts'
import { wholeSecond } from '../../octets.ts'
import type { RevokedEntry } from '../../store/certificates.ts'

export interface CrlContents {
  readonly issuer: Certificate
  readonly number: bigint
  readonly entries: readonly RevokedEntry[]
  readonly nextUpdate: Temporal.Instant
  readonly now: Temporal.Instant
}

/** Writes a TBSCertList. `now` and `nextUpdate` lose their fractions of a second. */
export function buildCrl({ issuer, number, entries, nextUpdate, now }: CrlContents): Uint8Array {
  return writeTbsCertList({
    version: 2,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: issuer.subject,
    thisUpdate: wholeSecond(now),
    nextUpdate: wholeSecond(nextUpdate),
    revokedCertificates: entries.map(entryOf),
    crlExtensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(issuer.subjectPublicKeyInfo) }),
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
