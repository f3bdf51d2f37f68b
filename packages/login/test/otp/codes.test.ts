// Recovery codes, and codes that a telephone shows: each counts once, and for what it was made for alone.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  keepRecoveryCodes,
  makeRecoveryCodes,
  recoveryCodeHash,
  spendRecoveryCode,
} from '../../src/otp/recovery-codes.ts'
import { shownCode, showOnTelephone, spendTelephoneCode, type TelephoneCode } from '../../src/otp/telephone.ts'
import { addAccount, NOW, type TestBank, testBank } from '../support/bank.ts'
import { newDevice } from '../support/device.ts'

suite('a recovery code', () => {
  const prepared = async (bank: TestBank) => {
    await addAccount(bank, 'carol', [])
    await addAccount(bank, 'dave', [])
    const codes = makeRecoveryCodes()
    const hashes = codes.map((code) => recoveryCodeHash(bank.secret, 'carol', code)!)
    await bank.store.commit((tx) => keepRecoveryCodes(tx, 'carol', hashes))
    const spend = (account: string, typed: string) =>
      bank.store.commit((tx) => spendRecoveryCode(tx, account, recoveryCodeHash(bank.secret, account, typed), NOW))
    return { codes, spend }
  }

  test('counts once, raced by eight, and for its account alone', async (t) => {
    const bank = await testBank(t)
    const { codes, spend } = await prepared(bank)
    assert.equal(await spend('dave', codes[0]!), false)
    const answers = await Promise.all(Array.from({ length: 8 }, () => spend('carol', codes[0]!)))
    assert.deepEqual(answers.filter(Boolean), [true])
    assert.equal(await spend('carol', codes[0]!), false)
    assert.equal(await spend('carol', codes[1]!), true)
  })

  test('is read as it is written down: hyphens, case, and letters that look like digits', async (t) => {
    const bank = await testBank(t)
    const { codes, spend } = await prepared(bank)
    const written = codes[0]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
    assert.equal(await spend('carol', written), true)
  })

  test('of another form, or unknown, is none', async (t) => {
    const bank = await testBank(t)
    const { codes, spend } = await prepared(bank)
    for (const typed of [
      '',
      '123456',
      codes[0]!.slice(1),
      `${codes[0]}0`,
      '0000-0000-0000-0000',
      codes[0]!.replace(/./, 'U'),
    ])
      assert.equal(await spend('carol', typed), false, typed)
  })

  test('of before is worth nothing when new ones are made, and none is kept as it is', async (t) => {
    const bank = await testBank(t)
    const { codes, spend } = await prepared(bank)
    const next = makeRecoveryCodes().map((code) => recoveryCodeHash(bank.secret, 'carol', code)!)
    await bank.store.commit((tx) => keepRecoveryCodes(tx, 'carol', next))
    assert.equal(await spend('carol', codes[0]!), false)
    const rows = await bank.store.db.selectFrom('login_recovery_code').selectAll().execute()
    assert.equal(rows.length, 10)
    // Without the secret of the door, a hash says nothing of a code.
    const other = await testBank(t)
    assert.notDeepEqual(
      recoveryCodeHash(other.secret, 'carol', codes[0]!),
      recoveryCodeHash(bank.secret, 'carol', codes[0]!),
    )
  })
})

suite('a code of a telephone', () => {
  const asked = {
    account: 'carol',
    kind: 'code',
    of: 'sign-in 1',
    now: NOW,
    lines: [['Sign-in at', 'bank.example']],
  } as const

  const prepared = async (bank: TestBank, isPhone = 1) => {
    const phone = await newDevice('Chrome on Android')
    await addAccount(bank, 'carol', [phone])
    await bank.store.db.updateTable('login_device').set({ is_phone: isPhone }).execute()
    const show = (what: TelephoneCode = asked) => bank.store.commit((tx) => showOnTelephone(bank.ground, tx, what))
    const shown = async () => {
      const row = await bank.store.db
        .selectFrom('login_waiting')
        .selectAll()
        .where('state', '=', 'open')
        .executeTakeFirstOrThrow()
      return shownCode(bank.ground, row.id, row.code!)
    }
    const spend = (typed: string, others: Partial<TelephoneCode> = {}) =>
      bank.store.commit((tx) => spendTelephoneCode(bank.ground, tx, { ...asked, typed, ...others }))
    return { show, shown, spend }
  }

  test('counts once, raced by eight', async (t) => {
    const { show, shown, spend } = await prepared(await testBank(t))
    assert.match(await show(), /^[1-9][0-9]$/)
    const code = await shown()
    assert.match(code, /^\d{6}$/)
    const answers = await Promise.all(Array.from({ length: 8 }, () => spend(code)))
    assert.deepEqual(answers.filter(Boolean), [true])
  })

  test('is for one sign-in of one account, for what was shown beside it, and for five minutes', async (t) => {
    const { show, shown, spend } = await prepared(await testBank(t))
    await show()
    const code = await shown()
    for (const others of [
      { of: 'sign-in 2' },
      { account: 'dave' },
      { kind: 'matter' as const },
      { lines: [['To', 'somebody else']] as const },
      { now: NOW.add({ minutes: 5 }) },
      { now: NOW.subtract({ hours: 24 }) },
    ])
      assert.equal(await spend(code, others), false, JSON.stringify(others))
    const wrong = code === '000000' ? '000001' : '000000'
    for (const typed of ['', wrong, `${code}0`, code.slice(1)]) assert.equal(await spend(typed), false)
    assert.equal(await spend(`${code.slice(0, 3)} ${code.slice(3)}`), true)
  })

  test('takes the place of the one before', async (t) => {
    const { show, shown, spend } = await prepared(await testBank(t))
    await show()
    const first = await shown()
    await show()
    const second = await shown()
    if (first !== second) assert.equal(await spend(first), false)
    assert.equal(await spend(second), true)
  })

  test('is not kept as it is, and is not made where no telephone is enrolled', async (t) => {
    const bank = await testBank(t)
    const { show, shown } = await prepared(bank)
    await show()
    const code = await shown()
    const { code: sealed } = await bank.store.db.selectFrom('login_waiting').select('code').executeTakeFirstOrThrow()
    assert.ok(!Buffer.from(sealed!).includes(code))
    const other = await prepared(await testBank(t), 0)
    await assert.rejects(other.show(), { name: 'PersonRefusal', code: 'ERR_PERSON_REQUEST' })
  })
})
