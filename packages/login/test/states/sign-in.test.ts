// Every call at every step of a sign-in, over HTTP: what has a place there, that nothing moves by what has none, and that no
// answer tells a stranger whether somebody has the name.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { client, ready } from '@serenity-kit/opaque'
import { API, type CallName } from '../../src/api.ts'
import { makeChallenge } from '../../src/passkey/challenge.ts'
import { SIGN_IN_STEPS, type SignInState, type SignInStep } from '../../src/signin/core.ts'
import { newPasskey } from '../support/authenticator.ts'
import { accessOf, RULES } from '../support/bank.ts'
import { type Answered, type Browser, newBrowser } from '../support/browser.ts'
import { codeOf, NO_FINISH, provePassword } from '../support/customer.ts'
import {
  assertNothingMoves,
  bodiesOf,
  CALLS,
  type Fields,
  type Here,
  repeated,
  type Said,
  type SignInCall,
  saidBy,
  tap,
} from '../support/every-call.ts'
import type { WholeLogin } from '../support/whole.ts'
import { type SignedIn, signedIn, withNumber, withPasskey } from '../support/within.ts'

await ready

/** From a device that the account knows, or from a new one; `unproved`: its password was wrong. `late`: its time has passed. */
type At = `${'known' | 'new'} ${SignInStep}` | 'new confirm unproved' | 'late'
/** No arrow of `signin/core.ts` leads there. */
const NOWHERE: readonly At[] = ['known confirm', 'known wait', 'known restore']
const STATES: readonly At[] = [
  ...SIGN_IN_STEPS.flatMap((step): At[] => [`known ${step}`, `new ${step}`]).filter((at) => !NOWHERE.includes(at)),
  'new confirm unproved',
  'late',
]

/** docs/protocols/login.md, "The six steps": where a call leads, or why not; what is not here is `ERR_PERSON_STEP`. */
const LEADS: Readonly<Record<SignInCall, Partial<Record<At, At | 'nowhere' | Said>>>> = {
  password: { 'known start': 'known finish', 'new start': 'new finish' },
  finish: { 'known finish': 'known code', 'new finish': 'new confirm' },
  code: { 'known code': 'known done', 'new code': 'new done', 'new restore': 'new done' },
  'code/send': { 'known code': 'nowhere', 'new code': 'nowhere' },
  // Never for a device that is not known.
  'code/sms': { 'known code': 'nowhere' },
  wait: {
    'known code': 'nowhere',
    'known done': 'nowhere',
    'new confirm': 'nowhere',
    'new confirm unproved': 'nowhere',
    'new code': 'nowhere',
    'new wait': 'nowhere',
    'new restore': 'nowhere',
    'new done': 'nowhere',
    'new over': 'ERR_PERSON_DENIED',
    late: 'ERR_PERSON_DEVICE',
  },
  recover: { 'new confirm': 'new wait', 'new confirm unproved': 'ERR_PERSON_CREDENTIALS' },
  'restore/app': { 'new restore': 'nowhere' },
  'restore/app/confirm': { 'new restore': 'new done' },
  'restore/passkey/options': { 'new restore': 'nowhere' },
  'restore/passkey': { 'new restore': 'new restore' },
  // A challenge is of the sign-in, whatever it is good for.
  'passkey/options': Object.fromEntries(STATES.map((at) => [at, 'nowhere'])),
  passkey: {
    'known start': 'known done',
    'known finish': 'known done',
    'known code': 'known done',
    'new start': 'new done',
    'new finish': 'new done',
    'new confirm': 'new done',
    'new confirm unproved': 'new done',
    'new code': 'new done',
    'new wait': 'new done',
    'new restore': 'new done',
  },
}

function leads(name: CallName, at: At): At | 'nowhere' | Said {
  if (name in LEADS) return LEADS[name as SignInCall][at] ?? 'ERR_PERSON_STEP'
  if (name === 'begin' || name === 'nonce') return 'nowhere'
  if (name === 'set-up/begin') return 'ERR_PERSON_INVITATION'
  return API[name].proof === 'session' ? 'ERR_PERSON_NOT_SIGNED_IN' : 'ERR_PERSON_STEP'
}

function expected(name: CallName, at: At): Said {
  const led = leads(name, at)
  return led.startsWith('ERR_') ? (led as Said) : 'ok'
}

/** Carol has a passkey, and her first device is a telephone that shows codes. */
async function carolAtHome(t: TestContext) {
  const home = await signedIn(t)
  const passkey = await withPasskey(home.browser)
  await withNumber(home)
  await home.browser.ask('device/phone', { isPhone: true })
  return { ...home, door: tap(home.door), passkey }
}

