// The forms of what is asked and answered of what is watched.
import { z } from 'zod'
import { SEEN_AS } from '../store/certificates.ts'
import { type UnissuedQuery, VOUCHED } from '../store/watch.ts'

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
