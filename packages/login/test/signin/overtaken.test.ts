// A sign-in that something ends in the very moment in which it is done, and its session is not there yet.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { LoginStore } from '../../src/model.ts'
import { type Browser, newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf, pictureOf, provePassword, register, sealToPassword } from '../support/customer.ts'
import { type WholeLogin, wholeLogin } from '../support/whole.ts'
import { load, passwordOfNow, type SignedIn, signedIn } from '../support/within.ts'

suite('a sign-in is overtaken before its session is there', () => {
  test('by another password', async (t) => {
    const { refused, thief, slow } = await overtaken(t, async (at) => {
      const { browser } = at
      const { signIn } = await passwordOfNow(at)
      const { record, exportKey } = await register('another, longer one', 'carol', (request) =>
        browser.ask('password/change', { signIn, request }),
      )
      const ofPassword = await sealToPassword(pictureOf('new'), exportKey)
      await browser.ask('password/changed', { signIn, record, ofPassword })
    })
    assert.equal(refused.code, 'ERR_PERSON_STEP')
    assert.equal((await load(slow, thief)).kind, 'nobody')
  })

  test('by the removal of its device', async (t) => {
    const { refused, thief, slow } = await overtaken(t, async ({ browser }, { device }) => {
      await browser.ask('device/remove', { device: device.id })
    })
    assert.equal(refused.code, 'ERR_PERSON_DEVICE')
    assert.equal((await load(slow, thief)).kind, 'nobody')
  })

  test('by nothing, it is there', async (t) => {
    const at = await signedIn(t)
    const { slow, thief, last } = await begin(t, at, async () => undefined)
    assert.deepEqual(await last(), { next: 'done' })
    assert.equal((await load(slow, thief)).kind, 'person')
  })
})

type Overtaking = (at: SignedIn, thief: Browser) => Promise<void>

async function overtaken(t: TestContext, by: Overtaking) {
  const at = await signedIn(t)
  const { slow, thief, last } = await begin(t, at, by)
  const refused = await refusedBy(last())
  const { count } = at.door.store.database
    .prepare('SELECT count(*) AS count FROM login_session WHERE ended_at IS NULL')
    .get() as { count: number }
  assert.equal(count, 1, 'hers alone is open')
  return { refused, thief, slow }
}

/** Somebody at another known device, up to the code; `by` comes when the sign-in is done, and not a moment later. */
async function begin(t: TestContext, at: SignedIn, by: Overtaking) {
  const { door, carol } = at
  const overtake = { by: async (): Promise<void> => undefined }
  const slow = await wholeLogin(t, { ...door, ground: { ...door.ground, store: pausing(door, overtake) } })
  const thief = await newBrowser(slow, { name: 'Firefox on Android' })
  door.store.database
    .prepare(
      `INSERT INTO login_device (device, account, name, how, is_phone, added_at, last_seen_at)
       VALUES (?, 'carol', 'Firefox on Android', 'confirmation', 0, 0, 0)`,
    )
    .run(thief.device.id)
  const { signIn, known } = await thief.ask('begin', {})
  assert.equal(known, true)
  const proved = await provePassword(thief, signIn, carol)
  assert.ok(proved)
  await thief.ask('finish', { signIn, finish: proved.finish })
  overtake.by = () => by(at, thief)
  const code = codeOf(carol.totpSecret, door.time.now())
  return { slow, thief, last: () => thief.ask('code', { signIn, code }) }
}

/** After the transaction in which a sign-in is done, `overtake` comes, once. */
function pausing({ store }: WholeLogin, overtake: { by(): Promise<void> }): LoginStore {
  let isOver = false
  return {
    db: store.db,
    async commit(work) {
      const result = await store.commit(work)
      const done =
        "SELECT 1 FROM login_sign_in WHERE step = 'done' AND device IN (SELECT device FROM login_device WHERE how = 'confirmation')"
      if (!isOver && store.database.prepare(done).get() !== undefined) {
        isOver = true
        await overtake.by()
      }
      return result
    },
  }
}
