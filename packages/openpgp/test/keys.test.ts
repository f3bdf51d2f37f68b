// Whom a key is believed to be of, and when not.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  certifyUserId,
  type JudgedFor,
  judgeOctets,
  makeAuthorityKey,
  makePersonKey,
  profileOf,
  readTrust,
  revokeCertification,
} from '@countersign/openpgp'
import { enums, generateKey, readKey, readPrivateKey, revokeKey } from 'openpgp'
import { readPublicKey, readSecretKey } from '../src/keys/read.ts'
import { newSignature, signOfKey } from '../src/library.ts'
import { writePacket } from './support/craft.ts'
import { LATER, makeHouse, type Person } from './support/house.ts'
import { NOW } from './support/mail.ts'

const BEFORE = NOW.subtract({ hours: 72 })
const DATE = new Date(NOW.subtract({ hours: 24 }).epochMilliseconds)

for (const profile of ['modern', 'legacy'] as const)
  suite(`judging a key: ${profile}`, () => {
    const house = makeHouse(profile)
    const judged = async (key: Uint8Array, how: Partial<JudgedFor> = {}) =>
      judgeOctets(key, { side: 'caller', trust: (await house).trust, now: NOW, ...how })
    const codeOf = async (key: Uint8Array, how: Partial<JudgedFor> = {}): Promise<string> => {
      const { trust } = await judged(key, how)
      return trust.ok ? 'ok' : trust.refusal.code
    }
    const certified = async (key: Uint8Array, address: string) =>
      certifyUserId({ key, address, authority: (await house).authority, now: NOW, until: LATER })

    test('certified by the authority, it is good as of now for its address, to sign and to read', async () => {
      const { publicKey, fingerprint } = await (await house).person('alice@acme.example')
      assert.deepEqual(await judged(publicKey), {
        signer: { name: 'Somebody', addresses: ['alice@acme.example'], fingerprint },
        trust: { ok: true, anchor: 'Acme', status: 'good' },
      })
      assert.equal(await codeOf(publicKey, { side: 'callee', address: 'alice@acme.example' }), 'ok')
      assert.equal(
        await codeOf(publicKey, { side: 'callee', address: 'bob@acme.example' }),
        'ERR_CALLEE_UNKNOWN_ISSUER',
      )
      assert.equal(await profileOf(publicKey, NOW), profile)
    })

    test('by nobody, by another authority, by one that has ended or is revoked, or by a key that does not certify', async () => {
      const { publicKey: bare } = await makePersonKey({
        profile,
        userIds: [{ address: 'a@acme.example' }],
        now: BEFORE,
        until: LATER,
      })
      assert.equal(await codeOf(bare), 'ERR_CALLER_UNKNOWN_ISSUER')
      const { signer } = await judged(bare)
      assert.deepEqual(signer.addresses, ['a@acme.example'])
      const wish = { profile, userIds: [{ address: 'ca@other.example' }], now: BEFORE } as const
      const other = await makeAuthorityKey({ ...wish, until: NOW.add({ hours: 1 }) })
      const key = await certifyUserId({
        key: bare,
        address: 'a@acme.example',
        authority: other.privateKey,
        now: NOW.subtract({ hours: 1 }),
        until: LATER,
      })
      assert.equal(await codeOf(key), 'ERR_CALLER_UNKNOWN_ISSUER')
      const trust = await readTrust([{ name: 'other', key: other.publicKey }])
      assert.equal(await codeOf(key, { trust }), 'ok')
      assert.equal(await codeOf(key, { trust, now: NOW.add({ hours: 2 }) }), 'ERR_CALLER_UNKNOWN_ISSUER')
      const revoked = await revokeKey({
        key: await readPrivateKey({ binaryKey: other.privateKey }),
        date: DATE,
        format: 'binary',
      })
      assert.equal(
        await codeOf(key, { trust: await readTrust([{ name: 'other', key: revoked.publicKey }]) }),
        'ERR_CALLER_UNKNOWN_ISSUER',
      )
    })

    test('its certification ends when it says, begins when it says, and is revoked when the authority says', async () => {
      const { publicKey: bare } = await makePersonKey({
        profile,
        userIds: [{ address: 'a@acme.example' }],
        now: BEFORE,
        until: LATER,
      })
      const order = { key: bare, address: 'a@acme.example', authority: (await house).authority }
      const until = NOW.add({ hours: 1 })
      const key = await certifyUserId({ ...order, now: NOW, until })
      assert.equal(await codeOf(key, { now: NOW.subtract({ seconds: 1 }) }), 'ERR_CALLER_NOT_YET_VALID')
      assert.equal(await codeOf(key, { now: until.subtract({ seconds: 1 }) }), 'ok')
      const { trust: ended, signer } = await judged(key, { now: until })
      assert.ok(!ended.ok && ended.refusal.code === 'ERR_CALLER_EXPIRED')
      assert.equal(ended.since?.toString(), until.toString())
      assert.deepEqual(signer.addresses, ['a@acme.example'])
      const at = NOW.add({ minutes: 1 })
      const revoked = await revokeCertification({ ...order, key, now: at })
      const { trust } = await judged(revoked, { now: at })
      assert.ok(!trust.ok && trust.refusal.code === 'ERR_CALLER_REVOKED')
      assert.equal(trust.since?.toString(), at.toString())
      // Whom the authority certifies again afterwards, it believes again.
      const again = await certifyUserId({ ...order, key: revoked, now: at.add({ seconds: 1 }), until })
      assert.equal(await codeOf(again, { now: at.add({ seconds: 2 }) }), 'ok')
      const sameSecond = await certifyUserId({ ...order, key: revoked, now: at, until })
      assert.equal(await codeOf(sameSecond, { now: at }), 'ERR_CALLER_REVOKED')
    })

    test('a certification moved to another user id or another key says nothing', async () => {
      const { publicKey } = await (await house).person('alice@acme.example')
      const mallory = await readPublicKey(
        (await makePersonKey({ profile, userIds: [{ address: 'alice@acme.example' }], now: BEFORE, until: LATER }))
          .publicKey,
      )
      const alice = await readPublicKey(publicKey)
      mallory.users[0]?.otherCertifications.push(...(alice.users[0]?.otherCertifications ?? []))
      assert.equal(await codeOf(mallory.write()), 'ERR_CALLER_UNKNOWN_ISSUER')
      const two = await makePersonKey({
        profile,
        userIds: [{ address: 'a@acme.example' }, { address: 'boss@acme.example' }],
        now: BEFORE,
        until: LATER,
      })
      const key = await readPublicKey(await certified(two.publicKey, 'a@acme.example'))
      const [first, second] = key.users
      second?.otherCertifications.push(...(first?.otherCertifications ?? []))
      assert.deepEqual((await judged(key.write())).signer.addresses, ['a@acme.example'])
    })

    test('the key has ended, is not made yet, or its owner revoked it', async () => {
      const { publicKey, privateKey } = await (await house).person('alice@acme.example')
      const far = { now: LATER.add({ hours: 24 * 365 }) }
      assert.match(await codeOf(publicKey, far), /EXPIRED|UNKNOWN_ISSUER/)
      assert.equal(await codeOf(publicKey, { now: LATER }), 'ERR_CALLER_EXPIRED')
      assert.equal(await codeOf(publicKey, { now: NOW.subtract({ hours: 25 }) }), 'ERR_CALLER_NOT_YET_VALID')
      const key = await readPrivateKey({ binaryKey: privateKey })
      for (const [flag, since] of [
        [enums.reasonForRevocation.keyRetired, DATE],
        [enums.reasonForRevocation.keySuperseded, DATE],
        [enums.reasonForRevocation.keyCompromised, undefined],
        [enums.reasonForRevocation.noReason, undefined],
      ] as const) {
        const revoked = await revokeKey({ key, reasonForRevocation: { flag }, date: DATE, format: 'object' })
        const merged = await (await readKey({ binaryKey: publicKey })).update(revoked.publicKey, DATE)
        const { trust } = await judged(merged.write())
        assert.ok(!trust.ok && trust.refusal.code === 'ERR_CALLER_REVOKED')
        assert.equal(trust.since?.epochMilliseconds, since?.getTime())
      }
    })

    test("a revocation that the key did not make is nobody's word", async () => {
      const alice = await (await house).person('alice@acme.example')
      const mallory = await readSecretKey((await (await house).person('mallory@acme.example')).privateKey)
      const key = await readPublicKey(alice.publicKey)
      const packet = newSignature({
        signatureType: enums.signature.keyRevocation,
        publicKeyAlgorithm: mallory.keyPacket.algorithm,
        hashAlgorithm: enums.hash.sha512,
        reasonForRevocationFlag: enums.reasonForRevocation.keyCompromised,
        reasonForRevocationString: '',
      })
      await signOfKey(packet, mallory, { key: key.keyPacket }, NOW)
      key.revocationSignatures.push(packet)
      assert.equal(await codeOf(key.write()), 'ok')
    })

    test("the authority's key signs no mail and reads none", async () => {
      const authority = await readSecretKey((await house).authority)
      const own = await readTrust(
        [{ name: 'self', key: authority.toPublic().write() }],
        new Map([['openpgp@acme.example', authority.getFingerprint()]]),
      )
      assert.equal(await codeOf(authority.toPublic().write(), { trust: own }), 'ERR_CALLER_WRONG_PURPOSE')
      assert.equal(
        await codeOf(authority.toPublic().write(), { trust: own, side: 'callee' }),
        'ERR_CALLEE_WRONG_PURPOSE',
      )
    })

    test('pinned for an address, it is believed for that address, until somebody pins another', async () => {
      const { publicKey, fingerprint } = await makePersonKey({
        profile,
        userIds: [{ address: 'Zoe@EXAMPLE.org' }, { address: 'zoe@other.example' }],
        now: BEFORE,
        until: LATER,
      })
      const pinned = await readTrust([], new Map([['Zoe@example.org', fingerprint.toUpperCase()]]))
      assert.deepEqual(await judged(publicKey, { trust: pinned }), {
        signer: { name: 'Zoe@example.org', addresses: ['Zoe@example.org'], fingerprint },
        trust: { ok: true, anchor: 'pinned', status: 'good' },
      })
      const other = await readTrust([], new Map([['Zoe@example.org', '00'.repeat(20)]]))
      assert.equal(await codeOf(publicKey, { trust: other }), 'ERR_CALLER_UNKNOWN_ISSUER')
    })

    test('pinned, and taken back by an authority since, it is revoked', async () => {
      const { publicKey, fingerprint } = await (await house).person('alice@acme.example')
      const { authority, trust } = await house
      const both = { ...trust, pinned: new Map([['alice@acme.example', fingerprint]]) }
      assert.equal(await codeOf(publicKey, { trust: both }), 'ok')
      const at = NOW.add({ minutes: 1 })
      const key = await revokeCertification({ key: publicKey, address: 'alice@acme.example', authority, now: at })
      assert.equal(await codeOf(key, { trust: both, now: at }), 'ERR_CALLER_REVOKED')
      assert.equal(await codeOf(key, { trust: { ...both, authorities: [] }, now: at }), 'ok')
    })
  })

