// The house that `countersign up` starts without a configuration file.
import type { HouseConfig, OwnHouse } from './model.ts'

/** An authority, a web door with the demo service, and one of a small bank at which people sign in; on loopback. */
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
    {
      name: 'bank',
      kind: 'web',
      host: ['bank.localhost'],
      listen: { host: '127.0.0.1', port: 8444 },
      upstream: 'bank',
      assertion: 'bank',
      people: {},
      allow: ['*'],
      revocation: 'require',
    },
  ],
}
