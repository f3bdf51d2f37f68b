// A sign-in on a new device that nobody answers, and a recovery that nobody comes back to: a refusal as every other, with a record on both sides.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createPeople } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { endUnanswered, MOST_UNPROVED, recordUnproved } from '../../src/signin/late.ts'
import { until } from '../support/bank.ts'
import { newBrowser, refusedBy } from '../support/browser.ts'
import { NO_FINISH, provePassword, signIn as signInAgain } from '../support/customer.ts'
import { type WholeLogin, wholeLogin } from '../support/whole.ts'
import {
  atNewDevice,
  type Credential,
  noticesOf,
  passwordOfNow,
  type SignedIn,
  signedIn,
  withPasskey,
} from '../support/within.ts'

/** What housekeeping does, once a minute. */
async function keepHouse(door: WholeLogin, since?: Temporal.Instant): Promise<void> {
  const ground = { ...door.ground, people: createPeople(door.ground, door.ground.log) }
  for (const work of [endUnanswered, recordUnproved]) await work(ground, { since, now: door.time.now() })
}

const refusedRecords = ({ records }: WholeLogin): readonly Meeting[] => records.filter(({ outcome }) => !outcome.ok)
const saidOf = ({ body }: { readonly body: string }): string => JSON.parse(body).code
const codeOfRecord = ({ outcome }: Meeting) => (outcome.ok ? undefined : outcome.refusal.code)
const noteOf = ({ outcome }: Meeting) => (outcome.ok ? undefined : outcome.refusal.note)
const entriesOf = ({ store }: WholeLogin) => store.entries.filter(({ act }) => act === 'recovery ended')

async function recovering(t: TestContext) {
  const at = await signedIn(t)
  const { other, id } = await atNewDevice(at)
  await other.ask('recover', { signIn: id, code: at.carol.recovery[0]! })
  return { ...at, other, id }
}