test('algorithms that are weak, whoever vouches', async () => {
  const house = await makeHouse('legacy')
  for (const [kind, type, config] of [
    ['RSA of 1024 bits', { type: 'rsa', rsaBits: 1024 }, { minRSABits: 1024 }],
    [
      'SHA-1',
      { type: 'rsa', rsaBits: 2048 },
      { preferredHashAlgorithm: enums.hash.sha1, nonDeterministicSignaturesViaNotation: false },
    ],
  ] as const) {
    const { publicKey } = await generateKey({
      userIDs: [{ email: 'w@acme.example' }],
      date: DATE,
      format: 'binary',
      ...type,
      config,
    })
    const order = { address: 'w@acme.example', authority: house.authority, now: NOW, until: LATER }
    const key = await certifyUserId({ key: publicKey, ...order })
    for (const side of ['caller', 'callee'] as const) {
      const { trust } = await judgeOctets(key, { side, trust: house.trust, now: NOW })
      assert.ok(!trust.ok)
      assert.equal(trust.refusal.code, side === 'caller' ? 'ERR_CALLER_WEAK' : 'ERR_CALLEE_WEAK', kind)
    }
  }
})

test('what is no address, no name, or no time is not made into a key or certified', async () => {
  const house = await makeHouse()
  const make = (address: string, name?: string, until = LATER) =>
    makePersonKey({ profile: 'modern', userIds: [{ address, ...(name !== undefined && { name }) }], now: NOW, until })
  for (const address of ['', 'a', '@b', 'a@', 'a b@c', 'a@b@c', 'a<@b'])
    await assert.rejects(make(address), { code: 'ERR_MAIL_FORM' }, address)
  await assert.rejects(make('a@acme.example', 'A <boss@acme.example>'), { code: 'ERR_MAIL_FORM' })
  await assert.rejects(make('a@acme.example', 'A\nB'), { code: 'ERR_MAIL_FORM' })
  await assert.rejects(make('a@acme.example', 'A', NOW), { code: 'ERR_MAIL_FORM' })
  await assert.rejects(make('a@acme.example', 'A', NOW.add({ hours: 24 * 365 * 200 })), { code: 'ERR_MAIL_FORM' })
  const { publicKey } = await make('a@acme.example')
  const order = { key: publicKey, authority: house.authority, now: NOW }
  await assert.rejects(certifyUserId({ ...order, address: 'b@acme.example', until: LATER }), {
    code: 'ERR_MAIL_RECIPIENT_KEY',
  })
  await assert.rejects(certifyUserId({ ...order, address: 'a@acme.example', until: NOW }), { code: 'ERR_MAIL_FORM' })
  await assert.rejects(certifyUserId({ ...order, address: 'a@acme.example', until: LATER, authority: publicKey }), {
    code: 'ERR_MAIL_FORM',
  })
})

