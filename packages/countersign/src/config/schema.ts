// The shape of countersign.yaml, with what each key means.
import { dnsName, hostName, isLoopback, type Keys, listen } from '@countersign/gateway/sections'
import { KEY_ALGORITHMS, vouchingFor } from '@countersign/mtls'
import { PARTY_KINDS } from '@countersign/policy'
import { type Identity, isParty } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import { z } from 'zod'
import { didYouMean } from '../nearest.ts'
import type { ConfigFile, ConfigParty, DoorConfig } from './model.ts'
import { SECTIONS } from './sections.ts'

const DOOR_KINDS = Object.keys(SECTIONS)
const KIND_FORM = `must be one of ${DOOR_KINDS.join(', ')}`

const common = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens')
    .refine((name) => name !== 'authority', "must not be authority, which is the authority's own door")
    .describe('what records and receipts call this door'),
  kind: z.enum(DOOR_KINDS, KIND_FORM).describe('the protocol it speaks'),
  revocation: z
    .enum(['require', 'prefer'], 'must be require or prefer')
    .default('require')
    .describe('require: without a current revocation list nobody passes; prefer: a list counts where there is one'),
}

/** What a door has at which callers are met. */
const meeting = {
  host: z
    .union([hostName, z.array(hostName)])
    .transform((names, context): readonly [string, ...string[]] => {
      const [first, ...rest] = typeof names === 'string' ? [names] : names
      if (first !== undefined) return [first, ...rest]
      context.addIssue({ code: 'custom', message: 'must name at least one host' })
      return z.NEVER
    })
    .describe('DNS names and IP addresses that the door proves to its callers'),
  allow: z
    .array(z.string().min(1))
    .min(1, 'must name at least one identity, or "*"')
    .exactOptional()
    .describe(
      'identities that may pass, or "*" for every party of this authority; where it is left out, the policy decides',
    ),
}

function isVouching(word: string): boolean {
  try {
    vouchingFor([word])
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const [firstKind, ...otherKinds] = Object.entries(SECTIONS).map(([kind, { keys, meetsCallers }]) =>
  z.strictObject({ ...common, ...(meetsCallers && meeting), kind: z.literal(kind), ...keys }),
)
if (firstKind === undefined) throw new TypeError('there is no kind of door')
// Each section holds its keys to the configuration of its kind; zod's type for a table of them says less.
const door = z.discriminatedUnion('kind', [firstKind, ...otherKinds], {
  error: KIND_FORM,
}) as unknown as z.ZodType<DoorConfig>

const authority = z.strictObject({
  name: dnsName.default('authority.localhost').describe('DNS name that the authority proves'),
  domain: dnsName.default('house.localhost').describe('trust domain: the host part of the SPIFFE IDs that it issues'),
  organization: z
    .string()
    .min(1)
    .max(48, 'must have at most 48 characters')
    .default('Countersign')
    .describe('organization in the names of its certificates'),
  algorithm: z
    .enum(KEY_ALGORITHMS, {
      error: ({ input }) =>
        `must be ${KEY_ALGORITHMS.join(', ')}${typeof input === 'string' ? didYouMean(input, KEY_ALGORITHMS) : ''}`,
    })
    .exactOptional()
    .describe(
      `kind of all keys, its own and those of parties that enroll: ${KEY_ALGORITHMS.join(', ')} (p256). Kept from the first start on; ml-dsa-… withstand quantum computers`,
    ),
  passphrase: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'where the passphrase of its key files is, which are then encrypted: a file of mode 600, or a descriptor (fd:3); a relative path begins at this file',
    ),
  issuingKey: z
    .string()
    .regex(/^pkcs11:/, 'must be a PKCS #11 URI, as in pkcs11:token=acme;object=issuing?module-path=/…')
    .exactOptional()
    .describe(
      'the issuing key, where it is on a token: a PKCS #11 URI with module-path and pin-source, never the PIN (docs/operations.md)',
    ),
  store: z
    .string()
    .regex(/^postgres(?:ql)?:\/\/\S+$/, 'must be postgres://USER@HOST/DATABASE')
    .exactOptional()
    .describe(
      'PostgreSQL, as postgres://user@host/database without a password (PGPASSFILE or ~/.pgpass has it); several authorities may share it (a file in the data directory)',
    ),
  keyDirectory: z
    .array(dnsName)
    .min(1, 'must be left out where no key is told')
    .exactOptional()
    .describe(
      'mail domains whose people anybody may look up: their OpenPGP keys, as a Web Key Directory (draft-koch-openpgp-webkey-service); none, so that strangers learn nothing',
    ),
  listen: listen.describe('address on which it listens'),
})

const anchor = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens')
    .describe('what records call this authority'),
  file: z.string().min(1).describe('its certificates in PEM; a relative path begins at this file'),
  crl: z
    .array(z.string().min(1))
    .default([])
    .describe('its revocation lists, PEM or DER; each is read again when it changes'),
  vouches: z
    .array(
      z
        .string()
        .refine(isVouching, 'must be a domain, @domain, scheme://host or a network, as in spiffe://partner.example'),
    )
    .min(1, 'must say at least one kind of name that it may vouch for')
    .describe(
      'names that it may vouch for: acme.example (and below), @acme.example, spiffe://acme.example, 10.0.0.0/8; no others count',
    ),
  doors: z
    .array(z.string())
    .min(1)
    .exactOptional()
    .describe('names of the doors at which it counts (every door, and those of the houses that join)'),
})

