// The forms of what callers send. Unknown fields are refused: a misspelt one must not be a silent default.
import {
  MAX_LOCK_REASON_CHARACTERS,
  type Refusal,
  SSH_ENROLLMENT_PROFILES,
  type SshEnrollmentProfile,
} from '@countersign/protocol'
import { z } from 'zod'
import type { CertifyRequest } from '../enrollment/certify.ts'
import { BESIDE_PROFILES, type BesideProfile } from '../enrollment/renew.ts'
import { DEFAULT_TTL_SECONDS, type InvitationRequest, MAX_TTL_SECONDS } from '../enrollment/token/invite.ts'
import { PROFILE_NAMES } from '../issuance/profiles.ts'
import { REVOCATION_REASONS, type RevocationReason } from '../store/certificates.ts'
import { PARTY_KINDS, type PartyChange, type PartyKind, ROLES, type Role } from '../store/parties.ts'
import { CERTIFICATE_STATES, type CertificateFilter, orderOf, type Place } from '../store/search.ts'

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

/** PostgreSQL keeps no NUL, and so knows no question with one. */
const word = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\0]*$/, 'it must not contain NUL')

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

export const renewalBody: z.ZodType<Pick<EnrollmentBody, 'request'> & { readonly beside?: BesideProfile | undefined }> =
  z.strictObject({
    request: octets('base64'),
    beside: z.enum(BESIDE_PROFILES).optional(),
  })

/** As many octets of a key as the package of OpenPGP reads would not fit the body: what a person makes has a thousand. */
export const openPgpKeyBody: z.ZodType<{ readonly key: Uint8Array }> = z.strictObject({ key: octets('base64') })

export const openPgpRollBody: z.ZodType<{ readonly force: boolean }> = z.strictObject({
  force: z.boolean().default(false),
})
export const emptyBody: z.ZodType<object> = z.strictObject({})

export const sshEnrollmentBody: z.ZodType<{
  readonly profile: SshEnrollmentProfile
  /** PROTOCOL.sshsig. */
  readonly signature: Uint8Array
}> = z.strictObject({ profile: z.enum(SSH_ENROLLMENT_PROFILES), signature: octets('base64') })

export const mailKeysQuery: z.ZodType<{ readonly address: string }> = z.strictObject({
  /** As certificates have it: the local part as it stands, the domain in lower case. */
  address: word.refine((text) => text.includes('@'), 'as in alice@acme.example'),
})

export const invitationBody: z.ZodType<
  Required<Omit<InvitationRequest, 'role'>> & { readonly role?: Role | undefined }
> = z.strictObject({
  party: z.string().min(1),
  san: z.array(z.string().max(2048)).max(MAX_SANS).default([]),
  profile: z.enum(PROFILE_NAMES).default('client'),
  role: z.enum(ROLES).optional(),
  ttlSeconds: z.int().min(1).max(MAX_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
})

export const certifyBody: z.ZodType<Required<CertifyRequest>> = z.strictObject({
  party: z.string().min(1),
  san: z.array(z.string().max(2048)).max(MAX_SANS).default([]),
  profile: z.enum(PROFILE_NAMES).default('client'),
  request: octets('base64'),
})

export interface BackupBody {
  /** An absolute path on the authority's machine. */
  readonly target: string
  readonly keys: boolean
  /** Of keys that are not encrypted. Secret. */
  readonly passphrase?: string | undefined
}

export const backupBody: z.ZodType<BackupBody> = z.strictObject({
  target: z
    .string()
    .regex(/^\/[^\0]+$/, 'it must be an absolute path')
    .max(4096),
  keys: z.boolean().default(false),
  passphrase: z.string().min(1).max(1024).optional(),
})

export interface RevocationBody {
  readonly subject: string
  readonly reason: RevocationReason
  readonly dryRun: boolean
}

export const revocationBody: z.ZodType<RevocationBody> = z.strictObject({
  subject: word,
  reason: z.enum(REVOCATION_REASONS).default('unspecified'),
  dryRun: z.boolean().default(false),
})

export interface CertificatesQuery extends Omit<CertificateFilter, 'issuer'> {
  /** What names the issuer's certificate. */
  readonly issuer?: string | undefined
  readonly limit: number
  readonly after?: Place | undefined
}

/** Hexadecimal in either case, with colons or without. */
const hexadecimal = word.transform((text, context) => {
  const hex = text.toLowerCase().replaceAll(':', '')
  if (/^[0-9a-f]{1,64}$/.test(hex)) return hex.length % 2 === 0 ? hex : `0${hex}`
  context.addIssue('not hexadecimal')
  return z.NEVER
})

/** RFC 3339. */
export const instant: z.ZodType<Temporal.Instant, string> = word.transform((text, context) => {
  try {
    return Temporal.Instant.from(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.addIssue('not a time, as in 2026-11-26T12:00:00Z')
    return z.NEVER
  }
})

/** What `writePlace` wrote. */
export const place: z.ZodType<Place, string> = z
  .string()
  .max(4096)
  .transform((text, context) => {
    const found = readPlace(text)
    if (found !== undefined) return found
    context.addIssue('not what `next` of the page before is')
    return z.NEVER
  })

const yes = z.literal('true').transform(() => true)

export const certificatesQuery: z.ZodType<CertificatesQuery> = z
  .strictObject({
    party: word.optional(),
    state: z.enum(CERTIFICATE_STATES).optional(),
    name: word.optional(),
    namePrefix: word.optional(),
    spkiSha256: hexadecimal
      .refine((hex) => hex.length === 64, 'not 32 octets in hexadecimal')
      .transform((hex) => Uint8Array.fromHex(hex))
      .optional(),
    profile: word.optional(),
    issuer: word.optional(),
    serial: hexadecimal.optional(),
    expiresBefore: instant.optional(),
    door: word.optional(),
    seenSince: instant.optional(),
    notSeenSince: instant.optional(),
    neverSeen: yes.optional(),
    limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
    after: place.optional(),
  })
  .refine(({ name, namePrefix }) => name === undefined || namePrefix === undefined, {
    path: ['namePrefix'],
    error: 'either this or `name`',
  })
  .refine(
    ({ neverSeen, door, seenSince, notSeenSince }) =>
      neverSeen === undefined || [door, seenSince, notSeenSince].every((each) => each === undefined),
    { path: ['neverSeen'], error: 'nothing that was never seen was seen' },
  )
  .refine(isOfItsOrder, { path: ['after'], error: 'it is of the pages of another question' })

const KEY_TYPES = { id: 'undefined', end: 'number', seen: 'number', name: 'string' } as const

function isOfItsOrder({ after, issuer, ...query }: CertificatesQuery): boolean {
  if (after === undefined) return true
  return typeof after.key === KEY_TYPES[orderOf({ ...query, issuer: issuer === undefined ? undefined : 0 })]
}

/** As text that says nothing to people. */
export function writePlace({ key, id }: Place): string {
  const json = JSON.stringify(key === undefined ? [id] : [id, key])
  return new TextEncoder().encode(json).toBase64({ alphabet: 'base64url', omitPadding: true })
}

const placeForm = z.union([
  z.tuple([z.int().min(0)]),
  z.tuple([z.int().min(0), z.union([z.string().regex(/^[^\0]*$/), z.int()])]),
])

function readPlace(text: string): Place | undefined {
  const octets = decode(text, 'base64url')
  if (octets === undefined) return undefined
  try {
    const [id, key] = placeForm.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets)))
    return { id, ...(key !== undefined && { key }) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof z.ZodError) return undefined
    throw error
  }
}

