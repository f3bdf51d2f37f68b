// Sealed messages, OpenSSL and we: each opens what the other seals.
import assert from 'node:assert/strict'
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  type CipherName,
  cmsFromBer,
  type KeyTransport,
  type NewRecipient,
  OID,
  openEnvelope,
  performSteps,
  readAuthEnvelopedData,
  readEnvelopedData,
  readSubjectPublicKeyInfo,
  referenceByIssuer,
  referenceByKey,
  sealEnvelope,
} from '@countersign/x509'
import {
  content,
  file,
  type Holder,
  holder,
  kinds,
  openssl,
  REFERENCES,
  random,
  refusedByOpenssl,
  signed,
} from './cms/world.ts'
import { needs } from './peer.ts'

const TRANSPORTS: Readonly<Record<string, KeyTransport>> = {
  'PKCS#1 v1.5': { kind: 'RSAES-PKCS1-v1_5' },
  'OAEP, SHA-1': { kind: 'RSAES-OAEP', hash: 'SHA-1', label: new Uint8Array() },
  'OAEP, SHA-256': { kind: 'RSAES-OAEP', hash: 'SHA-256', label: new Uint8Array() },
  'OAEP, SHA-512, labelled': { kind: 'RSAES-OAEP', hash: 'SHA-512', label: Uint8Array.of(1, 2, 3) },
}

const CIPHERS: readonly CipherName[] = ['AES-128-CBC', 'AES-192-CBC', 'AES-256-CBC', 'AES-128-GCM', 'AES-256-GCM']

/** A new key pair on the recipient's curve, and what it agrees on. */
function agreement(name: string, ukm?: Uint8Array, hash: 'SHA-256' | 'SHA-384' | 'SHA-512' = 'SHA-256') {
  const { certificate, key } = holder(name)
  const namedCurve = key.asymmetricKeyDetails?.namedCurve ?? assert.fail(name)
  const pair = generateKeyPairSync('ec', { namedCurve })
  const theirs = { key: Buffer.from(certificate.subjectPublicKeyInfo.der), format: 'der', type: 'spki' } as const
  return {
    ephemeralKey: readSubjectPublicKeyInfo(new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))),
    sharedSecret: new Uint8Array(diffieHellman({ privateKey: pair.privateKey, publicKey: createPublicKey(theirs) })),
    derivation: 'X9.63' as const,
    hash,
    ...(ukm && { ukm }),
  }
}

function sealed(cipher: CipherName, recipients: readonly NewRecipient[]): Uint8Array {
  const key = random(Number(cipher.slice(4, 7)) / 8)
  const iv = random(cipher.endsWith('GCM') ? 12 : 16)
  return performSteps(sealEnvelope({ content, cipher, key, iv, recipients }), performWith())
}

suite('OpenSSL decrypts what we seal', needs('openssl', 'openssl'), () => {
  function decrypted(message: Uint8Array, { certificateFile, keyFile }: Holder): Uint8Array {
    openssl(
      ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', file('sealed', message), '-out', file('out')],
      ...['-recip', certificateFile, '-inkey', keyFile],
    )
    return new Uint8Array(readFileSync(file('out')))
  }

  for (const [what, transport] of Object.entries(TRANSPORTS))
    for (const kind of kinds)
      test(`RSA ${what}, by ${kind}`, () => {
        const { certificate } = holder('RSA')
        const { subjectPublicKeyInfo: publicKey } = certificate
        const message = sealed('AES-256-GCM', [{ rid: REFERENCES[kind](certificate), publicKey, transport }])
        assert.deepEqual(decrypted(message, holder('RSA')), content)
      })

  for (const name of ['P-256', 'P-384', 'P-521'])
    for (const cipher of CIPHERS)
      for (const kind of kinds)
        test(`${name}, ${cipher}, by ${kind}`, () => {
          const { certificate } = holder(name)
          const message = sealed(cipher, [{ rid: REFERENCES[kind](certificate), ...agreement(name) }])
          assert.deepEqual(decrypted(message, holder(name)), content)
        })

  test('with user keying material, and other hashes', () => {
    const { certificate } = holder('P-256')
    for (const hash of ['SHA-256', 'SHA-384', 'SHA-512'] as const) {
      const recipient = { rid: referenceByIssuer(certificate), ...agreement('P-256', random(64), hash) }
      assert.deepEqual(decrypted(sealed('AES-128-GCM', [recipient]), holder('P-256')), content)
    }
  })

  test('one message for three', () => {
    const message = sealed('AES-256-GCM', [
      {
        rid: referenceByIssuer(holder('RSA').certificate),
        publicKey: holder('RSA').certificate.subjectPublicKeyInfo,
        transport: TRANSPORTS['OAEP, SHA-256'] ?? assert.fail(),
      },
      { rid: referenceByKey(holder('P-256').certificate), ...agreement('P-256') },
      { rid: referenceByIssuer(holder('P-521').certificate), ...agreement('P-521') },
    ])
    for (const name of ['RSA', 'P-256', 'P-521']) assert.deepEqual(decrypted(message, holder(name)), content)
    const last = message.length - 1
    const changed = file('sealed', message.with(last, message[last]! ^ 1))
    const { certificateFile, keyFile } = holder('P-256')
    refusedByOpenssl(
      ...['cms', '-decrypt', '-inform', 'DER', '-in', changed, '-out', file('out')],
      ...['-recip', certificateFile, '-inkey', keyFile],
    )
  })
})

