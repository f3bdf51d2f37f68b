// One device asks, another answers; devices are kept, and taken away with what is bound to them.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newBrowser, refusedBy } from '../support/browser.ts'
import { codeOf, pictureOf, sealToDevice, setUp, signIn } from '../support/customer.ts'
import { wholeLogin } from '../support/whole.ts'
import { atNewDevice, growOld, load, noticesOf, signedIn, stepUp } from '../support/within.ts'

suite('a new device', () => {
  test('waits; a known one sees the same number, says yes, and then the code lets it in', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id, number } = await atNewDevice(at)
    assert.deepEqual(await other.ask('wait', { signIn: id }), { next: 'confirm' })
    const early = await refusedBy(other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) }))
    assert.equal(early.code, 'ERR_PERSON_STEP')
    const { waiting } = await browser.ask('account', {})
    assert.deepEqual(
      waiting.map((one) => [one.kind, one.number, one.text, 'code' in one]),
      [
        [
          'device',
          number,
          [
            ['Device', 'Firefox on Android'],
            ['Network address', '198.51.100.9'],
          ],
          false,
        ],
      ],
    )
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    assert.deepEqual(await other.ask('wait', { signIn: id }), { next: 'code' })
    const code = codeOf(carol.totpSecret, door.time.now())
    const { next, ofPassword } = await other.ask('code', { signIn: id, code })
    assert.equal(next, 'done')
    assert.match(ofPassword ?? '', /^ey/)
    const ofDevice = await sealToDevice(pictureOf('the horse is blue'), 'carol', other.device)
    await other.ask('device/keep', { ofDevice })
    const { devices } = await other.ask('account', {})
    assert.deepEqual(
      devices.map(({ how }) => how),
      ['set-up', 'confirmation'],
    )
    // From now on it is known, and shown its copy first.
    const begun = await other.ask('begin', { device: other.device.keys })
    assert.deepEqual([begun.known, begun.ofDevice], [true, ofDevice])
    assert.ok(noticesOf(door).includes('attempt') && noticesOf(door).includes('new device'))
  })

  test('to which a known one says no: refused, recorded, and nothing helps it any more', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: false })
    // One no, one record, whether and however often the other asks; from where that is.
    const [record, ...more] = door.records.filter(({ outcome }) => !outcome.ok)
    assert.deepEqual(more, [])
    assert.equal(record?.address, '198.51.100.9')
    assert.deepEqual(
      record?.steps.map(({ outcome }) => outcome),
      ['proved', 'not reached', 'proved', 'not reached', 'refused', 'not reached'],
    )
    for (let asked = 0; asked < 30; asked++) {
      const denied = await refusedBy(other.ask('wait', { signIn: id }))
      assert.deepEqual([denied.code, denied.reference], ['ERR_PERSON_DENIED', record?.reference])
    }
    assert.equal(door.records.filter(({ outcome }) => !outcome.ok).length, 1)
    const code = codeOf(carol.totpSecret, door.time.now())
    assert.equal((await refusedBy(other.ask('code', { signIn: id, code }))).code, 'ERR_PERSON_STEP')
    for (const yes of [true, false]) {
      const late = await refusedBy(browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes }))
      assert.equal(late.code, 'ERR_PERSON_STEP')
    }
    assert.deepEqual((await browser.ask('account', {})).waiting, [])
    assert.equal((await load(door, other)).kind, 'nobody')
  })

  test('with a wrong password looks the same to it, and nobody is asked', async (t) => {
    const at = await signedIn(t)
    const { other, id, number } = await atNewDevice(at, { password: 'a red horse' })
    assert.match(number ?? '', /^\d\d$/)
    assert.deepEqual(await other.ask('wait', { signIn: id }), { next: 'confirm' })
    assert.deepEqual((await at.browser.ask('account', {})).waiting, [])
  })

  test('cannot say yes to itself, nor can anybody else’s', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    const { code } = await refusedBy(dave.browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true }))
    assert.equal(code, 'ERR_PERSON_STEP')
    const nobody = await newBrowser(door)
    const none = await refusedBy(nobody.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true }))
    assert.equal(none.code, 'ERR_PERSON_NOT_SIGNED_IN')
  })

  test('is answered at another process, by one of two that answer at once', async (t) => {
    const at = await signedIn(t)
    const { browser } = at
    const two = await wholeLogin(t, at.door)
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    browser.at(two)
    const body = { waiting: waiting[0]!.waiting, yes: true }
    const all = await Promise.all([browser.send('waiting/answer', body), browser.send('waiting/answer', body)])
    assert.deepEqual(all.map(({ statusCode }) => statusCode).toSorted(), [200, 409])
    assert.deepEqual(await other.ask('wait', { signIn: id }), { next: 'code' })
  })

  test('waits ten minutes, and not for ever', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    door.time.pass({ minutes: 10 })
    assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).code, 'ERR_PERSON_DEVICE')
    assert.deepEqual((await browser.ask('account', {})).waiting, [])
    const late = await refusedBy(browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: false }))
    assert.equal(late.code, 'ERR_PERSON_STEP')
  })

  test('is let in by whoever has proved themselves just now; a no is never asked for that', async (t) => {
    const at = await signedIn(t)
    const { browser } = at
    await growOld(at)
    const [first, second] = [await atNewDevice(at), await atNewDevice(at, { name: 'Safari on iPad' })]
    const { waiting } = await browser.ask('account', {})
    const answer = (number: string | undefined, yes: boolean) => {
      const one = waiting.find((each) => each.number === number) ?? assert.fail()
      return browser.ask('waiting/answer', { waiting: one.waiting, yes })
    }
    assert.equal((await refusedBy(answer(first.number, true))).code, 'ERR_PERSON_FRESH')
    assert.deepEqual(await first.other.ask('wait', { signIn: first.id }), { next: 'confirm' })
    await answer(second.number, false)
    await stepUp(at)
    await answer(first.number, true)
    assert.deepEqual(await first.other.ask('wait', { signIn: first.id }), { next: 'code' })
  })
})

