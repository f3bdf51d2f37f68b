// Verifying and decrypting what OpenSSL made, sealing for every kind of key, and every way in which it is refused.
import assert from 'node:assert/strict'
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  type AuthEnvelopedData,
  type Certificate,
  CMS_ERRORS,
  type CryptoStep,
  cmsFromBer,
  type EnvelopedData,
  type NewRecipient,
  OID,
  openEnvelope,
  performSteps,
  performStepsAsync,
  readAuthEnvelopedData,
  readCertificate,
  readEnvelopedData,
  readSignedData,
  readSubjectPublicKeyInfo,
  referenceByIssuer,
  referenceByKey,
  type SignedData,
  type SignerInfo,
  sealEnvelope,
  signData,
  verifySigner,
  writeOid,
  writeSequence,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'
import { casesOf, fileOf } from '../vectors.ts'
import type { CmsType } from './again.ts'

interface Vector {
  readonly id: string
  readonly type: CmsType
  readonly hex: string
  readonly signers?: readonly string[]
  readonly recipients?: readonly string[]
  readonly detached?: true
}

const { content, holders } = fileOf<{
  readonly content: string
  readonly holders: Readonly<Record<string, { readonly certificate: string; readonly privateKey: string }>>
}>('cms/openssl.json')
const plaintext = Uint8Array.fromHex(content)
const vectors = casesOf<Vector>('cms/openssl.json')
const random = (octets: number) => new Uint8Array(randomBytes(octets))

function holder(name: string) {
  const { certificate, privateKey } = holders[name] ?? assert.fail(name)
  return {
    certificate: readCertificate(Uint8Array.fromHex(certificate)),
    key: createPrivateKey({ key: Buffer.from(privateKey, 'hex'), format: 'der', type: 'pkcs8' }),
  }
}

function vector(id: string): Uint8Array {
  return cmsFromBer(Uint8Array.fromHex(vectors.find((each) => each.id === id)?.hex ?? assert.fail(id)))
}

function verdict(data: SignedData, signer: SignerInfo, name: string, detached?: Uint8Array) {
  const { subjectPublicKeyInfo } = holder(name).certificate
  return performSteps(verifySigner(data, signer, subjectPublicKeyInfo, detached), performWith())
}

function open(data: EnvelopedData | AuthEnvelopedData, name: string, entropy: Uint8Array = random(32)) {
  const { certificate, key } = holder(name)
  return performSteps(openEnvelope(data, certificate, entropy), performWith({ recipient: key }))
}

const seen = new Set<string>()
function refused(act: () => unknown, code: keyof typeof CMS_ERRORS): void {
  seen.add(code)
  assert.throws(act, { name: 'CmsError', code })
}
function unverified(found: ReturnType<typeof verdict>, code: keyof typeof CMS_ERRORS): void {
  seen.add(code)
  assert.deepEqual(found, { ok: false, code })
}

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

test('every code of CMS_ERRORS has a case', () => {
  for (const { code } of casesOf<{ code?: string }>('cms/structure.json')) if (code) seen.add(code)
  assert.deepEqual(
    Object.keys(CMS_ERRORS).filter((code) => !seen.has(code)),
    [],
  )
})
