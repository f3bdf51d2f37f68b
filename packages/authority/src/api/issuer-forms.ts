// The forms of requests about issuers, and of their answers.
import { KEY_ALGORITHMS, type KeyAlgorithm } from '@countersign/mtls'
import { z } from 'zod'
import { PROFILE_NAMES, type ProfileName } from '../issuance/profiles.ts'
import { REVOCATION_REASONS, type RevocationReason } from '../store/certificates.ts'
import { ISSUER_KINDS, ISSUER_STATES, type IssuerKind, type IssuerState } from '../store/issuers.ts'

const name = z.string().min(1).max(64)
const profiles = z.array(z.enum(PROFILE_NAMES)).max(PROFILE_NAMES.length)

export interface IssuersQuery {
  readonly state?: IssuerState | undefined
  readonly limit: number
  readonly after?: string | undefined
}

export const issuersQuery: z.ZodType<IssuersQuery> = z.strictObject({
  state: z.enum(ISSUER_STATES).optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(1_000)).default(100),
  after: name.regex(/^[^\0]*$/).optional(),
})

export interface IssuerBody {
  readonly name: string
  readonly kind: IssuerKind
  readonly algorithm?: KeyAlgorithm | undefined
  readonly key?: string | undefined
  readonly profiles?: readonly ProfileName[] | undefined
  readonly isWaiting: boolean
}

export const issuerBody: z.ZodType<IssuerBody> = z.strictObject({
  name,
  kind: z.enum(ISSUER_KINDS).default('intermediate'),
  algorithm: z.enum(KEY_ALGORITHMS).optional(),
  key: z.string().max(2_048).startsWith('pkcs11:').optional(),
  profiles: profiles.optional(),
  isWaiting: z.boolean().default(false),
})

export interface StateBody {
  readonly state: 'active' | 'retired'
  readonly profiles?: readonly ProfileName[] | undefined
  readonly force: boolean
  readonly reason: RevocationReason
}

export const stateBody: z.ZodType<StateBody> = z.strictObject({
  state: z.enum(['active', 'retired']),
  profiles: profiles.optional(),
  force: z.boolean().default(false),
  reason: z.enum(REVOCATION_REASONS).default('cessationOfOperation'),
})

export const crossBody: z.ZodType<{ readonly by: string }> = z.strictObject({ by: name })

export interface ImportBody {
  readonly pem: string
  readonly rootSha256?: string | undefined
  readonly name?: string | undefined
}

export const importBody: z.ZodType<ImportBody> = z.strictObject({
  pem: z.string().min(1),
  rootSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'not 64 hexadecimal digits')
    .optional(),
  name: name.optional(),
})

const time = z.iso.datetime()
const text = z.string()
const described = {
  name: text,
  kind: z.enum(ISSUER_KINDS),
  state: z.enum(ISSUER_STATES),
  profiles: z.array(text),
  /** Where its key is, for this authority. */
  key: z.enum(['here', 'token', 'elsewhere']),
  spkiSha256: text,
  createdAt: time,
  /** Of its certificate, of those that everybody is told of. */
  subject: text.optional(),
  sha256: text.optional(),
  notAfter: time.optional(),
  /** Names of those that have signed it. */
  signedBy: z.array(text).optional(),
}

export const issuer: z.ZodType = z.strictObject(described)
export const issuers: z.ZodType = z.strictObject({ issuers: z.array(z.strictObject(described)), next: text.optional() })
export const requested: z.ZodType = z.strictObject({ issuer: z.strictObject(described), request: z.base64() })
export const imported: z.ZodType = z.strictObject({ done: z.array(text) })
