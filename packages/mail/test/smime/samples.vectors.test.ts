// The sample messages of RFC 9788 Appendix C open with the sample keys of RFC 9216, and are Alice's.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createTrust } from '@countersign/mtls'
import { readCertificate, readPem } from '@countersign/x509'
import { needsVectors } from '../../../../interop/peer.ts'
import { opened, verdict } from '../../../../tools/testing/mail-people.ts'

const sets = { ...needsVectors('../specs/rfc9216.txt'), ...needsVectors('../specs/rfc9788.txt') }
/** One text of them. */
const textOf = (name: string) => readFileSync(join(process.env['COUNTERSIGN_VECTORS'] ?? '', '../specs', name), 'utf8')
const NOW = Temporal.Instant.from('2021-02-20T18:00:00Z')

/** Two messages are signed over lines that end with LF alone inside of message/rfc822: the signature is right, and the form is not. */
const LF_INSIDE = new Set(['C.2.5', 'C.3.17'])

/** The PEM block of a section of RFC 9216, whose lines are indented. */
function pemOf(keys: string, section: string): string {
  const from = keys.indexOf(`\n${section}  `)
  assert.ok(from > 0, section)
  const [block] = /-----BEGIN [\s\S]*?-----END [A-Z ]+-----/.exec(keys.slice(from)) ?? assert.fail(section)
  return block.replaceAll(/^ +/gm, '')
}

function certificateOf(keys: string, section: string) {
  const [block = assert.fail()] = readPem(`${pemOf(keys, section)}\n`)
  return readCertificate(block.der)
}

/** The messages by their section: what follows "Its contents are", up to the next heading. */
function messagesOf(text: string): ReadonlyMap<string, string> {
  const messages = new Map<string, string>()
  for (const section of text.split(/\n(?=C\.\d)/).slice(1)) {
    const name = /^C\.[\d.]+(?=\.)/.exec(section)?.[0]
    const body = /Its contents are:\n\n([\s\S]*)/.exec(section)?.[1]
    if (name === undefined || body === undefined) continue
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^ {3}/, ''))
      // The RFC lost the space at the end of the line that begins a sender's signature.
      .map((line) => (line === '--' ? '-- ' : line))
    messages.set(name, `${lines.join('\r\n')}\r\n`)
  }
  return messages
}

suite('RFC 9788 Appendix C', sets, () => {
  if (sets.skip !== undefined) return
  const keys = textOf('rfc9216.txt')
  const messages = messagesOf(textOf('rfc9788.txt'))
  const trust = createTrust({ anchors: [certificateOf(keys, '3.1.')], revocation: 'prefer', asOf: NOW })
  const reader = (section: string, key: string) => ({
    address: '',
    certificate: certificateOf(keys, section),
    privateKey: createPrivateKey(pemOf(keys, key)),
  })
  const [alice, bob] = [reader('4.3.', '4.4.'), reader('5.3.', '5.4.')]
  const forAll = [...messages].filter(([, message]) => /pkcs7/.test(message))
  for (const [name, message] of forAll)
    test(name, async () => {
      const octets = Buffer.from(message, 'utf8')
      const isEncrypted = /enveloped-data/i.test(message)
      for (const key of [alice, bob]) {
        const result = await opened(octets, [key], { trust, now: NOW })
        const from = /\nFrom: (?:.*<)?([^>\r]+)/.exec(message)?.[1] ?? assert.fail(name)
        const { state, refusal, signer } = verdict(result, from)
        assert.deepEqual(
          { state, refusal, addresses: signer?.addresses },
          { state: 'verified', refusal: undefined, addresses: [from] },
        )
        if (LF_INSIDE.has(name)) assert.equal(result.text, '')
        else assert.match(result.text, /Content-Type: (?:text\/plain|multipart\/mixed)/)
        assert.equal(
          result.layers.some(({ kind }) => kind === 'encrypted'),
          isEncrypted,
        )
        if (isEncrypted)
          assert.equal(verdict(await opened(octets, [], { trust, now: NOW }), from).refusal?.code, 'ERR_MAIL_NO_KEY')
        assert.equal(verdict(await opened(octets, [key]), from).state, isEncrypted ? 'not opened' : 'not verified')
      }
    })
  test('are all there', () => assert.ok(forAll.length >= 20, `${forAll.length}`))
})
