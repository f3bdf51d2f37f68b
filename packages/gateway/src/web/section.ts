// What countersign.yaml says of a web door.
import { isParty } from '@countersign/protocol'
import { z } from 'zod'
import type { Fault, Section } from '../kind/model.ts'
import { hostName, listen, provedName } from '../kind/words.ts'
import type { WebDoorConfig } from './door.ts'
import { LOGIN_PATH } from './people.ts'
import { isUnclear, routeFaults } from './routes.ts'

const upstreamUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && url.search === ''
}, 'must be http://HOST:PORT or https://HOST:PORT')

const addresses = z
  .union([upstreamUrl, z.array(upstreamUrl).min(1, 'must name at least one address')], {
    error: 'must be http://HOST:PORT or https://HOST:PORT, or a list of them',
  })
  .transform((urls) => urls as string | readonly [string, ...string[]])

const seconds = z.number().positive('must be more than 0').max(86_400, 'must be at most 86,400').exactOptional()

const health = z.strictObject({
  path: z
    .string()
    .regex(/^\/[!-"$-~]*$/, 'must begin with /, and hold neither spaces nor #')
    .describe('what is asked for, by GET; an answer of 2xx or 3xx in time says that the address is well'),
  everySeconds: seconds.describe('how often (10)'),
})

const service = z.strictObject(
  {
    url: addresses.describe(
      'where requests go after the gate; of several addresses of one service, to where least is under way',
    ),
    name: provedName
      .exactOptional()
      .describe(
        "for https: the DNS name, IP address or URI that the service's certificate must prove (the host of url)",
      ),
    connectSeconds: seconds.describe('how long a connection, with its handshake, may take (10)'),
    timeoutSeconds: seconds.describe('how long it may take to begin an answer (60)'),
    idleSeconds: seconds.describe('how long it may be silent within an answer that the caller reads (for ever)'),
    maxRequests: z
      .int('must be a whole number')
      .positive('must be more than 0')
      .exactOptional()
      .describe('most requests under way; more get 503 (1,024)'),
    maxBodyOctets: z
      .int('must be a whole number')
      .positive('must be more than 0')
      .exactOptional()
      .describe('longest body of a request; longer ones get 413 (any length)'),
    health: health
      .exactOptional()
      .describe('asks each address whether it is well, and leaves alone what is not (whether it can be reached)'),
  },
  // Only where it is no mapping at all; an unknown key has its own words.
  { error: ({ code }) => (code === 'invalid_type' ? 'must be demo, bank, or a mapping with the key url' : undefined) },
)
const isSecure = (urls: string | readonly string[]) => [urls].flat().every((url) => url.startsWith('https:'))
const provable = service
  .refine(({ url, name }) => name === undefined || isSecure(url), {
    path: ['name'],
    message: 'must be left out, or url begin with https: nothing is proved over http',
  })
  .refine(({ url }) => isSecure(url) || [url].flat().every((each) => each.startsWith('http:')), {
    path: ['url'],
    message: 'must be all http or all https',
  })
const upstream = z.union([z.literal('demo'), z.literal('bank'), provable])

const route = z.strictObject({
  host: hostName.exactOptional().describe("one of the door's hosts (each of them)"),
  path: z
    .string()
    .regex(
      /^\/(?:[!-.0-:<>@-[\]-~]+(?:\/[!-.0-:<>@-[\]-~]+)*)?$/,
      'must begin with /, and end with it only where it is nothing else',
    )
    .refine(
      (path) => !isUnclear(path),
      'must be written plainly: without . and .. as segments, and without octets for plain letters',
    )
    .default('/')
    .describe('it takes what is equal or below, by whole segments; the longest that fits counts'),
  service: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens')
    .exactOptional()
    .describe('what rules call it, as service:NAME: each caller is asked for, beside the door itself'),
  upstream: upstream.describe('the service behind it, as for the door'),
})

const mail = z.strictObject({
  url: z
    .string()
    .refine(
      isMailUrl,
      'must be smtp://HOST:PORT or smtps://HOST:PORT, with a user where one is needed, and no password',
    )
    .describe('where notices are given to, as smtp://HOST:PORT or smtps://USER@HOST:PORT'),
  from: z.email('must be an address, as in bank@acme.example').describe('the address that notices come from'),
  password: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'where the password for it is: a file of mode 600, or a descriptor (fd:3); a relative path begins at this file',
    ),
})

const sms = z.strictObject({
  url: z
    .string()
    .refine(isGatewayUrl, 'must be https://HOST[:PORT]/PATH, without user, password or fragment')
    .describe(
      'your gateway, as https://HOST:PORT/PATH: it proves that name to this door by a certificate of the house (or of anchors), and is shown the one of the door; POST of JSON {id, to, text}, answered by 2xx once it is taken; 4xx or 503 is a no, and after anything else the message counts as sent',
    ),
})

const certificate = z.strictObject({
  chain: z
    .string()
    .min(1)
    .describe('file of the certificate and its issuers in PEM, the leaf first; a relative path begins at this file'),
  key: z.string().min(1).describe('file of its key in PEM, of mode 600; a relative path begins at this file'),
})

const people = z.strictObject({
  recoveryHours: z
    .number()
    .positive('must be more than 0')
    .max(720, 'must be at most 720')
    .exactOptional()
    .describe('how long a recovery waits, in hours, in which the customer can refuse it (24)'),
  mail: mail
    .exactOptional()
    .describe('by which customers are told what happens to their accounts (nobody is told by mail)'),
  sms: sms
    .exactOptional()
    .describe(
      'codes by SMS: restricted (NIST SP 800-63B §5.2.10), for known devices alone, and for no rule a proof (there are none); see docs/doors/login.md first',
    ),
  secret: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      "the file of the door's secret, mode 600, the same for houses that share a database; a relative path begins at this file (login.secret among the door's files)",
    ),
})

function isGatewayUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === ''
}

function isMailUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    ['smtp:', 'smtps:'].includes(url.protocol) &&
    url.hostname !== '' &&
    url.password === '' &&
    ['', '/'].includes(url.pathname) &&
    url.search === '' &&
    url.hash === ''
  )
}

const callers = z.enum(['require', 'ask', 'none'], 'must be require, ask or none')

const keys = {
  callers: z
    .union([callers, z.record(hostName, callers)], 'must be require, ask or none, or one of them for each host')
    .exactOptional()
    .describe(
      'certificates of callers, for all hosts or for each: require (the default), ask, none (the default with people)',
    ),
  certificate: certificate
    .exactOptional()
    .describe(
      "a certificate of an authority that browsers believe, presented by the names that ask callers for nothing; read again when its files change (the house's own)",
    ),
  listen: listen.describe('address on which it listens'),
  upstream: upstream
    .exactOptional()
    .describe('the service for what no route takes: {url, …}, or demo, or bank (for people who sign in)'),
  routes: z.array(route).exactOptional().describe('services for some hosts and paths'),
  from: z
    .string()
    .refine(isParty, 'must be a party, as in frontdoor or door/edge')
    .exactOptional()
    .describe('party of a proxy before this door whose Client-Cert (RFC 9440) says who its callers are (nobody)'),
  assertion: z
    .string()
    .min(1)
    .max(200, 'must have at most 200 characters')
    .exactOptional()
    .describe('audience of the signed statement about the caller (a JWT) that the service then gets with each request'),
  people: people
    .exactOptional()
    .describe('people sign in here, below /login, and whoever has not reaches nothing else (docs/doors/login.md)'),
} satisfies { readonly [Key in keyof Omit<WebDoorConfig, 'name' | 'host'>]: z.ZodType<WebDoorConfig[Key]> }

function faultsOf({
  host,
  upstream,
  routes = [],
  allow,
  assertion,
  from,
  people: hasPeople,
  callers = hasPeople === undefined ? 'require' : 'none',
  certificate,
}: WebDoorConfig & { readonly allow?: unknown }): readonly Fault[] {
  const faults: Fault[] = routeFaults(host, routes).map(({ index, key, ...fault }) => ({
    ...fault,
    path: ['routes', index, key],
  }))
  if (upstream === undefined && routes.length === 0)
    faults.push({ path: ['upstream'], message: 'must be given, or routes' })
  const all = routes.findIndex((each) => each.host === undefined && each.path === '/')
  if (upstream !== undefined && all >= 0)
    faults.push({ path: ['upstream'], message: `must be left out: route ${all + 1} takes whatever no other does` })
  // The same for what no route takes: it begins everywhere, on every host.
  const last = routeFaults(host, [...routes, { path: '/' }]).find(({ index }) => index === routes.length)
  if (upstream !== undefined && all < 0 && last) faults.push({ path: ['upstream'], message: last.message })
  const banks = [
    ...(upstream === 'bank' ? [{ path: ['upstream'], at: '/' }] : []),
    ...routes.flatMap((each, i) =>
      each.upstream === 'bank' ? [{ path: ['routes', i, 'upstream'], at: each.path }] : [],
    ),
  ]
  for (const { path, at } of banks) {
    if (assertion === undefined)
      faults.push({ path, message: 'must stand beside assertion: the bank believes nothing but signed statements' })
    if (at !== '/') faults.push({ path, message: 'must be at the path /, where the pages of the bank are' })
  }
  for (const [index, { service: asked }] of routes.entries())
    if (asked !== undefined && allow !== undefined)
      faults.push({
        path: ['routes', index, 'service'],
        message: 'must be left out at a door with allow: it is asked of a policy',
      })
  const asks =
    typeof callers === 'string' ? [callers] : host.map((name) => callers[name] ?? (hasPeople ? 'none' : 'require'))
  if (certificate !== undefined && !asks.includes('none'))
    faults.push({
      path: ['certificate'],
      message: 'must be left out: every name here asks for a certificate of the caller, and proves itself by our own',
    })
  if (hasPeople !== undefined) {
    if (assertion === undefined)
      faults.push({ path: ['assertion'], message: 'must be given with people: by it the service learns who signed in' })
    if (from !== undefined)
      faults.push({ path: ['from'], message: 'must be left out with people: no proxy brings whoever signs in here' })
    for (const [index, { path }] of routes.entries())
      if (path.toLowerCase() === LOGIN_PATH || path.toLowerCase().startsWith(`${LOGIN_PATH}/`))
        faults.push({
          path: ['routes', index, 'path'],
          message: `must be another: people sign in below ${LOGIN_PATH}`,
        })
  }
  return faults
}

/** The keys of a web door. */
export const WEB_SECTION: Section = {
  summary: 'HTTP and WebSocket',
  meetsCallers: true,
  keys,
  faults: (door) => faultsOf(door as WebDoorConfig & { readonly allow?: unknown }),
  services: (door) => (door as WebDoorConfig).routes?.flatMap((each) => each.service ?? []) ?? [],
  labelOf: (host) => `https://${host}`,
  within: {
    upstream: service.shape,
    'upstream.health': health.shape,
    certificate: certificate.shape,
    people: people.shape,
    'people.mail': mail.shape,
    'people.sms': sms.shape,
    'routes.*': route.shape,
    'routes.*.upstream': service.shape,
    'routes.*.upstream.health': health.shape,
  },
}
