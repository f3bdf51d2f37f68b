// Every call at every step of a set-up, over HTTP: what has a place there, and that nothing moves by what has none.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { API, type BodyOf, type CallName } from '../../src/api.ts'
import { SET_UP_STEPS, type SetUpStep } from '../../src/setup/core.ts'
import { type Browser, newBrowser } from '../support/browser.ts'
import { codeOf, invited, pictureOf, register, sealToDevice, sealToPassword } from '../support/customer.ts'
import {
  assertNothingMoves,
  bodiesOf,
  CALLS,
  type Here,
  repeated,
  type Said,
  type SetUpCall,
  saidBy,
  tap,
} from '../support/every-call.ts'
import { wholeLogin } from '../support/whole.ts'

/** `open`: it has ended well. `overtaken`: it was begun anew elsewhere. `late`: its hour has passed. */
type At = SetUpStep | 'open' | 'overtaken' | 'late'
const STATES: readonly At[] = [...SET_UP_STEPS, 'open', 'overtaken', 'late']

/** docs/protocols/login.md, "Set-up": where each message leads; what is not here is `ERR_PERSON_STEP`. */
const LEADS: Readonly<Record<SetUpCall, Partial<Record<At, At>>>> = {
  'set-up/password': { begun: 'registering', registering: 'registering', recorded: 'registering' },
  'set-up/record': { registering: 'recorded' },
  'set-up/code': { recorded: 'coded' },
  'set-up/done': { coded: 'open' },
}

/** Brings a set-up there, and has for each message what would be right if it were its turn. */
async function reach(t: TestContext, at: At): Promise<Here> {
  const door = tap(await wholeLogin(t))
  const browser = await newBrowser(door)
  const { device } = browser
  const invitation = await invited(door, 'carol', 'carol@mail.example')
  const { setUp } = await browser.ask('set-up/begin', { invitation, device: device.keys })
  const to: At = at === 'overtaken' || at === 'late' ? 'recorded' : at
  let request = ''
  const { record, exportKey } = await register('a blue horse', 'carol', async (message) => {
    request = message
    return to === 'begun'
      ? { response: door.ground.opaque.register('carol', message) }
      : browser.ask('set-up/password', { setUp, request: message })
  })
  const plain = pictureOf('the horse is blue')
  const copies = {
    ofPassword: await sealToPassword(plain, exportKey),
    ofDevice: await sealToDevice(plain, 'carol', device),
  }
  const keys = { 'begin device': device.keys, 'set-up/begin device': device.keys }
  const fields = { invitation, ...keys, setUp, request, record, name: 'Carol', ...copies, code: '000000' }
  if (to === 'begun' || to === 'registering') return { door, browser, fields }
  const { totp } = await browser.ask('set-up/record', { setUp, name: 'Carol', record, ...copies })
  const code = codeOf(totp.secret, door.time.now())
  if (to === 'coded' || to === 'open') await browser.ask('set-up/code', { setUp, code })
  if (to === 'open') await browser.ask('set-up/done', { setUp })
  if (at === 'overtaken') {
    const elsewhere = await newBrowser(door)
    await elsewhere.ask('set-up/begin', { invitation, device: elsewhere.device.keys })
  }
  if (at === 'late') door.time.pass({ minutes: 60 })
  return { door, browser, fields: { ...fields, code } }
}

/** How a call is answered in a state: without an account only what is of a set-up, or begins something, is of any use. */
function expected(name: CallName, at: At): Said {
  if (name in LEADS) return LEADS[name as SetUpCall][at] === undefined ? 'ERR_PERSON_STEP' : 'ok'
  if (name === 'set-up/begin') return at === 'open' ? 'ERR_PERSON_INVITATION' : 'ok'
  if (name === 'begin' || name === 'nonce') return 'ok'
  return API[name].proof === 'session' ? 'ERR_PERSON_NOT_SIGNED_IN' : 'ERR_PERSON_STEP'
}

/** Where its row says that it is. */
function stepOf({ door, fields: { setUp } }: Here): At {
  const row = door.store.database.prepare('SELECT state FROM login_set_up WHERE id = ?').get(String(setUp))
  if (row === undefined) return 'open'
  const text = new TextDecoder().decode(door.secret.open('set-up state', String(setUp), row['state'] as Uint8Array))
  return (JSON.parse(text) as { readonly step: At }).step
}

suite('a set-up', () => {
  for (const at of STATES) {
    test(`${at}: whatever has no place, is somebody else’s, or comes twice, moves nothing`, async (t) => {
      const here = await reach(t, at)
      await assertNothingMoves(here, (name) => expected(name, at))
      const before = stepOf(here)
      for (const name of ['nonce', 'begin'] as const)
        assert.equal(saidBy(await here.browser.send(name, bodiesOf(name, here.fields)[0])), 'ok')
      assert.equal(stepOf(here), before)
    })

    for (const name of CALLS.filter((one) => one.startsWith('set-up/') && expected(one, at) === 'ok'))
      test(`${at}: ${name} is answered, and counts once`, async (t) => {
        const here = await reach(t, at)
        const [body = {}] = bodiesOf(name, here.fields)
        assert.equal(saidBy(await here.browser.send(name, body)), 'ok')
        assert.equal(await repeated(here.door), 'ERR_PERSON_PROOF')
        const next = name in LEADS ? LEADS[name as SetUpCall][at] : undefined
        if (next === undefined) return
        assert.equal(stepOf(here), next)
        assert.equal(saidBy(await here.browser.send(name, body)), expected(name, next))
      })
  }

  test('begun anew ends the one before, wherever that was', async (t) => {
    for (const at of SET_UP_STEPS) {
      const here = await reach(t, at)
      const [begin] = bodiesOf('set-up/begin', here.fields)
      const { setUp } = await here.browser.ask('set-up/begin', begin as BodyOf<'set-up/begin'>)
      assert.notEqual(setUp, here.fields['setUp'])
      await assertNothingMoves(here, (name) => expected(name, 'overtaken'))
    }
  })

  test('an invitation that nobody has made, one that is over, and one that is spent are answered alike', async (t) => {
    const here = await reach(t, 'open')
    const told = async (invitation: unknown, browser: Browser) => {
      const answer = await browser.send('set-up/begin', { invitation, device: browser.device.keys })
      return { ...answer.json<object>(), reference: '', fields: Object.keys(answer.headers).sort() }
    }
    const other = await newBrowser(here.door)
    const late = await invited(here.door, 'dave')
    const [spent, unknown] = [
      await told(here.fields['invitation'], other),
      await told(Buffer.alloc(32, 7).toString('base64url'), other),
    ]
    here.door.time.pass({ hours: 24 })
    assert.deepEqual(unknown, spent)
    assert.deepEqual(await told(late, other), spent)
  })
})
