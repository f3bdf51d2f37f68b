// Mail, OpenSSL and we: each reads what the other seals, in both profiles, and refuses it when it was changed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { createTrust } from '@countersign/mtls'
import { readCertificate, readPem, writePem } from '@countersign/x509'
import {
  encryptedLayer,
  type Holder,
  house,
  type Kind,
  NOW,
  type Opened,
  type Opening,
  opened,
  sealed,
  signedLayer,
  TEXT,
  verdict,
} from '../tools/testing/mail-people.ts'
import { file, openssl, refusedByOpenssl, withOpenssl } from './openssl.ts'

const KINDS = ['P-256', 'P-384', 'RSA'] as const
const PROFILES = ['modern', 'legacy'] as const
const at = String(NOW.epochMilliseconds / 1000)
const anchor = file('anchor.pem', writePem('CERTIFICATE', house.certificate.der))

interface Filed extends Holder {
  readonly certificateFile: string
  readonly keyFile: string
}

function filed(address: string, kind: Kind): Filed {
  const holder = house.holder(address, { kind })
  const pem = holder.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const certificateFile = file(`${address}.pem`, writePem('CERTIFICATE', holder.certificate.der))
  return { ...holder, certificateFile, keyFile: file(`${address}.key`, pem) }
}

const alices = new Map(KINDS.map((kind) => [kind, filed(`alice-${kind}@acme.example`.toLowerCase(), kind)]))
const bobs = new Map(KINDS.map((kind) => [kind, filed(`bob-${kind}@acme.example`.toLowerCase(), kind)]))
const aliceOf = (kind: Kind) => alices.get(kind as 'RSA') ?? assert.fail()
const bobOf = (kind: Kind) => bobs.get(kind as 'RSA') ?? assert.fail()

const verify = (from: string, to: string) => [
  ...['cms', '-verify', '-in', from, '-out', to, '-CAfile', anchor, '-purpose', 'smimesign', '-attime', at],
]
const decrypt = (from: string, to: string, { certificateFile, keyFile }: Filed) => [
  ...['cms', '-decrypt', '-in', from, '-out', to, '-recip', certificateFile, '-inkey', keyFile],
]
const asMessage = (entity: Uint8Array) => Buffer.concat([Buffer.from('MIME-Version: 1.0\r\n'), entity])
const read = (path: string) => readFileSync(path, 'latin1')
/** OpenSSL writes the line ends of its own lines as it likes. */
const plain = (text: string) => text.replaceAll('\r\n', '\n')

suite('OpenSSL reads what we seal', withOpenssl, () => {
  for (const kind of KINDS)
    for (const profile of PROFILES)
      test(`${profile}, ${kind}`, async () => {
        const bob = bobOf(kind)
        const message = asMessage(await sealed(aliceOf(kind), [bob, bobOf('P-256')], { profile }))
        const [outer, inner, text] = [file('outer'), file('inner'), file('text')]
        file('outer', message)
        if (profile === 'legacy') openssl(...verify(file('message', message), outer))
        openssl(...decrypt(outer, inner, bob))
        openssl(...verify(inner, text))
        assert.equal(plain(read(text)), plain(TEXT))
        const body = message.indexOf('\r\n\r\n', message.indexOf('pkcs7-mime')) + 2000
        message[body] = message[body] === 0x41 ? 0x42 : 0x41
        if (profile === 'legacy') refusedByOpenssl(...verify(file('message', message), outer))
        else refusedByOpenssl(...decrypt(file('outer', message), inner, bob))
      })

  // OpenSSL 3.0 takes no message with Ed25519: it gives the signature a digest, and then refuses that.
  for (const kind of KINDS)
    test(`signed alone, ${kind}`, async () => {
      const message = asMessage(await sealed(aliceOf(kind), []))
      openssl(...verify(file('message', message), file('text')))
      assert.equal(plain(read(file('text'))), plain(TEXT))
      const changed = message.toString('latin1').replace('Both have', 'Both had ')
      refusedByOpenssl(...verify(file('message', changed), file('text')))
    })
})

/** OpenSSL ends lines of base64 with LF alone, whatever it is told: whoever sends its file by SMTP makes them CRLF. */
function openedFile(path: string, keys: readonly Holder[], opening: Opening = {}): Promise<Opened> {
  return opened(Buffer.from(read(path).replaceAll(/\r?\n/g, '\r\n'), 'latin1'), keys, opening)
}

