// A message of another kind than its place says, or than we open.
import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  OID,
  performSteps,
  readAuthEnvelopedData,
  referenceByIssuer,
  sealEnvelope,
  signData,
  writeAuthEnvelopedData,
  writeOid,
  writeSequence,
  writeSetOf,
} from '@countersign/x509'
import { type Opened, opened, signedLayer, TEXT } from '../../../../tools/testing/mail-people.ts'
import { newRecipient } from '../../src/smime/recipient.ts'
import { alice, bob, code, entityOf, outcome } from './messages.ts'

const codeOf = (result: Opened) => {
  const found = outcome(result)
  return found.ok ? 'ok' : found.code
}

suite('a message of another kind than its place', () => {
  const recipients = [newRecipient(bob.certificate, 'modern')]
  const content = Buffer.from(TEXT)
  const envelope = (contentType: string, cipher: 'AES-256-GCM' | 'AES-256-CBC' = 'AES-256-GCM') =>
    performSteps(
      sealEnvelope({
        content,
        contentType,
        cipher,
        key: new Uint8Array(32),
        iv: new Uint8Array(cipher === 'AES-256-GCM' ? 12 : 16),
        recipients,
      }),
      performWith(),
    )
  test('signed data that claims to be encrypted, and the other way round: by what it is', async () => {
    const attached = performSteps(
      signData({
        content,
        detached: false,
        certificates: [alice.certificate.der],
        signers: [
          { sid: referenceByIssuer(alice.certificate), hash: 'SHA-256', signatureAlgorithm: ALGORITHM.ecdsaWithSHA256 },
        ],
      }),
      performWith({ signers: [alice.privateKey] }),
    )
    for (const type of ['signed-data', 'enveloped-data', 'compressed-data', 'nonsense']) {
      const result = await opened(entityOf(attached, `application/x-pkcs7-mime; smime-type=${type}`), [])
      assert.deepEqual([signedLayer(result).signatures[0]?.outcome.ok, result.text], [true, TEXT])
      const encrypted = await opened(entityOf(envelope(OID['id-data']), `application/pkcs7-mime; smime-type=${type}`), [
        bob,
      ])
      assert.deepEqual([outcome(encrypted).ok, encrypted.text], [true, TEXT])
    }
  })
  test('encrypted data whose content is no plain data', async () => {
    for (const cipher of ['AES-256-GCM', 'AES-256-CBC'] as const) {
      const result = await opened(entityOf(envelope(OID['id-signedData'], cipher)), [bob])
      assert.deepEqual([codeOf(result), result.text], ['ERR_MAIL_FORM', ''])
    }
  })
  test('authenticated data that says it is of the other kind, whose tag nobody asks for', async () => {
    const gcm = Buffer.from(envelope(OID['id-data'])).toString('hex')
    const downgraded = Buffer.from(gcm.replace('060b2a864886f70d0109100117', '06092a864886f70d010703'), 'hex')
    const at = downgraded.subarray(2).indexOf(0x30)
    assert.ok(at > 0)
    const result = await opened(entityOf(downgraded), [bob])
    assert.equal(outcome(result).ok, false)
    assert.equal(result.text, '')
  })
  test('compressed, digested, authenticated data, or a type of nobody', async () => {
    for (const oid of [
      '060b2a864886f70d0109100109',
      '06092a864886f70d010705',
      '060b2a864886f70d0109100102',
      '06032a0304',
    ]) {
      const inner = Buffer.from(`${oid}a0023000`, 'hex')
      const cms = Buffer.concat([Uint8Array.of(0x30, inner.length), inner])
      const result = await opened(entityOf(cms, 'application/pkcs7-mime; smime-type=compressed-data'), [bob])
      assert.deepEqual(outcome(result), {
        ok: false,
        code: 'ERR_MAIL_ALGORITHM',
        note: 'compressed data is not opened',
      })
    }
  })
  test('octets that are no CMS, or no base64, or in quoted-printable', async () => {
    for (const [encoding, body] of [
      ['base64', 'AAAA'],
      ['base64', ''],
      ['base64', 'MII!'],
      ['base64', 'MIIB=AAA'],
      ['base64', 'MIIBQ'],
      ['binary', 'hello'],
      ['quoted-printable', 'MIIB'],
    ]) {
      const message = `Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`
      const result = await opened(Buffer.from(message), [bob])
      assert.deepEqual([codeOf(result), result.text], ['ERR_MAIL_FORM', ''], `${encoding} ${body}`)
    }
  })
  test('what is no layer of S/MIME is not opened as one', async () => {
    for (const type of [
      'multipart/signed; protocol="application/pgp-signature"; boundary=b',
      'multipart/mixed; boundary=b',
    ])
      assert.deepEqual(
        (await opened(Buffer.from(`Content-Type: ${type}\r\n\r\n--b\r\n\r\nhi\r\n--b--\r\n`), [])).layers,
        [],
      )
    assert.deepEqual(
      (await opened(entityOf(Uint8Array.of(0), 'application/octet-stream; name=smime.p7m'), [])).layers,
      [],
    )
  })
})

test('a budget of what stands around the content', async () => {
  const cms = Buffer.concat([
    Buffer.from('308006092a864886f70d010702a0803080020101318006002480', 'hex'),
    Buffer.alloc(9_000_000, Buffer.from('040161', 'hex')),
  ])
  const result = await opened(entityOf(cms), [])
  assert.equal(code(result), 'ERR_MAIL_BUDGET')
})

test('attributes that are authenticated behind the content', async () => {
  const [key, iv] = [new Uint8Array(32).fill(3), new Uint8Array(12)]
  const recipients = [newRecipient(bob.certificate, 'modern')]
  const content = Buffer.from(TEXT)
  const plain = performSteps(sealEnvelope({ content, cipher: 'AES-256-GCM', key, iv, recipients }), performWith())
  const data = readAuthEnvelopedData(plain)
  /** With the type of content that is said, and what the cipher is given of it. */
  const withType = (said: string, given = said) => {
    const attributeOf = (oid: string) => writeSequence(writeOid(OID['id-contentType']), writeSetOf([writeOid(oid)]))
    const gcm = createCipheriv('aes-256-gcm', key, iv)
    gcm.setAAD(writeSetOf([attributeOf(given)]))
    const encryptedContent = new Uint8Array(Buffer.concat([gcm.update(content), gcm.final()]))
    return entityOf(
      writeAuthEnvelopedData({
        ...data,
        authEncryptedContentInfo: { ...data.authEncryptedContentInfo, encryptedContent },
        authAttrs: [{ type: OID['id-contentType'], values: [writeOid(said)] }],
        mac: new Uint8Array(gcm.getAuthTag()),
      }),
    )
  }
  const right = await opened(withType(OID['id-data']), [bob])
  assert.deepEqual([codeOf(right), right.text], ['ok', TEXT])
  const changed = await opened(withType(OID['id-data'], OID['id-signedData']), [bob])
  assert.deepEqual([codeOf(changed), changed.text], ['ERR_MAIL_DECRYPT', ''])
  const confused = await opened(withType(OID['id-signedData']), [bob])
  assert.deepEqual([codeOf(confused), confused.text], ['ERR_MAIL_FORM', ''])
})
