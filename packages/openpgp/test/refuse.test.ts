// What is not opened: forms that are no form, encryption that does not authenticate, what was changed, and what is too much.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { before, suite, test } from 'node:test'
import { deflateRawSync, deflateSync, InflateRaw } from 'node:zlib'
import type { LayerOpener, OpenedLayer, Source } from '@countersign/protocol'
import { encryptedForm, literal, sealPackets, sessionKeysFor, writePacket } from './support/craft.ts'
import { type House, makeHouse, type Person, recipient } from './support/house.ts'
import { contextAt, entityOf, NOW, streamOf, textOf, writtenOf } from './support/mail.ts'

const TEXT = 'Content-Type: text/plain\r\n\r\nMeet at nine.\r\n'

let house: House
let alice: Person
let bob: Person
let opener: LayerOpener

before(async () => {
  house = await makeHouse('legacy')
  alice = await house.person('alice@acme.example')
  bob = await house.person('bob@acme.example')
  opener = await house.opener(bob, alice)
})

/** How many readers of a source have begun, and how many of them have come to an end. */
function watched(source: Source): { readonly source: Source; readonly readers: { begun: number; ended: number } } {
  const readers = { begun: 0, ended: 0 }
  return {
    readers,
    source: {
      ...source,
      async *read(start, end) {
        readers.begun++
        try {
          yield* source.read(start, end)
        } finally {
          readers.ended++
        }
      },
    },
  }
}

async function open(
  octets: Uint8Array,
  by: LayerOpener = opener,
  counts = { made: 0, disposed: 0, written: 0 },
): Promise<OpenedLayer> {
  const { entity, source: octetsOf } = entityOf(octets)
  const { source, readers } = watched(octetsOf)
  const opened = await by.open(entity, source, contextAt(NOW, counts))
  assert.ok(opened)
  assert.equal(readers.begun, readers.ended, 'a reader of the message was left where it stood')
  return opened
}

/** The code by which it is not opened, or `undefined`; asserts that nothing was given where there is a code. */
async function refusal(octets: Uint8Array, by?: LayerOpener): Promise<string | undefined> {
  const { layer, inside } = await open(octets, by)
  assert.ok(layer.kind === 'encrypted')
  if (layer.outcome.ok) return undefined
  assert.equal(inside, undefined)
  return layer.outcome.code
}

suite('the form of RFC 3156', () => {
  test('what is neither multipart/signed nor multipart/encrypted of OpenPGP is no layer', async () => {
    for (const header of [
      'Content-Type: multipart/encrypted; protocol="application/pkcs7-mime"; boundary="b"',
      'Content-Type: multipart/encrypted; boundary="b"',
      'Content-Type: multipart/signed; protocol="application/pgp-encrypted"; boundary="b"',
      'Content-Type: multipart/mixed; protocol="application/pgp-encrypted"; boundary="b"',
    ]) {
      const { entity, source } = entityOf(encryptedForm('x', { header }))
      assert.equal(await opener.open(entity, source, contextAt()), undefined)
    }
  })

  test('§4: anything but two parts, the one with Version: 1, is refused', async () => {
    const message = await sealPackets(literal(TEXT), [bob.publicKey])
    assert.equal(await refusal(encryptedForm(message)), undefined)
    const control = 'Content-Type: application/pgp-encrypted\r\n\r\n'
    for (const changes of [
      { control: `${control}Version: 2\r\n` },
      { control: `${control}Version: 1\r\nMore: than that\r\n` },
      { control: `${control}\r\n` },
      { control: `${control}${'Version: 1\r\n'.repeat(200)}` },
      { control: 'Content-Type: text/plain\r\n\r\nVersion: 1\r\n' },
      { type: 'Content-Type: text/plain' },
      { type: 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64' },
      { before: 'This is not encrypted.\r\n' },
      { after: '\r\nNor is this.' },
      { after: '\r\n--b\r\n\r\nA third part\r\n--b--' },
      { control: `${control}Version: 1\r\n\r\n--b\r\n\r\na part between` },
    ])
      assert.match(
        (await refusal(encryptedForm(message, changes))) ?? '',
        /^ERR_MAIL_(FORM|BUDGET)$/,
        JSON.stringify(changes),
      )
  })

  test('§5: signatures beside something, of another type, or with a third part say nothing', async () => {
    const sealed = await (await house.sealer(alice)).seal(streamOf(TEXT), {
      profile: 'legacy',
      recipients: [],
      now: NOW,
    })
    const text = (await writtenOf(sealed)).toString('latin1')
    const boundary = /boundary="([^"]+)"/.exec(text)?.[1] ?? ''
    const codeOf = async (changed: string): Promise<string | undefined> => {
      assert.notEqual(changed, text)
      const { layer } = await open(Buffer.from(changed, 'latin1'))
      assert.ok(layer.kind === 'signed' && layer.signatures.length === 1)
      const outcome = layer.signatures[0]?.outcome
      return outcome?.ok === false ? outcome.code : undefined
    }
    assert.equal(await codeOf(text.replace('protocol', ' protocol')), undefined)
    assert.equal(
      await codeOf(text.replace(`\r\n\r\n--${boundary}`, `\r\n\r\nBefore it.\r\n--${boundary}`)),
      'ERR_MAIL_FORM',
    )
    assert.equal(await codeOf(`${text}After it.`), 'ERR_MAIL_FORM')
    assert.equal(
      await codeOf(text.replace('Content-Type: application/pgp-signature', 'Content-Type: text/plain')),
      'ERR_MAIL_FORM',
    )
    assert.equal(
      await codeOf(text.replace(`--${boundary}--`, `--${boundary}\r\n\r\nmore\r\n--${boundary}--`)),
      'ERR_MAIL_FORM',
    )
    assert.equal(await codeOf(text.replace('Meet', 'meet')), 'ERR_MAIL_SIGNATURE')
    assert.equal(await codeOf(text.replace('nine.\r\n', 'nine.\r\n\r\n')), 'ERR_MAIL_SIGNATURE')
    assert.equal(
      await codeOf(text.replace('Content-Type: text/plain', 'Content-Type: text/html')),
      'ERR_MAIL_SIGNATURE',
    )
    assert.equal(await codeOf(text.replace('BEGIN PGP SIGNATURE', 'BEGIN PGP SIGNATURE X')), 'ERR_MAIL_FORM')
    assert.equal(await codeOf(text.replace(/-----BEGIN PGP SIG[\s\S]*?SIGNATURE-----\r\n/, '')), 'ERR_MAIL_FORM')
  })

  test('a signature by a key that is not known names nobody', async () => {
    const stranger = await house.person('stranger@acme.example')
    const sealed = await (await house.sealer(stranger)).seal(streamOf(TEXT), {
      profile: 'legacy',
      recipients: [],
      now: NOW,
    })
    const { layer } = await open(await writtenOf(sealed))
    assert.ok(layer.kind === 'signed')
    const [fact] = layer.signatures
    assert.ok(fact?.outcome.ok === false && fact.outcome.code === 'ERR_MAIL_SIGNER')
    assert.equal(fact.signer, undefined)
    assert.equal(fact.trust, undefined)
  })
})

