// `countersign sessions`: what is open, of one door or one party, in a terminal of 80 columns.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type DirectoryIdentity, openIdentity } from '@countersign/mtls'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'

/** As long as a party may be: 64 characters. */
const LONG = `ops/${'a'.repeat(60)}`
const DOOR = 'the-door-with-a-name-too-long-for-people'

suite('countersign sessions', () => {
  let house: RunningHouse
  const identities: DirectoryIdentity[] = []
  before(async () => {
    const listen = '127.0.0.1:0'
    const host = ['hello.localhost']
    const door = { kind: 'web', host, listen, upstream: 'demo', allow: ['*'] }
    house = await startHouse({
      config: {
        authority: { name: 'authority.localhost', domain: 'house.localhost', organization: 'Test', listen },
        doors: [
          { name: 'hello', ...door },
          { name: DOOR, ...door },
        ],
      },
    })
    for (const party of ['alice', LONG]) {
      await enrolled(house, party)
      // One that renews itself has a session at the authority, too.
      const identity = await openIdentity(join(house.directory, 'parties', party), { renew: false })
      identities.push(identity)
      for (const { url } of house.ready.doors) {
        const port = Number(new URL(url).port)
        const { socket } = await connect({ host: 'hello.localhost', port, identity, trust: identity.trust })
        // Open as long as the house is; how it ends is of no interest here.
        socket.on('error', () => socket.destroy())
      }
    }
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    for (const identity of identities) identity.close()
  })

  const listed = async (...args: string[]) => {
    const { code, stdout, stderr } = await house.run(['sessions', ...args])
    assert.equal(code, 0, stderr)
    return { lines: stdout.trimEnd().split('\n'), stdout, stderr }
  }
  const json = async (...args: string[]) => {
    const { sessions } = JSON.parse((await listed(...args, '--json')).stdout) as {
      sessions: readonly { readonly door: string; readonly party: string }[]
    }
    return sessions.map(({ door, party }) => `${door} ${party}`).toSorted()
  }

  test('no line is wider than 80 columns, and --json has every name whole', async () => {
    const { lines } = await listed()
    assert.equal(lines.length, 5)
    for (const line of lines) assert.ok(line.length <= 80, line)
    assert.match(lines.join('\n'), /hello +alice +cert ⇄ cert +M-/)
    assert.match(lines.join('\n'), /the-door-with\S*….*ops\/a+….*M-\w{4}-\w{4}/)
    assert.deepEqual(await json(), [`hello ${LONG}`, 'hello alice', `${DOOR} ${LONG}`, `${DOOR} alice`].toSorted())
  })

  test('--door and --party choose, one or both', async () => {
    assert.deepEqual(await json('--door', 'hello'), ['hello alice', `hello ${LONG}`].toSorted())
    assert.deepEqual(await json('--party', 'alice'), ['hello alice', `${DOOR} alice`].toSorted())
    assert.deepEqual(await json('--party', LONG, '--door', DOOR), [`${DOOR} ${LONG}`])
    assert.equal((await listed('--door', 'hello', '--party', 'alice')).lines.length, 2)
  })

  test('what fits nothing says how many there are, and which door may be meant', async () => {
    const { stdout, stderr } = await listed('--door', 'helo')
    assert.equal(stdout, '')
    assert.match(stderr, /no session is open that fits; 4 are in all; did you mean hello\?/)
    assert.deepEqual(await json('--party', 'nobody'), [])
  })
})
