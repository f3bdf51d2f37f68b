// The examples of the draft: each field, its signature, and the same octets from the values.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readSshCertificate, readSshTbsCertificate, type SshCertificate, writeSshCertificate } from '@countersign/ssh'
import { checkSshSignature } from '../../../tools/testing/ssh-keys.ts'
import { casesOf } from './vectors.ts'

interface Vector {
  readonly id: string
  readonly hex: string
  readonly serial: string
  readonly role: string
  readonly keyId: string
  readonly principals: readonly string[]
  readonly validAfter: string
  readonly validBefore: string
  readonly forceCommand: string
  readonly sourceAddress?: readonly string[]
  readonly extensions: readonly string[]
  readonly key: string
  readonly authority: string
  readonly algorithm: string
}

const vectors = casesOf<Vector>('certificate.json')

/** A certificate as a vector tells it. */
function told(certificate: SshCertificate): Omit<Vector, 'id' | 'hex'> {
  const { serial, role, keyId, principals, forceCommand = '', sourceAddress, extensions } = certificate
  return {
    serial: String(serial),
    role,
    keyId,
    principals,
    validAfter: String(certificate.validAfter),
    validBefore: String(certificate.validBefore),
    forceCommand,
    ...(sourceAddress && { sourceAddress }),
    extensions: extensions.map(({ name }) => name),
    key: certificate.key.kind,
    authority: certificate.signatureKey.kind,
    algorithm: certificate.signature.algorithm,
  }
}

for (const { id, hex, ...values } of vectors)
  suite(id, () => {
    const blob = Uint8Array.fromHex(hex)
    const certificate = readSshCertificate(blob)
    const { signatureKey, signature, tbs } = certificate

    test('is read', () => {
      const { comment: _, ...expected } = values as typeof values & { comment: string }
      assert.deepEqual(told(certificate), expected)
      assert.deepEqual(certificate.unknownCriticalOptions, [])
      assert.equal(certificate.verifyRequired, false)
    })

    test('is signed by its authority', () => {
      assert.equal(checkSshSignature(signatureKey, signature, tbs), true)
      assert.equal(checkSshSignature(signatureKey, signature, tbs.with(60, tbs[60]! ^ 1)), false)
    })

    test('is written around what was signed', () => {
      assert.deepEqual(writeSshCertificate(tbs, signature), blob)
      const { blob: _blob, signature: _signature, ...signed } = certificate
      assert.deepEqual(readSshTbsCertificate(tbs), signed)
    })

    test('is not read with the line feed that the draft prints behind it', () => {
      assert.throws(() => readSshCertificate(Uint8Array.fromHex(`${hex}0a`)), { code: 'ERR_SSH_TRAILING' })
    })

    test('is not read where it ends early, at any octet', () => {
      for (let length = 0; length < blob.length; length++)
        assert.throws(() => readSshCertificate(blob.subarray(0, length)), { code: /^ERR_SSH_/ }, String(length))
    })
  })
