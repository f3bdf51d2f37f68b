// What is not sealed, and to whom; what stands in what is.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { certifyUserId, createOpenPgpSealer, isSealedFor, makePersonKey, readTrust } from '@countersign/openpgp'
import { enums, readPrivateKey, revokeKey } from 'openpgp'
import { readSecretKey } from '../src/keys/read.ts'
import { selfSignaturesOf, signOfKey } from '../src/library.ts'
import { LATER, makeHouse, recipient } from './support/house.ts'
import { contextAt, entityOf, NOW, streamOf, textOf, writtenOf } from './support/mail.ts'

const TEXT = 'Content-Type: text/plain\r\n\r\nMeet at nine.\r\n'

suite('recipients', () => {
  const seal = async (
    house: Awaited<ReturnType<typeof makeHouse>>,
    to: Parameters<typeof recipient>[0],
    profile: 'modern' | 'legacy',
    entity: AsyncIterable<Uint8Array> = streamOf(TEXT),
  ) => {
    const alice = await house.person('alice@acme.example')
    const sealed = await (await house.sealer(alice)).seal(entity, { profile, recipients: [recipient(to)], now: NOW })
    return { alice, octets: await writtenOf(sealed) }
  }

  test('is sealed for whom the profile can be read by, and for nobody else', async () => {
    const house = await makeHouse('modern')
    const old = await house.person('old@acme.example', 'legacy')
    await assert.rejects(seal(house, old, 'modern'), { code: 'ERR_MAIL_RECIPIENT_KEY' })
    const { alice, octets } = await seal(house, old, 'legacy')
    const { entity, source } = entityOf(octets)
    const opened = await (await house.opener(old, alice)).open(entity, source, contextAt())
    assert.ok(opened?.layer.kind === 'encrypted' && opened.layer.cipher === 'AES-256-CFB with MDC')
    // A key of version 6 says that it reads the older form as well.
    const young = await house.person('young@acme.example', 'modern')
    await seal(house, young, 'legacy')
  })

  test('without a key of its own it encrypts, signs nothing, and refuses to sign alone', async () => {
    const house = await makeHouse('modern')
    const bob = await house.person('bob@acme.example')
    const sealer = await createOpenPgpSealer({ trust: house.trust })
    for (const profile of ['modern', 'legacy'] as const) {
      const sealed = await sealer.seal(streamOf(TEXT), { profile, recipients: [recipient(bob)], now: NOW })
      const { entity, source } = entityOf(await writtenOf(sealed))
      const opened = await (await house.opener(bob)).open(entity, source, contextAt())
      assert.ok(opened?.layer.kind === 'encrypted' && opened.layer.outcome.ok)
      assert.equal(opened.within, undefined)
    }
    await assert.rejects(sealer.seal(streamOf(TEXT), { profile: 'modern', recipients: [], now: NOW }), {
      code: 'ERR_MAIL_NO_KEY',
    })
  })

  test('are named by a message outside, for who asks whether it is for a key', async () => {
    const house = await makeHouse('modern')
    const [bob, carol] = [await house.person('bob@acme.example'), await house.person('carol@acme.example')]
    const old = await house.person('old@acme.example', 'legacy')
    for (const [to, profile] of [
      [bob, 'modern'],
      [old, 'legacy'],
    ] as const) {
      const { octets } = await seal(house, to, profile)
      const { entity, source: whole } = entityOf(octets)
      let open = 0
      // A file, as a queue has it: whoever does not read to the end lets go of it.
      const source = {
        length: whole.length,
        async *read(start: number, end: number) {
          open++
          try {
            for await (const piece of whole.read(start, end)) for (const octet of piece) yield Uint8Array.of(octet)
          } finally {
            open--
          }
        },
      }
      assert.equal(await isSealedFor(entity, source, [carol.publicKey, to.publicKey]), true)
      assert.equal(await isSealedFor(entity, source, [carol.publicKey]), false)
      assert.equal(await isSealedFor(entity, source, []), false)
      assert.equal(await isSealedFor(entity, source), true, 'whoever they are')
      assert.equal(open, 0)
      // It says what it is, and has nothing that is encrypted in it.
      const text = Buffer.from(octets).toString('latin1')
      const armored = /\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n(?:=....\r\n)?-----END/.exec(text)?.[1] ?? assert.fail()
      const literal = [0xcb, 8, 0x62, 0, 0, 0, 0, 0, 0x68, 0x69]
      const sessionKey = Buffer.from(armored, 'base64')
      // In clear at once, and behind a session key that nothing is encrypted with. Its length is one octet (RFC 9580 §4.2.1.1).
      for (const before of [[], sessionKey.subarray(0, 2 + (sessionKey[1] ?? 0))]) {
        const clear = Buffer.from([...before, ...literal]).toString('base64')
        const hollow = entityOf(Buffer.from(text.replace(armored, clear), 'latin1'))
        for (const keys of [[to.publicKey], undefined])
          assert.equal(await isSealedFor(hollow.entity, hollow.source, keys), false)
      }
    }
  })

  test('nothing is sealed to a key that is revoked, ended, foreign, for another address, or no key', async () => {
    const house = await makeHouse('modern')
    const bob = await house.person('bob@acme.example')
    const stranger = await makePersonKey({
      profile: 'modern',
      userIds: [{ address: 'x@acme.example' }],
      now: NOW,
      until: LATER,
    })
    const { publicKey: gone } = await revokeKey({
      key: await readPrivateKey({ binaryKey: bob.privateKey }),
      date: new Date(NOW.epochMilliseconds - 1000),
      format: 'binary',
    })
    const revoked = await certifyUserId({
      key: gone,
      address: bob.address,
      authority: house.authority,
      now: NOW,
      until: LATER,
    })
    for (const [to, code] of [
      [{ ...bob, address: 'carol@acme.example' }, 'ERR_CALLEE_UNKNOWN_ISSUER'],
      [{ ...stranger, address: 'x@acme.example' }, 'ERR_CALLEE_UNKNOWN_ISSUER'],
      [{ ...bob, publicKey: revoked }, 'ERR_CALLEE_REVOKED'],
      [{ ...bob, publicKey: Buffer.from('no key') }, 'ERR_MAIL_FORM'],
    ] as const) {
      let isRead = false
      const entity = async function* () {
        isRead = true
        yield Buffer.from(TEXT)
      }
      await assert.rejects(seal(house, to, 'modern', entity()), { code })
      assert.equal(isRead, false)
    }
    const sealer = await house.sealer(bob)
    const foreign = { ...recipient(bob), format: 'smime' as const }
    await assert.rejects(sealer.seal(streamOf(TEXT), { profile: 'modern', recipients: [foreign], now: NOW }), {
      code: 'ERR_MAIL_RECIPIENT_KEY',
    })
    const later = { profile: 'modern', recipients: [recipient(bob)], now: LATER.add({ hours: 1 }) } as const
    await assert.rejects(sealer.seal(streamOf(TEXT), later), { code: 'ERR_MAIL_NO_KEY' })
  })

  test('the suite is one that all read: GCM, else OCB, else AES-128 with OCB', async () => {
    const house = await makeHouse('modern')
    const withSuites = async (address: string, suites: readonly (readonly number[])[] | null) => {
      const made = await house.person(address)
      const key = await readSecretKey(made.privateKey)
      const [self] = selfSignaturesOf(key)
      assert.ok(self)
      Object.assign(self, { preferredCipherSuites: suites, rawNotations: [] })
      await signOfKey(self, key, { key: key.keyPacket }, NOW)
      const order = { address, authority: house.authority, now: NOW, until: LATER }
      return { ...made, publicKey: await certifyUserId({ key: key.toPublic().write(), ...order }) }
    }
    const ocb = await withSuites('ocb@acme.example', [[enums.symmetric.aes256, enums.aead.ocb]])
    const silent = await withSuites('silent@acme.example', null)
    const alice = await house.person('alice@acme.example')
    const bob = await house.person('bob@acme.example')
    const sealer = await house.sealer(alice)
    for (const [people, cipher] of [
      [[bob], 'AES-256-GCM'],
      [[ocb, bob], 'AES-256-OCB'],
      [[ocb, bob, silent], 'AES-128-OCB'],
    ] as const) {
      const sealed = await sealer.seal(streamOf(TEXT), {
        profile: 'modern',
        recipients: people.map(recipient),
        now: NOW,
      })
      const { entity, source } = entityOf(await writtenOf(sealed))
      const opened = await (await house.opener(bob, alice)).open(entity, source, contextAt())
      assert.ok(opened?.inside && opened.layer.kind === 'encrypted')
      assert.equal(opened.layer.cipher, cipher)
      assert.equal(opened.layer.recipients, people.length)
      assert.equal(await textOf(opened.inside.source), TEXT)
    }
  })
})

