import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  agentAnswerOctets,
  isAgentSuccess,
  parseSshMessageSignature,
  readSshMessageSignature,
  sshMessageInput,
  writeAgentIdentity,
  writeSshMessageSignature,
} from '@countersign/ssh'
import { joined, octets, str, u32 } from './frames.ts'
import { soundMessage } from './refusals/messages.ts'

/** PROTOCOL.sshsig §1. */
const EXAMPLE = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgJKxoLBJBivUPNTUJUSslQTt2hD
jozKvHarKeN8uYFqgAAAADZm9vAAAAAAAAAFMAAAALc3NoLWVkMjU1MTkAAABAKNC4IEbt
Tq0Fb56xhtuE1/lK9H9RZJfON4o6hE9R4ZGFX98gy0+fFJ/1d2/RxnZky0Y7GojwrZkrHT
FgCqVWAQ==
-----END SSH SIGNATURE-----
`

suite('signatures over messages', () => {
  test('one is read, and written again', () => {
    const read = readSshMessageSignature(soundMessage)
    assert.deepEqual([read.namespace, read.hash, read.signature.algorithm], ['file', 'sha512', 'ssh-ed25519'])
    assert.deepEqual(writeSshMessageSignature(read), soundMessage)
  })

  // Its hash is missing: the text of the document shows a signature of an earlier draft.
  test('the example of the document names no hash, and is refused', () => {
    assert.throws(() => parseSshMessageSignature(EXAMPLE), { name: 'SshError' })
  })

  test('armor is taken off', () => {
    const lines = soundMessage.toBase64().match(/.{1,70}/g) ?? []
    const text = ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n')
    assert.deepEqual(writeSshMessageSignature(parseSshMessageSignature(text)), soundMessage)
    assert.deepEqual(writeSshMessageSignature(parseSshMessageSignature(text.replaceAll('\n', '\r\n'))), soundMessage)
  })

  test('what is signed is the preamble, the namespace, nothing, the hash and its digest', () => {
    assert.deepEqual(
      sshMessageInput('file', 'sha256', octets('aa')),
      joined(octets('535348534947'), str('file'), str(), str('sha256'), str(octets('aa'))),
    )
  })
})

suite('an agent', () => {
  test('is given a key with its certificate, for so long', () => {
    const [publicKey, seed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const blob = octets('0102')
    const message = writeAgentIdentity({
      certificate: { type: 'ssh-ed25519-cert-v01@openssh.com', blob },
      publicKey,
      seed,
      comment: 'alice',
      lifetimeSeconds: 60,
    })
    const type = str('ssh-ed25519-cert-v01@openssh.com')
    const parts = [type, str(blob), str(publicKey), str(seed, publicKey), str('alice'), octets('01'), u32(60)]
    assert.deepEqual(message, str(octets('19'), ...parts))
  })

  test('says yes or no', () => {
    assert.equal(isAgentSuccess(octets('0000000106')), true)
    assert.equal(isAgentSuccess(octets('0000000105')), false)
    assert.throws(() => isAgentSuccess(octets('000000')), { code: 'ERR_SSH_TRUNCATED' })
    assert.throws(() => isAgentSuccess(new Uint8Array(5000)), { code: 'ERR_SSH_OCTETS_LIMIT' })
    assert.equal(agentAnswerOctets(octets('00000001')), 5)
    assert.equal(agentAnswerOctets(octets('000000')), undefined)
  })
})
