// The shape of countersign.yaml, with what each key means.
import { isIP } from 'node:net'
import { z } from 'zod'
import type { Config } from './model.ts'

const LABELS = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

const LISTEN_FORM = 'must be HOST:PORT, as in 127.0.0.1:8443 or [::1]:8443'

const dnsName = z.string().regex(LABELS, 'must be a DNS name in lower case, as in door.acme.example')
const hostName = z
  .string()
  .refine((text) => isIP(text) !== 0 || LABELS.test(text), 'must be a DNS name in lower case or an IP address')

const listen = z.string(LISTEN_FORM).transform((text, context) => {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text)
  const host = parts?.[1] ?? parts?.[2]
  const port = Number(parts?.[3])
  if (host === undefined || port > 65_535 || (isIP(host) === 0 && !LABELS.test(host))) {
    context.addIssue({ code: 'custom', message: LISTEN_FORM })
    return z.NEVER
  }
  return { host, port }
})

const upstreamUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.search === ''
}, 'must be http://HOST:PORT or https://HOST:PORT')

const provedName = z
  .string()
  .refine(
    (text) => hostName.safeParse(text).success || /^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(text),
    'must be a DNS name in lower case, an IP address, or a URI as in spiffe://acme.example/db',
  )

const service = z.strictObject(
  {
    url: upstreamUrl.describe('where requests go after the gate'),
    name: provedName
      .exactOptional()
      .describe(
        "for https: the DNS name, IP address or URI that the service's certificate must prove (the host of url)",
      ),
  },
  // Only where it is no mapping at all; an unknown key has its own words.
  { error: ({ code }) => (code === 'invalid_type' ? 'must be demo, or a mapping with the key url' : undefined) },
)
const provable = service.refine(({ url, name }) => name === undefined || url.startsWith('https:'), {
  path: ['name'],
  message: 'must be left out, or url begin with https: nothing is proved over http',
})

const door = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens')
    .refine((name) => name !== 'authority', "must not be authority, which is the authority's own door")
    .describe('what records and receipts call this door'),
  kind: z.literal('web', 'must be web').describe('the protocol it speaks'),
  host: z
    .union([hostName, z.array(hostName)])
    .transform((names, context): readonly [string, ...string[]] => {
      const [first, ...rest] = typeof names === 'string' ? [names] : names
      if (first !== undefined) return [first, ...rest]
      context.addIssue({ code: 'custom', message: 'must name at least one host' })
      return z.NEVER
    })
    .describe('DNS names and IP addresses that the door proves to its callers'),
  listen: listen.describe('address on which it listens'),
  upstream: z.union([z.literal('demo'), provable]).describe('the service behind it: {url, name}, or demo'),
  allow: z
    .array(z.string().min(1))
    .min(1, 'must name at least one identity, or "*"')
    .describe('identities that may pass, or "*" for every party of this authority'),
  revocation: z
    .enum(['require', 'prefer'], 'must be require or prefer')
    .default('require')
    .describe('require: without a current revocation list nobody passes; prefer: a list counts where there is one'),
})

const authority = z.strictObject({
  name: dnsName.default('authority.localhost').describe('DNS name that the authority proves'),
  domain: dnsName.default('house.localhost').describe('trust domain: the host part of the SPIFFE IDs that it issues'),
  organization: z
    .string()
    .min(1)
    .max(48, 'must have at most 48 characters')
    .default('Countersign')
    .describe('organization in the names of its certificates'),
  listen: listen.describe('address on which it listens'),
})

const root = z.strictObject({
  authority: authority.describe('the authority of this house'),
  doors: z
    .array(door)
    .default([])
    .refine((doors) => new Set(doors.map(({ name }) => name)).size === doors.length, 'must not hold one name twice')
    .describe('where parties meet'),
})

/** What a configuration file may say. Every object is strict: an unknown key is refused. */
export const CONFIG_SCHEMA: z.ZodType<Omit<Config, 'standard'>> = root

/** The keys of each object in the file with what they mean, by the object's path; `*` stands for an index. */
export const CONFIG_KEYS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  '': root.shape,
  authority: authority.shape,
  'doors.*': door.shape,
  'doors.*.upstream': service.shape,
}
