// What is no signature of this message, or not by whom it says.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  OID,
  performSteps,
  readSignedData,
  referenceByIssuer,
  sealEnvelope,
  signData,
  signingCertificateV2Attribute,
  signingTimeAttribute,
  writeSignedData,
} from '@countersign/x509'
import {
  Authority,
  type Holder,
  house,
  NOW,
  opened,
  sealed,
  TEXT,
  verdict,
} from '../../../../tools/testing/mail-people.ts'
import { newRecipient } from '../../src/smime/recipient.ts'
import { alice, bob, code, latin1, multipartSigned, signature } from './messages.ts'

suite('multipart/signed', () => {
  const text = TEXT.trimEnd()
  const right = signature(text)
  test('is verified by its own digest algorithm, whatever micalg says', async () => {
    for (const micalg of ['sha-256', 'sha-1', 'md5', 'nonsense'])
      assert.equal(
        code(
          await opened(multipartSigned(text, right, `protocol="application/pkcs7-signature"; micalg=${micalg}`), []),
        ),
        undefined,
      )
    assert.equal(
      code(await opened(multipartSigned(text, right, 'protocol="application/x-pkcs7-signature"'), [])),
      undefined,
    )
    assert.equal(code(await opened(multipartSigned(text, right, 'micalg=sha-256'), [])), undefined)
  })
  const elsewhere = new Authority('Nobody').holder(alice.address)
  const strangers = signature(text, {}, [], elsewhere)
  const data = readSignedData(right)
  const [info = assert.fail()] = data.signerInfos
  const rewritten = (change: object) => writeSignedData({ ...data, ...change })
  const other = signature(`${text} `)
  const cases: Readonly<Record<string, readonly [Uint8Array, string]>> = {
    'of another text': [other, 'ERR_MAIL_SIGNATURE'],
    'with the digest of another message': [
      rewritten({ signerInfos: readSignedData(other).signerInfos }),
      'ERR_MAIL_SIGNATURE',
    ],
    changed: [
      rewritten({ signerInfos: [{ ...info, signature: info.signature.with(9, info.signature[9]! ^ 1) }] }),
      'ERR_MAIL_SIGNATURE',
    ],
    'of another key': [
      rewritten({
        certificates: [bob.certificate.der],
        signerInfos: [{ ...info, sid: referenceByIssuer(bob.certificate) }],
      }),
      'ERR_MAIL_SIGNATURE',
    ],
    'without a certificate': [rewritten({ certificates: [] }), 'ERR_MAIL_SIGNER'],
    'with a certificate that is none': [rewritten({ certificates: [Uint8Array.of(0x30, 0)] }), 'ERR_MAIL_SIGNER'],
    'without signers': [rewritten({ signerInfos: [] }), 'ERR_MAIL_NOT_SIGNED'],
    'of twenty signers': [rewritten({ signerInfos: Array.from({ length: 20 }, () => info) }), 'ERR_MAIL_BUDGET'],
    'one right, one wrong': [
      rewritten({ signerInfos: [info, { ...info, signature: Uint8Array.of(1) }] }),
      'ERR_MAIL_SIGNED_BY_SEVERAL',
    ],
    'with the content in it': [rewritten({ eContent: Buffer.from(text) }), 'ERR_MAIL_FORM'],
    'of something that is no plain data': [signature(text, { contentType: OID['id-signedData'] }), 'ERR_MAIL_FORM'],
    'whose type is another inside': [
      rewritten({
        eContentType: OID['id-data'],
        signerInfos: readSignedData(signature(text, { contentType: OID['id-envelopedData'] })).signerInfos,
      }),
      'ERR_MAIL_SIGNATURE',
    ],
    'by a hash that does not count': [
      rewritten({ signerInfos: [{ ...info, digestAlgorithm: { algorithm: OID['id-sha1'] } }] }),
      'ERR_MAIL_ALGORITHM',
    ],
    'with two times': [
      signature(text, {}, [signingTimeAttribute(NOW), signingTimeAttribute(NOW.add({ hours: 1 }))]),
      'ERR_MAIL_SIGNATURE',
    ],
    'bound to another certificate': [
      signature(text, {}, [signingCertificateV2Attribute(new Uint8Array(32))]),
      'ERR_MAIL_SIGNATURE',
    ],
    'bound by a malformed attribute': [
      signature(text, {}, [{ type: OID['id-aa-signingCertificateV2'], values: [Uint8Array.of(0x30, 0)] }]),
      'ERR_MAIL_SIGNATURE',
    ],
    'of a stranger by the same name': [strangers, 'ERR_CALLER_UNKNOWN_ISSUER'],
    'that is encrypted data': [
      performSteps(
        sealEnvelope({
          content: Buffer.from(text),
          cipher: 'AES-256-GCM',
          key: new Uint8Array(32),
          iv: new Uint8Array(12),
          recipients: [newRecipient(bob.certificate, 'modern')],
        }),
        performWith(),
      ),
      'ERR_MAIL_ALGORITHM',
    ],
    'that is nothing': [Uint8Array.of(5, 0), 'ERR_MAIL_FORM'],
  }
  for (const [what, [cms, expected]] of Object.entries(cases))
    test(`with a signature ${what}: ${expected}`, async () => {
      assert.equal(code(await opened(multipartSigned(text, cms), [])), expected)
    })
  test('by the certificate that the reader has, where none came', async () => {
    assert.equal(
      code(
        await opened(multipartSigned(text, rewritten({ certificates: [] })), [], {
          known: [bob.certificate, alice.certificate],
        }),
      ),
      undefined,
    )
  })
  test('of one part or three, or with another second part', async () => {
    const message = latin1(multipartSigned(text, right))
    const control = message.slice(message.lastIndexOf('--b\r\nContent'), message.indexOf('\r\n--b--'))
    const one = message.replace(`\r\n${control}`, '')
    const three = message.replace('\r\n--b--', '\r\n--b\r\n\r\nmore\r\n--b--')
    const mixed = message.replace('Content-Type: application/pkcs7-signature\r', 'Content-Type: text/plain\r')
    for (const changed of [one, three, mixed])
      assert.equal(code(await opened(Buffer.from(changed), [])), 'ERR_MAIL_FORM')
  })
  test('of a signature without signed attributes: over the content, and never over attributes', async () => {
    const bare = (content: string, over = content) => {
      const der = performSteps(
        signData({
          content: Buffer.from(over),
          detached: true,
          certificates: [alice.certificate.der],
          signers: [
            {
              sid: referenceByIssuer(alice.certificate),
              hash: 'SHA-256',
              signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
            },
          ],
        }),
        (step) =>
          step.op === 'sign'
            ? performWith({ signers: [alice.privateKey] })({ ...step, octets: Buffer.from(over) })
            : performWith()(step),
      )
      const { signerInfos, ...rest } = readSignedData(der)
      return writeSignedData({
        ...rest,
        signerInfos: signerInfos.map(({ signedAttrs: _, signedAttrsDer: __, ...each }) => each),
      })
    }
    assert.equal(code(await opened(multipartSigned(text, bare(text)), [])), undefined)
    assert.equal(code(await opened(multipartSigned(`${text}!`, bare(text)), [])), 'ERR_MAIL_SIGNATURE')
  })
})