suite('we decrypt what OpenSSL seals', needs('openssl', 'openssl'), () => {
  const recipients: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    'RSA PKCS#1 v1.5': ['RSA', []],
    'RSA OAEP, SHA-1': ['RSA', ['-keyopt', 'rsa_padding_mode:oaep']],
    'RSA OAEP, SHA-256': ['RSA', ['-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256']],
    'P-256, SHA-1': ['P-256', []],
    'P-256': ['P-256', ['-keyopt', 'ecdh_kdf_md:sha256']],
    'P-384': ['P-384', ['-keyopt', 'ecdh_kdf_md:sha384']],
    'P-521': ['P-521', ['-keyopt', 'ecdh_kdf_md:sha512']],
  }
  for (const [what, [name, options]] of Object.entries(recipients))
    for (const cipher of ['-aes-128-cbc', '-aes-256-cbc', '-aes-128-gcm', '-aes-256-gcm'])
      for (const variant of [[], ['-keyid'], ['-stream']])
        test([what, cipher, ...variant].join(' '), () => {
          const { certificate, certificateFile, key } = holder(name)
          openssl(
            ...[
              'cms',
              '-encrypt',
              '-binary',
              '-in',
              file('content', content),
              '-outform',
              'DER',
              '-out',
              file('sealed'),
            ],
            ...[cipher, ...variant, '-recip', certificateFile, ...options],
          )
          const der = cmsFromBer(new Uint8Array(readFileSync(file('sealed'))))
          const data = cipher.endsWith('gcm') ? readAuthEnvelopedData(der) : readEnvelopedData(der)
          const open = (given: typeof data) =>
            performSteps(openEnvelope(given, certificate, random(32)), performWith({ recipient: key }))
          assert.deepEqual(open(data), content)
          if ('mac' in data)
            assert.throws(() => open({ ...data, mac: data.mac.with(0, data.mac[0]! ^ 1) }), { code: 'ERR_CMS_DECRYPT' })
          const other = holder(name === 'RSA' ? 'P-256' : 'RSA')
          assert.throws(
            () =>
              performSteps(openEnvelope(data, other.certificate, random(32)), performWith({ recipient: other.key })),
            { code: 'ERR_CMS_NO_RECIPIENT' },
          )
        })
})

test('what is signed can be sealed, and opened, and verified', needs('openssl', 'openssl'), () => {
  const { certificate, key } = holder('P-384')
  const inner = signed(['P-384'], 'key identifier', false)
  const outer = performSteps(
    sealEnvelope({
      content: inner,
      contentType: OID['id-signedData'],
      cipher: 'AES-256-GCM',
      key: random(32),
      iv: random(12),
      recipients: [{ rid: referenceByKey(certificate), ...agreement('P-384') }],
    }),
    performWith(),
  )
  const opened = performSteps(
    openEnvelope(readAuthEnvelopedData(outer), certificate, random(32)),
    performWith({ recipient: key }),
  )
  assert.deepEqual(opened, inner)
})
