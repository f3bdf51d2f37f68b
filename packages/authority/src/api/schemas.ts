// The forms of what callers send. Unknown fields are refused: a misspelt one must not be a silent default.
import type { Refusal } from '@countersign/protocol'
import { z } from 'zod'
import { DEFAULT_TTL_SECONDS, type InvitationRequest, MAX_TTL_SECONDS } from '../enrollment/token/invite.ts'
import { PROFILE_NAMES } from '../issuance/profiles.ts'
import { type CertificateState, REVOCATION_REASONS, type RevocationReason } from '../store/certificates.ts'

/** Names beyond this make a certificate that no door's budget admits. */
const MAX_SANS = 100
const MAX_PAGE = 1_000
const DEFAULT_PAGE = 100

const octets = (alphabet: 'base64' | 'base64url', expected?: number): z.ZodType<Uint8Array> =>
  z.string().transform((text, context) => {
    const value = decode(text, alphabet)
    if (value !== undefined && (expected === undefined || value.length === expected)) return value
    context.addIssue(`not ${expected === undefined ? '' : `${expected} octets in `}${alphabet}`)
    return z.NEVER
  })

export interface EnrollmentBody {
  /** 32 octets. */
  readonly token: Uint8Array
  /** DER of a PKCS#10 request. */
  readonly request: Uint8Array
  /** 32 octets. */
  readonly mac: Uint8Array
}

export const enrollmentBody: z.ZodType<EnrollmentBody> = z.strictObject({
  token: octets('base64url', 32),
  request: octets('base64'),
  mac: octets('base64url', 32),
})

export const renewalBody: z.ZodType<Pick<EnrollmentBody, 'request'>> = z.strictObject({ request: octets('base64') })

export const invitationBody: z.ZodType<Required<InvitationRequest>> = z.strictObject({
  party: z.string().min(1),
  san: z.array(z.string().max(2048)).max(MAX_SANS).default([]),
  profile: z.enum(PROFILE_NAMES).default('client'),
  ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
})

export interface RevocationBody {
  readonly subject: string
  readonly reason: RevocationReason
  readonly dryRun: boolean
}

export const revocationBody: z.ZodType<RevocationBody> = z.strictObject({
  subject: z.string().min(1).max(256),
  reason: z.enum(REVOCATION_REASONS).default('unspecified'),
  dryRun: z.boolean().default(false),
})

export interface CertificatesQuery {
  readonly party?: string | undefined
  readonly state?: CertificateState | undefined
  readonly limit: number
  /** Where the page before ended: its last row's id, and its notAfter for lists by expiry. */
  readonly after?: { readonly id: number; readonly notAfter: number } | undefined
}

export const certificatesQuery: z.ZodType<CertificatesQuery> = z.strictObject({
  party: z.string().min(1).max(256).optional(),
  state: z.enum(['valid', 'revoked', 'expired']).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  after: z
    .string()
    .regex(/^\d{1,15}-\d{1,15}$/)
    .transform((text) => {
      const [id = 0, notAfter = 0] = text.split('-').map(Number)
      return { id, notAfter }
    })
    .optional(),
})

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

/** Reads `input`; a refusal names the first field at fault. */
export function read<Schema extends z.ZodType>(schema: Schema, input: unknown): Read<z.output<Schema>> {
  const result = schema.safeParse(input)
  if (result.success) return { ok: true, value: result.data }
  const [issue] = result.error.issues
  const field = issue === undefined || issue.path.length === 0 ? 'the body' : issue.path.join('.')
  return { ok: false, refusal: { code: 'ERR_ADMIN_REQUEST', note: `${field}: ${textOf(issue)}` } }
}

/** What was expected, in our style; values stay as they must be written. */
function textOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_value') return `one of ${issue.values.join(', ')}`
  if (issue?.code === 'too_big' && issue.origin === 'number') return `at most ${issue.maximum}`
  if (issue?.code === 'too_small' && issue.origin === 'number') return `at least ${issue.minimum}`
  const message = issue?.message ?? ''
  return message.charAt(0).toLowerCase() + message.slice(1)
}

function decode(text: string, alphabet: 'base64' | 'base64url'): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet })
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