const MAX_ENTRIES = 100

/** What receipts name, between commas. */
export const entriesQuery: z.ZodType<{ readonly ids: readonly number[] }> = z.strictObject({
  ids: z
    .string()
    .regex(/^[1-9][0-9]{0,14}(?:,[1-9][0-9]{0,14})*$/, 'what receipts name, between commas')
    .transform((text) => text.split(',').map(Number))
    .refine((ids) => ids.length <= MAX_ENTRIES, `at most ${MAX_ENTRIES}`),
})

const eventNumber = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,14})$/, 'the number of an event')
  .transform(Number)

export interface EventsQuery {
  readonly after: number | 'newest'
  readonly follow: boolean
}

export const eventsQuery: z.ZodType<EventsQuery> = z.strictObject({
  after: z.union([z.literal('newest'), eventNumber]).default(0),
  follow: z
    .enum(['true', 'false'])
    .default('true')
    .transform((text) => text === 'true'),
})

/**
 * draft-ietf-httpapi-idempotency-key-header-06 §2.1: a String of RFC 9651 §3.3.3. Nobody may guess it: by it an answer is
 * read, which may have a secret.
 */
export const idempotencyKey: z.ZodType<string | undefined> = z
  .string()
  .regex(/^"[ !#-[\]-~]{16,255}"$/, 'idempotency-key: a text of 16 to 255 characters in quotes, drawn at random')
  .transform((text) => text.slice(1, -1))
  .optional()

/** The header with which a stream is resumed. */
export const lastEventId: z.ZodType<number | undefined> = eventNumber.optional()

export interface PartiesQuery {
  readonly kind?: PartyKind | undefined
  readonly owner?: string | undefined
  readonly role?: Role | undefined
  readonly label?: string | undefined
  readonly locked?: boolean | undefined
  readonly limit: number
  readonly after?: string | undefined
}

const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE)
const kind = z.enum(PARTY_KINDS)
const role = z.enum(ROLES)

export const partiesQuery: z.ZodType<PartiesQuery> = z.strictObject({
  kind: kind.optional(),
  owner: word.optional(),
  role: role.optional(),
  label: word.optional(),
  locked: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  limit,
  after: word.optional(),
})

const MAX_LABELS = 64

/** As in `group:ops`. */
const label = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9-]*:[A-Za-z0-9._/-]+$/, 'it must be as in group:ops')

/** Null takes away; a role cannot be, as who has none is an officer. */
export const partyBody: z.ZodType<PartyChange & { readonly create?: true | undefined }> = z
  .strictObject({
    /** It is not known yet, and is from now on. */
    create: z.literal(true).optional(),
    kind: kind.nullable().optional(),
    owner: word.nullable().optional(),
    role: role.optional(),
    labels: z.array(label).max(MAX_LABELS).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'it changes nothing')

export interface LockBody {
  readonly reason?: string | undefined
  readonly until?: Temporal.Instant | undefined
}

export const lockBody: z.ZodType<LockBody> = z.strictObject({
  reason: word.max(MAX_LOCK_REASON_CHARACTERS).optional(),
  until: instant.optional(),
})

export const unlockBody: z.ZodType<object> = z.strictObject({})
export const reloadBody: z.ZodType<object> = z.strictObject({})

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
