// Signed messages, OpenSSL and we: each verifies what the other signs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  cmsFromBer,
  performSteps,
  readPem,
  readSignedData,
  signingTimeOf,
  verifySigner,
  writeCertificatesOnly,
} from '@countersign/x509'
import { content, file, holder, kinds, openssl, refusedByOpenssl, SIGNATURES, signed } from './cms/world.ts'
import { needs } from './peer.ts'

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
