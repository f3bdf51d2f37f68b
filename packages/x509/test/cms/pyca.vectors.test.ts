// The PKCS #7 vectors of pyca/cryptography, written by OpenSSL, Amazon and others.
import assert from 'node:assert/strict'
import { createPrivateKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  cmsFromBer,
  openEnvelope,
  performSteps,
  readCertificate,
  readEnvelopedData,
  readPem,
  readSignedData,
  writeEnvelopedData,
  writeSignedData,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'
import { foreignVectors } from '../vectors.ts'

const vectors = foreignVectors('pyca')

suite('pyca', { skip: vectors.skip }, () => {
  if (vectors.skip !== false) return
  const { folder } = vectors

  function messageOf(name: string): Uint8Array {
    const octets = new Uint8Array(readFileSync(join(folder, 'pkcs7', name)))
    if (!name.endsWith('.pem')) return octets
    return readPem(new TextDecoder().decode(octets))[0]?.der ?? assert.fail(name)
  }

  for (const [name, isBer] of [
    ['amazon-roots.der', false],
    ['amazon-roots.p7b', true],
    ['isrg.pem', false],
  ] as const)
    test(`${name}: certificates`, () => {
      const message = messageOf(name)
      const der = cmsFromBer(message)
      assert.equal(der.buffer !== message.buffer, isBer)
      const data = readSignedData(der)
      assert.equal(writeSignedData(data).toHex(), der.toHex())
      const subjects = data.certificates?.map(
        (certificate) => readCertificate(certificate).subject.rdnSequence.at(-1)?.[0]?.text,
      )
      assert.deepEqual(
        new Set(subjects),
        new Set(name === 'isrg.pem' ? ['ISRG Root X1'] : ['Amazon Root CA 3', 'Amazon Root CA 2']),
      )
    })

  const key = createPrivateKey(readFileSync(join(folder, 'x509/custom/ca/rsa_key.pem')))
  const certificate = readCertificate(
    readPem(readFileSync(join(folder, 'x509/custom/ca/rsa_ca.pem'), 'utf8'))[0]?.der ?? assert.fail(),
  )
  const open = (name: string) => {
    const der = cmsFromBer(messageOf(name))
    const data = readEnvelopedData(der)
    assert.equal(writeEnvelopedData(data).toHex(), der.toHex())
    return performSteps(
      openEnvelope(data, certificate, new Uint8Array(randomBytes(32))),
      performWith({ recipient: key }),
    )
  }
  test('enveloped-rsa-oaep.pem', () =>
    assert.equal(new TextDecoder().decode(open('enveloped-rsa-oaep.pem')), 'Hello, world!'))
  for (const [name, code] of [
    ['enveloped-no-content.der', 'ERR_CMS_CONTENT_ABSENT'],
    ['enveloped-triple-des.pem', 'ERR_CMS_ALGORITHM'],
    // Triple DES too.
    ['enveloped.pem', 'ERR_CMS_ALGORITHM'],
  ] as const)
    test(name, () => assert.throws(() => open(name), { code }))
})
