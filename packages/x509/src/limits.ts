import type { DerLimits } from './der/cursor.ts'

/**
 * What a certificate, a request or a key may cost. A TLS peer sends at most 100 KiB for a whole chain by OpenSSL's
 * default, and the largest certificates in the public sets that we read have 60 KiB.
 */
export const CERTIFICATE_LIMITS: DerLimits = { maxOctets: 131_072, maxElements: 16_384, maxDepth: 24 }

/** What a CRL may cost: a million entries with a reason each are 40 MB and 9 million elements. */
export const CRL_LIMITS: DerLimits = { maxOctets: 67_108_864, maxElements: 16_000_000, maxDepth: 24 }