suite('budgets of keys', () => {
  const build = async (...packets: Uint8Array[]): Promise<Buffer> => {
    const person: Person = await (await makeHouse()).person('alice@acme.example')
    return Buffer.concat([person.publicKey, ...packets])
  }
  const userId = writePacket(13, Buffer.from('Somebody <s@acme.example>'))
  const signature = writePacket(2, Buffer.alloc(100, 4))

  test('thousands of user ids or signatures, and what is too long, are refused before they are parsed', async () => {
    for (const [name, key] of [
      ['user ids', await build(...Array<Uint8Array>(5000).fill(userId))],
      ['signatures', await build(...Array<Uint8Array>(2000).fill(signature))],
      ['subkeys', await build(...Array<Uint8Array>(40).fill(writePacket(14, Buffer.alloc(40))))],
      ['photographs', await build(...Array<Uint8Array>(5).fill(writePacket(17, Buffer.alloc(40))))],
      ['a long user id', await build(writePacket(13, Buffer.alloc(2000, 97)))],
      ['octets', await build(writePacket(17, Buffer.alloc(300_000)))],
      ['armor', Buffer.from(`-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${'AAAA\n'.repeat(200_000)}`)],
    ] as const) {
      const started = performance.now()
      await assert.rejects(readPublicKey(key), { code: 'ERR_MAIL_BUDGET' }, name)
      assert.ok(performance.now() - started < 1000, `${name} took long`)
    }
  })

  test('what is no key, or more than one', async () => {
    const one = await build()
    for (const key of [
      Buffer.alloc(0),
      Buffer.from('not a key'),
      userId,
      one.subarray(0, 100),
      await build(writePacket(11, Buffer.alloc(20))),
      await build(writePacket(18, Buffer.alloc(20))),
      Buffer.concat([one, Buffer.from([0])]),
    ])
      await assert.rejects(readPublicKey(key), { code: 'ERR_MAIL_FORM' })
    await assert.rejects(readPublicKey(Buffer.concat([one, one])), { code: 'ERR_MAIL_BUDGET' })
  })
})
