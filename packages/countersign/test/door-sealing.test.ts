// By which keys of OpenPGP a mail door seals: those that the authority vouches for now, or that somebody here accepted, and no others.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type PinKind, writePin } from '@countersign/mail'
import type { FoundMailKeys } from '@countersign/mtls'
import { certifyUserId, makeAuthorityKey, makePersonKey, revokeCertification } from '@countersign/openpgp'
import { openPgpSealingOfDoor } from '../src/mail/door-sealing.ts'

const NOW = Temporal.Instant.from('2026-11-27T12:00:00Z')
const DAY = Temporal.Duration.from({ hours: 24 })
const BOB = 'bob@partner.example'
const authorityKey = (name: string) =>
  makeAuthorityKey({
    profile: 'modern',
    userIds: [{ name, address: 'openpgp@acme.example' }],
    now: NOW.subtract(DAY),
    until: NOW.add({ hours: 9_000 }),
  })
const authority = await authorityKey('Acme')
const made = (profile: 'modern' | 'legacy' = 'modern', hours = 9_000, address = BOB) =>
  makePersonKey({ profile, userIds: [{ address }], now: NOW.subtract(DAY), until: NOW.add({ hours }) })
const certified = (key: Uint8Array, by = authority, hours = 100, address = BOB) =>
  certifyUserId({ key, address, authority: by.privateKey, now: NOW.subtract({ hours: 2 }), until: NOW.add({ hours }) })
const found = (...keys: readonly Uint8Array[]): FoundMailKeys => ({
  certificates: [],
  issuers: [],
  openPgp: {
    authorities: [authority.publicKey],
    keys: keys.map((key, index) => ({ fingerprint: `${index}`, key, isCurrent: true })),
  },
})
const NOBODY: FoundMailKeys = { certificates: [], issuers: [] }

async function sealing(partnerKeys?: string) {
  return (await openPgpSealingOfDoor(partnerKeys, { clock: () => NOW })) ?? assert.fail('the package is not there')
}

async function partners(t: TestContext, how: PinKind, key: Uint8Array, fingerprint: string, address = BOB) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-partners-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  await writePin(directory, { address, fingerprint, key, since: NOW, how })
  return directory
}

suite('a mail door seals by', () => {
  test('the key that the authority certified, the modern one of two', async () => {
    const [modern, legacy] = [await made(), await made('legacy')]
    const keys = [await certified(legacy.publicKey), await certified(modern.publicKey)]
    const { recipientFor } = await sealing()
    assert.deepEqual((await recipientFor(BOB, found(...keys)))?.key, keys[1])
    const old = await recipientFor(BOB, found(keys[0] ?? assert.fail()))
    assert.equal(old?.profile, 'legacy')
  })

  test('the other, where the modern one is not good', async () => {
    const taken = await revokeCertification({
      key: await certified((await made()).publicKey),
      address: BOB,
      authority: authority.privateKey,
      now: NOW.subtract({ hours: 1 }),
    })
    const legacy = await certified((await made('legacy')).publicKey)
    const { recipientFor } = await sealing()
    assert.deepEqual((await recipientFor(BOB, found(taken, legacy)))?.key, legacy)
  })

  for (const [what, make, code] of [
    ['nobody certified', async () => (await made()).publicKey, 'ERR_CALLEE_UNKNOWN_ISSUER'],
    [
      'another authority certified',
      async () => certified((await made()).publicKey, await authorityKey('Acme')),
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    [
      'is certified for another address',
      async () =>
        certified(
          (await made('modern', 9_000, 'eve@partner.example')).publicKey,
          authority,
          100,
          'eve@partner.example',
        ),
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    ['is certified no more', async () => certified((await made()).publicKey, authority, -1), 'ERR_CALLEE_EXPIRED'],
    ['has ended', async () => certified((await made('modern', -1)).publicKey), 'ERR_CALLEE_'],
    [
      'the authority has taken back',
      async () =>
        revokeCertification({
          key: await certified((await made()).publicKey),
          address: BOB,
          authority: authority.privateKey,
          now: NOW.subtract({ hours: 1 }),
        }),
      'ERR_CALLEE_REVOKED',
    ],
    ['cannot be read', async () => Buffer.from('no key'), 'ERR_MAIL_FORM'],
  ] as const)
    test(`no key that ${what}`, async () => {
      const { recipientFor } = await sealing()
      await assert.rejects(recipientFor(BOB, found(await make())), (error: Error & { code?: string }) => {
        assert.match(error.code ?? error.message, new RegExp(`^${code}`))
        return true
      })
    })

  test('no old key, nor where none is known', async () => {
    const { recipientFor } = await sealing()
    const one = found(await certified((await made()).publicKey))
    const old = { ...one, openPgp: { authorities: [], keys: [], ...one.openPgp } }
    const keys = old.openPgp.keys.map((key) => ({ ...key, isCurrent: false }))
    assert.equal(await recipientFor(BOB, { ...old, openPgp: { ...old.openPgp, keys } }), undefined)
    assert.equal(await recipientFor(BOB, NOBODY), undefined)
  })
})

suite('a mail door seals to a partner by', () => {
  for (const how of ['accepted', 'found'] as const)
    test(`the key that was ${how}`, async (t) => {
      const key = await made('legacy')
      const directory = await partners(t, how, key.publicKey, key.fingerprint)
      assert.deepEqual((await (await sealing(directory)).recipientFor(BOB, NOBODY))?.key, key.publicKey)
      assert.equal(await (await sealing()).recipientFor(BOB, NOBODY), undefined, 'only where the door is told')
      assert.equal(await (await sealing(directory)).recipientFor('eve@partner.example', NOBODY), undefined)
    })

  test('no key that was only seen, has ended, or is another than was accepted', async (t) => {
    const key = await made()
    const seen = await partners(t, 'seen', key.publicKey, key.fingerprint)
    assert.equal(await (await sealing(seen)).recipientFor(BOB, NOBODY), undefined)
    const ended = await made('modern', -1)
    const over = await partners(t, 'accepted', ended.publicKey, ended.fingerprint)
    await assert.rejects((await sealing(over)).recipientFor(BOB, NOBODY), /ERR_CALLEE_/)
    const other = await partners(t, 'found', (await made()).publicKey, key.fingerprint)
    await assert.rejects((await sealing(other)).recipientFor(BOB, NOBODY), { code: 'ERR_CALLEE_UNKNOWN_ISSUER' })
  })

  test('no accepted key where the authority has one', async (t) => {
    const key = await made()
    const directory = await partners(t, 'accepted', key.publicKey, key.fingerprint)
    const ofAuthority = await certified((await made()).publicKey)
    const chosen = await (await sealing(directory)).recipientFor(BOB, found(ofAuthority))
    assert.deepEqual(chosen?.key, ofAuthority)
  })

  test('nothing where what is remembered cannot be read', async (t) => {
    const key = await made()
    const directory = await partners(t, 'accepted', key.publicKey, key.fingerprint)
    for (const name of await readdir(join(directory, 'mail'))) await writeFile(join(directory, 'mail', name), '{')
    await assert.rejects((await sealing(directory)).recipientFor(BOB, NOBODY), { code: 'ERR_MAIL_RECIPIENT_KEY' })
  })
})
