// Agreement by X25519, RFC 8418. Run by messages.test.ts.
import assert from 'node:assert/strict'
import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  type NewRecipient,
  openEnvelope,
  performSteps,
  readAuthEnvelopedData,
  readSubjectPublicKeyInfo,
  referenceByIssuer,
  sealEnvelope,
  writeOid,
  writeSequence,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'

import { holder, plaintext, random, refused } from './world.ts'

suite('X25519, RFC 8418', () => {
  const pair = generateKeyPairSync('x25519')
  const spki = (key: typeof pair.publicKey) =>
    readSubjectPublicKeyInfo(new Uint8Array(key.export({ format: 'der', type: 'spki' })))
  // A certificate for the key: nobody judges its signature here.
  const certificate = { ...holder('P-256').certificate, subjectPublicKeyInfo: spki(pair.publicKey) }

  for (const derivation of ['X9.63', 'HKDF'] as const)
    for (const hash of ['SHA-256', 'SHA-384', 'SHA-512'] as const)
      for (const ukm of [undefined, random(32)])
        test(`${derivation} ${hash}${ukm ? ' with keying material' : ''}`, () => {
          const ephemeral = generateKeyPairSync('x25519')
          const sharedSecret = new Uint8Array(
            diffieHellman({ privateKey: ephemeral.privateKey, publicKey: pair.publicKey }),
          )
          const recipient: NewRecipient = {
            rid: referenceByIssuer(certificate),
            ephemeralKey: spki(ephemeral.publicKey),
            sharedSecret,
            derivation,
            hash,
            ...(ukm && { ukm }),
          }
          const key = random(32)
          const wrapping: string[] = []
          const message = performSteps(
            sealEnvelope({ content: plaintext, cipher: 'AES-256-GCM', key, iv: random(12), recipients: [recipient] }),
            (step) => {
              if (step.op === 'wrapKey') wrapping.push(step.wrappingKey.toHex())
              return performWith()(step)
            },
          )
          const opened = performSteps(
            openEnvelope(readAuthEnvelopedData(message), certificate, random(32)),
            performWith({ recipient: pair.privateKey }),
          )
          assert.deepEqual(opened, plaintext)
          if (derivation === 'X9.63') return
          // RFC 8418 §2.2, with another HKDF; the SharedInfo of RFC 5753 §7.2 by hand.
          const info = writeSequence(
            writeSequence(writeOid('2.16.840.1.101.3.4.1.45')),
            ...(ukm ? [Uint8Array.from([0xa0, 0x22, 0x04, 0x20, ...ukm])] : []),
            Uint8Array.fromHex('a206040400000100'),
          )
          const expected = hkdfSync(hash.replace('-', ''), sharedSecret, ukm ?? new Uint8Array(), info, 32)
          assert.deepEqual(wrapping, [new Uint8Array(expected).toHex()])
        })

  test('no secret is agreed with a point of small order', () => {
    const publicKey = readSubjectPublicKeyInfo(Uint8Array.fromHex(`302a300506032b656e032100${'00'.repeat(32)}`))
    assert.throws(
      () =>
        diffieHellman({
          privateKey: pair.privateKey,
          publicKey: createPublicKey({ key: Buffer.from(publicKey.der), format: 'der', type: 'spki' }),
        }),
      Error,
    )
    const sharedSecret = random(32)
    const recipient: NewRecipient = {
      rid: referenceByIssuer(certificate),
      ephemeralKey: publicKey,
      sharedSecret,
      derivation: 'HKDF',
      hash: 'SHA-256',
    }
    const message = performSteps(
      sealEnvelope({
        content: plaintext,
        cipher: 'AES-256-GCM',
        key: random(32),
        iv: random(12),
        recipients: [recipient],
      }),
      performWith(),
    )
    refused(
      () =>
        performSteps(
          openEnvelope(readAuthEnvelopedData(message), certificate, random(32)),
          performWith({ recipient: pair.privateKey }),
        ),
      'ERR_CMS_DECRYPT',
    )
  })
})
