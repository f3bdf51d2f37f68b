// Keys, messages and what is inside of them, changed at random: nothing but a declared refusal comes out, and never other content.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { createOpenPgpOpener, judgeOctets, profileOf } from '@countersign/openpgp'
import { MailError } from '@countersign/protocol'
import { mutate, numbersFrom, ROUNDS, SEED } from '../../../tools/testing/mutations.ts'
import { encryptedForm, literal, sealPackets, writePacket } from './support/craft.ts'
import { knownOf, makeHouse, recipient } from './support/house.ts'
import { contextAt, entityOf, NOW, streamOf, textOf, writtenOf } from './support/mail.ts'

const TEXT = 'Content-Type: text/plain\r\n\r\nMeet at nine.\r\n'
/** Public-key operations make a round some hundred times as long as that of a reader of octets. */
const FEW = Math.ceil(ROUNDS / 20)
const MAX_MILLISECONDS = 5_000

/** Changes one of `seeds` up to three times, `rounds` times over; says by which seed a failure is had again. */
async function each(
  seeds: readonly Uint8Array[],
  rounds: number,
  look: (octets: Uint8Array) => Promise<void>,
): Promise<void> {
  const below = numbersFrom(SEED)
  for (let round = 0; round < rounds; round++) {
    let octets = seeds[below(seeds.length)] ?? assert.fail('no seeds')
    for (let times = 1 + below(3); times > 0; times--) octets = mutate(octets, seeds, below)
    const started = performance.now()
    try {
      await look(octets)
    } catch (cause) {
      throw new Error(`seed ${SEED}, round ${round}`, { cause })
    }
    assert.ok(performance.now() - started < MAX_MILLISECONDS, `seed ${SEED}, round ${round} took long`)
  }
}

async function declared<Value>(work: Promise<Value>): Promise<Value | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof MailError) return undefined
    throw error
  }
}

suite('changed at random', () => {
  test('openpgp keys: the address of nobody else comes out as vouched for', async () => {
    for (const profile of ['modern', 'legacy'] as const) {
      const house = await makeHouse(profile)
      const { publicKey } = await house.person('alice@acme.example')
      await each([publicKey], FEW, async (key) => {
        const judged = await declared(judgeOctets(key, { side: 'callee', trust: house.trust, now: NOW }))
        if (judged?.trust.ok) assert.deepEqual(judged.signer.addresses, ['alice@acme.example'])
        await declared(profileOf(key, NOW))
      })
    }
  })

  test('openpgp messages: opened as they were sealed, or not at all', async () => {
    for (const profile of ['modern', 'legacy'] as const) {
      const house = await makeHouse(profile)
      const alice = await house.person('alice@acme.example')
      const bob = await house.person('bob@acme.example')
      const opener = await house.opener(bob, alice)
      const how = { profile, recipients: [recipient(bob)], now: NOW }
      const sealed = await writtenOf(await (await house.sealer(alice)).seal(streamOf(TEXT), how))
      const [, base64 = ''] = /MESSAGE-----\r\n\r\n([\s\S]*?)-----END/.exec(sealed.toString('latin1')) ?? []
      await each([Buffer.from(base64, 'base64')], FEW, async (octets) => {
        const { entity, source } = entityOf(encryptedForm(octets))
        const opened = await opener.open(entity, source, contextAt())
        assert.ok(opened?.layer.kind === 'encrypted')
        if (opened.inside) assert.equal(await textOf(opened.inside.source), TEXT)
        else assert.ok(!opened.layer.outcome.ok)
      })
    }
  })

  test('openpgp armor and signatures: right over what was signed, or not at all', async () => {
    const house = await makeHouse('legacy')
    const alice = await house.person('alice@acme.example')
    const opener = await house.opener(alice)
    const sealed = await writtenOf(
      await (await house.sealer(alice)).seal(streamOf(TEXT), { profile: 'legacy', recipients: [], now: NOW }),
    )
    const text = sealed.toString('latin1')
    const start = text.indexOf('-----BEGIN PGP')
    const end = text.indexOf('\r\n--', start + 40)
    await each([sealed.subarray(start, end)], FEW, async (armored) => {
      const changed = Buffer.concat([sealed.subarray(0, start), armored, sealed.subarray(end)])
      const { entity, source } = entityOf(changed)
      const opened = await opener.open(entity, source, contextAt())
      assert.ok(opened?.layer.kind === 'signed' && opened.layer.signatures.length > 0)
      for (const { outcome, claimedAt } of opened.layer.signatures) if (outcome.ok) assert.deepEqual(claimedAt, NOW)
    })
  })

  test('openpgp packets inside: whoever seals them gets no more than a refusal', async () => {
    const house = await makeHouse('legacy')
    const bob = await house.person('bob@acme.example')
    const opener = await createOpenPgpOpener({
      keys: [bob.privateKey],
      known: knownOf([bob]),
      trust: house.trust,
      maxOctets: 1_000_000,
    })
    const onePass = writePacket(4, Buffer.from([3, 0, 10, 22, 1, 2, 3, 4, 5, 6, 7, 8, 1]))
    const seeds = [
      literal(TEXT),
      Buffer.concat([onePass, literal(TEXT), writePacket(2, Buffer.alloc(80, 4))]),
      writePacket(8, Buffer.concat([Buffer.from([1]), deflateRawSync(literal(TEXT))])),
      Buffer.concat([writePacket(10, Buffer.from('PGP')), literal(TEXT), writePacket(21, Buffer.alloc(9))]),
    ]
    await each(seeds, FEW, async (packets) => {
      const counts = { made: 0, disposed: 0, written: 0 }
      const { entity, source } = entityOf(encryptedForm(await sealPackets(packets, [bob.publicKey])))
      const opened = await opener.open(entity, source, contextAt(NOW, counts))
      assert.ok(opened?.layer.kind === 'encrypted')
      assert.equal(counts.made - counts.disposed, opened.inside ? 1 : 0)
    })
  })
})
