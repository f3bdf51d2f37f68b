// The samples of RFC 9580, Appendix A, in which nothing is ours.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createOpenPgpOpener, judgeOctets, profileOf, readTrust } from '@countersign/openpgp'
import { needsVectors } from '../../../interop/peer.ts'
import { decryptIntegrity, readIntegrityHeader } from '../src/message/integrity.ts'
import { readArmor } from '../src/octets/armor.ts'
import { readPacket } from '../src/octets/packet.ts'
import { collect, OctetReader } from '../src/octets/reader.ts'
import { encryptedForm } from './support/craft.ts'
import { contextAt, entityOf, NOW, streamOf, textOf } from './support/mail.ts'

const SPEC = '../specs/rfc9580.txt'
const withSpec = needsVectors(SPEC)

/** The armored block of a section, without the indentation of the text. */
function block(section: string): string {
  const text = readFileSync(join(process.env['COUNTERSIGN_VECTORS'] ?? '', SPEC), 'utf8')
  const start = text.lastIndexOf(`\n${section}.  `)
  const armored = /-----BEGIN[\s\S]*?-----END [A-Z ]*-----/.exec(text.slice(start))?.[0] ?? assert.fail(section)
  return armored.replaceAll(/^ +/gm, '').replaceAll(/\r?\n/g, '\r\n')
}

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(' ', ''))
}

suite('RFC 9580 Appendix A', withSpec, () => {
  test('A.3, A.4, A.8: version 6, X25519 and AES-128 with OCB, opens for its key', async () => {
    const opener = await createOpenPgpOpener({
      keys: [Buffer.from(block('A.4'))],
      known: { find: async () => [] },
      trust: await readTrust([]),
    })
    const { entity, source } = entityOf(encryptedForm(`${block('A.8.5')}\r\n`))
    const opened = await opener.open(entity, source, contextAt())
    assert.ok(opened?.inside && opened.layer.kind === 'encrypted')
    assert.equal(await textOf(opened.inside.source), 'Hello, world!')
    assert.equal(opened.layer.cipher, 'AES-128-OCB')
    assert.equal(opened.layer.transport, 'X25519')
    assert.equal(opened.within, undefined)
  })

  // Session keys as A.9.2, A.10.2 and A.11.2 have them: a message to a password is nothing that mail has.
  for (const [section, mode, session] of [
    ['A.10', 'ocb', '28 e7 9a b8 23 97 d3 c6 3d e2 4a c2 17 d7 b7 91'],
    ['A.11', 'gcm', '19 36 fc 85 68 98 02 74 bb 90 0d 83 19 36 0c 77'],
  ] as const)
    test(`${section}: version 2 with ${mode}`, async () => {
      const reader = new OctetReader(readArmor(streamOf(block(`${section}.5`)), ['MESSAGE']))
      const sessionKey = await readPacket(reader)
      assert.equal(sessionKey?.type, 3)
      await collect(sessionKey.body, 1000)
      const data = await readPacket(reader)
      assert.equal(data?.type, 18)
      const ciphertext = new OctetReader(data.body)
      const header = await readIntegrityHeader(ciphertext)
      assert.ok(header.version === 2 && header.mode.openssl === mode)
      const packets = await collect(decryptIntegrity(header, { octets: hex(session) }, ciphertext), 1000)
      assert.deepEqual(
        Buffer.from(packets).subarray(0, 22),
        Buffer.from(hex('cb 13 62 00 00 00 00 00 48 65 6c 6c 6f 2c 20 77 6f 72 6c 64 21 d5')),
      )
    })

  test('A.9: EAX is refused as not known here', async () => {
    const reader = new OctetReader(readArmor(streamOf(block('A.9.5')), ['MESSAGE']))
    await collect((await readPacket(reader))?.body ?? assert.fail(), 1000)
    const data = (await readPacket(reader)) ?? assert.fail()
    await assert.rejects(readIntegrityHeader(new OctetReader(data.body)), { code: 'ERR_MAIL_ALGORITHM' })
  })

  test('A.12: messages to a password with Argon2 are for none of our keys', async () => {
    const opener = await createOpenPgpOpener({
      keys: [Buffer.from(block('A.4'))],
      known: { find: async () => [] },
      trust: await readTrust([]),
    })
    const { entity, source } = entityOf(encryptedForm(`${block('A.12.3')}\r\n`))
    const opened = await opener.open(entity, source, contextAt())
    assert.ok(opened?.layer.kind === 'encrypted' && !opened.layer.outcome.ok)
    assert.equal(opened.layer.outcome.code, 'ERR_MAIL_NO_KEY')
  })

  test('A.3: its key reads AEAD and is vouched for by nobody; A.5: a key under a passphrase is not one to open with', async () => {
    const certificate = Buffer.from(block('A.3'))
    assert.equal(await profileOf(certificate, NOW), 'modern')
    const { trust, signer } = await judgeOctets(certificate, { side: 'caller', trust: await readTrust([]), now: NOW })
    assert.ok(!trust.ok && trust.refusal.code === 'ERR_CALLER_UNKNOWN_ISSUER')
    assert.equal(signer.fingerprint, 'cb186c4f0609a697e4d52dfa6c722b0c1f1e27c18a56708f6525ec27bad9acc9')
    const locked = { keys: [Buffer.from(block('A.5'))], known: { find: async () => [] }, trust: await readTrust([]) }
    await assert.rejects(createOpenPgpOpener(locked), { code: 'ERR_MAIL_NO_KEY' })
  })
})
