// One explanation, seen by both sides: a caller that refuses a door tells its own authority, and a party asks for its own meetings.
import assert from 'node:assert/strict'
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

  test('a reference that nobody has', async () => {
    const none = await house.run(['why', 'M-0000-0000', '--identity', alice.directory])
    assert.equal(none.code, 1)
  })
})