suite('a new device that a known one has confirmed', () => {
  test('gets in though strangers have used up what is theirs, and takes nothing from them', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const strangers = () =>
      Number(
        door.store.database.prepare("SELECT count FROM login_failure WHERE about = 'hour:unknown:carol'").get()?.[
          'count'
        ],
      )
    const { other, id } = await atNewDevice(at)
    for (let i = 0; i < 9; i++) await atNewDevice(at, { password: `a horse ${i}` })
    assert.equal((await refusedBy(atNewDevice(at))).code, 'ERR_PERSON_RESTING')
    const asked = (await browser.ask('account', {})).waiting.find(({ kind }) => kind === 'device')
    await browser.ask('waiting/answer', { waiting: asked!.waiting, yes: true })
    // Its password was right: that one is given back.
    assert.equal(strangers(), 9)
    const wrong = await refusedBy(other.ask('code', { signIn: id, code: '000000' }))
    assert.equal(wrong.code, 'ERR_PERSON_CREDENTIALS')
    assert.equal(strangers(), 9)
    await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
    assert.equal(strangers(), 9)
  })
})

suite('a device', () => {
  test('that is removed is known no more, and its sessions end; the others go on', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    await browser.ask('waiting/answer', { waiting: waiting[0]!.waiting, yes: true })
    await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
    assert.equal((await load(door, other)).kind, 'person')
    await browser.ask('device/remove', { device: other.device.id })
    const found = await load(door, other)
    assert.deepEqual([found.kind, found.kind === 'refused' && found.code], ['refused', 'ERR_PERSON_DEVICE_REMOVED'])
    const { code } = await refusedBy(other.ask('account', {}))
    assert.equal(code, 'ERR_PERSON_DEVICE_REMOVED')
    assert.equal((await load(door, browser)).kind, 'person')
    assert.equal((await other.ask('begin', { device: other.device.keys })).known, false)
    assert.ok(noticesOf(door).includes('device removed'))
    assert.ok(door.store.entries.some(({ act }) => act === 'device removed'))
    const again = await refusedBy(browser.ask('device/remove', { device: other.device.id }))
    assert.equal(again.code, 'ERR_PERSON_REQUEST')
  })

  test('of somebody else is not removed; nor is any by a session that is not fresh', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    const others = await refusedBy(dave.browser.ask('device/remove', { device: browser.device.id }))
    assert.equal(others.code, 'ERR_PERSON_REQUEST')
    await growOld(at)
    const stale = await refusedBy(browser.ask('device/remove', { device: browser.device.id }))
    assert.equal(stale.code, 'ERR_PERSON_FRESH')
    assert.equal((await refusedBy(browser.ask('device/phone', { isPhone: true }))).code, 'ERR_PERSON_FRESH')
    // That a device shows codes no more needs no proof.
    await browser.ask('device/phone', { isPhone: false })
    await stepUp(at)
    await browser.ask('device/phone', { isPhone: true })
    await browser.ask('device/remove', { device: browser.device.id })
    assert.match(browser.cookie ?? '', /^__Host-countersign=$/)
    assert.equal((await load(door, browser)).kind, 'nobody')
  })

  test('removed by an operator ends there too', async (t) => {
    const { door, browser } = await signedIn(t)
    const { accounts } = door.login
    const [carol] = await accounts.list({ limit: 10 })
    assert.deepEqual([carol?.account, carol?.devices.map(({ device }) => device)], ['carol', [browser.device.id]])
    assert.equal(await accounts.removeDevice({ account: 'dave', device: browser.device.id }), false)
    assert.equal(await accounts.removeDevice({ account: 'carol', device: browser.device.id }), true)
    assert.equal(await accounts.removeDevice({ account: 'carol', device: browser.device.id }), false)
    assert.equal((await load(door, browser)).kind, 'refused')
    assert.equal(door.index.size, 0)
  })

  test('keeps no copy but one that is sealed to it', async (t) => {
    const at = await signedIn(t)
    const other = await newBrowser(at.door)
    const plain = pictureOf('the horse is blue')
    for (const ofDevice of [
      await sealToDevice(plain, 'carol', other.device),
      await sealToDevice(plain, 'dave', at.browser.device),
      await sealToDevice(plain.subarray(1), 'carol', at.browser.device),
    ])
      assert.equal((await refusedBy(at.browser.ask('device/keep', { ofDevice }))).code, 'ERR_PERSON_REQUEST')
  })
})
