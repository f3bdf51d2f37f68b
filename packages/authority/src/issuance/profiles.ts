// What an issuer may sign: one row per profile, nothing else decides it.
/** The profiles by which leaves are issued. */
export const PROFILE_NAMES = ['client', 'server', 'service', 'admin'] as const
/** One of {@link PROFILE_NAMES}. */
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** What an issuer may sign for a leaf. */
export interface Profile {
  /** In the order of writing. RFC 5280 §4.2.1.12. */
  readonly extendedKeyUsage: readonly ('clientAuth' | 'serverAuth')[]
  readonly validityDays: number
}

/** Every leaf has the URI `spiffe://DOMAIN/PARTY`, the names that were granted, and keyUsage digitalSignature. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  /** Asks at doors. */
  client: { extendedKeyUsage: ['clientAuth'], validityDays: 30 },
  /** Is a door. */
  server: { extendedKeyUsage: ['serverAuth'], validityDays: 30 },
  /** Is a door and asks at others. */
  service: { extendedKeyUsage: ['serverAuth', 'clientAuth'], validityDays: 30 },
  /** Asks the authority to act: which certificates may, the store says by this profile. */
  admin: { extendedKeyUsage: ['clientAuth'], validityDays: 30 },
}

/** The two certificates above the leaves. */
export const AUTHORITY_VALIDITY = { rootYears: 20, issuingYears: 5 } as const

/** Clocks differ: what is signed is valid from a little before now. */
export const BACKDATE: Temporal.Duration = Temporal.Duration.from({ minutes: 5 })

/** Whether a stored profile is one that leaves are issued by. */
export function isProfile(profile: string): profile is ProfileName {
  return PROFILE_NAMES.some((name) => name === profile)
}
