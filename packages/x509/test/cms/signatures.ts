// Signed messages: what OpenSSL signed, what we sign, and what is refused. Run by messages.test.ts.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  type CryptoStep,
  OID,
  performSteps,
  performStepsAsync,
  readSignedData,
  referenceByKey,
  type SignerInfo,
  signData,
  verifySigner,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'

import { holder, plaintext, refused, unverified, vector, vectors, verdict } from './world.ts'

suite('signatures', () => {
  for (const { id, type, signers, detached } of vectors) {
    if (type !== 'signedData') continue
    test(id, () => {
      const data = readSignedData(vector(id))
      assert.equal(data.signerInfos.length, signers?.length)
      for (const name of signers ?? []) {
        // Several signers: SET OF orders them, so each has to find its own.
        const results = data.signerInfos.map((signer) => verdict(data, signer, name, detached && plaintext))
        assert.equal(results.filter(({ ok }) => ok).length, 1, name)
      }
      if (!detached && signers?.length) assert.deepEqual(data.eContent, plaintext)
    })
  }

  const attached = readSignedData(vector('signed-attached'))
  const signer = attached.signerInfos[0] ?? assert.fail()

  test('content that is changed, absent, or there twice', () => {
    unverified(verdict({ ...attached, eContent: plaintext.with(0, 0) }, signer, 'P-256'), 'ERR_CMS_DIGEST')
    const { eContent, ...detached } = attached
    refused(() => verdict(detached, signer, 'P-256'), 'ERR_CMS_CONTENT_ABSENT')
    refused(() => verdict(attached, signer, 'P-256', eContent), 'ERR_CMS_CONTENT_TWICE')
  })

  test('another key, another signature, other signed octets', () => {
    const { signature, signedAttrsDer = assert.fail() } = signer
    unverified(verdict(attached, signer, 'P-384'), 'ERR_CMS_SIGNATURE')
    const last = signature.length - 1
    unverified(
      verdict(attached, { ...signer, signature: signature.with(last, signature[last]! ^ 1) }, 'P-256'),
      'ERR_CMS_SIGNATURE',
    )
    unverified(
      verdict(attached, { ...signer, signedAttrsDer: signedAttrsDer.with(8, 0) }, 'P-256'),
      'ERR_CMS_SIGNATURE',
    )
  })

  test('attributes that do not say what is signed', () => {
    const without = (type: string) => ({
      ...signer,
      signedAttrs: signer.signedAttrs?.filter((attribute) => attribute.type !== type) ?? assert.fail(),
    })
    for (const type of [OID['id-contentType'], OID['id-messageDigest']])
      unverified(verdict(attached, without(type), 'P-256'), 'ERR_CMS_SIGNED_ATTRIBUTES')
    unverified(
      verdict({ ...attached, eContentType: OID['id-signedData'] }, signer, 'P-256'),
      'ERR_CMS_SIGNED_ATTRIBUTES',
    )
    const twice = [...(signer.signedAttrs ?? []), ...(signer.signedAttrs ?? [])]
    refused(() => verdict(attached, { ...signer, signedAttrs: twice }, 'P-256'), 'ERR_CMS_ATTRIBUTE')
    const number = [
      { type: OID['id-contentType'], values: [Uint8Array.of(2, 1, 1)] },
      ...without(OID['id-contentType']).signedAttrs,
    ]
    assert.throws(() => verdict(attached, { ...signer, signedAttrs: number }, 'P-256'), { code: 'ERR_DER_TAG' })
  })

  test('signed attributes that were cut off and given as content', () => {
    const { signedAttrs: _, signedAttrsDer = assert.fail(), ...bare } = signer
    // The signature is right: over octets that were never meant as content.
    unverified(verdict({ ...attached, eContent: signedAttrsDer }, bare, 'P-256'), 'ERR_CMS_SIGNED_ATTRIBUTES')
    const noattr = readSignedData(vector('signed-noattr'))
    unverified(
      verdict({ ...noattr, eContentType: OID['id-signedData'] }, noattr.signerInfos[0]!, 'P-256'),
      'ERR_CMS_SIGNED_ATTRIBUTES',
    )
    unverified(
      verdict({ ...noattr, eContent: Uint8Array.of(0x31, 0) }, noattr.signerInfos[0]!, 'P-256'),
      'ERR_CMS_SIGNATURE',
    )
    unverified(
      verdict({ ...noattr, eContent: Uint8Array.of(0x31, 5) }, noattr.signerInfos[0]!, 'P-256'),
      'ERR_CMS_SIGNATURE',
    )
  })

  test('hashes and algorithms that we do not use', () => {
    const with_ = (change: Partial<SignerInfo>) => verdict(attached, { ...signer, ...change }, 'P-256')
    unverified(with_({ digestAlgorithm: { algorithm: OID['id-sha1'] } }), 'ERR_CMS_ALGORITHM')
    unverified(with_({ digestAlgorithm: { algorithm: '1.2.3' } }), 'ERR_CMS_ALGORITHM')
    unverified(
      with_({ digestAlgorithm: { algorithm: OID['id-sha256'], parameters: Uint8Array.of(2, 1, 1) } }),
      'ERR_CMS_ALGORITHM',
    )
    const { subjectPublicKeyInfo } = holder('P-256').certificate
    const refuses = (step: CryptoStep) => (step.op === 'verify' ? undefined : performWith()(step))
    unverified(performSteps(verifySigner(attached, signer, subjectPublicKeyInfo), refuses), 'ERR_CMS_ALGORITHM')
  })

  test('what we sign verifies; a performer without a hash signs nothing', async () => {
    const { key, certificate } = holder('P-384')
    const signers = [
      { sid: referenceByKey(certificate), hash: 'SHA-384', signatureAlgorithm: ALGORITHM.ecdsaWithSHA384 },
    ] as const
    const steps = () => signData({ content: plaintext, detached: true, signers })
    const perform = performWith({ signers: [key] })
    const data = readSignedData(await performStepsAsync(steps(), async (step) => perform(step)))
    assert.deepEqual([data.version, data.eContent], [3, undefined])
    assert.deepEqual(verdict(data, data.signerInfos[0]!, 'P-384', plaintext), { ok: true })
    refused(() => performSteps(steps(), () => undefined), 'ERR_CMS_ALGORITHM')
  })

  test('a name of a certificate that has no key identifier', () => {
    const { subjectKeyIdentifier: _, ...certificate } = holder('RSA').certificate
    assert.throws(() => referenceByKey(certificate), RangeError)
  })
})
