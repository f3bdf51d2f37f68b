// One-time passwords of an app: RFC 6238, oathtool where it is there, and each step once.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { needs, programPath } from '../../../../interop/peer.ts'
import { makeTotpSecret, spendTotp, stepOfCode, totpForApp } from '../../src/otp/totp.ts'
import { race } from '../support/rival.ts'
import { testFiles } from '../support/secret.ts'
import { testStore } from '../support/store.ts'

/** RFC 6238, appendix B: SHA-1, eight digits, of which apps show the last six. */
const SECRET = new TextEncoder().encode('12345678901234567890')
const VECTORS = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
] as const
const at = (seconds: number) => Temporal.Instant.fromEpochMilliseconds(seconds * 1_000)

suite('a code of an app', () => {
  for (const [seconds, code] of VECTORS)
    test(`RFC 6238 appendix B: ${seconds}`, () => {
      assert.equal(stepOfCode(SECRET, code.slice(2), at(seconds)), Math.floor(seconds / 30))
    })

  test('counts a step early and a step late, and no more', () => {
    const code = VECTORS[4][1].slice(2)
    const own = Math.floor(VECTORS[4][0] / 30)
    // The whole of a step: its first second and its last.
    for (const [from, to, is] of [
      [(own - 1) * 30, (own + 2) * 30 - 1, own],
      [(own - 5) * 30, (own - 1) * 30 - 1, undefined],
      [(own + 2) * 30, (own + 6) * 30, undefined],
    ] as const) {
      assert.equal(stepOfCode(SECRET, code, at(from)), is)
      assert.equal(stepOfCode(SECRET, code, at(to)), is)
    }
  })

  test('is six digits, with or without a space in them', () => {
    const now = at(2_000_000_000)
    assert.equal(stepOfCode(SECRET, '279 037', now), 66_666_666)
    for (const code of ['', '27903', '2790370', '27903a', '２７９０３７', '-279037', '0x279037', '279037\n1'])
      assert.equal(stepOfCode(SECRET, code, now), undefined, code)
  })

  test('oathtool and the address of the QR code mean the same', needs('oathtool', 'oathtool'), () => {
    const secret = makeTotpSecret()
    const { uri } = totpForApp(secret, { issuer: 'bank.example', account: 'carol' })
    const base32 = new URL(uri).searchParams.get('secret') ?? ''
    for (const seconds of [1_790_000_000, 1_790_000_029, 1_790_000_030]) {
      const now = `${new Date(seconds * 1_000).toISOString().replace('T', ' ').slice(0, 19)} UTC`
      const code = execFileSync(programPath('oathtool'), ['--totp', '--base32', '--now', now, base32], {
        encoding: 'utf8',
      }).trim()
      assert.equal(stepOfCode(secret, code, at(seconds)), Math.floor(seconds / 30))
    }
  })
})

suite('a step', () => {
  const code = VECTORS[4][1].slice(2)
  const now = at(2_000_000_000)

  test('counts once for an account, raced by eight', async (t) => {
    const store = testStore(t)
    const spend = (account: string) => store.commit((tx) => spendTotp(tx, account, { secret: SECRET, code, now }))
    const answers = await Promise.all(Array.from({ length: 8 }, () => spend('carol')))
    assert.deepEqual(answers.filter(Boolean), [true])
    assert.equal(await spend('carol'), false)
    assert.equal(await spend('dave'), true)
  })

  test('counts once among processes', async (t) => {
    assert.equal(await race(testFiles(t).pathOf('store.db'), 'totp', 2, 8), 1)
  })

  test('that was undone counts still', async (t) => {
    const store = testStore(t)
    const spend = () => store.commit((tx) => spendTotp(tx, 'carol', { secret: SECRET, code, now }))
    store.failsAfter = 0
    await assert.rejects(spend(), /full/)
    assert.equal(await spend(), true)
  })

  test('is kept as used for longer than a clock steps', async (t) => {
    const store = testStore(t)
    await store.commit((tx) => spendTotp(tx, 'carol', { secret: SECRET, code, now }))
    const { until } = await store.db.selectFrom('login_used').select('until').executeTakeFirstOrThrow()
    assert.ok(until >= now.add({ hours: 48 }).epochMilliseconds)
  })
})