/** Brings a sign-in there, and has for each message what would be right if it were its turn. */
async function reach(t: TestContext, at: At): Promise<Here> {
  const home = await carolAtHome(t)
  const { door, carol } = home
  const [who, step = 'confirm', unproved] = at === 'late' ? ['new', 'confirm'] : at.split(' ')
  // Whoever is asked for a yes is another device than the one that asks.
  if (who === 'known') await home.browser.ask('sign-out', {})
  const browser = who === 'known' ? home.browser : await newBrowser(door, { name: 'Firefox on Android' })
  const { signIn } = await browser.ask('begin', { device: browser.device.keys })
  const { startLoginRequest: start } = client.startLogin({ password: carol.password })
  let finish = NO_FINISH
  if (step !== 'start') {
    const password = unproved === undefined ? carol.password : 'a red horse'
    const proved = await provePassword(browser, signIn, { account: 'carol', password })
    finish = proved?.finish ?? NO_FINISH
    if (step !== 'finish') await goOn(home, { browser, signIn, finish, step: step as SignInStep })
  }
  if (at === 'late') {
    door.time.pass({ minutes: 10 })
    // Seen: from now on it stands as it stands.
    assert.equal(saidBy(await browser.send('wait', { signIn })), 'ERR_PERSON_DEVICE')
  }
  const restored = step === 'restore' ? await newProofs(browser, signIn, door) : {}
  const now = door.time.now()
  const challenge = Buffer.from(makeChallenge(door.secret, 'sign in', signIn, now)).toString('base64url')
  const fields: Fields = {
    ...{ signIn, account: 'carol', start, finish, code: codeOf(carol.totpSecret, now) },
    'recover code': carol.recovery[1],
    credential: home.passkey.get({ challenge }),
    ...restored,
    'begin device': browser.device.keys,
    'set-up/begin device': browser.device.keys,
  }
  return { door, browser, fields }
}

/** What has a place at the end of a recovery alone. */
async function newProofs(browser: Browser, signIn: string, door: WholeLogin): Promise<Fields> {
  const { totp, pending } = await browser.ask('restore/app', { signIn })
  const made = newPasskey().create(await browser.ask('restore/passkey/options', { signIn }))
  const code = codeOf(totp.secret, door.time.now())
  return { pending, 'restore/app/confirm code': code, 'restore/passkey credential': made }
}

/** From KE2 on. */
async function goOn(
  home: SignedIn,
  { browser, signIn, finish, step }: { browser: Browser; signIn: string; finish: string; step: SignInStep },
): Promise<void> {
  const { door, carol } = home
  const isKnown = browser === home.browser
  if (isKnown && step === 'over') await browser.send('finish', { signIn, finish: NO_FINISH })
  else await browser.ask('finish', { signIn, finish })
  if (step === 'wait' || step === 'restore') await browser.ask('recover', { signIn, code: carol.recovery[0]! })
  if (step === 'restore') {
    door.access.replace(accessOf(RULES.replace('proof: [password]', 'proof: [totp]')))
    door.time.pass({ hours: 24 })
    assert.deepEqual(await browser.ask('wait', { signIn }), { next: 'restore', ways: ['totp', 'passkey'] })
    // The session at home is over since then: it is written to be so when it comes again, or by a round in some second.
    await home.browser.send('account', {})
    const [session] = door.store.database.prepare('SELECT ended_by FROM login_session').all()
    assert.equal(session?.['ended_by'], 'ERR_SESSION_OVER')
  }
  if (!isKnown && ['code', 'done', 'over'].includes(step)) {
    const { waiting } = await home.browser.ask('account', {})
    await home.browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: step !== 'over' })
  }
  if (step !== 'done') return
  await browser.ask('code', { signIn, code: codeOf(carol.totpSecret, door.time.now()) })
  door.time.pass({ seconds: 30 })
  await browser.ask('sign-out', {})
}

/** Where its row says that it is. */
function stateOf({ door, fields: { signIn } }: Here): string {
  const row = door.store.database.prepare('SELECT state FROM login_sign_in WHERE id = ?').get(String(signIn))
  const sealed = row?.['state']
  assert.ok(sealed instanceof Uint8Array)
  const { isKnown, step }: Partial<SignInState> = JSON.parse(
    new TextDecoder().decode(door.secret.open('sign-in state', String(signIn), sealed)),
  )
  return `${isKnown === true ? 'known' : 'new'} ${step}`
}

/** Another sign-in of the same device leaves this one where it is. */
async function begunBeside(here: Here): Promise<void> {
  const before = stateOf(here)
  for (const name of ['nonce', 'begin'] as const)
    assert.equal(saidBy(await here.browser.send(name, bodiesOf(name, here.fields)[0])), 'ok')
  assert.equal(stateOf(here), before)
}

