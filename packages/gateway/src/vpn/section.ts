// What countersign.yaml says of a door for VPN.
import { z } from 'zod'
import type { Fault, Section } from '../kind/model.ts'
import { listen } from '../kind/words.ts'
import { deviceOf, MAX_DEVICE_NAME } from './device.ts'
import type { VpnDoorConfig } from './door.ts'
import { overlap, readNetwork } from './network.ts'

/** An engine pushes them in one message, and few clients take more. */
const MAX_ROUTES = 64
/** Room for callers at all, and no more than the engine has room for. */
const LONGEST_PREFIX = 29
const SHORTEST_PREFIX = 16

const NETWORK_FORM = 'must be an IPv4 network, as in 10.1.0.0/16, with nothing set behind its prefix'
const network = z.string().refine((text) => readNetwork(text) !== undefined, NETWORK_FORM)

const route = z.strictObject({
  network: network.describe('an IPv4 network behind the door, as in 10.1.0.0/16'),
  who: z
    .union(
      [
        z.literal(true),
        z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens'),
      ],
      'must be true, or a name',
    )
    .describe(
      'who may reach it: true for whoever the door lets in; a name for whoever rules let meet service:NAME beside the door',
    ),
})

function faultsOf({
  name,
  network: own,
  device,
  routes,
  proof = 'certificate',
  people,
  allow,
}: VpnDoorConfig & { readonly allow?: unknown }): readonly Fault[] {
  const addresses = readNetwork(own)
  const faults: Fault[] = []
  if (addresses && (addresses.prefix > LONGEST_PREFIX || addresses.prefix < SHORTEST_PREFIX))
    faults.push({ path: ['network'], message: `must have a prefix of ${SHORTEST_PREFIX} to ${LONGEST_PREFIX}` })
  if (device === undefined && `vpn-${name}` !== deviceOf({ name }))
    faults.push({
      path: ['name'],
      message: `must have at most ${MAX_DEVICE_NAME - 4} characters where device is left out`,
    })
  if (proof !== 'certificate' && people === undefined)
    faults.push({ path: ['proof'], message: 'must stand beside people, the web door whose passwords count here' })
  if (proof === 'certificate' && people !== undefined)
    faults.push({
      path: ['people'],
      message: 'must be left out where proof is certificate: nobody is asked for a password',
    })
  for (const [index, { network: text, who }] of routes.entries()) {
    const one = readNetwork(text)
    const at = (key: string, message: string) => faults.push({ path: ['routes', index, key], message })
    // Two elements of one set of the kernel's must not overlap.
    const other = routes.slice(0, index).find((earlier) => {
      const before = readNetwork(earlier.network)
      return one && before && overlap(one, before)
    })
    if (other) at('network', `must not overlap with ${other.network}`)
    if (typeof who === 'string' && allow !== undefined)
      at('who', 'must be true at a door with allow: a service is asked of a policy')
  }
  return faults
}

/** The keys of a door for VPN. */
export const VPN_SECTION: Section = {
  summary: 'VPN by OpenVPN, which this door starts: networks behind it, for whom rules let reach them',
  meetsCallers: true,
  keys: {
    listen: listen.describe('address on which it listens, UDP: HOST:PORT (1194 is usual)'),
    network: network.describe(
      'the addresses of callers, IPv4, and the first of them for the door itself: as in 10.8.0.0/24',
    ),
    device: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,14}$/, `must be at most ${MAX_DEVICE_NAME} lower-case letters, digits and hyphens`)
      .exactOptional()
      .describe('the network device (vpn- and the name of the door)'),
    routes: z
      .array(route)
      .min(1, 'must say at least one network')
      .max(MAX_ROUTES)
      .describe('the networks behind it; nothing else is reached through it, not even this machine'),
    proof: z
      .enum(['certificate', 'password', 'both'])
      .exactOptional()
      .describe('what a caller shows: certificate (the default), password (with a one-time code), or both'),
    people: z
      .string()
      .exactOptional()
      .describe('the name of the web door with people whose passwords and codes count here; with proof'),
  } satisfies { readonly [Key in keyof Omit<VpnDoorConfig, 'name' | 'host'>]-?: z.ZodType<VpnDoorConfig[Key]> },
  faults: (door) => faultsOf(door as VpnDoorConfig & { readonly allow?: unknown }),
  services: (door) => (door as VpnDoorConfig).routes.flatMap(({ who }) => (typeof who === 'string' ? [who] : [])),
  within: { 'routes.*': route.shape },
}
