// The forms of what is asked and answered of accounts of people.
import { z } from 'zod'
import type { AccountInvitation, AccountPlace, AccountsQuery } from '../accounts.ts'

const text = z.string()
const time = z.iso.datetime()
/** PostgreSQL keeps no NUL, and so knows no question with one. */
const word = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\0]*$/, 'it must not contain NUL')

/** For others to read, in the ledger and at a terminal. */
const seen = z.string().regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'it must have only characters that can be seen')

/** Somebody opens a letter the next day; thirty days is for who is away. */
const DEFAULT_TTL_SECONDS = 86_400
const MAX_TTL_SECONDS = 30 * 86_400

export const accountInvitationBody: z.ZodType<AccountInvitation> = z
  .strictObject({
    party: z.string().min(1),
    door: word,
    /** RFC 5321 §4.5.3.1.3: a path of 256 octets, without its brackets. */
    email: z.email('not a mail address').max(254).optional(),
    /** In place of an account that has lost everything: without it, one that is there is refused. */
    again: z.boolean().optional(),
    /** As in `passport, at the counter`: stands in the ledger. */
    proofed: seen.min(1).max(200).optional(),
    ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
  })
  // Who has lost a proof shows again who they are, as at the first time: somebody has seen it, and says so.
  .refine(({ again, proofed }) => again !== true || proofed !== undefined, {
    path: ['proofed'],
    error: 'missing: by what the person has proved who they are',
  })

export const accountInvited: z.ZodType = z.strictObject({ url: text, expiresAt: time })

const placeForm = z.tuple([word, word])

/** As text that says nothing to people. */
export function writeAccountPlace({ door, account }: AccountPlace): string {
  const json = JSON.stringify([door, account])
  return new TextEncoder().encode(json).toBase64({ alphabet: 'base64url', omitPadding: true })
}

function readAccountPlace(place: string): AccountPlace | undefined {
  try {
    const octets = Uint8Array.fromBase64(place, { alphabet: 'base64url' })
    const [door, account] = placeForm.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets)))
    return { door, account }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof z.ZodError) return undefined
    throw error
  }
}

export const accountsQuery: z.ZodType<AccountsQuery> = z
  .strictObject({
    door: word.optional(),
    account: word.optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    after: z
      .string()
      .max(2_048)
      .transform((place, context) => {
        const found = readAccountPlace(place)
        if (found !== undefined) return found
        context.addIssue('not what `next` of the page before is')
        return z.NEVER
      })
      .optional(),
  })
  .refine(({ door, after }) => door === undefined || after === undefined || after.door === door, {
    path: ['after'],
    error: 'it is of the pages of another question',
  })

export const accounts: z.ZodType = z.strictObject({
  accounts: z.array(
    z.strictObject({
      account: text,
      door: text,
      /** Absent while it is not open. */
      openedAt: time.optional(),
      devices: z.array(z.strictObject({ device: text, name: text, addedAt: time, lastSeenAt: time })),
      lastSeenAt: time.optional(),
      /** Beside the password and the devices. */
      ways: z.strictObject({ passkeys: z.int(), app: z.boolean(), recoveryCodes: z.int() }),
    }),
  ),
  next: text.optional(),
})

/** What a device's id is made of: 32 octets in base64url. @see RFC 7638 */
export const deviceName: z.ZodType<string> = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'not the id of a device')

export const deviceRemoved: z.ZodType = z.strictObject({ door: text, account: text, device: text })
