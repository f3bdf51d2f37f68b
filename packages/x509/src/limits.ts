import type { DerLimits } from './der/cursor.ts'

/**
 * What a certificate, a request, a name or a key may cost. OpenSSL lets a TLS peer send at most 100 KiB for a whole
 * chain, and the largest certificates in the public sets that we read have 78 kB.
 */
export const CERTIFICATE_LIMITS: DerLimits = { maxOctets: 131_072, maxElements: 16_384, maxDepth: 24 }

/** What an OCSP request or response may cost; OpenSSL's client stops at 100 KiB. */
export const OCSP_LIMITS: DerLimits = { maxOctets: 131_072, maxElements: 16_384, maxDepth: 24 }

/**
 * What a CRL may cost: 300,000 entries with a reason each, of 8 elements and some 50 octets; at worst (830,000 of the
 * smallest entries) 300 MB of memory while it is read. One that is larger by design can be read with limits of the caller's.
 */
export const CRL_LIMITS: DerLimits = { maxOctets: 16_777_216, maxElements: 2_500_000, maxDepth: 24 }

/**
 * What a CMS message may cost: a mail of 25 MB in parts of 1,000 octets, as some senders write it. Certificates and
 * CRLs in it count as one element each here, and have limits of their own when they are read.
 */
export const CMS_LIMITS: DerLimits = { maxOctets: 33_554_432, maxElements: 131_072, maxDepth: 24 }

/** What a PKCS #12 file may cost: a trust store of some thousand certificates; other identities have a few. */
export const PKCS12_LIMITS: DerLimits = { maxOctets: 16_777_216, maxElements: 65_536, maxDepth: 24 }
