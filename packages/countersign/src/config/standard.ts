// The house that `countersign up` starts without a configuration file.
import type { HouseConfig, OwnHouse } from './model.ts'

/** An authority and one web door with the demo service, on loopback. */
export const STANDARD_CONFIG: HouseConfig & OwnHouse = {
  standard: true,
  authority: {
    name: 'authority.localhost',
    domain: 'house.localhost',
    organization: 'Countersign',
    listen: { host: '127.0.0.1', port: 7443 },
  },
  anchors: [],
  parties: [],
  doors: [
    {
      name: 'hello',
      kind: 'web',
      host: ['hello.localhost', '127.0.0.1'],
      listen: { host: '127.0.0.1', port: 8443 },
      upstream: 'demo',
      allow: ['*'],
      revocation: 'require',
    },
  ],
}
