import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certifyUserId, createOpenPgpOpener } from '@countersign/openpgp'
import { enums, generateKey, PacketList, revokeKey, type SignaturePacket } from 'openpgp'
import { CONFIG } from '../src/config.ts'
import { readPublicKey, readSecretKey } from '../src/keys/read.ts'
import { documentOf, newSignature, signOfKey } from '../src/library.ts'
import { judgeSignature, readSignatures } from '../src/message/signature.ts'
import { collect } from '../src/octets/reader.ts'
import { encryptedForm, literal, sealPackets } from './support/craft.ts'
import { LATER, makeHouse, type Person, recipient } from './support/house.ts'
import { contextAt, entityOf, NOW, streamOf, textOf, writtenOf } from './support/mail.ts'

const ENTITY = 'Content-Type: text/plain; charset=utf-8\r\n\r\nMeet at nine.\r\n'

for (const profile of ['modern', 'legacy'] as const)
  test(`${profile}: what is signed and encrypted opens as two layers, with who signed it`, async () => {
    const house = await makeHouse(profile)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const sealer = await house.sealer(alice)
    const sealed = await sealer.seal(streamOf(ENTITY), { profile, recipients: [recipient(bob)], now: NOW })
    const { entity, source } = entityOf(await writtenOf(sealed))
    const counts = { made: 0, disposed: 0, written: 0 }
    const opened = await (await house.opener(bob, alice)).open(entity, source, contextAt(NOW, counts))
    assert.ok(opened?.inside)
    assert.equal(await textOf(opened.inside.source), ENTITY)
    const { layer, within } = opened
    assert.ok(layer.kind === 'encrypted' && within?.kind === 'signed')
    assert.deepEqual(layer, {
      kind: 'encrypted',
      format: 'openpgp',
      isAuthenticated: true,
      recipients: 1,
      cipher: profile === 'modern' ? 'AES-256-GCM' : 'AES-256-CFB with MDC',
      transport: profile === 'modern' ? 'X25519' : 'ECDH Curve25519',
      openedBy: { name: 'Somebody', addresses: ['bob@acme.example'], fingerprint: bob.fingerprint },
      outcome: { ok: true },
    })
    assert.deepEqual(within.signatures, [
      {
        outcome: { ok: true },
        signer: { name: 'Somebody', addresses: ['alice@acme.example'], fingerprint: alice.fingerprint },
        trust: { ok: true, anchor: 'Acme', status: 'good' },
        claimedAt: NOW,
        algorithm: profile === 'modern' ? 'Ed25519 with SHA-512' : 'EdDSA Ed25519 with SHA-512',
      },
    ])
    assert.deepEqual({ made: counts.made, disposed: counts.disposed }, { made: 2, disposed: 1 })
  })

for (const profile of ['modern', 'legacy'] as const)
  test(`${profile}: what is signed alone opens as one layer, and what is inside is what was signed`, async () => {
    const house = await makeHouse(profile)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const sealed = await (await house.sealer(alice)).seal(streamOf(ENTITY), { profile, recipients: [], now: NOW })
    assert.match(sealed.fields.join(''), /micalg=pgp-sha512;/)
    const { entity, source } = entityOf(await writtenOf(sealed))
    const opened = await (await house.opener(bob, alice)).open(entity, source, contextAt())
    assert.ok(opened?.inside && opened.layer.kind === 'signed')
    const { inside } = opened
    assert.equal(await textOf(inside.source, inside.start, inside.end), ENTITY)
    assert.deepEqual(
      opened.layer.signatures.map(({ outcome, trust }) => [outcome.ok, trust?.ok]),
      [[true, true]],
    )
  })

test('RFC 3156 §6.1: multipart/signed within the encryption is an entity in an entity', async () => {
  const house = await makeHouse('legacy')
  const alice = await house.person('alice@acme.example')
  const bob = await house.person('bob@acme.example')
  const sealer = await house.sealer(alice)
  const signed = await writtenOf(await sealer.seal(streamOf(ENTITY), { profile: 'legacy', recipients: [], now: NOW }))
  const opener = await house.opener(bob, alice)
  const { entity, source } = entityOf(encryptedForm(await sealPackets(literal(signed), [bob.publicKey])))
  const outer = await opener.open(entity, source, contextAt())
  assert.ok(outer?.inside)
  assert.equal(outer.within, undefined)
  const octets = Buffer.from(await textOf(outer.inside.source), 'latin1')
  assert.deepEqual(octets, signed)
  const inner = entityOf(octets)
  const opened = await opener.open(inner.entity, inner.source, contextAt())
  assert.ok(opened?.layer.kind === 'signed')
  assert.deepEqual(opened.layer.signatures[0]?.outcome, { ok: true })
})

/** Who signed, as the opener of somebody else says it of a message that `by` signed at `at`. */
async function signedAt(house: Awaited<ReturnType<typeof makeHouse>>, by: Person, at: Temporal.Instant, known = by) {
  const sealed = await (await house.sealer(by)).seal(streamOf(ENTITY), { profile: 'legacy', recipients: [], now: at })
  const { entity, source } = entityOf(await writtenOf(sealed))
  const opened = await (await house.opener(await house.person('bob@acme.example'), known)).open(
    entity,
    source,
    contextAt(),
  )
  assert.ok(opened?.layer.kind === 'signed')
  const [fact] = opened.layer.signatures
  return fact ?? assert.fail('no signature')
}