suite('a sign-in', () => {
  for (const at of STATES) {
    test(`${at}: whatever has no place, is somebody else’s, or comes twice, moves nothing`, async (t) => {
      const here = await reach(t, at)
      assert.equal(stateOf(here), at === 'late' ? 'new over' : at.replace(' unproved', ''))
      await assertNothingMoves(here, (name) => expected(name, at))
      await begunBeside(here)
    })

    for (const name of CALLS.filter((one) => one in LEADS && expected(one, at) === 'ok'))
      test(`${at}: ${name} is answered, and counts once`, async (t) => {
        const here = await reach(t, at)
        const [body = {}] = bodiesOf(name, here.fields)
        assert.equal(saidBy(await here.browser.send(name, body)), 'ok')
        assert.equal(await repeated(here.door), 'ERR_PERSON_PROOF')
        const led = leads(name, at)
        const next = led === 'nowhere' ? at : (led as At)
        assert.equal(stateOf(here), next.replace(' unproved', '').replace('late', 'new over'))
        // An answer of a passkey is spent, before it is asked what it would lead to.
        const spent: Partial<Record<CallName, Said>> = {
          passkey: 'ERR_PERSON_CREDENTIALS',
          'restore/passkey': 'ERR_PERSON_REQUEST',
        }
        const again = spent[name] ?? expected(name, next)
        assert.equal(saidBy(await here.browser.send(name, body)), again)
      })
  }

  test('KE3 of one sign-in is worth nothing in another of the same device', async (t) => {
    for (const at of ['known finish', 'new finish'] as const) {
      const { browser, door, fields } = await reach(t, at)
      const { signIn: other } = await browser.ask('begin', { device: browser.device.keys })
      const early = await browser.send('finish', { signIn: other, finish: fields['finish'] })
      assert.equal(saidBy(early), 'ERR_PERSON_STEP')
      await provePassword(browser, other, { account: 'carol', password: 'a blue horse' })
      const answer = await browser.send('finish', { signIn: other, finish: fields['finish'] })
      // To a stranger the answer is as ever, and leads to nothing.
      assert.equal(saidBy(answer), at === 'known finish' ? 'ERR_PERSON_CREDENTIALS' : 'ok')
      assert.equal(door.logged.filter(({ event }) => event === 'login.attempt').length, 0)
      assert.equal(stateOf({ door, browser, fields }), at)
      assert.equal(saidBy(await browser.send('finish', { signIn: fields['signIn'], finish: fields['finish'] })), 'ok')
    }
  })

  /** All that a stranger sees of an answer: what is random in it is as long as it ever is. */
  const seen = ({ statusCode, headers, body }: Answered) => ({
    statusCode,
    fields: Object.entries(headers).map(([field, value]) =>
      isRandom(field) ? [field, `${value}`.length] : [field, value],
    ),
    body: Object.entries(JSON.parse(body) as object).map(([field, value]) =>
      isRandom(field) && typeof value === 'string' ? [field, value.length] : [field, value],
    ),
  })
  const isRandom = (field: string) =>
    /^(?:signIn|response|number|reference|countersign-reference|challenge|nonce|dpop-nonce|date)$/.test(field)

  for (const step of ['start', 'finish', 'confirm'] as const)
    test(`new ${step}: a stranger is told the same of every call, whoever has the name and whatever the password was`, async (t) => {
      const { door, carol } = await carolAtHome(t)
      const told = new Map<string, unknown>()
      for (const [account, password] of [
        ['carol', carol.password],
        ['carol', 'a red horse'],
        ['david', 'a red horse'],
      ] as const) {
        const browser = await newBrowser(door, { name: 'Firefox on Android', address: '198.51.100.9' })
        const { signIn } = await browser.ask('begin', { device: browser.device.keys })
        if (step !== 'start') {
          const proved = await provePassword(browser, signIn, { account, password })
          if (step === 'confirm') await browser.ask('finish', { signIn, finish: proved?.finish ?? NO_FINISH })
        }
        const { startLoginRequest: start } = client.startLogin({ password })
        const keys = { 'begin device': browser.device.keys, 'set-up/begin device': browser.device.keys }
        const wrong = { finish: NO_FINISH, code: '000000', 'recover code': '7F3K-92QD-0M4T-XB1Z-6GQA-C8NE' }
        const fields = { ...{ signIn, account, start }, ...keys, ...wrong }
        const answers: unknown[] = []
        // What has a place comes last: it moves the sign-in on, and the same for all of them.
        const inOrder = [...CALLS].sort((a, b) => Number(rank(a)) - Number(rank(b)))
        for (const name of inOrder)
          for (const body of bodiesOf(name, fields)) answers.push([name, seen(await browser.send(name, body))])
        told.set(`${account}, ${password}`, answers)
      }
      const [right, ...others] = [...told.values()]
      for (const other of others) assert.deepEqual(other, right)
    })
  const rank = (name: CallName) => name === 'password' || name === 'finish'
})
