// One of our doors before an upstream. Usage: door.ts IDENTITY-DIRECTORY CONFIG; CONFIG is JSON of its kind and upstream.
import { type AnyDoorConfig, openDoor } from '@countersign/gateway'
import { allowList, createSessionIndex, openIdentity } from '@countersign/mtls'

const [directory, config] = process.argv.slice(2)
if (!directory || !config) throw new Error('usage: door IDENTITY-DIRECTORY CONFIG')
const identity = await openIdentity(directory)
const common = { name: 'bench', host: ['bench.localhost'], listen: { host: '127.0.0.1', port: 0 } }
const door = await openDoor({ ...common, ...(JSON.parse(config) as object) } as unknown as AnyDoorConfig, {
  identity,
  trust: identity.trust,
  access: allowList(['*']),
  sessions: createSessionIndex('bench'),
  clock: () => Temporal.Now.instant(),
  // Made, and kept nowhere.
  record: (meeting) => void meeting,
  // No access log is kept, as by the servers beside it.
  log: (event, fields) => event.endsWith('.done') || console.error(event, fields),
})
process.stdout.write(`${new URL(door.url).port}\n`)
