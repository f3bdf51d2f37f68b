// One certificate as the authority lists it.
import { type Fields, instant, isRecord, optionalText, record, records, text } from './read.ts'

/** The parts that commands print; `serialNumber` is hexadecimal. */
export interface ListedCertificate {
  readonly party: string
  readonly serialNumber: string
  readonly profile: string
  readonly state: string
  readonly identities: readonly string[]
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
  readonly revocation?: { readonly at: Temporal.Instant; readonly reason: string }
}

/** Reads one certificate of an answer. @throws {Failure} where a field is not as expected. */
export function certificateOf(fields: Fields): ListedCertificate {
  const revocation = fields['revocation']
  return {
    party: text(fields, 'party'),
    serialNumber: text(fields, 'serialNumber'),
    profile: text(fields, 'profile'),
    state: text(fields, 'state'),
    identities: records(fields, 'identities').map((identity) => text(identity, 'value')),
    notBefore: instant(fields, 'notBefore'),
    notAfter: instant(fields, 'notAfter'),
    ...(isRecord(revocation) && {
      revocation: {
        at: instant(record(revocation, 'revocation'), 'at'),
        reason: optionalText(revocation, 'reason') ?? 'unspecified',
      },
    }),
  }
}