suite('encryption', () => {
  test('without an MDC, and of LibrePGP, nothing is opened', async () => {
    const session = { data: randomBytes(32), algorithm: 'aes256' } as const
    const keys = await sessionKeysFor([bob.publicKey], session)
    for (const [type, code] of [
      [9, 'ERR_MAIL_UNAUTHENTICATED'],
      [20, 'ERR_MAIL_ALGORITHM'],
    ] as const) {
      const message = Buffer.concat([keys, writePacket(type, randomBytes(200))])
      const { layer } = await open(encryptedForm(message))
      assert.ok(layer.kind === 'encrypted' && !layer.outcome.ok && !layer.isAuthenticated)
      assert.equal(layer.outcome.code, code)
    }
  })

  test('SEIPDv1 that is said to be without integrity does not open as such', async () => {
    const message = await sealPackets(literal(TEXT), [bob.publicKey])
    const at = message.lastIndexOf(Buffer.from([0xd2, 0xff]))
    message[at] = 0xc9
    assert.equal(await refusal(encryptedForm(message)), 'ERR_MAIL_UNAUTHENTICATED')
  })

  test('ciphers, modes and chunks that are weak, unknown or too large', async () => {
    const weak = { data: randomBytes(24), algorithm: 'tripledes' } as const
    const keys = await sessionKeysFor([bob.publicKey], weak)
    const data = writePacket(18, Buffer.concat([Buffer.from([1]), randomBytes(100)]))
    assert.equal(await refusal(encryptedForm(Buffer.concat([keys, data]))), 'ERR_MAIL_ALGORITHM')
    for (const [header, code] of [
      [[3], 'ERR_MAIL_ALGORITHM'],
      [[2, 2, 2, 6], 'ERR_MAIL_ALGORITHM'],
      [[2, 9, 1, 6], 'ERR_MAIL_ALGORITHM'],
      [[2, 9, 3, 17], 'ERR_MAIL_BUDGET'],
    ] as const) {
      const message = Buffer.concat([keys, writePacket(18, Buffer.concat([Buffer.from(header), randomBytes(100)]))])
      assert.equal(await refusal(encryptedForm(message)), code, header.join())
    }
  })

  test('for others, for a password, for nobody', async () => {
    const other = await house.person('other@acme.example')
    assert.equal(await refusal(encryptedForm(await sealPackets(literal(TEXT), [other.publicKey]))), 'ERR_MAIL_NO_KEY')
    const hidden = await sealPackets(literal(TEXT), [other.publicKey], true)
    assert.equal(await refusal(encryptedForm(hidden)), 'ERR_MAIL_NO_KEY')
    assert.equal(
      await refusal(encryptedForm(await sealPackets(literal(TEXT), [other.publicKey, bob.publicKey], true))),
      undefined,
    )
    const data = writePacket(18, Buffer.concat([Buffer.from([1]), randomBytes(100)]))
    // Argon2 with 2^31 KiB: a password is nothing that we have, so that it is not computed at all.
    const argon2 = writePacket(
      3,
      Buffer.concat([Buffer.from([4, 9, 4]), randomBytes(16), Buffer.from([255, 255, 31]), randomBytes(33)]),
    )
    assert.equal(await refusal(encryptedForm(Buffer.concat([argon2, data]))), 'ERR_MAIL_NO_KEY')
    assert.equal(await refusal(encryptedForm(data)), 'ERR_MAIL_NO_KEY')
  })

  test('budgets of what stands before it', async () => {
    const one = await sessionKeysFor([bob.publicKey], { data: randomBytes(32), algorithm: 'aes256' })
    const hidden = await sessionKeysFor([bob.publicKey], { data: randomBytes(32), algorithm: 'aes256' }, true)
    const data = writePacket(18, Buffer.concat([Buffer.from([1]), randomBytes(100)]))
    const many = (packet: Uint8Array, count: number) =>
      encryptedForm(Buffer.concat([...Array<Uint8Array>(count).fill(packet), data]))
    assert.equal(await refusal(many(one, 257)), 'ERR_MAIL_BUDGET')
    assert.equal(await refusal(many(one, 9)), 'ERR_MAIL_BUDGET')
    assert.equal(await refusal(many(hidden, 17)), 'ERR_MAIL_BUDGET')
    assert.equal(await refusal(many(writePacket(1, randomBytes(5000)), 1)), 'ERR_MAIL_BUDGET')
    assert.equal(await refusal(many(writePacket(21, randomBytes(10)), 5)), 'ERR_MAIL_BUDGET')
    assert.equal(await refusal(many(writePacket(13, randomBytes(10)), 1)), 'ERR_MAIL_FORM')
    assert.equal(await refusal(encryptedForm(one)), 'ERR_MAIL_FORM')
  })

  test('something after the ciphertext', async () => {
    const message = await sealPackets(literal(TEXT), [bob.publicKey])
    for (const more of [literal('and this'), message, Buffer.from([0])])
      assert.equal(await refusal(encryptedForm(Buffer.concat([message, more]))), 'ERR_MAIL_FORM')
  })

  for (const profile of ['modern', 'legacy'] as const)
    test(`${profile}: tampered with at each octet, nothing is given, and what was spooled is given up`, async () => {
      const [from, to] = [
        await house.person('from@acme.example', profile),
        await house.person('to@acme.example', profile),
      ]
      const sealed = await (await house.sealer(from)).seal(streamOf(TEXT), {
        profile,
        recipients: [recipient(to)],
        now: NOW,
      })
      const text = (await writtenOf(sealed)).toString('latin1')
      const [, base64 = ''] = /MESSAGE-----\r\n\r\n([\s\S]*?)-----END/.exec(text) ?? []
      const octets = Buffer.from(base64, 'base64')
      const by = await house.opener(to, from)
      assert.equal(await refusal(encryptedForm(octets), by), undefined)
      for (let at = 0; at < octets.length; at++) {
        const changed = Buffer.from(octets)
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
        const counts = { made: 0, disposed: 0, written: 0 }
        const { layer, inside, within } = await open(encryptedForm(changed), by, counts)
        assert.ok(layer.kind === 'encrypted' && !layer.outcome.ok, `octet ${at}`)
        assert.equal(inside ?? within, undefined)
        assert.equal(counts.made, counts.disposed, `octet ${at}: ${layer.outcome.code}`)
      }
      for (let length = 0; length < octets.length; length += 3)
        assert.notEqual(await refusal(encryptedForm(octets.subarray(0, length)), by), undefined, `of length ${length}`)
    })
})