suite('we read what OpenSSL seals', withOpenssl, () => {
  const sign = ({ certificateFile, keyFile }: Filed, ...more: string[]) => [
    ...['cms', '-sign', '-crlfeol', '-in', file('text', TEXT), '-out', file('signed'), '-md', 'sha256'],
    ...['-signer', certificateFile, '-inkey', keyFile, ...more],
  ]
  for (const kind of KINDS) {
    for (const [form, more] of Object.entries({
      'multipart/signed': [],
      'signed-data': ['-nodetach'],
      'without attributes': ['-noattr'],
      'by key identifier': ['-keyid'],
      streamed: ['-nodetach', '-stream'],
    }))
      test(`signed, ${kind}, ${form}`, async () => {
        const alice = aliceOf(kind)
        openssl(...sign(alice, ...more))
        const result = await openedFile(file('signed'), [])
        assert.equal(plain(result.text), plain(TEXT))
        assert.deepEqual(signedLayer(result).signatures[0]?.outcome, { ok: true })
        assert.equal(verdict(result, alice.address).state, 'verified')
        assert.equal(verdict(result, 'eve@acme.example').refusal?.code, 'ERR_MAIL_FROM_DIFFERS')
        if (form !== 'multipart/signed') return
        const changed = read(file('signed')).replace('Both have', 'Both had ')
        const refused = await openedFile(file('changed', changed), [])
        assert.equal(verdict(refused, alice.address).refusal?.code, 'ERR_MAIL_SIGNATURE')
      })

    for (const [cipher, name] of [
      ['-aes-256-gcm', 'AES-256-GCM'],
      ['-aes-256-cbc', 'AES-256-CBC'],
      ['-aes-128-cbc', 'AES-128-CBC'],
    ] as const)
      for (const variant of [[], ['-stream'], ['-keyid']])
        test(['signed and encrypted', kind, cipher, ...variant].join(' '), async () => {
          const [alice, bob] = [aliceOf(kind), bobOf(kind)]
          openssl(...sign(alice))
          openssl(
            ...['cms', '-encrypt', '-crlfeol', '-in', file('signed'), '-out', file('sealed'), cipher, ...variant],
            ...['-recip', bob.certificateFile, ...(kind === 'RSA' ? ['-keyopt', 'rsa_padding_mode:oaep'] : [])],
          )
          const result = await openedFile(file('sealed'), [bobOf(kind === 'RSA' ? 'P-256' : 'RSA'), bob])
          assert.equal(encryptedLayer(result).cipher, name)
          assert.equal(encryptedLayer(result).isAuthenticated, cipher.endsWith('gcm'))
          assert.equal(plain(result.text), plain(TEXT))
          assert.equal(verdict(result, alice.address).state, 'verified')
          const message = readFileSync(file('sealed'))
          const body = message.indexOf('\r\n\r\n') + 1500
          message[body] = message[body] === 0x41 ? 0x42 : 0x41
          const refused = await openedFile(file('changed', message), [bob])
          assert.equal(verdict(refused, alice.address).state, 'not opened')
          assert.equal(verdict(await openedFile(file('sealed'), []), alice.address).refusal?.code, 'ERR_MAIL_NO_KEY')
        })
  }
})

suite('we read certificates of OpenSSL for addresses beyond ASCII', withOpenssl, () => {
  const config = (name: string, value: string) => [
    ...[
      '[req]',
      'distinguished_name = dn',
      'prompt = no',
      '[dn]',
      `CN = ${name}`,
      '[root]',
      'basicConstraints = critical, CA:TRUE',
    ],
    // RFC 9598, figure 1 (2): what binds rfc822Name binds SmtpUTF8Mailbox.
    ...['keyUsage = critical, keyCertSign', 'nameConstraints = critical, permitted;email:xn--pss25c.example.com'],
    ...[
      '[leaf]',
      'keyUsage = critical, digitalSignature',
      'extendedKeyUsage = emailProtection',
      'subjectAltName = @names',
    ],
    ...['[names]', value, ''],
  ]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
  const make = (name: string, section: string, value: string, ...more: string[]) => {
    const [certificate, keyFile] = [file(`${name}.beyond.pem`), file(`${name}.beyond.key`)]
    const from = ['-config', file(`${name}.cnf`, config(name, value).join('\n')), '-extensions', section]
    openssl('req', '-x509', ...key, ...from, '-utf8', '-keyout', keyFile, '-out', certificate, ...more)
    return { certificate, keyFile }
  }
  const mailbox = (text: string) => `otherName.0 = 1.3.6.1.5.5.7.8.9;FORMAT:UTF8,UTF8:${text}`
  /** What it comes to, for a reader who sees `from`. */
  const verdictOn = async (name: string, from: string) => {
    const root = make('root', 'root', '')
    const leaf = make('leaf', 'leaf', name, '-CA', root.certificate, '-CAkey', root.keyFile)
    const signing = ['-signer', leaf.certificate, '-inkey', leaf.keyFile, '-md', 'sha256']
    openssl('cms', '-sign', '-crlfeol', '-in', file('text', TEXT), '-out', file('signed'), ...signing)
    const anchors = [readCertificate(readPem(read(root.certificate))[0]?.der ?? new Uint8Array())]
    const now = Temporal.Now.instant()
    const trust = createTrust({ anchors, crls: [], revocation: 'prefer', asOf: now })
    const { state, refusal } = verdict(await openedFile(file('signed'), [], { trust, now }), from)
    return refusal === undefined ? state : refusal.code
  }

  test('of RFC 9598, Appendix B: verified, and of nobody else', async () => {
    const name = mailbox('医生@xn--pss25c.example.com')
    assert.equal(await verdictOn(name, '医生@xn--pss25c.example.com'), 'verified')
    assert.equal(await verdictOn(name, '医@xn--pss25c.example.com'), 'ERR_MAIL_FROM_DIFFERS')
    const student = 'email.0 = student@xn--pss25c.example.com'
    assert.equal(await verdictOn(student, 'student@xn--pss25c.example.com'), 'verified')
  })

  for (const [what, text] of [
    ['outside of the domain that its authority may certify', '医生@other.example.com'],
    ['with a domain of U-labels', '医生@大学.example.com'],
    ['with a domain in capitals', '医生@XN--PSS25C.example.com'],
    ['of ASCII, for which rfc822Name MUST be used', 'student@xn--pss25c.example.com'],
  ] as const)
    test(`${what}: not verified`, async () => {
      assert.match(await verdictOn(mailbox(text), text.toLowerCase()), /^ERR_/)
    })
})
