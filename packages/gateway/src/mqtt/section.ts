// What countersign.yaml says of a door for MQTT.
import { z } from 'zod'
import type { Fault, Section } from '../kind/model.ts'
import { isLoopback, listenOrPath } from '../kind/words.ts'
import type { MqttDoorConfig } from './door.ts'
import { isFilter, PARTY_PLACE, sharedOf } from './topics.ts'

const ACTS = ['publish', 'retain', 'subscribe'] as const

const who = (what: string) =>
  z
    .union(
      [
        z.literal(true),
        z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 lower-case letters, digits and hyphens'),
      ],
      'must be true, or a name',
    )
    .exactOptional()
    .describe(
      `who may ${what}: true for whoever the door lets in; a name for whoever rules let meet service:NAME beside the door`,
    )

const topic = z.strictObject({
  filter: z
    .string()
    .refine(isPlacedFilter, 'must be a filter of MQTT, as in plant/+/state or sensors/{party}/#')
    .describe(
      `topics by a filter, as in plant/+/state; ${PARTY_PLACE} stands for the name of the caller; $share/GROUP/FILTER for a shared subscription`,
    ),
  publish: who('publish there'),
  retain: who('publish there what the broker keeps'),
  subscribe: who('hear what is published there'),
  retained: z
    .literal('clear', 'must be clear')
    .exactOptional()
    .describe(
      'clear: when the last credential with which a caller is here is revoked, what the broker keeps there of it goes',
    ),
})

function isPlacedFilter(text: string): boolean {
  const plain = text.replaceAll(PARTY_PLACE, 'party')
  return !/[{}]/.test(plain) && isFilter(sharedOf(plain)?.filter ?? plain)
}

function faultsOf({ topics, allow }: MqttDoorConfig & { readonly allow?: unknown }): readonly Fault[] {
  return topics.flatMap((rule, index): Fault[] => {
    const at = (key: string, message: string) => ({ path: ['topics', index, key], message })
    const named = allow === undefined ? [] : ACTS.filter((act) => typeof rule[act] === 'string')
    return [
      ...named.map((act) => at(act, 'must be true or left out at a door with allow: a service is asked of a policy')),
      ...(ACTS.every((act) => rule[act] === undefined)
        ? [at('filter', `must say who may do what: ${ACTS.join(', ')}`)]
        : []),
      ...(rule.retain !== undefined && rule.publish === undefined ? [at('retain', 'must stand beside publish')] : []),
      ...(sharedOf(rule.filter) && (rule.publish ?? rule.retain) !== undefined
        ? [at('publish', 'must be left out: nobody publishes to a shared subscription')]
        : []),
      ...(rule.retained !== undefined && !rule.filter.includes(PARTY_PLACE)
        ? [at('retained', `must stand at a filter with ${PARTY_PLACE}: what is there is of one party`)]
        : []),
    ]
  })
}

/** The keys of a door for MQTT. */
export const MQTT_SECTION: Section = {
  summary: 'MQTT 3.1.1 and 5 from devices, with a broker behind it',
  meetsCallers: true,
  keys: {
    listen: listenOrPath.describe('address on which it listens: HOST:PORT (8883 is usual), or unix:/path'),
    broker: listenOrPath
      .refine(isLoopback, 'must be a loopback address or unix:/path: nothing goes to another machine in clear')
      .describe('the broker behind it, as mosquitto: 127.0.0.1:PORT or unix:/path, which nobody else should reach'),
    topics: z
      .array(topic)
      .min(1, 'must say at least one topic')
      .describe('what may be published and heard; what no line speaks of, nobody may'),
    maxPacketOctets: z
      .int()
      .min(256)
      .max(268_435_460)
      .exactOptional()
      .describe('octets of the largest packet that a caller may send (1048576)'),
  } satisfies { readonly [Key in keyof Omit<MqttDoorConfig, 'name' | 'host'>]-?: z.ZodType<MqttDoorConfig[Key]> },
  faults: (door) => faultsOf(door as MqttDoorConfig & { readonly allow?: unknown }),
  services: (door) =>
    (door as MqttDoorConfig).topics.flatMap((rule) =>
      ACTS.flatMap((act) => {
        const named = rule[act]
        return typeof named === 'string' ? [named] : []
      }),
    ),
  within: { 'topics.*': topic.shape },
}
