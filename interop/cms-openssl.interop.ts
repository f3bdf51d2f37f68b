// CMS messages of ours read by OpenSSL, and its by us: signed, enveloped, authenticated; RSA, ECDH; issuer and key identifier.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  type Certificate,
  type CipherName,
  cmsFromBer,
  type KeyTransport,
  type NewRecipient,
  type NewSigner,
  OID,
  openEnvelope,
  performSteps,
  readAuthEnvelopedData,
  readCertificate,
  readEnvelopedData,
  readPem,
  readSignedData,
  readSubjectPublicKeyInfo,
  referenceByIssuer,
  referenceByKey,
  sealEnvelope,
  signData,
  signingTimeAttribute,
  signingTimeOf,
  verifySigner,
  writeCertificatesOnly,
} from '@countersign/x509'
import { performWith } from '../tools/testing/crypto-steps.ts'
import { needs } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-cms-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, contents?: string | Uint8Array): string {
  const path = join(folder, name)
  if (contents !== undefined) writeFileSync(path, contents)
  return path
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

function refusedByOpenssl(...args: string[]): string {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  assert.notEqual(status, 0)
  return stderr
}

const random = (octets: number) => new Uint8Array(randomBytes(octets))
const content = new TextEncoder().encode('Both have proved themselves.\r\n'.repeat(400))

interface Holder {
  readonly name: string
  readonly key: KeyObject
  readonly certificate: Certificate
  readonly keyFile: string
  readonly certificateFile: string
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['-newkey', 'rsa:2048'],
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
}

/** Key and self-signed certificate, both made by OpenSSL. */
function holderOf(name: string): Holder {
  const [keyFile, certificateFile] = [file(`${name}.key`), file(`${name}.pem`)]
  openssl(
    ...['req', '-x509', ...(KEYS[name] ?? assert.fail(name)), '-nodes', '-keyout', keyFile, '-out', certificateFile],
    ...[
      '-subj',
      `/O=Acme/CN=${name}`,
      '-days',
      '30',
      '-addext',
      'keyUsage=digitalSignature,keyEncipherment,keyAgreement',
    ],
  )
  const [block] = readPem(readFileSync(certificateFile, 'utf8'))
  const certificate = readCertificate((block ?? assert.fail('no certificate')).der)
  return { name, key: createPrivateKey(readFileSync(keyFile)), certificate, keyFile, certificateFile }
}

const holders = new Map<string, Holder>()
function holder(name: string): Holder {
  const known = holders.get(name) ?? holderOf(name)
  holders.set(name, known)
  return known
}

const SIGNATURES: Readonly<Record<string, readonly [AlgorithmIdentifier, NewSigner['hash']]>> = {
  RSA: [ALGORITHM.sha256WithRSAEncryption, 'SHA-256'],
  'P-256': [ALGORITHM.ecdsaWithSHA256, 'SHA-256'],
  'P-384': [ALGORITHM.ecdsaWithSHA384, 'SHA-384'],
  'P-521': [ALGORITHM.ecdsaWithSHA512, 'SHA-512'],
}

const REFERENCES = { issuer: referenceByIssuer, 'key identifier': referenceByKey } as const
type ReferenceKind = keyof typeof REFERENCES
const kinds = Object.keys(REFERENCES) as ReferenceKind[]

function signer(name: string, kind: ReferenceKind): NewSigner {
  const [signatureAlgorithm, hash] = SIGNATURES[name] ?? assert.fail(name)
  const signedAttrs = [signingTimeAttribute(Temporal.Instant.from('2026-01-02T03:04:05Z'))]
  return { sid: REFERENCES[kind](holder(name).certificate), hash, signatureAlgorithm, signedAttrs }
}

function signed(names: readonly string[], kind: ReferenceKind, detached: boolean): Uint8Array {
  const perform = performWith({ signers: names.map((name) => holder(name).key) })
  const certificates = names.map((name) => holder(name).certificate.der)
  return performSteps(
    signData({ content, detached, certificates, signers: names.map((name) => signer(name, kind)) }),
    perform,
  )
}

suite('OpenSSL verifies what we sign', needs('openssl', 'openssl'), () => {
  for (const name of Object.keys(SIGNATURES))
    for (const kind of kinds)
      for (const detached of [false, true])
        test(`${name}, by ${kind}${detached ? ', detached' : ''}`, () => {
          const message = file('signed.der', signed([name], kind, detached))
          const [plain, out] = [file('content', content), file('out')]
          const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-in', message, '-out', out]
          const trust = ['-CAfile', holder(name).certificateFile, '-purpose', 'any']
          openssl(...verify, ...trust, ...(detached ? ['-content', plain] : []))
          assert.deepEqual(new Uint8Array(readFileSync(out)), content)
          if (!detached) return
          const other = file('other', content.with(0, 0x41))
          assert.match(refusedByOpenssl(...verify, ...trust, '-content', other), /digest|verification failure/i)
        })

  test('two signers', () => {
    const message = file('two.der', signed(['RSA', 'P-384'], 'issuer', false))
    const trust = file('both.pem', ['RSA', 'P-384'].map((name) => readFileSync(holder(name).certificateFile)).join(''))
    openssl(
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', message, '-out', file('out')],
      ...['-CAfile', trust, '-purpose', 'any'],
    )
  })

  test('certificates alone', () => {
    const certificates = ['RSA', 'P-256'].map((name) => holder(name).certificate.der)
    const message = file('only.der', writeCertificatesOnly(certificates))
    openssl('pkcs7', '-inform', 'DER', '-in', message, '-print_certs', '-out', file('only.pem'))
    const printed = readPem(readFileSync(file('only.pem'), 'utf8')).map(({ der }) => der.toHex())
    assert.deepEqual(new Set(printed), new Set(certificates.map((der) => der.toHex())))
  })
})

suite('we verify what OpenSSL signs', needs('openssl', 'openssl'), () => {
  const variants: Readonly<Record<string, readonly string[]>> = {
    attached: ['-nodetach'],
    'attached, streamed as BER': ['-nodetach', '-stream'],
    detached: [],
    'by key identifier': ['-nodetach', '-keyid'],
    'without signed attributes': ['-nodetach', '-noattr'],
    'without certificates': ['-nodetach', '-nocerts'],
  }
  for (const name of Object.keys(SIGNATURES))
    for (const [variant, options] of Object.entries(variants)) {
      test(`${name}, ${variant}`, () => {
        const { certificate, certificateFile, keyFile } = holder(name)
        const hash = SIGNATURES[name]?.[1].replace('-', '').toLowerCase() ?? assert.fail()
        openssl(
          ...['cms', '-sign', '-binary', '-in', file('content', content), '-outform', 'DER', '-out', file('signed')],
          ...['-signer', certificateFile, '-inkey', keyFile, '-md', hash, ...options],
        )
        const data = readSignedData(cmsFromBer(new Uint8Array(readFileSync(file('signed')))))
        const detached = data.eContent === undefined ? content : undefined
        const info = data.signerInfos[0] ?? assert.fail('no signer')
        assert.deepEqual(data.eContent ?? detached, content)
        assert.equal(info.sid.kind, variant === 'by key identifier' ? 'subjectKeyIdentifier' : 'issuerAndSerialNumber')
        assert.equal(signingTimeOf(info) === undefined, variant === 'without signed attributes')
        const verdict = (given: typeof data, outside?: Uint8Array) =>
          performSteps(verifySigner(given, info, certificate.subjectPublicKeyInfo, outside), performWith())
        assert.deepEqual(verdict(data, detached), { ok: true })
        const { eContent: _, ...outside } = data
        assert.equal(verdict(outside, content.with(0, 0)).ok, false)
      })
    }

  test('the same octets are signed where attributes came out of order', () => {
    const { certificate } = holder('P-256')
    const message = signed(['P-256'], 'issuer', false)
    const [info] = readSignedData(message).signerInfos
    const der = info?.signedAttrsDer ?? assert.fail()
    // Attributes turned round, as a sender of BER may have them: signed is their DER all the same (RFC 5652 §5.4).
    const parts: Uint8Array[] = []
    for (let at = 2; at < der.length; at += 2 + (der[at + 1] ?? 0))
      parts.push(der.subarray(at, at + 2 + (der[at + 1] ?? 0)))
    const at = Buffer.from(message).indexOf(der.subarray(2))
    const turned = new Uint8Array(message)
    turned.set(Buffer.concat(parts.reverse()), at)
    assert.throws(() => readSignedData(turned), { code: 'ERR_DER_SET_ORDER' })
    assert.deepEqual(cmsFromBer(turned), message)
    const data = readSignedData(cmsFromBer(turned))
    assert.deepEqual(
      performSteps(verifySigner(data, data.signerInfos[0]!, certificate.subjectPublicKeyInfo), performWith()),
      { ok: true },
    )
  })
})

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