const identity = z.string().transform((word, context): Identity => {
  const name = readName(word)
  if (name !== undefined) return name
  context.addIssue({ code: 'custom', message: 'must be a URI, a mail address, a DNS name or an IP address' })
  return z.NEVER
})

const party = z.strictObject({
  kind: z
    .enum(PARTY_KINDS, `must be one of ${PARTY_KINDS.join(', ')}`)
    .exactOptional()
    .describe(`what it is: ${PARTY_KINDS.join(', ')}`),
  labels: z
    .array(
      z
        .string()
        .regex(/^[a-z][a-z0-9-]*:[A-Za-z0-9._-]+$/, 'must be as in group:ops')
        .refine(
          (label) => !/^(?:party|kind|authority):/.test(label),
          'must not begin with party:, kind: or authority:, which say who a party is',
        ),
    )
    .default([])
    .describe('labels by which rules find it, as in group:ops'),
  identities: z
    .array(identity)
    .default([])
    .describe('names that other authorities prove of it: URIs, mail addresses, DNS names, IP addresses'),
})

const root = z.strictObject({
  authority: authority.exactOptional().describe('the authority of this house'),
  join: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'in place of authority: an identity directory that was enrolled as door/NAME; the doors here follow its authority, and go by its policy and its parties where this file has none',
    ),
  anchors: z
    .array(anchor)
    .default([])
    .refine(
      (anchors) => new Set(anchors.map(({ name }) => name)).size === anchors.length,
      'must not hold one name twice',
    )
    .describe(
      'other authorities whose certificates count at doors, as far as each may vouch (with join: those of the authority)',
    ),
  policy: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'the file of rules (docs/policy.md) for doors without an allow list; a relative path begins at this file (with join: the policy of the authority)',
    ),
  parties: z
    .record(z.string().refine(isParty, 'must be a party, as in alice or ops/backup'), party)
    .default({})
    .superRefine((parties, context) => {
      const holders = new Map<string, string>()
      for (const [id, { identities }] of Object.entries(parties))
        for (const [index, { kind, value }] of identities.entries()) {
          const holder = holders.getOrInsert(`${kind} ${value}`, id)
          if (holder !== id)
            context.addIssue({
              code: 'custom',
              path: [id, 'identities', index],
              message: `must be of one party: ${value} is of ${holder} already`,
            })
        }
    })
    .transform((parties): readonly ConfigParty[] =>
      Object.entries(parties).map(([id, { kind, labels, identities }]) => ({
        id,
        ...(kind !== undefined && { kind }),
        labels,
        identities,
      })),
    )
    .describe('parties by their names, with the labels that rules speak of (with join: those of the authority)'),
  doors: z
    .array(door)
    .default([])
    .refine((doors) => new Set(doors.map(({ name }) => name)).size === doors.length, 'must not hold one name twice')
    .describe('where parties meet'),
  accessLog: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'file to which each meeting, request and session is written as a line of JSON (mode 0600); a relative path begins at this file',
    ),
  metrics: listen
    .refine(isLoopback, 'must be a loopback address, as in 127.0.0.1:9464')
    .exactOptional()
    .describe('loopback address at which /metrics answers in the OpenMetrics format'),
})