for (const recipients of [0, 1])
  test(`to ${recipients}: an entity that fails, or that nobody reads to its end, ends with it`, async () => {
    const house = await makeHouse('modern')
    const alice = await house.person('alice@acme.example')
    const sealer = await house.sealer(alice)
    const how = {
      profile: 'modern',
      recipients: Array.from({ length: recipients }, () => recipient(alice)),
      now: NOW,
    } as const
    const broken = async function* () {
      yield Buffer.from(TEXT)
      throw new Error('the disk is gone')
    }
    await assert.rejects(async () => writtenOf(await sealer.seal(broken(), how)), /the disk is gone/)
    let isEnded = false
    const endless = async function* () {
      try {
        for (;;) yield Buffer.alloc(10_000, 'a\r\n')
      } finally {
        isEnded = true
      }
    }
    const { body } = await sealer.seal(endless(), how)
    let length = 0
    for await (const piece of body) {
      length += piece.length
      if (length > 200_000) break
    }
    for (let turns = 0; turns < 100 && !isEnded; turns++) await new Promise(setImmediate)
    assert.ok(isEnded)
  })

test('a key that cannot be read makes no sealer', async () => {
  const trust = await readTrust([])
  const alice = await (await makeHouse()).person('alice@acme.example')
  for (const key of [Buffer.alloc(0), alice.publicKey, Buffer.from('x')])
    await assert.rejects(createOpenPgpSealer({ key, trust }), { code: 'ERR_MAIL_FORM' })
})

test('six megabytes are sealed and opened in pieces, and are the same', async () => {
  const house = await makeHouse('legacy')
  const alice = await house.person('alice@acme.example')
  const piece = Buffer.from(`${'0123456789abcdef'.repeat(4)}\r\n`.repeat(1000))
  const entity = async function* () {
    yield Buffer.from('Content-Type: text/plain\r\n\r\n')
    for (let at = 0; at < 91; at++) yield piece
  }
  const sealed = await (await house.sealer(alice)).seal(entity(), {
    profile: 'legacy',
    recipients: [recipient(alice)],
    now: NOW,
  })
  const { entity: read, source } = entityOf(await writtenOf(sealed))
  const opened = await (await house.opener(alice)).open(read, source, contextAt())
  assert.ok(opened?.inside && opened.within?.kind === 'signed')
  assert.equal(opened.inside.source.length, 28 + 91 * piece.length)
  assert.deepEqual(opened.within.signatures[0]?.outcome, { ok: true })
})
