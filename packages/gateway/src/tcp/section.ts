// What countersign.yaml says of a TCP door, and of the way out.
import { z } from 'zod'
import type { Address } from '../kind/address.ts'
import type { Section } from '../kind/model.ts'
import { isLoopback, listen, listenOrPath, provedName } from '../kind/words.ts'
import type { TcpDoorConfig } from './door.ts'
import type { EgressDoorConfig } from './egress.ts'

const REACH_FORM = 'must be HOST:PORT or unix:/path/of/socket'
const reach = z.string(REACH_FORM).transform((text, context): Address => {
  const parsed = listenOrPath.safeParse(text)
  if (parsed.success && ('path' in parsed.data || parsed.data.port !== 0)) return parsed.data
  context.addIssue({ code: 'custom', message: REACH_FORM })
  return z.NEVER
})
const seconds = z.int().positive().max(2_000_000)

type KeysOf<Config, Common extends keyof Config> = {
  readonly [Key in keyof Omit<Config, Common>]-?: z.ZodType<Config[Key]>
}

/** The keys of a TCP door. */
export const TCP_SECTION: Section = {
  summary: 'any protocol over TCP: mutual TLS from callers, plain TCP to one service',
  meetsCallers: true,
  keys: {
    listen: listenOrPath.describe('address on which it listens: HOST:PORT, or unix:/path'),
    upstream: reach.describe('the service behind it: HOST:PORT, or unix:/path'),
    proxy: z
      .literal('v2', 'must be v2')
      .exactOptional()
      .describe('v2: the service is told who calls, by a header of the PROXY protocol'),
    speaks: z
      .literal('postgresql', 'must be postgresql')
      .exactOptional()
      .describe("postgresql: callers ask for TLS as PostgreSQL's clients do, and read refusals as its errors"),
    idleSeconds: seconds.exactOptional().describe('a session that is silent for as long ends'),
    lifetimeSeconds: seconds.exactOptional().describe('a session ends after as long, whatever it does'),
  } satisfies KeysOf<TcpDoorConfig, 'name' | 'host'>,
}

const callee = z.strictObject(
  {
    address: listen.describe('HOST:PORT of the callee'),
    name: provedName
      .exactOptional()
      .describe('the DNS name, IP address or URI that its certificate must prove (the host of address)'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be a mapping with the key address' : undefined) },
)

/** The keys of the way out. */
export const EGRESS_SECTION: Section = {
  summary: 'the way out: plain TCP from programs of this machine, mutual TLS to one callee',
  meetsCallers: false,
  keys: {
    listen: listenOrPath
      .refine(isLoopback, 'must be a loopback address or unix:/path: whoever can connect speaks as this house')
      .describe('where programs of this machine connect: 127.0.0.1:PORT, or unix:/path (mode 0600)'),
    callee: callee
      .transform(({ address, ...rest }) => ({ ...address, ...rest }))
      .describe('whom they reach: {address, name}'),
  } satisfies KeysOf<EgressDoorConfig, 'name'>,
  within: { callee: callee.shape },
}
