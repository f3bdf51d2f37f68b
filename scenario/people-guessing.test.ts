// Thousands of guesses at one name, from many addresses, over the network.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { client } from '@serenity-kit/opaque'
import { codeOfRefusal, openLine, provePasswordOver, signInOver } from './support/customer.ts'
import { type NetworkBank, startNetworkBank } from './support/network-bank.ts'

const GUESSES = 10_000
const ADDRESSES = 1_000
/** docs/doors/login.md, "How often somebody may guess". */
const FREE_PER_HOUR = 10

suite('guesses', () => {
  let network: NetworkBank
  before(async () => {
    network = await startNetworkBank()
  })
  after(async () => {
    await network?.[Symbol.asyncDispose]()
  })

  test('10,000, from 1,000 addresses: ten are heard, and the customer gets in meanwhile', {
    timeout: 180_000,
  }, async (t) => {
    const { bank } = network
    const carol = await network.customer('carol')
    const { startLoginRequest: start } = client.startLogin({ password: 'whatever' })
    const said = new Map<string, number>()
    const guessFrom = async (n: number) => {
      const line = await openLine(bank, {
        localAddress: `127.9.${Math.floor(n / 250)}.${(n % 250) + 1}`,
        hasKeys: false,
      })
      let signIn = ''
      for (let i = 0; i < GUESSES / ADDRESSES; i++) {
        // One that was answered is spent; one that was not may ask again.
        if (signIn === '') signIn = (await line.ask('begin', {})).signIn
        const { status, headers, body } = await line.send('password', { signIn, account: 'carol', start })
        const code = status === 200 ? 'KE2' : `${status} ${JSON.parse(body).code}`
        if (status === 429) assert.ok(Number(headers['retry-after']) > 60)
        else signIn = ''
        said.set(code, (said.get(code) ?? 0) + 1)
      }
      line.close()
    }
    const began = performance.now()
    const waiting = [...Array(ADDRESSES).keys()]
    const guessing = Array.from({ length: 16 }, async () => {
      for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) await guessFrom(n)
    })
    await signInOver(carol)
    await Promise.all(guessing)
    t.diagnostic(`${GUESSES} guesses in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    assert.deepEqual(Object.fromEntries(said), {
      KE2: FREE_PER_HOUR,
      '429 ERR_PERSON_RESTING': GUESSES - FREE_PER_HOUR,
    })
    assert.equal((await carol.line.load('/accounts/current')).status, 200)
    await signInOver(carol)
    // Who comes with the right password from a device that nobody knows comes too late, and is told the same.
    const stranger = await openLine(bank)
    assert.equal(await codeOfRefusal(provePasswordOver(stranger, carol)), 'ERR_PERSON_RESTING')
    // Another name is nothing to it.
    assert.equal((await provePasswordOver(stranger, { account: 'nobody', password: 'x' })).isRight, false)
    stranger.close()
  })
})
