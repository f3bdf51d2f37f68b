// What an authority that is away has said of keys for mail: counts for a day, and not where something that it would end was heard since.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { EnrollmentError, type FoundMailKeys } from '@countersign/mtls'
import { house } from '../../../tools/testing/mail-people.ts'
import { keptAnswers } from '../src/mail/kept-answers.ts'

const BOB = 'bob@partner.example'
const bob = house.holder(BOB)
const SMIME: FoundMailKeys = { certificates: [bob.certificate], issuers: [house.certificate] }
const OPENPGP: FoundMailKeys = {
  certificates: [],
  issuers: [],
  openPgp: {
    authorities: [Uint8Array.of(1)],
    keys: [{ fingerprint: 'ab', key: Uint8Array.of(2, 3), isCurrent: true }],
  },
}

async function opened(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-kept-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  let now = Temporal.Instant.from('2026-11-27T12:00:00Z')
  let answer: FoundMailKeys | Error = SMIME
  const logged: string[] = []
  let asked = 0
  const open = () =>
    keptAnswers({
      directory,
      async ask() {
        asked++
        if (answer instanceof Error) throw answer
        return answer
      },
      clock: () => now,
      log: (event) => logged.push(event),
    })
  return {
    directory,
    open,
    logged,
    asked: () => asked,
    says(next: FoundMailKeys | Error) {
      answer = next
    },
    pass(duration: Temporal.DurationLike) {
      now = now.add(duration)
    },
  }
}
const away = () => new EnrollmentError('ERR_ENROLL_CONNECTION', {})
const seen = ({ certificates, openPgp }: FoundMailKeys) => [
  certificates.map(({ der }) => der.toHex()),
  openPgp?.keys.map(({ key, isCurrent, fingerprint }) => [key.toHex(), isCurrent, fingerprint]),
]

suite('what the authority said of keys', () => {
  for (const [kind, said] of [
    ['S/MIME', SMIME],
    ['OpenPGP', OPENPGP],
    ['nobody', { certificates: [], issuers: [] }],
  ] as const)
    test(`counts while it is away, after a new start too: ${kind}`, async (t) => {
      const house = await opened(t)
      house.says(said)
      const before = await house.open().find(BOB)
      house.says(away())
      house.pass({ hours: 23 })
      assert.deepEqual(seen(await house.open().find(BOB)), seen(before))
      assert.deepEqual(house.logged, ['mail.keys-kept'])
      for (const name of await readdir(house.directory))
        assert.equal((await stat(join(house.directory, name))).mode & 0o777, 0o600)
    })

  test('is asked anew while it is there, and not every time while it is away', async (t) => {
    const house = await opened(t)
    const kept = house.open()
    await kept.find(BOB)
    house.says(OPENPGP)
    assert.equal((await kept.find(BOB)).certificates.length, 0)
    house.says(away())
    for (let i = 0; i < 5; i++) await kept.find(BOB)
    assert.equal(house.asked(), 3)
    house.pass({ seconds: 31 })
    house.says(SMIME)
    assert.equal((await kept.find(BOB)).certificates.length, 1)
  })

  const none = (house: Awaited<ReturnType<typeof opened>>, address = BOB) =>
    assert.rejects(house.open().find(address), { code: 'ERR_ENROLL_CONNECTION' })

  test('counts no more after a day, nor for another address, nor where the clock was set back', async (t) => {
    const house = await opened(t)
    await house.open().find(BOB)
    house.says(away())
    await none(house, 'eve@partner.example')
    await none(house, 'BOB@partner.example')
    house.pass({ hours: -1 })
    await none(house)
    house.pass({ hours: 25 })
    await none(house)
  })

  test('of OpenPGP counts no more after a revocation was heard; a certificate is judged by the lists', async (t) => {
    const house = await opened(t)
    await house.open().find(BOB)
    house.says(OPENPGP)
    await house.open().find('pia@partner.example')
    house.pass({ seconds: 1 })
    await house.open().revoked()
    house.says(away())
    assert.equal((await house.open().find(BOB)).certificates.length, 1)
    await none(house, 'pia@partner.example')
  })

  test('counts no more after a lock', async (t) => {
    const house = await opened(t)
    await house.open().find(BOB)
    house.pass({ seconds: 1 })
    await house.open().locked()
    house.says(away())
    await none(house)
    house.says(SMIME)
    house.pass({ seconds: 1 })
    await house.open().find(BOB)
    house.says(away())
    assert.equal((await house.open().find(BOB)).certificates.length, 1)
  })

  test('that was asked before a revocation and came after it does not count', async (t) => {
    const house = await opened(t)
    house.says(OPENPGP)
    const kept = house.open()
    const finding = kept.find(BOB)
    house.pass({ seconds: 1 })
    await kept.revoked()
    await finding
    house.says(away())
    await none(house)
  })

  test('does not stand against what it says now', async (t) => {
    const house = await opened(t)
    await house.open().find(BOB)
    house.says(new EnrollmentError('ERR_CALLER_REVOKED', {}))
    await assert.rejects(house.open().find(BOB), { code: 'ERR_CALLER_REVOKED' })
  })

  for (const text of ['', '{', '{}', '{"address":"bob@partner.example","at":"now","answer":{}}'])
    test(`is nothing where its file is ${JSON.stringify(text)}`, async (t) => {
      const house = await opened(t)
      await house.open().find(BOB)
      for (const name of await readdir(house.directory)) await writeFile(join(house.directory, name), text)
      house.says(away())
      await none(house)
      house.says(SMIME)
      await house.open().find(BOB)
    })

  test('counts no more where it cannot be read since when', async (t) => {
    const house = await opened(t)
    const kept = house.open()
    await kept.find(BOB)
    await kept.locked()
    house.pass({ seconds: 1 })
    await kept.find(BOB)
    await writeFile(join(house.directory, 'since.json'), '{')
    house.says(away())
    await none(house)
  })
})
