// Signed CMS messages of ours verified by GnuTLS, and its by us; with Ed25519, which OpenSSL before 3.2 does not sign.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  cmsFromBer,
  type NewSigner,
  performSteps,
  readSignedData,
  referenceByIssuer,
  signData,
  signingTimeOf,
  verifySigner,
} from '@countersign/x509'
import { content, file, holder } from './cms/world.ts'
import { needs } from './peer.ts'

const SCHEMES: Readonly<Record<string, readonly [AlgorithmIdentifier, NewSigner['hash']]>> = {
  RSA: [ALGORITHM.sha256WithRSAEncryption, 'SHA-256'],
  'P-256': [ALGORITHM.ecdsaWithSHA256, 'SHA-256'],
  'P-384': [ALGORITHM.ecdsaWithSHA384, 'SHA-384'],
  Ed25519: [ALGORITHM.Ed25519, 'SHA-512'],
}

function certtool(...args: string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('certtool', args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

suite('GnuTLS', { ...needs('openssl', 'openssl'), ...needs('certtool', 'gnutls-bin') }, () => {
  for (const [name, [signatureAlgorithm, hash]] of Object.entries(SCHEMES)) {
    test(`verifies what we sign: ${name}`, () => {
      const { certificate, certificateFile, key } = holder(name)
      const signers = [{ sid: referenceByIssuer(certificate), hash, signatureAlgorithm }]
      const message = performSteps(
        signData({ content, detached: true, certificates: [certificate.der], signers }),
        performWith({ signers: [key] }),
      )
      const verify = (plain: Uint8Array) =>
        certtool(
          ...['--p7-verify', '--inder', '--infile', file('signed.p7', message)],
          ...['--load-data', file('content', plain), '--load-ca-certificate', certificateFile],
        )
      const { status, said } = verify(content)
      assert.equal(status, 0, said)
      assert.match(said, /Signature status: ok/)
      assert.notEqual(verify(content.with(0, 0)).status, 0)
    })

    for (const time of [[], ['--p7-time']])
      test(`its message: ${[name, ...time].join(' ')}`, () => {
        const { certificate, certificateFile, keyFile } = holder(name)
        const { status, said } = certtool(
          ...['--p7-sign', '--load-certificate', certificateFile, '--load-privkey', keyFile, ...time],
          ...['--infile', file('content', content), '--outder', '--outfile', file('theirs.p7')],
          ...['--hash', hash.replace('-', '')],
        )
        assert.equal(status, 0, said)
        const data = readSignedData(cmsFromBer(new Uint8Array(readFileSync(file('theirs.p7')))))
        const signer = data.signerInfos[0] ?? assert.fail('no signer')
        assert.deepEqual(data.eContent, content)
        assert.equal(signingTimeOf(signer) !== undefined, time.length > 0)
        const verdict = (given: typeof data) =>
          performSteps(verifySigner(given, signer, certificate.subjectPublicKeyInfo), performWith())
        assert.deepEqual(verdict(data), { ok: true })
        assert.equal(verdict({ ...data, eContent: content.with(0, 0) }).ok, false)
      })
  }
})
