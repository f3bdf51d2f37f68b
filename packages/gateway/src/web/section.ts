// What countersign.yaml says of a web door.
import { z } from 'zod'
import type { Section } from '../kind/model.ts'
import { hostName, listen, provedName } from '../kind/words.ts'
import type { WebDoorConfig } from './door.ts'

const upstreamUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.search === ''
}, 'must be http://HOST:PORT or https://HOST:PORT')

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

const callers = z.enum(['require', 'ask', 'none'], 'must be require, ask or none')

const keys = {
  callers: z
    .union([callers, z.record(hostName, callers)], 'must be require, ask or none, or one of them for each host')
    .exactOptional()
    .describe('certificates of callers, for all hosts or for each: require (the default), ask, none'),
  listen: listen.describe('address on which it listens'),
  upstream: z.union([z.literal('demo'), provable]).describe('the service behind it: {url, name}, or demo'),
  assertion: z
    .string()
    .min(1)
    .max(200, 'must have at most 200 characters')
    .exactOptional()
    .describe('audience of the signed statement about the caller (a JWT) that the service then gets with each request'),
} satisfies { readonly [Key in keyof Omit<WebDoorConfig, 'name' | 'host'>]: z.ZodType<WebDoorConfig[Key]> }

/** The keys of a web door. */
export const WEB_SECTION: Section = {
  summary: 'HTTP and WebSocket',
  meetsCallers: true,
  keys,
  within: { upstream: service.shape },
}