suite('a sign-in that nobody answers', () => {
  test('is refused when its time is over, under one reference, however often the device asks', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const { other, id } = await atNewDevice(at)
    door.time.pass({ minutes: 9, seconds: 59 })
    assert.equal((await other.ask('wait', { signIn: id })).next, 'confirm')
    assert.deepEqual(refusedRecords(door), [])
    door.time.pass({ seconds: 1 })
    const refused = await refusedBy(other.ask('wait', { signIn: id }))
    assert.equal(refused.code, 'ERR_PERSON_DEVICE')
    const two = await wholeLogin(t, door)
    for (const later of [{ seconds: 1 }, { minutes: 6 }, { hours: 20 }]) {
      door.time.pass(later)
      other.at(two)
      assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).reference, refused.reference)
      await keepHouse(door)
    }
    assert.deepEqual(two.records, [])
    const [record, ...more] = refusedRecords(door)
    assert.deepEqual(more, [])
    assert.ok(record)
    assert.equal(record.reference, refused.reference)
    assert.equal(record.caller.party, 'carol')
    assert.equal(record.address, '198.51.100.9')
    assert.equal(noteOf(record), 'the password was right, and no known device has answered in time')
    assert.deepEqual(
      record.steps.map(({ outcome }) => outcome),
      ['proved', 'not reached', 'not reached', 'not reached', 'refused', 'not reached'],
    )
  })

  test('has its record where the device does not ask once more, too', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const { other, id } = await atNewDevice(at)
    door.time.pass({ minutes: 9, seconds: 59 })
    await keepHouse(door)
    assert.deepEqual(refusedRecords(door), [])
    assert.equal((await other.ask('wait', { signIn: id })).next, 'confirm')
    door.time.pass({ seconds: 1 })
    // What was over before the last round is not looked for again.
    await keepHouse(door, door.time.now())
    assert.deepEqual(refusedRecords(door), [])
    await keepHouse(door, door.time.now().subtract({ seconds: 1 }))
    const [record] = refusedRecords(door)
    assert.equal(record?.address, '198.51.100.9')
    const two = await wholeLogin(t, door)
    await keepHouse(two)
    assert.deepEqual([refusedRecords(door).length, two.records.length], [1, 0])
    other.at(two)
    assert.equal((await refusedBy(other.ask('wait', { signIn: id }))).reference, record?.reference)
  })

  test('is ended by the door itself, once a minute', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const at = await signedIn(t)
    await atNewDevice(at)
    at.door.time.pass({ minutes: 10 })
    t.mock.timers.tick(60_000)
    await until(() => refusedRecords(at.door).length === 1)
  })

  test('is told the same whatever the password was, and of a name that nobody has; of those, nobody was asked', async (t) => {
    const at = await signedIn(t)
    const { door, carol } = at
    const answers: string[] = []
    for (const [account, password] of [
      ['carol', carol.password],
      ['carol', 'a red horse'],
      ['david', 'a red horse'],
    ] as const)
      for (const isSeen of [false, true]) {
        const other = await newBrowser(door, { name: 'Firefox on Android', address: '198.51.100.9' })
        const { signIn: id } = await other.ask('begin', { device: other.device.keys })
        const proved = await provePassword(other, id, { account, password })
        await other.ask('finish', { signIn: id, finish: proved?.finish ?? NO_FINISH })
        door.time.pass({ minutes: 10 })
        if (isSeen) await keepHouse(door)
        door.time.pass({ minutes: 20 })
        const { statusCode, body, headers } = await other.send('wait', { signIn: id })
        const { reference, ...rest } = JSON.parse(body)
        assert.match(reference, /^M-/)
        const fields = Object.keys(headers).sort()
        // The name of the caller is what was typed.
        answers.push(JSON.stringify({ statusCode, rest, fields, length: body.length }).replaceAll(account, 'name'))
      }
    assert.equal(new Set(answers).size, 1, answers.join('\n'))
    assert.equal((JSON.parse(answers[0]!) as { rest: { code: string } }).rest.code, 'ERR_PERSON_DEVICE')
    const notes = refusedRecords(door).map(noteOf)
    assert.deepEqual(notes, [
      ...Array(2).fill('the password was right, and no known device has answered in time'),
      ...Array(4).fill('the password was wrong, and so no known device was asked'),
    ])
  })

  test('of a wrong password, which nobody was told of, has its record too, and once', async (t) => {
    const at = await signedIn(t)
    await atNewDevice(at, { password: 'a red horse' })
    at.door.time.pass({ minutes: 9, seconds: 59 })
    await keepHouse(at.door)
    assert.deepEqual(refusedRecords(at.door), [])
    at.door.time.pass({ seconds: 1 })
    const two = await wholeLogin(t, at.door)
    for (const door of [at.door, two, at.door]) await keepHouse(door)
    const wrong = 'the password was wrong, and so no known device was asked'
    assert.deepEqual(refusedRecords(at.door).map(noteOf), [wrong])
    assert.equal(refusedRecords(at.door)[0]?.address, '198.51.100.9')
    assert.deepEqual(two.records, [])
  })

  test('whose KE3 never came has a record, on a known device and on another; of a name that nobody has there is none', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const ids: [typeof at.browser, string][] = []
    for (const [browser, account] of [
      [at.browser, 'carol'],
      [await newBrowser(door, { address: '198.51.100.9' }), 'carol'],
      [await newBrowser(door), 'david'],
    ] as const) {
      const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
      assert.equal(await provePassword(browser, id, { account, password: 'a red horse' }), undefined)
      ids.push([browser, id])
    }
    door.time.pass({ minutes: 5 })
    const before = await Promise.all(
      ids.map(async ([browser, id]) => saidOf(await browser.send('wait', { signIn: id }))),
    )
    const two = await wholeLogin(t, door)
    for (const house of [door, two, door]) await keepHouse(house)
    assert.deepEqual(two.records, [])
    const records = refusedRecords(door)
    assert.deepEqual(
      records.map(({ caller, address, outcome }) => [caller.party, address, outcome.ok || outcome.refusal.code]).sort(),
      [
        ['carol', '192.0.2.1', 'ERR_PERSON_CREDENTIALS'],
        ['carol', '198.51.100.9', 'ERR_PERSON_CREDENTIALS'],
      ],
    )
    for (const record of records) assert.match(noteOf(record) ?? '', /^the password was wrong, or its page was left/)
    // Whoever asks is told what was told before, whether or not somebody has the name.
    const after = await Promise.all(
      ids.map(async ([browser, id]) => saidOf(await browser.send('wait', { signIn: id }))),
    )
    assert.deepEqual([new Set(before), new Set(after)], [new Set(['ERR_PERSON_STEP']), new Set(['ERR_PERSON_STEP'])])
  })

  test('of more than are recorded in a round, the log says that there are more', async (t) => {
    const at = await signedIn(t)
    const { door } = at
    const { other, id } = await atNewDevice(at, { password: 'a red horse' })
    await refusedBy(other.ask('finish', { signIn: id, finish: NO_FINISH }))
    const row = door.store.database.prepare('SELECT * FROM login_sign_in WHERE id = ?').get(id)
    assert.ok(row)
    const state = door.secret.open('sign-in state', id, row['state'] as Uint8Array)
    const copy = door.store.database.prepare(
      'INSERT INTO login_sign_in (id, account, device, step, state, began_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    for (let i = 0; i < MOST_UNPROVED + 20; i++) {
      const own = `${i}`.padStart(32, 'x')
      const { account, device, step, began_at, expires_at } = row
      copy.run(
        own,
        ...[account!, device!, step!],
        door.secret.seal('sign-in state', own, state),
        began_at!,
        expires_at!,
      )
    }
    door.time.pass({ minutes: 10 })
    await keepHouse(door)
    assert.equal(refusedRecords(door).length, MOST_UNPROVED)
    const said = () => door.logged.filter(({ event }) => event === 'login.guessing').map(({ fields }) => fields)
    assert.deepEqual(said(), [{ door: 'bank', recorded: MOST_UNPROVED }])
    // The rest comes with the next round, and that says nothing.
    await keepHouse(door)
    assert.deepEqual([refusedRecords(door).length, said().length], [MOST_UNPROVED + 21, 1])
  })

  test('is over for whoever says yes too late, and for whatever else comes', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const passkey = await withPasskey(browser)
    const { other, id } = await atNewDevice(at)
    const { waiting } = (await browser.ask('account', {})).waiting[0]!
    const options = await other.ask('passkey/options', { signIn: id })
    door.time.pass({ minutes: 10 })
    await browser.ask('renew', {})
    assert.equal((await refusedBy(browser.ask('waiting/answer', { waiting, yes: false }))).code, 'ERR_PERSON_STEP')
    const credential = passkey.get(options) as Credential
    for (const isTold of [false, true]) {
      if (isTold) await refusedBy(other.ask('wait', { signIn: id }))
      for (const ask of [
        () => other.ask('finish', { signIn: id, finish: NO_FINISH }),
        () => other.ask('code', { signIn: id, code: '000000' }),
        () => other.ask('recover', { signIn: id, code: carol.recovery[0]! }),
      ])
        assert.equal((await refusedBy(ask())).code, 'ERR_PERSON_STEP')
    }
    // What was to be signed for it is over as well.
    const late = await refusedBy(other.ask('passkey', { signIn: id, credential }))
    assert.equal(late.code, 'ERR_PERSON_CREDENTIALS')
    assert.deepEqual(
      refusedRecords(door).map(({ outcome }) => !outcome.ok && outcome.refusal.code),
      ['ERR_PERSON_DEVICE', 'ERR_PERSON_CREDENTIALS'],
    )
  })

  test('of another device, of a known one, or with none to answer it, is no end of it', async (t) => {
    const at = await signedIn(t)
    const { door, browser, carol } = at
    const { id } = await atNewDevice(at)
    const { signIn: known } = await passwordOfNow({ browser, carol })
    const third = await newBrowser(door)
    const { signIn: begun } = await third.ask('begin', { device: third.device.keys })
    door.time.pass({ minutes: 10 })
    for (const [who, signIn] of [
      [third, id],
      [browser, known],
      [third, begun],
      [third, 'Z'.repeat(32)],
    ] as const)
      assert.equal((await refusedBy(who.ask('wait', { signIn }))).code, 'ERR_PERSON_STEP')
    assert.deepEqual(refusedRecords(door), [])
  })

  test('that got in by a passkey meanwhile, or was refused, has no such end', async (t) => {
    const at = await signedIn(t)
    const { door, browser } = at
    const passkey = await withPasskey(browser)
    const first = await atNewDevice(at)
    const shown = passkey.get(await first.other.ask('passkey/options', { signIn: first.id })) as Credential
    await first.other.ask('passkey', { signIn: first.id, credential: shown })
    const second = await atNewDevice(at)
    const asked = (await browser.ask('account', {})).waiting
    for (const { waiting } of asked) await browser.send('waiting/answer', { waiting, yes: false })
    door.time.pass({ minutes: 10 })
    await keepHouse(door)
    assert.deepEqual(refusedRecords(door).map(codeOfRecord), ['ERR_PERSON_DENIED'])
    assert.equal((await refusedBy(second.other.ask('wait', { signIn: second.id }))).code, 'ERR_PERSON_DENIED')
    assert.deepEqual(door.store.database.prepare("SELECT state FROM login_waiting WHERE state = 'open'").all(), [])
  })
})