const whole = root.superRefine(({ authority: own, join, anchors, policy, doors }, context) => {
  for (const [index, each] of doors.entries())
    for (const { path, message, near } of SECTIONS[each.kind].faults?.(each) ?? [])
      context.addIssue({
        code: 'custom',
        path: ['doors', index, ...path],
        message: `${message}${near === undefined ? '' : didYouMean(...near)}`,
      })
  // Who joins an authority goes by its rules.
  for (const [index, each] of doors.entries())
    if ('host' in each && each.allow === undefined && policy === undefined && join === undefined)
      context.addIssue({
        code: 'custom',
        path: ['doors', index, 'allow'],
        message: 'must be given, or a policy for the house',
      })
  for (const [index, each] of doors.entries())
    if (each.kind === 'web' && each.people !== undefined && own === undefined && join !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['doors', index, 'people'],
        message:
          'must be left out at a house that joins another: accounts stand in the store of an authority; open this door at the house that has it',
      })
  if (own === undefined && join === undefined)
    context.addIssue({ code: 'custom', path: ['authority'], message: 'must be given, or join' })
  if (own !== undefined && join !== undefined)
    context.addIssue({ code: 'custom', path: ['join'], message: 'must be left out where there is an authority' })
  for (const [index, each] of doors.entries()) {
    // At one door people sign in, at another their passwords count.
    const other = 'people' in each && typeof each.people === 'string' ? each.people : undefined
    if (
      other !== undefined &&
      !doors.some((one) => one.name === other && one.kind === 'web' && one.people !== undefined)
    )
      context.addIssue({
        code: 'custom',
        path: ['doors', index, 'people'],
        message: 'must name a web door of this file at which people sign in',
      })
  }
  for (const [index, { doors: chosen, crl }] of anchors.entries()) {
    const stranger = chosen?.find((name) => doors.every((each) => each.name !== name))
    if (stranger !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['anchors', index, 'doors'],
        message: `must name doors of this file: there is no ${stranger}`,
      })
    const strict = doors.find(({ name, revocation }) => revocation === 'require' && (chosen?.includes(name) ?? true))
    if (strict !== undefined && crl.length === 0)
      context.addIssue({
        code: 'custom',
        path: ['anchors', index, 'crl'],
        message: `must name a revocation list: door ${strict.name} has revocation: require, and would refuse everybody of this authority`,
      })
  }
})

/** What a configuration file may say. Every object is strict: an unknown key is refused. */
export const CONFIG_SCHEMA: z.ZodType<ConfigFile> = whole

/** The keys of each object in the file with what they mean, by the object's path; `*` stands for an index, `:kind` for doors of one kind. */
export const CONFIG_KEYS: Readonly<Record<string, Keys>> = {
  '': root.shape,
  authority: authority.shape,
  'anchors.*': anchor.shape,
  'parties.*': party.shape,
  'doors.*': common,
  ...Object.fromEntries(
    Object.entries(SECTIONS).flatMap(([kind, { keys, meetsCallers, within = {} }]): [string, Keys][] => [
      [`doors.*:${kind}`, { ...(meetsCallers && meeting), ...keys }],
      ...Object.entries(within).map(([path, inner]): [string, Keys] => [`doors.*:${kind}.${path}`, inner]),
    ]),
  ),
}

/** The keys that an object at `path` may have, of whatever kind the door is. */
export function keysAt(path: string): readonly string[] {
  return Object.entries(CONFIG_KEYS).flatMap(([place, keys]) =>
    place.replace(/:[a-z]+/, '') === path ? Object.keys(keys) : [],
  )
}