test('a signature that is made later than now is none; a clock may be minutes ahead', async () => {
  const house = await makeHouse('legacy')
  const alice = await house.person('alice@acme.example')
  assert.deepEqual((await signedAt(house, alice, NOW.add({ minutes: 10 }))).outcome, { ok: true })
  const { outcome } = await signedAt(house, alice, NOW.add({ minutes: 11 }))
  assert.ok(!outcome.ok && outcome.code === 'ERR_MAIL_SIGNATURE')
})

test('a signature that says when it ends is none afterwards', async () => {
  const house = await makeHouse('legacy')
  const alice = await house.person('alice@acme.example')
  const key = await readSecretKey(alice.privateKey)
  const known = { find: async () => [alice.publicKey] }
  for (const [seconds, ok] of [
    [3601, true],
    [3600, false],
  ] as const) {
    const packet = newSignature({
      signatureType: enums.signature.binary,
      publicKeyAlgorithm: key.keyPacket.algorithm,
      hashAlgorithm: enums.hash.sha512,
      signatureNeverExpires: false,
      signatureExpirationTime: seconds,
    })
    const created = new Date(NOW.epochMilliseconds - 3_600_000)
    type Sign = (key: unknown, data: object, date: Date, detached: boolean, config: object) => Promise<void>
    const sign = packet.sign.bind(packet) as unknown as Sign
    await sign(key.keyPacket, documentOf(streamOf(ENTITY)), created, true, CONFIG)
    const list = new PacketList<SignaturePacket>()
    list.push(packet)
    const octets = await collect(list.write() as unknown as AsyncIterable<Uint8Array>, 10_000)
    const [read] = await readSignatures(octets, 1)
    assert.ok(read)
    const fact = await judgeSignature(read, () => streamOf(ENTITY), { keys: known, trust: house.trust, now: NOW })
    assert.equal(fact.outcome.ok, ok)
  }
})

test('RFC 9580 §5.2.1.9: a subkey signs where it has signed the primary key too', async () => {
  const house = await makeHouse('legacy')
  const address = 'alice@acme.example'
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs: [{ email: address }],
    subkeys: [{ sign: true }, {}],
    date: new Date(NOW.subtract({ hours: 1 }).epochMilliseconds),
    format: 'object',
  })
  const certified = async (key: Uint8Array): Promise<Person> => ({
    address,
    fingerprint: publicKey.getFingerprint(),
    privateKey: privateKey.write(),
    publicKey: await certifyUserId({ key, address, authority: house.authority, now: NOW, until: LATER }),
  })
  const alice = await certified(publicKey.write())
  // The opener asks by the id of the subkey, and is given the whole key whatever it asks.
  const signedBy = async (known: Person) => {
    const sealed = await (await house.sealer(alice)).seal(streamOf(ENTITY), {
      profile: 'legacy',
      recipients: [],
      now: NOW,
    })
    const { entity, source } = entityOf(await writtenOf(sealed))
    const opener = await createOpenPgpOpener({
      keys: [],
      known: { find: async () => [known.publicKey] },
      trust: house.trust,
    })
    const opened = await opener.open(entity, source, contextAt())
    assert.ok(opened?.layer.kind === 'signed')
    const { outcome, trust } = opened.layer.signatures[0] ?? assert.fail('no signature')
    assert.deepEqual(outcome, { ok: true })
    return trust?.ok === false ? trust.refusal.code : 'ok'
  }
  assert.equal(await signedBy(alice), 'ok')
  const key = await readPublicKey(alice.publicKey)
  const [subkey] = key.subkeys
  const [binding] = subkey?.bindingSignatures ?? []
  assert.ok(subkey && binding)
  Object.assign(binding, { embeddedSignature: null, rawNotations: [] })
  await signOfKey(binding, privateKey, { key: key.keyPacket, bind: subkey.keyPacket }, NOW)
  assert.equal(await signedBy({ ...alice, publicKey: key.write() }), 'ERR_CALLER_WRONG_PURPOSE')
  const revoked = await privateKey.subkeys[0]?.revoke(
    privateKey.keyPacket as Parameters<typeof subkey.revoke>[0],
    { flag: enums.reasonForRevocation.keyRetired },
    new Date(NOW.epochMilliseconds),
  )
  const whole = await readPublicKey(alice.publicKey)
  whole.subkeys[0]?.revocationSignatures.push(...(revoked?.revocationSignatures ?? []))
  assert.equal(await signedBy({ ...alice, publicKey: whole.write() }), 'ERR_CALLER_REVOKED')
})

test('old keys stay for reading: one that has ended, and one that its owner revoked', async () => {
  for (const profile of ['modern', 'legacy'] as const) {
    const house = await makeHouse(profile)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const how = { profile, recipients: [recipient(bob)], now: NOW }
    const octets = await writtenOf(await (await house.sealer(alice)).seal(streamOf(ENTITY), how))
    const { privateKey } = await revokeKey({
      key: await readSecretKey(bob.privateKey),
      date: new Date(NOW.epochMilliseconds),
      format: 'binary',
    })
    for (const [key, now] of [
      [bob.privateKey, LATER.add({ hours: 1 })],
      [privateKey, NOW.add({ hours: 1 })],
      [privateKey, LATER.add({ hours: 1 })],
    ] as const) {
      const { entity, source } = entityOf(octets)
      const opened = await (await house.opener({ ...bob, privateKey: key }, alice)).open(entity, source, contextAt(now))
      assert.ok(opened?.inside, `${profile} ${JSON.stringify(opened?.layer)}`)
      assert.equal(await textOf(opened.inside.source), ENTITY)
    }
  }
})
