// A message that was changed or cut on its way, whatever was changed: it does not open, and never says why.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import { performSteps, sealEnvelope } from '@countersign/x509'
import { encryptedLayer, house, opened, sealed, TEXT, verdict } from '../../../../tools/testing/mail-people.ts'
import { newRecipient } from '../../src/smime/recipient.ts'
import { alice, bob, entityOf, latin1, outcome, parted } from './messages.ts'

suite('a message that was changed', () => {
  test('each octet of one that authenticates: it does not open, or is what it was', async () => {
    const message = await sealed(alice, [bob])
    const [header, body] = parted(message)
    const cms = Buffer.from(body, 'base64')
    // Behind the algorithm of the content: the ciphertext, and the tag.
    const content = cms.lastIndexOf(Buffer.from('2a864886f70d010701', 'hex')) + 50
    let refused = 0
    for (let at = 0; at < cms.length; at++) {
      cms[at]! ^= 1
      const lines = cms.toString('base64').replaceAll(/.{76}/g, '$&\r\n')
      const result = await opened(Buffer.from(`${header}${lines}\r\n`), [bob])
      const { state } = verdict(result, alice.address)
      if (state === 'not opened') {
        assert.equal(result.text, '', `octet ${at}`)
        refused++
      } else assert.deepEqual([state, result.text], ['verified', TEXT], `octet ${at}`)
      if (at >= content) assert.equal(state, 'not opened', `octet ${at} of the content`)
      cms[at]! ^= 1
    }
    assert.ok(refused > 0.9 * cms.length)
  })

  test('each octet of one that does not, inside of its signature: never verified, and not opened', async () => {
    const message = await sealed(alice, [bob], { profile: 'legacy', signer: { certificates: [alice.certificate] } })
    const text = latin1(message)
    const start = text.indexOf('MIAG')
    const end = text.indexOf('\r\n--signed-', start)
    for (let at = start; at < end; at++) {
      if (text[at] === '\r' || text[at] === '\n') continue
      const changed = Buffer.from(message)
      changed[at] = text[at] === 'A' ? 0x42 : 0x41
      const result = await opened(changed, [bob])
      const { state, refusal } = verdict(result, alice.address)
      assert.equal(state, 'not opened', `octet ${at}`)
      assert.ok(refusal)
    }
  })

  test('without its outer signature: CBC alone is told as what it is', async () => {
    const message = await sealed(alice, [bob], { profile: 'legacy' })
    const text = latin1(message)
    const from = text.indexOf('\r\n--signed-') + 2
    const inner = text.slice(text.indexOf('\r\n', from) + 2, text.indexOf('\r\n--signed-', from))
    const result = await opened(Buffer.from(`${inner}\r\n`), [bob])
    assert.deepEqual(
      result.layers.map(({ kind }) => kind),
      ['encrypted', 'signed'],
    )
    assert.equal(encryptedLayer(result).isAuthenticated, false)
    // Its inner signature is right: nobody has changed it.
    assert.equal(verdict(result, alice.address).state, 'verified')
  })

  test('cut short, at many places', async () => {
    {
      const [header, body] = parted(await sealed(alice, [bob]))
      for (let end = 0; end < body.length - 6; end += 23) {
        const result = await opened(Buffer.from(`${header}${body.slice(0, end).trimEnd()}`), [bob])
        assert.deepEqual([verdict(result, alice.address).state, result.text], ['not opened', ''], `${end}`)
      }
    }
  })
})

suite('one answer, whatever is wrong with a key, a padding or a tag', () => {
  const rsa = house.holder('rsa@acme.example', { kind: 'RSA' })
  const answers = new Set<string>()
  for (const [kind, reader] of [
    ['EC', bob],
    ['RSA', rsa],
  ] as const)
    for (const profile of ['modern', 'legacy'] as const)
      test(`${profile}, ${kind}`, async () => {
        const recipients = [newRecipient(reader.certificate, profile)]
        const gcm = profile === 'modern'
        const [key, iv] = [new Uint8Array(32).fill(7), new Uint8Array(gcm ? 12 : 16)]
        const content = Buffer.from(TEXT)
        const cms = performSteps(
          sealEnvelope({ content, cipher: gcm ? 'AES-256-GCM' : 'AES-256-CBC', key, iv, recipients }),
          performWith(),
        )
        assert.equal((await opened(entityOf(cms), [reader])).text, TEXT)
        // The wrapped key, the end of the content, the tag.
        const places = [cms.indexOf(0x04, 120) + 60, cms.length - 1, cms.length - (gcm ? 20 : 17)]
        const wrong = {
          ...reader,
          privateKey: house.holder('x@acme.example', { kind: kind === 'EC' ? 'P-256' : 'RSA' }).privateKey,
        }
        const results = [await opened(entityOf(cms), [wrong])]
        for (const at of places.slice(1)) results.push(await opened(entityOf(cms.with(at, cms[at]! ^ 1)), [reader]))
        for (const result of results) {
          // Under CBC a wrong key or a changed octet may leave a padding that is one, by chance, and then no sense.
          if (!gcm && outcome(result).ok) {
            assert.notEqual(result.text, TEXT)
            continue
          }
          assert.equal(result.text, '')
          answers.add(JSON.stringify(outcome(result)))
        }
        assert.deepEqual(
          [...answers],
          ['{"ok":false,"code":"ERR_MAIL_DECRYPT","note":"a key, a padding or a tag is not right"}'],
        )
      })
})
