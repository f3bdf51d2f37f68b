// An account that has lost everything is set up anew: from an operator's invitation, as at the first time.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf, provePassword, setUp, signIn } from '../support/customer.ts'
import type { WholeLogin } from '../support/whole.ts'
import {
  atNewDevice,
  type Credential,
  load,
  noticesOf,
  type SignedIn,
  signedIn,
  withPasskey,
} from '../support/within.ts'

const ACCOUNT = { account: 'carol', ttlSeconds: 3600 } as const

/** An operator invites; answers the token. */
async function invitedAgain({ login }: WholeLogin, more: { readonly email?: string } = {}): Promise<string> {
  const invited = await login.accounts.invite({
    ...ACCOUNT,
    isAgain: true,
    proofed: 'passport, at the counter',
    ...more,
  })
  assert.ok(invited.ok)
  return invited.path.split('#')[1] ?? ''
}

const acts = ({ store }: WholeLogin) => store.entries.map(({ act }) => act)
const waitingOf = async ({ browser }: SignedIn) => (await browser.ask('account', {})).waiting
const mailsOf = ({ store }: WholeLogin) =>
  store.database
    .prepare("SELECT kind, email FROM login_notice WHERE kind LIKE '%again%' ORDER BY created_at, kind, email")
    .all()
    .map(({ kind, email }) => `${kind}: ${email}`)