suite('what is inside', () => {
  const inside = async (...packets: Uint8Array[]) =>
    refusal(encryptedForm(await sealPackets(Buffer.concat(packets), [bob.publicKey])))
  const onePass = writePacket(4, Buffer.from([3, 0, 10, 22, 1, 2, 3, 4, 5, 6, 7, 8, 1]))
  const signature = writePacket(2, randomBytes(80))

  test('grammar of RFC 9580 §10.3', async () => {
    assert.equal(await inside(literal(TEXT)), undefined)
    assert.equal(
      await inside(writePacket(10, Buffer.from('PGP')), literal(TEXT), writePacket(21, randomBytes(9))),
      undefined,
    )
    assert.equal(await inside(writePacket(60, randomBytes(9)), literal(TEXT)), undefined)
    for (const packets of [
      [],
      [literal(TEXT), literal(TEXT)],
      [onePass, literal(TEXT)],
      [literal(TEXT), signature],
      [onePass, signature, literal(TEXT)],
      [literal(TEXT), onePass],
      [onePass],
      [writePacket(39, randomBytes(9)), literal(TEXT)],
      [writePacket(6, randomBytes(9)), literal(TEXT)],
      [await sealPackets(literal(TEXT), [bob.publicKey])],
      [writePacket(19, randomBytes(20)), literal(TEXT)],
      [Buffer.from([0x00])],
      [Buffer.from([0xcb, 0xe8, 0x62])],
      [writePacket(11, Buffer.from([0x62, 200, 1]))],
    ])
      assert.equal(await inside(...packets), 'ERR_MAIL_FORM')
  })

  test('what is compressed: once, and of what is known', async () => {
    const compressed = (algorithm: number, octets: Uint8Array) =>
      writePacket(8, Buffer.concat([Buffer.from([algorithm]), octets]))
    const raw = deflateRawSync(literal(TEXT))
    assert.equal(await inside(compressed(1, raw)), undefined)
    assert.equal(await inside(compressed(2, deflateSync(literal(TEXT)))), undefined)
    assert.equal(await inside(compressed(0, literal(TEXT))), undefined)
    assert.equal(await inside(compressed(3, raw)), 'ERR_MAIL_ALGORITHM')
    assert.equal(await inside(compressed(1, deflateRawSync(compressed(1, raw)))), 'ERR_MAIL_FORM')
    assert.equal(await inside(compressed(2, raw)), 'ERR_MAIL_FORM')
    assert.equal(await inside(compressed(1, raw.subarray(0, 20))), 'ERR_MAIL_FORM')
    assert.equal(await inside(compressed(1, raw), literal(TEXT)), 'ERR_MAIL_FORM')
    assert.equal(await inside(onePass, compressed(1, raw)), 'ERR_MAIL_FORM')
  })

  test('what decompresses ends, where what is inside of it is refused', async (t) => {
    const destroy = t.mock.method(InflateRaw.prototype, '_destroy')
    const more = Buffer.concat([literal(TEXT), literal(randomBytes(1_000_000))])
    const body = Buffer.concat([Buffer.from([1]), deflateRawSync(more)])
    assert.equal(await inside(writePacket(8, body)), 'ERR_MAIL_FORM')
    assert.equal(destroy.mock.callCount(), 1)
  })

  test('bombs: what is decompressed ends at the budget, whatever it would be', async () => {
    const { createOpenPgpOpener } = await import('@countersign/openpgp')
    const small = await createOpenPgpOpener({
      keys: [bob.privateKey],
      known: { find: async () => [] },
      trust: house.trust,
      maxOctets: 1_000_000,
    })
    const bomb = (packets: Uint8Array) => writePacket(8, Buffer.concat([Buffer.from([1]), deflateRawSync(packets)]))
    for (const packets of [
      bomb(literal(Buffer.alloc(50_000_000))),
      bomb(Buffer.concat(Array<Uint8Array>(200_000).fill(onePass))),
      bomb(Buffer.concat(Array<Uint8Array>(200_000).fill(signature))),
      literal(Buffer.alloc(2_000_000)),
      Buffer.concat([...Array<Uint8Array>(9).fill(onePass), literal(TEXT), ...Array<Uint8Array>(9).fill(signature)]),
      Buffer.concat([writePacket(2, randomBytes(20_000)), literal(TEXT)]),
    ]) {
      const counts = { made: 0, disposed: 0, written: 0 }
      const { layer } = await open(encryptedForm(await sealPackets(packets, [bob.publicKey])), small, counts)
      assert.ok(layer.kind === 'encrypted' && !layer.outcome.ok)
      assert.equal(layer.outcome.code, 'ERR_MAIL_BUDGET')
      assert.equal(counts.made, counts.disposed)
    }
  })

  test('signatures that cannot be read are told, and what is inside is not called signed by anybody', async () => {
    const packets = Buffer.concat([onePass, literal(TEXT), signature])
    const { layer, within, inside: content } = await open(encryptedForm(await sealPackets(packets, [bob.publicKey])))
    assert.ok(layer.kind === 'encrypted' && layer.outcome.ok && content)
    assert.equal(await textOf(content.source), TEXT)
    assert.ok(within?.kind === 'signed')
    assert.deepEqual(
      within.signatures.map(({ outcome }) => (outcome.ok ? '' : outcome.code)),
      ['ERR_MAIL_SIGNATURE'],
    )
  })
})
