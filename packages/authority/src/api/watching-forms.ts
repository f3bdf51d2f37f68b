// The forms of what is asked and answered of what is watched.
import { z } from 'zod'
import { SEEN_AS } from '../store/certificates.ts'
import type { EndingQuery } from '../store/expiry.ts'
import type { KeyPlace, KeyQuery } from '../store/keys.ts'
import { type UnissuedQuery, VOUCHED } from '../store/watch.ts'
import { certificate, key } from './answers.ts'
import { instant, place } from './schemas.ts'

const text = z.string()
const hex = z.string().regex(/^[0-9a-f]+$/)
const time = z.iso.datetime()

export const unissuedQuery: z.ZodType<UnissuedQuery> = z.strictObject({
  vouched: z.enum(VOUCHED).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z.coerce.number().int().min(0).optional(),
})

export const unissued: z.ZodType = z.strictObject({
  certificates: z.array(
    z.strictObject({
      sha256: hex,
      spkiSha256: hex,
      vouched: z.enum(VOUCHED),
      authority: text.optional(),
      serial: text,
      subject: text,
      issuer: text,
      notAfter: time,
      door: text,
      as: z.enum(SEEN_AS),
      firstSeenAt: time,
      lastSeenAt: time,
      meetings: z.int().min(1),
    }),
  ),
  next: text.optional(),
})

const yes = z.literal('true').transform(() => true)

export interface ExpiringQuery extends Pick<EndingQuery, 'before' | 'limit' | 'after'> {
  /** What need not have been renewed yet, too. */
  readonly all?: boolean | undefined
}

export const expiringQuery: z.ZodType<ExpiringQuery> = z.strictObject({
  before: instant.optional(),
  all: yes.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: place.refine(({ key }) => typeof key === 'number', 'it is of the pages of another question').optional(),
})

export const expiring: z.ZodType = z.strictObject({
  certificates: z.array(
    z.strictObject({
      ...certificate,
      owner: text.optional(),
      /** When whoever renews has done so. */
      renewBefore: time,
      overdue: z.boolean(),
      /** What its party has in its place: its serial number and end. */
      replacedBy: z.strictObject({ serialNumber: hex, notAfter: time }).optional(),
    }),
  ),
  lists: z.array(z.strictObject({ issuer: text, number: z.int(), thisUpdate: time, nextUpdate: time })),
  next: text.optional(),
})

const failing = { at: time }

export const outageBudget: z.ZodType = z.strictObject({
  at: time,
  /** Until then nobody fails. */
  holdsUntil: time.optional(),
  failures: z.array(
    z.discriminatedUnion('cause', [
      z.strictObject({ ...failing, cause: z.literal('list'), issuer: text, doors: z.array(text) }),
      z.strictObject({ ...failing, cause: z.literal('certificate'), party: text, profile: text, serial: hex }),
    ]),
  ),
  goOn: z.array(text),
  endWithIt: z.array(text),
})

/** As `first seen-digest`. */
const keyPlace = z
  .string()
  .regex(/^\d{1,15}-[0-9a-f]{64}$/, 'not what `next` of the page before is')
  .transform((given) => {
    const [firstSeen = '', digest = ''] = given.split('-')
    return { firstSeen: Number(firstSeen), spkiSha256: Uint8Array.fromHex(digest) }
  })

export const keysQuery: z.ZodType<Omit<KeyQuery, 'party'>> = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: keyPlace.optional(),
})

/** As text, which `keysQuery` reads. */
export function writeKeyPlace({ firstSeen, spkiSha256 }: KeyPlace): string {
  return `${firstSeen}-${spkiSha256.toHex()}`
}

export const keys: z.ZodType = z.strictObject({
  keys: z.array(
    z.strictObject({
      ...key,
      /** The newest of its certificates. */
      certificates: z.array(
        z.strictObject({
          serialNumber: hex,
          sha256: hex,
          profile: text,
          notBefore: time,
          notAfter: time,
          revokedAt: time.optional(),
        }),
      ),
    }),
  ),
  next: text.optional(),
})