suite('an account that is there', () => {
  test('is not invited without saying so, and one that is not there is not invited anew', async (t) => {
    const { door } = await signedIn(t)
    const { accounts } = door.login
    assert.deepEqual(await accounts.invite(ACCOUNT), { ok: false, reason: 'has an account' })
    const nobody = { account: 'dave', ttlSeconds: 3600, isAgain: true }
    assert.deepEqual(await accounts.invite(nobody), { ok: false, reason: 'has none' })
    await door.store.commit(({ db }) => db.updateTable('login_account').set({ door: 'shop' }).execute())
    const elsewhere = await accounts.invite({ ...ACCOUNT, isAgain: true })
    assert.deepEqual(elsewhere, { ok: false, reason: 'has an account' })
    assert.ok(!acts(door).includes('invited again'))
  })

  test('goes on as it is until the new one is set up; devices and mailbox are told', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const token = await invitedAgain(door)
    assert.deepEqual(
      (await waitingOf(at)).map(({ kind, number }) => [kind, number]),
      [['invitation', '']],
    )
    assert.deepEqual(mailsOf(door), ['invited again: carol@mail.example'])
    const { evidence } = door.store.entries.find(({ act }) => act === 'invited again') ?? assert.fail('it is recorded')
    assert.match(evidence, /^until \S+Z; proofed by: passport, at the counter$/)
    const other = await newBrowser(door)
    await other.ask('set-up/begin', { invitation: token, device: other.device.keys })
    await signIn(door, carol)
    assert.equal((await load(door, browser)).kind, 'person')
    assert.equal((await browser.ask('account', {})).recoveryLeft, 10)
    // Also another password does not hide that there is an invitation.
    assert.equal((await waitingOf(at)).length, 1)
  })

  test('has new proofs in place of all that it had, in one step', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const passkey = await withPasskey(browser)
    const stranger = await atNewDevice(at)
    const token = await invitedAgain(door, { email: 'carol@new.example' })
    const earlier = await load(door, browser)
    assert.equal(earlier.kind, 'person')
    const cut: string[] = []
    if (earlier.kind === 'person') earlier.follow((cause) => cut.push(cause))

    const again = await setUp(door, 'carol', { token, password: 'a green horse' })
    assert.deepEqual(cut, ['ERR_PERSON_DEVICE_REMOVED'])
    const found = await load(door, browser)
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_DEVICE_REMOVED'])
    const { known } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(known, false)
    assert.equal((await refusedBy(stranger.other.ask('wait', { signIn: stranger.id }))).code, 'ERR_PERSON_STEP')
    // The passkey of before.
    const visitor = await newBrowser(door)
    const { signIn: id } = await visitor.ask('begin', { device: visitor.device.keys })
    const credential = passkey.get(await visitor.ask('passkey/options', { signIn: id })) as Credential
    assert.equal((await refusedBy(visitor.ask('passkey', { signIn: id, credential }))).code, 'ERR_PERSON_CREDENTIALS')

    // Password, app and recovery codes: the new ones, and not those of before.
    await signIn(door, again)
    const { signIn: old } = await again.browser.ask('begin', { device: again.browser.device.keys })
    assert.equal(await provePassword(again.browser, old, carol), undefined)
    const { signIn: half } = await again.browser.ask('begin', { device: again.browser.device.keys })
    const proved = await provePassword(again.browser, half, again)
    assert.ok(proved)
    await again.browser.ask('finish', { signIn: half, finish: proved.finish })
    door.time.pass({ seconds: 60 })
    const oldCode = codeOf(carol.totpSecret, door.time.now())
    const wrong = await refusedBy(again.browser.ask('code', { signIn: half, code: oldCode }))
    assert.equal(wrong.code, 'ERR_PERSON_CREDENTIALS')
    const lost = await atNewDevice({ ...at, carol: again })
    const spent = await refusedBy(lost.other.ask('recover', { signIn: lost.id, code: carol.recovery[0]! }))
    assert.equal(spent.code, 'ERR_PERSON_CREDENTIALS')

    assert.deepEqual(
      acts(door).filter((act) => /again|opened/.test(act)),
      ['opened', 'invited again', 'opened again'],
    )
    // Whoever reads the mail of before, and whoever reads the new one.
    assert.deepEqual(mailsOf(door), [
      'invited again: carol@mail.example',
      'opened again: carol@mail.example',
      'opened again: carol@new.example',
    ])
    const { waiting, devices, passkeys, recoveryLeft } = await again.browser.ask('account', {})
    assert.deepEqual([waiting.length, devices.length, passkeys.length, recoveryLeft], [1, 1, 0, 10])
    assert.deepEqual(
      waiting.map(({ kind }) => kind),
      ['device'],
    )
  })

  test('that cannot be set up anew stays as it was', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const token = await invitedAgain(door)
    // Five proofs and four messages go well; what fails is the act itself.
    door.store.failsAfter = 9
    assert.equal((await refusedBy(setUp(door, 'carol', { token, password: 'a green horse' }))).status, 500)
    assert.equal(door.store.failsAfter, undefined)
    assert.equal((await load(door, browser)).kind, 'person')
    await signIn(door, carol)
    assert.ok(!acts(door).includes('opened again'))
  })

  test('is refused by a known device: the invitation is worth nothing then, and what was begun by it', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const token = await invitedAgain(door)
    const other = await newBrowser(door)
    const { setUp: id } = await other.ask('set-up/begin', { invitation: token, device: other.device.keys })
    const [asked] = await waitingOf(at)
    const yes = await refusedBy(browser.ask('waiting/answer', { waiting: asked!.waiting, yes: true }))
    assert.equal(yes.code, 'ERR_PERSON_STEP')
    await browser.ask('waiting/answer', { waiting: asked!.waiting, yes: false })
    const request = 'A'.repeat(43)
    assert.equal((await refusedBy(other.ask('set-up/password', { setUp: id, request }))).code, 'ERR_PERSON_STEP')
    const begin = other.ask('set-up/begin', { invitation: token, device: other.device.keys })
    assert.equal((await refusedBy(begin)).code, 'ERR_PERSON_INVITATION')
    assert.ok(noticesOf(door).includes('invitation refused'))
    assert.ok(acts(door).includes('invitation refused'))
    assert.deepEqual(await waitingOf(at), [])
  })

  test('counts once, for an hour, and the newest alone', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const first = await invitedAgain(door)
    const second = await invitedAgain(door)
    assert.equal((await waitingOf(at)).length, 1)
    const visitor = await newBrowser(door)
    const begin = (invitation: string) => visitor.ask('set-up/begin', { invitation, device: visitor.device.keys })
    assert.equal((await refusedBy(begin(first))).code, 'ERR_PERSON_INVITATION')
    await setUp(door, 'carol', { token: second })
    assert.equal((await refusedBy(begin(second))).code, 'ERR_PERSON_INVITATION')
    const third = await invitedAgain(door)
    door.time.pass({ hours: 1 })
    assert.equal((await refusedBy(begin(third))).code, 'ERR_PERSON_INVITATION')
  })
})
