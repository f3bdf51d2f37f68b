// Names that nobody has, in every call of a sign-in on a device that is not known, to its end: nothing tells them from one that
// somebody has and whose password was wrong.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { client, ready } from '@serenity-kit/opaque'
import type { CallName } from '../../src/api.ts'
import { newPasskey } from '../support/authenticator.ts'
import { type Browser, newBrowser } from '../support/browser.ts'
import { NO_FINISH, setUp } from '../support/customer.ts'
import { type WholeLogin, wholeLogin } from '../support/whole.ts'

await ready

/** What is random, or of this very call. */
const DRAWN = /^(?:response|number|reference|signIn|challenge|at|instance)$/

/** All that somebody sees of an answer, without what is drawn. */
function seen(said: unknown): unknown {
  if (Array.isArray(said)) return said.map(seen)
  if (typeof said !== 'object' || said === null) return said
  return Object.entries(said).map(([field, value]) => [
    field,
    typeof value === 'string' && DRAWN.test(field) ? value.length : seen(value),
  ])
}

async function asked(browser: Browser, name: CallName, body: object) {
  const answer = await browser.send(name, body)
  const { status, 'retry-after': again } = { status: answer.statusCode, ...answer.headers }
  return {
    name,
    status,
    again,
    fields: Object.keys(answer.headers).sort(),
    length: answer.body.length,
    said: answer.json<Record<string, string>>(),
  }
}

/** Every call, in its turn and out of it, up to where its time is over. */
async function tried(door: WholeLogin, account: string) {
  const browser = await newBrowser(door, { address: '198.51.100.9' })
  const begun = await asked(browser, 'begin', { device: browser.device.keys })
  const { signIn = '' } = begun.said
  const start = client.startLogin({ password: 'a red horse' }).startLoginRequest
  const said = [begun, await asked(browser, 'password', { signIn, account, start })]
  const next = async (name: CallName, more: object = {}) => said.push(await asked(browser, name, { signIn, ...more }))
  const code = '7F3K-92QD-0M4T-XB1Z-6GQA-C8NE'
  await next('finish', { finish: NO_FINISH })
  for (const name of ['wait', 'code/send', 'code/sms', 'restore/app', 'restore/passkey/options'] as const)
    await next(name)
  await next('code', { code: '000000' })
  await next('recover', { code })
  await next('recover', { code: '000000' })
  await next('passkey/options')
  await next('passkey', { credential: newPasskey().get(said.at(-1)!.said as never) })
  await next('wait')
  door.time.pass({ minutes: 11 })
  for (const name of ['wait', 'wait', 'passkey/options'] as const) await next(name)
  await next('recover', { code })
  return said.map(({ said: body, ...rest }) => ({ ...rest, body: seen(body) }))
}

suite('a name that nobody has, on a device that nobody knows', () => {
  test('is answered in every call as one that somebody has, until its guesses are used up and after', async (t) => {
    const door = await wholeLogin(t)
    await setUp(door, 'carol')
    for (let i = 0; i < 5; i++) {
      const [known, unknown] = [await tried(door, 'carol'), await tried(door, 'david')]
      assert.deepEqual(unknown, known, `try ${i}`)
    }
    const at = (account: string) =>
      door.records
        .filter(({ caller }) => caller.name === account)
        .map(({ outcome, steps }) => [!outcome.ok && outcome.refusal, steps.map(({ evidence }) => evidence?.kind)])
    assert.deepEqual(at('david'), at('carol'))
    assert.ok(at('david').length > 10)
  })
})
