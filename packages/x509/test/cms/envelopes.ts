// Sealed messages: what OpenSSL sealed, what we seal, and what is refused. Run by messages.test.ts.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Certificate,
  type EnvelopedData,
  type NewRecipient,
  OID,
  openEnvelope,
  performSteps,
  readAuthEnvelopedData,
  readEnvelopedData,
  referenceByIssuer,
  sealEnvelope,
} from '@countersign/x509'

import { holder, holders, open, plaintext, random, refused, vector, vectors } from './world.ts'

suite('envelopes', () => {
  for (const { id, type, recipients } of vectors) {
    if (type !== 'envelopedData' && type !== 'authEnvelopedData') continue
    test(id, () => {
      const data = type === 'envelopedData' ? readEnvelopedData(vector(id)) : readAuthEnvelopedData(vector(id))
      for (const name of recipients ?? assert.fail()) assert.deepEqual(open(data, name), plaintext)
      for (const name of Object.keys(holders))
        if (!recipients?.includes(name)) refused(() => open(data, name), 'ERR_CMS_NO_RECIPIENT')
    })
  }

  const gcm = readAuthEnvelopedData(vector('auth-p384'))
  const oaep = readEnvelopedData(vector('enveloped-oaep'))
  const pkcs1 = readEnvelopedData(vector('enveloped-rsa'))

  test('a tag, a ciphertext, a wrapped key that is changed', () => {
    const { mac, authEncryptedContentInfo: info } = gcm
    const encryptedContent = info.encryptedContent ?? assert.fail()
    refused(() => open({ ...gcm, mac: mac.with(0, mac[0]! ^ 1) }, 'P-384'), 'ERR_CMS_DECRYPT')
    refused(() => open({ ...gcm, mac: mac.subarray(0, 12) }, 'P-384'), 'ERR_CMS_DECRYPT')
    const changed = { ...info, encryptedContent: encryptedContent.with(0, encryptedContent[0]! ^ 1) }
    refused(() => open({ ...gcm, authEncryptedContentInfo: changed }, 'P-384'), 'ERR_CMS_DECRYPT')
    refused(() => open({ ...gcm, authAttrsDer: Uint8Array.of(0x31, 0) }, 'P-384'), 'ERR_CMS_DECRYPT')
    const [kari] = gcm.recipientInfos
    if (kari?.kind !== 'kari') assert.fail()
    const [own = assert.fail()] = kari.recipientEncryptedKeys
    const wrapped = own.encryptedKey.with(3, own.encryptedKey[3]! ^ 1)
    for (const encryptedKey of [wrapped, wrapped.subarray(1), new Uint8Array()])
      refused(
        () =>
          open({ ...gcm, recipientInfos: [{ ...kari, recipientEncryptedKeys: [{ ...own, encryptedKey }] }] }, 'P-384'),
        'ERR_CMS_DECRYPT',
      )
  })

  test('a point that is none of the curve', () => {
    const [kari] = gcm.recipientInfos
    if (kari?.kind !== 'kari' || kari.originator.kind !== 'originatorKey') assert.fail()
    const { publicKey } = kari.originator
    for (const subjectPublicKey of [publicKey.subjectPublicKey.with(9, 0), Uint8Array.of(0), Uint8Array.of(4, 1)]) {
      const originator = { kind: 'originatorKey', publicKey: { ...publicKey, subjectPublicKey } } as const
      refused(() => open({ ...gcm, recipientInfos: [{ ...kari, originator }] }, 'P-384'), 'ERR_CMS_DECRYPT')
    }
  })

  test('a key of RSA that is changed: one answer, whatever is wrong', () => {
    for (const data of [oaep, pkcs1]) {
      const [ktri] = data.recipientInfos
      if (ktri?.kind !== 'ktri') assert.fail()
      for (const encryptedKey of [ktri.encryptedKey.with(5, ktri.encryptedKey[5]! ^ 1), ktri.encryptedKey.subarray(1)])
        refused(() => open({ ...data, recipientInfos: [{ ...ktri, encryptedKey }] }, 'RSA'), 'ERR_CMS_DECRYPT')
    }
    // The key that stands in for one of a wrong padding is the caller's entropy.
    const { certificate } = holder('RSA')
    const keys: string[] = []
    const entropy = random(32)
    refused(
      () =>
        performSteps(openEnvelope(pkcs1, certificate, entropy), (step) => {
          if (step.op === 'decrypt') keys.push(step.key.toHex())
          return step.op === 'decryptKey' ? new Uint8Array(5) : undefined
        }),
      'ERR_CMS_DECRYPT',
    )
    assert.deepEqual(keys, [entropy.toHex()])
    assert.throws(() => open(pkcs1, 'RSA', random(31)), RangeError)
  })

  test('content that is not in the message', () => {
    const { encryptedContent: _, ...info } = oaep.encryptedContentInfo
    refused(() => open({ ...oaep, encryptedContentInfo: info }, 'RSA'), 'ERR_CMS_CONTENT_ABSENT')
  })

  test('ciphers, transports and agreements that we do not use', () => {
    const contentAlgorithm = (algorithm: string, parameters?: Uint8Array) => ({
      ...oaep,
      encryptedContentInfo: {
        ...oaep.encryptedContentInfo,
        contentEncryptionAlgorithm: { algorithm, ...(parameters && { parameters }) },
      },
    })
    // Triple DES; no iv; an iv of 8 octets; GCM without anybody to check its tag.
    const iv8 = Uint8Array.fromHex('04080000000000000000')
    refused(() => open(contentAlgorithm('1.2.840.113549.3.7', iv8), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(contentAlgorithm(OID['id-aes128-CBC']), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(contentAlgorithm(OID['id-aes128-CBC'], iv8), 'RSA'), 'ERR_CMS_ALGORITHM')
    const gcmParameters = gcm.authEncryptedContentInfo.contentEncryptionAlgorithm.parameters
    refused(() => open(contentAlgorithm(OID['id-aes128-GCM'], gcmParameters), 'RSA'), 'ERR_CMS_ALGORITHM')
    // A nonce of nothing, a tag of 8 octets, a tag that is longer than AES has.
    for (const hex of ['30020400', '3007040100020108', '3006040100020111']) {
      const contentEncryptionAlgorithm = { algorithm: OID['id-aes256-GCM'], parameters: Uint8Array.fromHex(hex) }
      const info = { ...gcm.authEncryptedContentInfo, contentEncryptionAlgorithm }
      const act = () => open({ ...gcm, authEncryptedContentInfo: info }, 'P-384')
      if (hex === '3007040100020108') assert.throws(act, { name: 'DerError' })
      else refused(act, 'ERR_CMS_ALGORITHM')
    }
    const keyAlgorithm = (data: EnvelopedData, algorithm: string, parameters?: string) => ({
      ...data,
      recipientInfos: data.recipientInfos.map((info) =>
        info.kind === 'ktri' || info.kind === 'kari'
          ? {
              ...info,
              keyEncryptionAlgorithm: {
                algorithm,
                ...(parameters !== undefined && { parameters: Uint8Array.fromHex(parameters) }),
              },
            }
          : info,
      ),
    })
    const oaepId = OID['id-RSAES-OAEP']
    refused(() => open(keyAlgorithm(oaep, '1.2.3'), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(oaep, OID.rsaEncryption, '020101'), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(oaep, oaepId), 'RSA'), 'ERR_CMS_ALGORITHM')
    // Two hashes; a mask of another kind; a source of another kind.
    refused(() => open(keyAlgorithm(oaep, oaepId, '300fa00d300b0609608648016503040201'), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(oaep, oaepId, '3008a106300406022a03'), 'RSA'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(oaep, oaepId, '3008a206300406022a03'), 'RSA'), 'ERR_CMS_ALGORITHM')
    const keyid = readEnvelopedData(vector('enveloped-keyid'))
    const scheme = OID['dhSinglePass-stdDH-sha256kdf-scheme']
    refused(() => open(keyAlgorithm(keyid, '1.2.3', '300406022a03'), 'P-256'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(keyid, scheme), 'P-256'), 'ERR_CMS_ALGORITHM')
    refused(() => open(keyAlgorithm(keyid, scheme, '300406022a03'), 'P-256'), 'ERR_CMS_ALGORITHM')
    const [kari] = keyid.recipientInfos
    if (kari?.kind !== 'kari' || kari.originator.kind !== 'originatorKey') assert.fail()
    const { subjectPublicKey, der } = kari.originator.publicKey
    const named = (algorithm: Certificate['subjectPublicKeyInfo']['algorithm']) => ({
      ...keyid,
      recipientInfos: [
        {
          ...kari,
          originator: { kind: 'originatorKey', publicKey: { der, algorithm, subjectPublicKey } } as const,
        },
      ],
    })
    assert.deepEqual(open(named(holder('P-256').certificate.subjectPublicKeyInfo.algorithm), 'P-256'), plaintext)
    assert.deepEqual(open(named({ algorithm: OID.ecPublicKey, parameters: Uint8Array.of(5, 0) }), 'P-256'), plaintext)
    refused(() => open(named(holder('P-384').certificate.subjectPublicKeyInfo.algorithm), 'P-256'), 'ERR_CMS_ALGORITHM')
    refused(() => open(named({ algorithm: OID.X25519 }), 'P-256'), 'ERR_CMS_ALGORITHM')
    const byName = { ...kari, originator: referenceByIssuer(holder('P-256').certificate) }
    refused(() => open({ ...keyid, recipientInfos: [byName] }, 'P-256'), 'ERR_CMS_ALGORITHM')
  })

  test('a performer without a cipher seals nothing; lengths are judged before', () => {
    const recipients: NewRecipient[] = [
      {
        rid: referenceByIssuer(holder('RSA').certificate),
        publicKey: holder('RSA').certificate.subjectPublicKeyInfo,
        transport: { kind: 'RSAES-PKCS1-v1_5' },
      },
    ]
    const seal =
      (key: number, iv: number, to = recipients) =>
      () =>
        performSteps(
          sealEnvelope({ content: plaintext, cipher: 'AES-128-GCM', key: random(key), iv: random(iv), recipients: to }),
          () => undefined,
        )
    refused(seal(16, 12), 'ERR_CMS_ALGORITHM')
    for (const act of [seal(15, 12), seal(16, 16), seal(16, 12, [])]) assert.throws(act, RangeError)
  })
})
