// What an authority takes as a person's key, what it leaves away of it, and its own key out of an Ed25519 key in custody.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { certifyUserId, describeKey, judgeOctets, makePersonKey, readTrust } from '@countersign/openpgp'
import { generateKey, readKey, revokeKey } from 'openpgp'
import { admitKey } from '../src/keys/admit.ts'
import { makeHouseKey, secretHouseKey } from '../src/keys/house-key.ts'
import { readPublicKey } from '../src/keys/read.ts'
import { LATER, makeHouse } from './support/house.ts'
import { NOW } from './support/mail.ts'

const ADDRESS = 'alice@acme.example'
const WISH = { now: NOW.subtract({ hours: 2 }), until: NOW.add({ hours: 24 * 365 }) }

for (const profile of ['modern', 'legacy'] as const)
  suite(`the key of an authority: ${profile}`, () => {
    const userIds = [{ name: 'Acme', address: 'openpgp@acme.example' }] as const
    const { privateKey } = generateKeyPairSync('ed25519')

    test('out of a key in custody certifies, and is the same key each time', async () => {
      const publicKey = await makeHouseKey(privateKey, { profile, userIds, ...WISH })
      const { version, addresses } = await describeKey(publicKey)
      assert.deepEqual([version, addresses], [profile === 'modern' ? 6 : 4, ['openpgp@acme.example']])
      const authority = await secretHouseKey(privateKey, publicKey)
      const { publicKey: key } = await makePersonKey({ profile, userIds: [{ address: ADDRESS }], ...WISH })
      const certified = await certifyUserId({ key, address: ADDRESS, authority, now: NOW, until: LATER })
      const trust = await readTrust([{ name: 'Acme', key: publicKey }])
      for (const side of ['caller', 'callee'] as const)
        assert.equal((await judgeOctets(certified, { side, trust, now: NOW })).trust.ok, true)
      // It certifies, and neither signs nor reads mail.
      const own = await readTrust([], new Map([['openpgp@acme.example', (await describeKey(publicKey)).fingerprint]]))
      for (const [side, code] of [
        ['caller', 'ERR_CALLER_WRONG_PURPOSE'],
        ['callee', 'ERR_CALLEE_WRONG_PURPOSE'],
      ] as const) {
        const { trust: said } = await judgeOctets(publicKey, { side, trust: own, now: NOW })
        assert.ok(!said.ok && said.refusal.code === code)
      }
    })

    test('is not taken for that of another key, or of no Ed25519', async () => {
      const publicKey = await makeHouseKey(privateKey, { profile, userIds, ...WISH })
      const other = generateKeyPairSync('ed25519').privateKey
      await assert.rejects(secretHouseKey(other, publicKey), { code: 'ERR_MAIL_NO_KEY' })
      const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      await assert.rejects(makeHouseKey(p256, { profile, userIds, ...WISH }), { code: 'ERR_MAIL_NO_KEY' })
      await assert.rejects(secretHouseKey(privateKey, publicKey.subarray(0, 20)), { code: 'ERR_MAIL_FORM' })
    })
  })

suite('a key is admitted', () => {
  const house = makeHouse()
  const admit = async (key: Uint8Array, addresses: readonly string[] = [ADDRESS]) =>
    admitKey({ key, addresses, authorityFor: async () => (await house).authority, now: NOW, until: LATER })
  const refused = async (key: Uint8Array, code: string, addresses?: readonly string[]) =>
    assert.rejects(admit(key, addresses), { code })
  const made = (...addresses: readonly [string, ...string[]]) => {
    const [first, ...others] = addresses.map((address) => ({ name: 'Alice', address }))
    return makePersonKey({ profile: 'modern', userIds: [first!, ...others], ...WISH })
  }

  test('with the addresses alone that its party has proved, and nothing that others have said', async () => {
    const { publicKey, fingerprint } = await made(ADDRESS, 'chief@acme.example', 'alice@home.example')
    const vouched = await certifyUserId({
      key: publicKey,
      address: ADDRESS,
      authority: (await makeHouse()).authority,
      now: NOW,
      until: LATER,
    })
    const admitted = await admit(vouched, [ADDRESS, 'alice@home.example', 'a@acme.example'])
    assert.deepEqual(
      [admitted.fingerprint, admitted.version, admitted.addresses],
      [fingerprint, 6, [ADDRESS, 'alice@home.example']],
    )
    const key = await readPublicKey(admitted.key)
    assert.equal(key.users.length, 2)
    assert.deepEqual(
      key.users.map(({ otherCertifications }) => otherCertifications.length),
      [1, 1],
    )
    const { trust } = await house
    for (const [address, isGood] of [
      [ADDRESS, true],
      ['chief@acme.example', false],
    ] as const)
      assert.equal((await judgeOctets(admitted.key, { side: 'callee', trust, now: NOW, address })).trust.ok, isGood)
  })

  test('not for the address of another, whoever signed it, or without one', async () => {
    await refused((await made('bob@acme.example')).publicKey, 'ERR_MAIL_RECIPIENT_KEY')
    await refused((await made(ADDRESS)).publicKey, 'ERR_MAIL_RECIPIENT_KEY', [])
    await refused((await made(ADDRESS)).publicKey, 'ERR_MAIL_RECIPIENT_KEY', ['Alice@acme.example'])
    // A user id of hers that somebody moved to a key of theirs is nothing that this key says.
    const [hers, theirs] = await Promise.all([made(ADDRESS), made('bob@acme.example')])
    const [key, other] = await Promise.all([hers, theirs].map(({ publicKey }) => readPublicKey(publicKey)))
    other!.users = key!.users
    await refused(other!.write(), 'ERR_CALLEE_UNKNOWN_ISSUER')
  })

  test('not twice for one address', async () => {
    await refused((await made(ADDRESS, ADDRESS)).publicKey, 'ERR_MAIL_RECIPIENT_KEY')
  })

  test('not weak, ended, revoked, without a key to encrypt to, or of no signature', async () => {
    const date = new Date(NOW.subtract({ hours: 24 }).epochMilliseconds)
    const userIDs = { email: ADDRESS }
    const rsa = await generateKey({ type: 'rsa', rsaBits: 2048, userIDs, date, format: 'object' })
    assert.equal((await admit(rsa.publicKey.write())).version, 4)
    const bare = await generateKey({ type: 'curve25519', userIDs, date, subkeys: [], format: 'object' })
    await refused(bare.publicKey.write(), 'ERR_CALLEE_WRONG_PURPOSE')
    const ended = await makePersonKey({
      profile: 'modern',
      userIds: [{ address: ADDRESS }],
      now: NOW.subtract({ hours: 2 }),
      until: NOW.subtract({ hours: 1 }),
    })
    await refused(ended.publicKey, 'ERR_CALLEE_EXPIRED')
    const { privateKey } = await generateKey({ type: 'curve25519', userIDs, date, format: 'object' })
    const { publicKey: revoked } = await revokeKey({ key: privateKey, date, format: 'object' })
    await refused(revoked.write(), 'ERR_CALLEE_REVOKED')
  })

  test('not where it is no key, is too much, or is more than one', async () => {
    const { publicKey } = await made(ADDRESS)
    await refused(new Uint8Array(), 'ERR_MAIL_FORM')
    await refused(Buffer.from('no key'), 'ERR_MAIL_FORM')
    await refused(Buffer.concat([publicKey, publicKey]), 'ERR_MAIL_BUDGET')
    const key = await readKey({ binaryKey: publicKey })
    key.users = Array.from({ length: 5_000 }, () => key.users[0]!)
    await refused(key.write(), 'ERR_MAIL_BUDGET')
  })
})
