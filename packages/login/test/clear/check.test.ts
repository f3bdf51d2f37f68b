// A password with a code that come in clear: one and the same no, limits, and codes that count once.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { client } from '@serenity-kit/opaque'
import { type AddressAllowance, createAddressAllowance } from '../../src/address-allowance.ts'
import { type ClearCredentials, type ClearGround, checkPasswordAndCode } from '../../src/clear/check.ts'
import { createStretcher } from '../../src/clear/stretcher.ts'
import { countGuess, FREE_PER_HOUR } from '../../src/guessing.ts'
import { PersonRefusal } from '../../src/refusal.ts'
import { type AskedDoor, testDoor } from '../support/browser.ts'
import { type Customer, codeOf, setUp } from '../support/customer.ts'

interface Clear {
  readonly door: AskedDoor
  readonly carol: Customer
  readonly allowance: AddressAllowance
  check(more?: Partial<ClearCredentials>): ReturnType<typeof checkPasswordAndCode>
}

async function open(t: TestContext): Promise<Clear> {
  const door = await testDoor(t)
  const carol = await setUp(door)
  // Stretched as pages do it; the set-up of tests is quicker.
  const { account, password } = carol
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { registrationRecord: record } = client.finishRegistration({
    ...{ password, clientRegistrationState, keyStretching: 'memory-constrained' },
    registrationResponse: door.ground.opaque.register(account, registrationRequest),
    identifiers: { client: account, server: door.ground.opaque.identity },
  })
  await door.ground.store.commit(async ({ db }) => {
    await db.updateTable('login_account').set({ record }).where('account', '=', account).execute()
  })
  const stretcher = createStretcher()
  t.after(() => stretcher.close())
  const allowance = createAddressAllowance()
  const ground: ClearGround = { ...door.ground, allowance, stretcher }
  return {
    ...{ door, carol, allowance },
    check: (more) => {
      const code = codeOf(carol.totpSecret, door.time.now())
      return checkPasswordAndCode(ground, { account, password, code, address: '192.0.2.1', ...more })
    },
  }
}

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked
  } catch (error) {
    if (error instanceof PersonRefusal) return `${error.code} ${error.circumstances.note ?? ''}`
    throw error
  }
  return assert.fail('it was accepted')
}

suite('a password with a code in clear', () => {
  test('proves both, once for each code', async (t) => {
    const { check, door } = await open(t)
    const proofs = await check()
    assert.deepEqual(
      proofs.map(({ kind, subject, binding }) => [kind, subject, binding]),
      [
        ['password', { kind: 'account', value: 'carol' }, 'none'],
        ['totp', { kind: 'account', value: 'carol' }, 'none'],
      ],
    )
    assert.match(await refusalOf(check()), /^ERR_PERSON_CREDENTIALS/)
    door.time.pass({ seconds: 30 })
    await check()
  })

  test('says one and the same no, and stretches the password each time', async (t) => {
    const { check } = await open(t)
    const told = new Set<string>()
    for (const more of [
      { password: 'another' },
      { code: '000000' },
      { code: '' },
      { password: 'another', code: '000000' },
      { account: 'nobody-of-this-name' },
      { account: '' },
    ]) {
      const before = process.cpuUsage().user
      told.add(await refusalOf(check(more)))
      // What a worker uses is the process's: 64 MiB are gone through three times.
      assert.ok(process.cpuUsage().user - before > 20_000, JSON.stringify(more))
    }
    assert.equal(told.size, 1, [...told].join('\n'))
    // None of them has spent the code.
    await check()
  })

  test('rests after ten guesses in an hour, whether anybody has the name or not; what is right is given back', async (t) => {
    const { check, door } = await open(t)
    await check()
    door.time.pass({ seconds: 30 })
    for (const account of ['carol', 'nobody-of-this-name']) {
      for (let i = 0; i < FREE_PER_HOUR; i++)
        await door.ground.store.commit((tx) => countGuess(tx, account, 'unknown', door.time.now()))
      assert.match(await refusalOf(check({ account })), /^ERR_PERSON_RESTING/)
    }
    door.time.pass({ hours: 1 })
    await check()
  })

  test('an address may ask so often', async (t) => {
    const { check, allowance } = await open(t)
    for (let i = 0; i < 60; i++) allowance.spend('192.0.2.1')
    assert.match(await refusalOf(check()), /^ERR_PERSON_TOO_OFTEN/)
    await check({ address: '192.0.2.2' })
  })

  test('few wait for the worker, and each in its turn', async () => {
    const stretcher = createStretcher()
    const gate = Promise.withResolvers<void>()
    const order: number[] = []
    const all = Array.from({ length: 60 }, (_, i) =>
      stretcher.run(async () => {
        await gate.promise
        order.push(i)
      }),
    )
    const settled = Promise.allSettled(all)
    gate.resolve()
    const refused = (await settled).filter(({ status }) => status === 'rejected')
    assert.equal(refused.length, 10)
    assert.deepEqual(order, [...Array(50).keys()])
    // Whoever failed has left its place.
    await assert.rejects(
      stretcher.run(() => Promise.reject(new RangeError('it failed'))),
      RangeError,
    )
    await stretcher.run(async () => undefined)
    await stretcher.close()
  })
})