suite('who signed', () => {
  const refusals: Readonly<Record<string, readonly [Holder, string]>> = {
    'with a certificate that has expired': [
      house.holder(alice.address, { notAfter: NOW.subtract({ hours: 1 }) }),
      'ERR_CALLER_EXPIRED',
    ],
    'with one that is not valid yet': [
      house.holder(alice.address, { notBefore: NOW.add({ hours: 1 }) }),
      'ERR_CALLER_NOT_YET_VALID',
    ],
    'with one for another purpose': [
      house.holder(alice.address, { purposes: ['clientAuth'] }),
      'ERR_CALLER_WRONG_PURPOSE',
    ],
    'with one whose key is for encryption alone': [
      house.holder(alice.address, { usage: ['keyAgreement'] }),
      'ERR_CALLER_WRONG_PURPOSE',
    ],
    'of another authority': [new Authority('Nobody').holder(alice.address), 'ERR_CALLER_UNKNOWN_ISSUER'],
    'with one for another address': [house.holder('eve@acme.example'), 'ERR_MAIL_FROM_DIFFERS'],
  }
  for (const [what, [holder, expected]] of Object.entries(refusals))
    test(`${what}: ${expected}`, async () => {
      assert.equal(code(await opened(await sealed(holder, [bob]), [bob])), expected)
    })
  test('revoked, with the time since when, and the time of an end', async () => {
    const since = NOW.subtract({ hours: 24 * 30 })
    const by = house.trust([alice.certificate], since)
    const result = await opened(await sealed(alice, [bob]), [bob], { trust: by })
    const found = verdict(result, alice.address)
    assert.deepEqual(
      [found.state, found.refusal?.code, found.since?.toString()],
      ['not verified', 'ERR_CALLER_REVOKED', since.toString()],
    )
    const end = NOW.subtract({ hours: 1 })
    const old = house.holder(alice.address, { notAfter: end })
    const late = verdict(await opened(await sealed(old, [bob]), [bob]), alice.address)
    assert.equal(late.since?.toString(), end.toString())
    // Of both the earlier counts: a message between the two was signed with a key that was revoked.
    const both = await opened(await sealed(old, [bob]), [bob], { trust: house.trust([old.certificate], since) })
    assert.equal(verdict(both, alice.address).since?.toString(), since.toString())
    // Nothing else may be wrong with what is "since".
    const foreign = new Authority('Nobody').holder(alice.address, { notAfter: end })
    assert.equal(verdict(await opened(await sealed(foreign, [bob]), [bob]), alice.address).since, undefined)
  })
  test('an address in the subject counts where there is no other', async () => {
    const holder = house.holder('dave@acme.example', { inSubject: true })
    assert.equal(verdict(await opened(await sealed(holder, []), []), holder.address).state, 'verified')
  })
})
