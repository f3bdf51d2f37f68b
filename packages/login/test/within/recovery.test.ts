// No known device is left: a code, a time, and whoever may say no meanwhile.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { invite } from '../../src/setup/invitations.ts'
import { refusedBy } from '../support/browser.ts'
import { wholeLogin } from '../support/whole.ts'
import { atNewDevice, growOld, load, noticesOf, signedIn, stepUp, TRANSFER } from '../support/within.ts'

suite('a recovery', () => {
  test('gets in after its time, of which everybody is told', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id, number } = await atNewDevice(at)
    const [code = ''] = carol.recovery
    const begun = await other.ask('recover', { signIn: id, code })
    const ready = door.time.now().add({ hours: 24 })
    assert.deepEqual(begun, { next: 'wait', until: ready.toString() })
    assert.ok(noticesOf(door).includes('recovery begun'))
    assert.ok(door.store.entries.some(({ act }) => act === 'recovery begun'))
    const { waiting, recoveryLeft } = await browser.ask('account', {})
    assert.deepEqual(
      waiting.map((one) => [one.kind, one.number]),
      [['recovery', number]],
    )
    assert.equal(recoveryLeft, 9)
    door.time.pass({ hours: 23, minutes: 59, seconds: 59 })
    assert.deepEqual(await other.ask('wait', { signIn: id }), begun)
    door.time.pass({ seconds: 1 })
    const two = await wholeLogin(t, door)
    other.at(two)
    const done = await other.ask('wait', { signIn: id })
    assert.equal(done.next, 'done')
    assert.match(done.ofPassword ?? '', /^ey/)
    const { devices } = await other.ask('account', {})
    assert.deepEqual(
      devices.map(({ how }) => how),
      ['set-up', 'recovery'],
    )
    assert.ok(door.store.entries.concat(two.store.entries).some(({ act }) => act === 'recovery ended'))
  })

  test('is not lost where its process ends at any moment of its end: it is come back to, and gets in', async (t) => {
    for (let commits = 0, isIn = false; !isIn; commits++) {
      assert.ok(commits < 9)
      const at = await signedIn(t)
      const { door, carol } = at
      const { other, id } = await atNewDevice(at)
      await other.ask('recover', { signIn: id, code: carol.recovery[0]! })
      door.time.pass({ hours: 24 })
      // So many are durable; what was to come after them is not.
      door.store.failsAfter = commits
      const { statusCode } = await other.send('wait', { signIn: id })
      isIn = statusCode === 200
      assert.equal(isIn, door.store.failsAfter !== undefined)
      door.store.failsAfter = undefined
      if (isIn) continue
      assert.equal((await other.ask('wait', { signIn: id })).next, 'done')
      assert.equal((await load(door, other)).kind, 'person')
      assert.equal(door.store.entries.filter(({ act }) => act === 'recovery ended').length, 1)
    }
  })

  test('is refused from a known device, and over then', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id } = await atNewDevice(at)
    await other.ask('recover', { signIn: id, code: carol.recovery[0]! })
    const { waiting } = await browser.ask('account', {})
    // A yes would make the time worth nothing: there is the other way for that.
    const yes = await refusedBy(browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true }))
    assert.equal(yes.code, 'ERR_PERSON_STEP')
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: false })
    const denied = await refusedBy(other.ask('wait', { signIn: id }))
    assert.equal(denied.code, 'ERR_PERSON_DENIED')
    door.time.pass({ hours: 24 })
    const later = await refusedBy(other.ask('wait', { signIn: id }))
    assert.deepEqual([later.code, later.reference], [denied.code, denied.reference])
    assert.ok(noticesOf(door).includes('recovery ended'))
    assert.equal((await load(door, other)).kind, 'nobody')
  })

  test('that was begun by a code of before lets nobody in, once there are new ones; one by a new code does', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id } = await atNewDevice(at)
    await other.ask('recover', { signIn: id, code: carol.recovery[0]! })
    await stepUp(at)
    const { recovery } = await browser.ask('recovery/new', {})
    assert.deepEqual((await browser.ask('account', {})).waiting, [])
    const second = await atNewDevice(at)
    await second.other.ask('recover', { signIn: second.id, code: recovery[0]! })
    door.time.pass({ hours: 24 })
    assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).code, 'ERR_PERSON_STEP')
    assert.equal((await load(door, other)).kind, 'nobody')
    assert.equal((await second.other.ask('wait', { signIn: second.id })).next, 'done')
    assert.deepEqual(
      door.store.entries.filter(({ act }) => act === 'recovery ended').map(({ evidence }) => evidence),
      ['the recovery codes were made anew', 'its time has passed'],
    )
  })

  test('is not hidden behind whatever else waits: it can be seen and refused', async (t) => {
    const at = await signedIn(t)
    const { carol, browser } = at
    const { other, id } = await atNewDevice(at)
    await other.ask('recover', { signIn: id, code: carol.recovery[0]! })
    const expiresAt = at.door.time.now().add({ hours: 2 })
    assert.ok((await invite(at.door.ground, { account: 'carol', expiresAt, isAgain: true })).ok)
    at.door.time.pass({ seconds: 1 })
    await browser.ask('device/phone', { isPhone: true })
    for (let i = 100; i < 151; i++)
      await browser.ask('confirm/send', { matter: { ...TRANSFER, nonce: `${i}${TRANSFER.nonce}` } })
    const { waiting } = await browser.ask('account', {})
    assert.equal(waiting.length, 50)
    const recovery = waiting.filter(({ kind }) => kind === 'recovery')
    assert.equal(recovery.length, 1)
    assert.equal(waiting.filter(({ kind }) => kind === 'invitation').length, 1)
    await browser.ask('waiting/answer', { waiting: recovery[0]!.waiting, yes: false })
    assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).code, 'ERR_PERSON_DENIED')
  })

  test('by a code that is wrong, was used, or is somebody else’s: refused alike', async (t) => {
    const at = await signedIn(t)
    const { carol } = at
    const first = await atNewDevice(at)
    await first.other.ask('recover', { signIn: first.id, code: carol.recovery[0]! })
    const { other, id } = await atNewDevice(at)
    for (const code of [carol.recovery[0]!, '0000-0000-0000-0000', 'not a code at all', '123456'])
      assert.equal((await refusedBy(other.ask('recover', { signIn: id, code }))).code, 'ERR_PERSON_CREDENTIALS')
    // As people type it.
    const typed = carol.recovery[1]!.toLowerCase().replaceAll('-', ' ')
    assert.equal((await other.ask('recover', { signIn: id, code: typed })).next, 'wait')
  })

  test('with a wrong password: refused alike, and the code is not spent', async (t) => {
    const at = await signedIn(t)
    const { other, id } = await atNewDevice(at, { password: 'a red horse' })
    const code = at.carol.recovery[0]!
    assert.equal((await refusedBy(other.ask('recover', { signIn: id, code }))).code, 'ERR_PERSON_CREDENTIALS')
    const right = await atNewDevice(at)
    assert.equal((await right.other.ask('recover', { signIn: right.id, code })).next, 'wait')
  })

  test('not from a known device, not before the password, and not twice', async (t) => {
    const at = await signedIn(t)
    const { browser, carol } = at
    const code = carol.recovery[0]!
    const { signIn: known } = await browser.ask('begin', { device: browser.device.keys })
    assert.equal((await refusedBy(browser.ask('recover', { signIn: known, code }))).code, 'ERR_PERSON_STEP')
    const { other, id } = await atNewDevice(at)
    await other.ask('recover', { signIn: id, code })
    const again = await refusedBy(other.ask('recover', { signIn: id, code: carol.recovery[1]! }))
    assert.equal(again.code, 'ERR_PERSON_STEP')
  })

  test('one code, raced by four devices, begins one', async (t) => {
    const at = await signedIn(t)
    const devices = [await atNewDevice(at), await atNewDevice(at), await atNewDevice(at), await atNewDevice(at)]
    const code = at.carol.recovery[0]!
    const all = await Promise.all(devices.map(({ other, id }) => other.send('recover', { signIn: id, code })))
    assert.equal(all.filter(({ statusCode }) => statusCode === 200).length, 1)
  })

  test('whose device does not come back for three days is over', async (t) => {
    const at = await signedIn(t)
    const { other, id } = await atNewDevice(at)
    await other.ask('recover', { signIn: id, code: at.carol.recovery[0]! })
    at.door.time.pass({ hours: 24 + 72 })
    assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).code, 'ERR_PERSON_DEVICE')
  })
})

suite('new recovery codes', () => {
  test('take the place of those before; they ask for a fresh proof', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    await growOld(at)
    assert.equal((await refusedBy(browser.ask('recovery/new', {}))).code, 'ERR_PERSON_FRESH')
    await stepUp(at)
    const { recovery } = await browser.ask('recovery/new', {})
    assert.equal(new Set([...recovery, ...carol.recovery]).size, 20)
    const { other, id } = await atNewDevice(at)
    const old = await refusedBy(other.ask('recover', { signIn: id, code: carol.recovery[0]! }))
    assert.equal(old.code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await other.ask('recover', { signIn: id, code: recovery[0]! })).next, 'wait')
    assert.ok(noticesOf(door).includes('recovery codes made'))
  })
})
