/** What reading a message may cost. */
export interface MailLimits {
  readonly maxOctets: number
  /** Of one header, of all headers together, and of one line of one. */
  readonly maxHeaderOctets: number
  readonly maxHeaderOctetsInAll: number
  readonly maxHeaderLineOctets: number
  /** Of one header. */
  readonly maxFields: number
  /** In all, however they are nested, and how deep they may be. */
  readonly maxParts: number
  readonly maxDepth: number
}

/**
 * What every program of ours reads. Postfix takes messages of 10 MB and headers of 100 kB unless told otherwise
 * (message_size_limit, header_size_limit), and 100 levels of parts (mime_nesting_limit); people send more octets and fewer levels.
 */
export const MAIL_LIMITS: MailLimits = {
  maxOctets: 209_715_200,
  maxHeaderOctets: 262_144,
  maxHeaderOctetsInAll: 1_048_576,
  maxHeaderLineOctets: 65_536,
  maxFields: 1_000,
  maxParts: 1_000,
  maxDepth: 16,
}
