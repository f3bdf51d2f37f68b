// Names that nobody has, beside one that somebody has: status, fields, sizes and what is counted are the same.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { client, ready } from '@serenity-kit/opaque'
import type { CallName } from '../../src/api.ts'
import { type Browser, newBrowser, type TestDoor, testDoor } from '../support/browser.ts'
import { NO_FINISH, setUp } from '../support/customer.ts'

await ready

/** All that somebody sees of a call, without what is random. */
async function seen(browser: Browser, name: CallName, body: unknown) {
  const answer = await browser.send(name, body)
  const said = answer.json<Record<string, unknown>>()
  const shape = Object.entries(said).map(([field, value]) => [
    field,
    typeof value === 'string' && /^(?:response|number|reference|signIn)$/.test(field) ? value.length : value,
  ])
  const fields = Object.keys(answer.headers).sort()
  return { status: answer.statusCode, shape, fields, length: answer.body.length, said }
}

/** A try with a wrong password, from a device that is not known. */
async function tried(browser: Browser, account: string) {
  const begun = await seen(browser, 'begin', { device: browser.device.keys })
  const { signIn } = begun.said
  const start = client.startLogin({ password: 'a red horse' }).startLoginRequest
  const password = await seen(browser, 'password', { signIn, account, start })
  const finish = await seen(browser, 'finish', { signIn, finish: NO_FINISH })
  const wait = await seen(browser, 'code', { signIn, code: '000000' })
  return [begun, password, finish, wait].map(({ said: _, ...rest }) => rest)
}

const counted = async ({ store }: TestDoor, account: string) =>
  (
    await store.db
      .selectFrom('login_failure')
      .select(['about', 'count'])
      .where('about', 'like', `%:${account}`)
      .execute()
  ).map(({ about, count }) => [about.replace(account, ''), count])

suite('a name that nobody has', () => {
  test('is answered as one that somebody has, from the first try to the last', async (t) => {
    const door = await testDoor(t)
    await setUp(door, 'carol')
    const browser = await newBrowser(door)
    for (let i = 0; i < 12; i++) {
      const [known, unknown] = [await tried(browser, 'carol'), await tried(browser, 'david')]
      assert.deepEqual(unknown, known, `try ${i}`)
      assert.deepEqual(await counted(door, 'david'), await counted(door, 'carol'))
    }
    const resting = await tried(browser, 'david')
    assert.deepEqual(
      resting.map(({ status }) => status),
      [200, 429, 409, 409],
    )
  })

  test('has records of the same form', async (t) => {
    const door = await testDoor(t)
    await setUp(door, 'carol')
    const browser = await newBrowser(door)
    for (let i = 0; i < 11; i++) for (const account of ['carol', 'david']) await tried(browser, account)
    const [known, unknown] = ['carol', 'david'].map((account) =>
      door.records
        .filter(({ caller }) => caller.name === account)
        .map(({ outcome, steps, caller }) => [
          outcome,
          steps.map((step) => [step.outcome, step.evidence?.kind]),
          Object.keys(caller),
        ]),
    )
    assert.equal(known!.length, 1)
    assert.deepEqual(unknown, known)
  })
})
