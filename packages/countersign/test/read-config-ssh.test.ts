// What countersign.yaml may say of a door for SSH.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfig } from '../src/config/read-config.ts'

const SSH = `
authority: {listen: 127.0.0.1:0}
doors:
  - name: web1
    kind: ssh
    host: web1.localhost
    listen: unix:/var/lib/countersign-ssh/door
    accounts: [{account: deploy, who: true}]
    allow: ['*']
`

const read = (text: string) => readConfig(new TextEncoder().encode(text), 'c.yaml')

suite('a door for SSH in the file', () => {
  test('is read', () => {
    const [door] = read(SSH).doors
    assert.deepEqual(door, {
      ...{ name: 'web1', kind: 'ssh', host: ['web1.localhost'], listen: { path: '/var/lib/countersign-ssh/door' } },
      ...{ accounts: [{ account: 'deploy', who: true }], allow: ['*'], revocation: 'require' },
    })
  })

  const cases: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    [
      'a door for SSH at a port',
      SSH.replace('unix:/var/lib/countersign-ssh/door', '127.0.0.1:22'),
      /doors\.0\.listen must be unix:\/path/,
    ],
    [
      'a door for SSH at a path with a space',
      SSH.replace('countersign-ssh/door', 'countersign ssh/door'),
      /doors\.0\.listen must be unix:\/path of at most 96 characters without spaces/,
    ],
    [
      'an account that is none',
      SSH.replace('deploy', "'deploy *'"),
      /doors\.0\.accounts\.0\.account must be the name of an account/,
    ],
    [
      'an account twice',
      SSH.replace('[{account', '[{account: deploy, who: true}, {account'),
      /doors\.0\.accounts\.1\.account must stand once/,
    ],
    [
      'no account at all',
      SSH.replace('[{account: deploy, who: true}]', '[]'),
      /doors\.0\.accounts must name at least one account/,
    ],
    [
      'a service of a policy beside a list',
      SSH.replace('who: true', 'who: administration'),
      /doors\.0\.accounts\.0\.who must be true at a door with allow/,
    ],
    [
      'a host certificate that is beside nothing',
      SSH.replace('    allow', '    hostCertificate: host-cert.pub\n    allow'),
      /doors\.0\.hostCertificate must be an absolute path/,
    ],
  ]
  for (const [what, text, message] of cases)
    test(`${what} is refused`, () => {
      assert.throws(() => read(text), { message })
    })
})
