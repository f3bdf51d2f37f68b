// One explanation, seen by both sides: a caller that refuses a door tells its own authority, and a party asks for its own meetings.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles } from './support/peers.ts'

interface Met {
  readonly meeting: {
    readonly reference: string
    readonly outcome: { readonly ok: boolean; readonly refusal?: { readonly code: string } }
  }
}

suite('why, on both sides', () => {
  let house: RunningHouse
  let alice: PartyFiles
  let bob: PartyFiles
  let door: string

  before(async () => {
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost', '127.0.0.1'],
            listen: '127.0.0.1:0',
            upstream: 'demo',
            allow: ['alice'],
          },
          {
            name: 'lonely',
            kind: 'web',
            host: 'lonely.localhost',
            listen: '127.0.0.1:0',
            // Nobody listens on this port (RFC 6335 §6: it is reserved).
            upstream: { url: 'http://127.0.0.1:1' },
            allow: ['alice'],
          },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
    bob = await enrolled(house, 'bob')
    door = new URL(house.ready.doors[0]?.url ?? '').host
  })
  after(() => house?.[Symbol.asyncDispose]())

  async function meet(party: PartyFiles, ...more: string[]): Promise<Met['meeting']> {
    const met = await house.run(['meet', door, '--identity', party.directory, '--json', ...more])
    return (JSON.parse(met.stdout) as Met).meeting
  }

  test('a caller refuses the door: its operator finds why, under the reference that both have', async () => {
    const { reference, outcome } = await meet(alice, '--name', 'other.localhost')
    assert.equal(outcome.refusal?.code, 'ERR_CALLEE_WRONG_NAME')
    await house.event((event) => event['event'] === 'report.recorded' && event['reference'] === reference)
    const why = await house.run(['why', reference])
    assert.match(why.stdout, /ERR_CALLEE_WRONG_NAME/)
    assert.match(why.stdout, /as the caller saw it/)
    // The door's own record is beside it.
    assert.match(why.stdout, /as the callee saw it/)
    const own = await house.run(['why', reference, '--identity', alice.directory])
    assert.equal(own.code, 0, own.stderr)
    assert.match(own.stdout, /ERR_CALLEE_WRONG_NAME/)
  })

  test('a refused party reads its own meeting, without what is for the operator; nobody reads another’s', async () => {
    const { reference, outcome } = await meet(bob)
    assert.equal(outcome.refusal?.code, 'ERR_CALLER_NOT_ALLOWED')
    const own = await house.run(['why', reference, '--identity', bob.directory])
    assert.equal(own.code, 0, own.stderr)
    assert.match(own.stdout, /not on the list of this door/)
    const others = await house.run(['why', reference, '--identity', alice.directory])
    assert.equal(others.code, 1)
    assert.match(others.stderr, /no door of this authority recorded a meeting with that reference/)
  })

  test('a service that is not there: the operator finds why under the reference that the caller was told', async () => {
    const { port } = new URL(house.ready.doors[1]?.url ?? '')
    const [ca, key, cert] = await Promise.all([alice.trust, alice.key, alice.certificate].map((file) => readFile(file)))
    const asked = get({
      host: '127.0.0.1',
      port,
      path: '/',
      headers: { Host: 'lonely.localhost' },
      servername: 'lonely.localhost',
      ca,
      key,
      cert,
    })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const { status, reference } = JSON.parse(await text(response)) as { status: number; reference: string }
    assert.equal(status, 502)
    const why = await house.run(['why', reference])
    assert.match(why.stdout, /^ {2}code +ERR_DOOR_UPSTREAM$/m)
    assert.match(why.stdout, /^ {2}cause +the service behind this door does not answer$/m)
    assert.match(why.stdout, /^ {2}note +.*ECONNREFUSED 127\.0\.0\.1:1$/m)
    const own = await house.run(['why', reference, '--identity', alice.directory])
    assert.match(own.stdout, /^ {2}code +ERR_DOOR_UPSTREAM$/m)
    assert.doesNotMatch(own.stdout, /ECONNREFUSED/)
    // The meeting itself was told once.
    assert.equal(
      house.events.filter((event) => event['reference'] === reference && event['event'] === 'meeting').length,
      1,
    )
  })

  test('a reference that nobody has', async () => {
    const none = await house.run(['why', 'M-0000-0000', '--identity', alice.directory])
    assert.equal(none.code, 1)
  })
})