suite('a recovery that nobody comes back to', () => {
  test('runs out: the ledger has it, the customer is told, the record says why, and so does the device’s page', async (t) => {
    const { door, other, id } = await recovering(t)
    door.time.pass({ hours: 24 + 71, minutes: 59, seconds: 59 })
    await keepHouse(door)
    assert.deepEqual([entriesOf(door).length, noticesOf(door).includes('recovery over')], [0, false])
    door.time.pass({ seconds: 1 })
    for (const _ of [1, 2]) await keepHouse(door)
    assert.deepEqual(
      entriesOf(door).map(({ account, evidence }) => [account, evidence]),
      [['carol', 'nobody came back to it in time']],
    )
    assert.equal(noticesOf(door).filter((kind) => kind === 'recovery over').length, 1)
    const [record] = refusedRecords(door)
    assert.ok(record)
    assert.equal(noteOf(record), 'nobody came back to the recovery in time')
    const refused = await refusedBy(other.ask('wait', { signIn: id }))
    assert.deepEqual([refused.code, refused.reference], ['ERR_PERSON_DEVICE', record.reference])
    assert.equal(refusedRecords(door).length, 1)
  })

  test('whose device asks first ends in the same way, once', async (t) => {
    const { door, other, id } = await recovering(t)
    door.time.pass({ hours: 24 + 72 })
    const refused = await refusedBy(other.ask('wait', { signIn: id }))
    assert.equal(refused.code, 'ERR_PERSON_DEVICE')
    await keepHouse(door)
    assert.deepEqual(
      refusedRecords(door).map(({ reference }) => reference),
      [refused.reference],
    )
    assert.equal(entriesOf(door).length, 1)
    assert.equal(noticesOf(door).filter((kind) => kind === 'recovery over').length, 1)
  })

  test('does not run out where it got in, or a known device has said no', async (t) => {
    for (const isIn of [true, false]) {
      const at: SignedIn & Awaited<ReturnType<typeof recovering>> = await recovering(t)
      const { door, other, id, browser, carol } = at
      if (isIn) {
        door.time.pass({ hours: 24 })
        await other.ask('wait', { signIn: id })
      } else {
        const [asked] = (await browser.ask('account', {})).waiting
        await browser.ask('waiting/answer', { waiting: asked!.waiting, yes: false })
        door.time.pass({ seconds: 30 })
        await signInAgain(door, carol)
      }
      door.time.pass({ hours: 24 + 72 })
      await keepHouse(door)
      assert.equal(entriesOf(door).length, 1)
      assert.notEqual(entriesOf(door)[0]?.evidence, 'nobody came back to it in time')
      assert.ok(!noticesOf(door).includes('recovery over'))
      assert.deepEqual(refusedRecords(door).map(codeOfRecord), isIn ? [] : ['ERR_PERSON_DENIED'])
    }
  })

  test('of another door is that door’s', async (t) => {
    const { door } = await recovering(t)
    door.time.pass({ hours: 24 + 72 })
    await keepHouse({ ...door, ground: { ...door.ground, door: 'shop' } })
    assert.deepEqual(entriesOf(door), [])
    assert.equal(door.store.database.prepare('SELECT state FROM login_waiting').get()?.['state'], 'open')
  })
})
