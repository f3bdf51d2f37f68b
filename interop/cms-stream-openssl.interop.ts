// Sealed messages of unknown length, OpenSSL and we: each reads in pieces, or whole, what the other writes in one pass.
import assert from 'node:assert/strict'
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  type DecipherGCM,
  diffieHellman,
  generateKeyPairSync,
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  cipherOf,
  createMessageReader,
  endEnvelope,
  type MessageEvent,
  type NewRecipient,
  openContentKey,
  performSteps,
  readSubjectPublicKeyInfo,
  referenceByIssuer,
  startContentPart,
  startEnvelope,
} from '@countersign/x509'
import { file, type Holder, holder, openssl, random, refusedByOpenssl } from './cms/world.ts'
import { needs } from './peer.ts'

const content = new TextEncoder().encode('Both have proved themselves.\r\n'.repeat(20_000))
const HOLDERS = ['RSA', 'P-256', 'P-384'] as const
const CIPHERS = ['AES-256-CBC', 'AES-256-GCM'] as const

function recipientOf(name: string): NewRecipient {
  const { certificate, key } = holder(name)
  const rid = referenceByIssuer(certificate)
  const { subjectPublicKeyInfo: publicKey } = certificate
  if (name === 'RSA') return { rid, publicKey, transport: { kind: 'RSAES-PKCS1-v1_5' } }
  const pair = generateKeyPairSync('ec', { namedCurve: key.asymmetricKeyDetails?.namedCurve ?? assert.fail() })
  const theirs = createPublicKey({ key: Buffer.from(publicKey.der), format: 'der', type: 'spki' })
  return {
    rid,
    ephemeralKey: readSubjectPublicKeyInfo(new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }))),
    sharedSecret: new Uint8Array(diffieHellman({ privateKey: pair.privateKey, publicKey: theirs })),
    derivation: 'X9.63',
    hash: 'SHA-256',
  }
}

/** A message that is written in parts of 4,096 octets. */
function sealed(cipher: (typeof CIPHERS)[number], names: readonly string[]): Uint8Array {
  const [key, iv] = [random(32), random(cipher === 'AES-256-GCM' ? 12 : 16)]
  const recipients = names.map(recipientOf)
  const message = [performSteps(startEnvelope({ cipher, key, iv, recipients }), performWith())]
  const gcm = cipher === 'AES-256-GCM' ? createCipheriv('aes-256-gcm', key, iv) : undefined
  const encryption = gcm ?? createCipheriv('aes-256-cbc', key, iv)
  const push = (part: Uint8Array): unknown => message.push(startContentPart(part.length), part)
  for (let at = 0; at < content.length; at += 4096) push(encryption.update(content.subarray(at, at + 4096)))
  push(encryption.final())
  message.push(endEnvelope(gcm?.getAuthTag()))
  return Buffer.concat(message)
}

/** What `message` holds for `name`, read in pieces of 1,000 octets. */
function opened(message: Uint8Array, name: string): Uint8Array {
  const { certificate, key } = holder(name)
  const reader = createMessageReader()
  const plain: Uint8Array[] = []
  let decipher: ReturnType<typeof createDecipheriv> | undefined
  function take(part: MessageEvent): void {
    if (part.event === 'content') plain.push(decipher?.update(part.octets) ?? assert.fail())
    else if (part.event === 'prefix') {
      if (part.message.kind === 'signedData') assert.fail()
      const { recipientInfos, encryptedContentInfo } = part.message.data
      const parameters = cipherOf(encryptedContentInfo, part.message.kind === 'authEnvelopedData')
      const steps = openContentKey(recipientInfos, certificate, parameters, random(32))
      const secret = performSteps(steps, performWith({ recipient: key }))
      decipher = createDecipheriv(parameters.cipher.toLowerCase(), secret, parameters.iv)
    } else {
      if (part.message.kind === 'authEnvelopedData' && decipher && 'setAuthTag' in decipher)
        (decipher as DecipherGCM).setAuthTag(part.message.data.mac)
      plain.push(decipher?.final() ?? assert.fail())
    }
  }
  for (let at = 0; at < message.length; at += 1000)
    for (const part of reader.push(message.subarray(at, at + 1000))) take(part)
  reader.end()
  return Buffer.concat(plain)
}

suite('OpenSSL decrypts what we write in one pass', needs('openssl', 'openssl'), () => {
  const decrypt = ({ certificateFile, keyFile }: Holder, message: string) => [
    ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', message, '-out', file('out')],
    ...['-recip', certificateFile, '-inkey', keyFile],
  ]
  for (const cipher of CIPHERS)
    test(cipher, () => {
      const message = sealed(cipher, HOLDERS)
      for (const name of HOLDERS) {
        openssl(...decrypt(holder(name), file('sealed', message)))
        assert.equal(Buffer.compare(readFileSync(file('out')), content), 0)
        assert.equal(Buffer.compare(opened(message, name), content), 0)
      }
      const cut = file('cut', message.subarray(0, message.length - 30))
      refusedByOpenssl(...decrypt(holder('P-256'), cut))
      assert.throws(() => opened(readFileSync(cut), 'P-256'), { code: 'ERR_DER_TRUNCATED' })
    })
  test('AES-256-GCM, changed', () => {
    const message = sealed('AES-256-GCM', ['P-256'])
    const changed = message.with(5000, message[5000]! ^ 1)
    refusedByOpenssl(...decrypt(holder('P-256'), file('changed', changed)))
    assert.throws(() => opened(changed, 'P-256'), /unable to authenticate/)
  })
})

suite('we read in pieces what OpenSSL writes', needs('openssl', 'openssl'), () => {
  for (const name of HOLDERS)
    for (const cipher of ['-aes-256-cbc', '-aes-256-gcm'])
      for (const variant of [[], ['-stream'], ['-keyid']])
        test([name, cipher, ...variant].join(' '), () => {
          openssl(
            ...['cms', '-encrypt', '-binary', '-outform', 'DER', '-in', file('content', content), '-out', file('out')],
            ...[cipher, ...variant, holder(name).certificateFile],
          )
          const message = readFileSync(file('out'))
          assert.equal(Buffer.compare(opened(message, name), content), 0)
          const other = name === 'RSA' ? 'P-256' : 'RSA'
          assert.throws(() => opened(message, other), { code: 'ERR_CMS_NO_RECIPIENT' })
        })
})
