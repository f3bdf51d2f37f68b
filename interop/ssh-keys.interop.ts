// SSH keys: lines, fingerprints and their SubjectPublicKeyInfo are those of ssh-keygen.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { formatAuthorizedKey, parseAuthorizedKey } from '@countersign/ssh'
import { readPem, readPublicKey, readSubjectPublicKeyInfo, writePem, writePublicKey } from '@countersign/x509'
import { newSshKey } from '../tools/testing/ssh-keys.ts'
import { file, fingerprintOf, generateSshKey, SSH_TYPES, sshKeygen, withSshKeygen } from './ssh.ts'

suite('keys', withSshKeygen, () => {
  for (const type of SSH_TYPES)
    test(`${type.join(' ')}: line, fingerprint and, but for Ed25519, SubjectPublicKeyInfo are those of ssh-keygen`, () => {
      const { path, key } = generateSshKey(`key-${type.join('')}`, ...type)
      const line = readFileSync(`${path}.pub`, 'utf8').trimEnd()
      const { comment } = parseAuthorizedKey(line)
      assert.equal(formatAuthorizedKey({ key, comment }), line)
      assert.equal(sshKeygen('-l', '-f', `${path}.pub`).split(' ')[1], fingerprintOf(key))
      if (key.kind !== 'EC' && key.kind !== 'RSA') return
      const [spki] = readPem(sshKeygen('-e', '-m', 'PKCS8', '-f', `${path}.pub`))
      assert.deepEqual(writePublicKey(key), spki?.der)
      assert.deepEqual(readPublicKey(readSubjectPublicKeyInfo(spki?.der ?? assert.fail())), key)
      const pem = file('spki.pem', writePem('PUBLIC KEY', writePublicKey(key)))
      assert.equal(sshKeygen('-i', '-m', 'PKCS8', '-f', pem).trimEnd(), formatAuthorizedKey({ key }))
    })

  test('a line with options is one of ssh-keygen, too', () => {
    const { key } = newSshKey('Ed25519')
    const options = [{ name: 'restrict' }, { name: 'command', value: 'echo "a, b"' }]
    const path = file('authorized_keys', `${formatAuthorizedKey({ options, key, comment: 'alice' })}\n`)
    assert.equal(sshKeygen('-l', '-f', path), `256 ${fingerprintOf(key)} alice (ED25519)\n`)
  })
})
