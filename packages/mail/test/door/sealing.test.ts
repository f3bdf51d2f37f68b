// What leaves by a rule: sealed for whom it is, each in Bcc apart, and left as it is where it is encrypted already.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type OpenedMessage, sealMessage, sourceOf } from '@countersign/mail'
import type { Holder } from '../../../../tools/testing/mail-people.ts'
import { signature } from '../smime/messages.ts'
import { alice, bob, carol, dave, LETTER, leaving, open, sealer, toOf } from './sealing-support.ts'
import { enqueue, NOON } from './support.ts'

async function textOf({ payload }: OpenedMessage): Promise<string> {
  assert.ok(payload)
  const { source, entity } = payload
  return Buffer.concat(await Array.fromAsync(source.read(entity.start, entity.end))).toString('latin1')
}

const subjectOf = ({ payload }: OpenedMessage) => payload?.fields.find(({ name }) => name === 'Subject')?.value

suite('what must be encrypted', () => {
  test('is, once for all whom the header names, and the subject too', async (t) => {
    const { hop, leaver } = await leaving(t)
    await enqueue(leaver.queue, { recipients: [bob.address, carol.address] }, LETTER)
    await leaver.turn()
    assert.deepEqual(toOf(hop.got), [[bob.address, carol.address]])
    const [got] = hop.got
    assert.doesNotMatch(got?.text ?? '', /secret|the first line/)
    assert.match(got?.text ?? '', /^Subject: \[\.\.\.\]\r$/m)
    assert.match(got?.text ?? '', /^Message-ID: <1@acme\.example>\r$/m)
    for (const one of [bob, carol]) {
      const opened = await open(t, got?.text ?? '', one)
      assert.equal(opened.verdict.encryption?.cipher, 'AES-256-GCM')
      assert.equal(opened.verdict.encryption?.recipients, 2)
      assert.match(await textOf(opened), /^Subject: The secret plan\r\n[\s\S]*\r\n\r\nthe first line\r\n$/m)
      // Nobody signed it, and no door says so in anybody's name.
      assert.deepEqual([opened.verdict.state, opened.verdict.refusal?.code], ['not verified', 'ERR_MAIL_NOT_SIGNED'])
      assert.equal(opened.verdict.signer, undefined)
    }
    assert.equal((await open(t, got?.text ?? '', dave)).verdict.refusal?.code, 'ERR_MAIL_NO_KEY')
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('goes to each in Bcc apart: no transaction and no message has two of them, and none is in another’s', async (t) => {
    const { hop, leaver } = await leaving(t)
    const letter = LETTER.replace(', Carol <carol@partner.example>', '')
    await enqueue(leaver.queue, { recipients: [bob.address, carol.address, dave.address] }, letter)
    await leaver.turn()
    assert.deepEqual(toOf(hop.got), [[bob.address], [carol.address], [dave.address]])
    for (const [index, one] of [bob, carol, dave].entries()) {
      const text = hop.got[index]?.text ?? ''
      assert.equal((await open(t, text, one)).verdict.encryption?.recipients, 1)
      assert.doesNotMatch(text, /carol|dave/)
      for (const other of [bob, carol, dave].filter((each) => each !== one))
        assert.equal((await open(t, text, other)).verdict.refusal?.code, 'ERR_MAIL_NO_KEY')
    }
  })

  test('what no rule speaks of goes as it stands', async (t) => {
    const { hop, leaver } = await leaving(t)
    await enqueue(leaver.queue, { recipients: ['erin@acme.example', bob.address] }, LETTER)
    await leaver.turn()
    const erin = hop.got.find(({ to }) => to.includes('erin@acme.example'))
    assert.deepEqual([erin?.to, erin?.text], [['erin@acme.example'], LETTER])
    const sealed = hop.got.find(({ to }) => to.includes(bob.address))
    assert.doesNotMatch(sealed?.text ?? '', /secret|the first line/)
  })

  test('what its sender signed stays signed, inside, and its subject is found there', async (t) => {
    const { hop, leaver } = await leaving(t)
    for (const protect of [true, false]) {
      const signed = await signedBy(alice, LETTER, protect)
      await enqueue(leaver.queue, { recipients: [bob.address] }, signed)
      await leaver.turn()
      const text = hop.got.at(-1)?.text ?? ''
      assert.doesNotMatch(text, /secret|the first line/)
      const opened = await open(t, text, bob)
      assert.deepEqual([opened.verdict.state, opened.verdict.signer?.addresses], ['verified', [alice.address]])
      assert.equal(subjectOf(opened), 'The secret plan')
      // Where the sender protected no header, no server can say that it was the sender's.
      const isProtected = !opened.verdict.remarks.some(({ kind }) => kind === 'header-not-protected')
      assert.equal(isProtected, protect)
    }
  })

  test('non-ASCII stays what it was, and is carried in seven bits where the header allows it', async (t) => {
    const { hop, leaver } = await leaving(t)
    const letter = Buffer.from(LETTER.replace('The secret plan', 'Größe').replace('the first', 'die erste für'), 'utf8')
    await enqueue(
      leaver.queue,
      { recipients: [bob.address], isUtf8: true, isEightBit: true },
      letter.toString('latin1'),
    )
    await leaver.turn()
    const text = hop.got[0]?.text ?? ''
    assert.doesNotMatch(text, /[\x80-\xff]/)
    const inside = Buffer.from(await textOf(await open(t, text, bob)), 'latin1').toString('utf8')
    assert.match(inside, /^Subject: Größe\r$/m)
    assert.match(inside, /die erste für line/)
  })
})

suite('what is encrypted already', () => {
  const sealedFor = async (...holders: readonly Holder[]) => {
    const [copy] = await sealMessage(sourceOf(Buffer.from(LETTER)), {
      sealerFor: async () => sealer(alice),
      signerAddresses: [alice.address],
      keyOf: async (address) => {
        const one = holders.find((each) => each.address === address) ?? holders[0]
        return one && { address: one.address, format: 'smime', key: one.certificate.der }
      },
      profile: 'modern',
      now: NOON,
    })
    assert.ok(copy)
    return Buffer.concat(await Array.fromAsync(copy.message)).toString('latin1')
  }

  test('to this recipient is left as it is', async (t) => {
    const { hop, leaver } = await leaving(t)
    const sealed = await sealedFor(bob, carol)
    await enqueue(leaver.queue, { recipients: [bob.address, carol.address] }, sealed)
    await leaver.turn()
    assert.deepEqual(
      hop.got.map(({ to, text }) => [to, text === sealed]),
      [[[bob.address, carol.address], true]],
    )
  })

  test('to others is encrypted to this one too, around it', async (t) => {
    const { hop, leaver } = await leaving(t)
    const sealed = await sealedFor(carol)
    await enqueue(leaver.queue, { recipients: [bob.address] }, sealed)
    await leaver.turn()
    assert.equal((await open(t, hop.got[0]?.text ?? '', bob, carol)).verdict.state, 'verified')
    assert.equal((await open(t, hop.got[0]?.text ?? '', carol)).verdict.refusal?.code, 'ERR_MAIL_NO_KEY')
  })

  test('to a key that only the sender knows is left as it is', async (t) => {
    const { hop, leaver } = await leaving(t, { keysOf: async () => ({ certificates: [], issuers: [] }) })
    const sealed = await sealedFor(bob)
    await enqueue(leaver.queue, { recipients: [bob.address] }, sealed)
    await leaver.turn()
    assert.equal(hop.got[0]?.text, sealed)
  })

  const pgp = (octets: readonly number[], more = '') =>
    [
      'From: alice@acme.example',
      'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b',
      '',
      '--b',
      'Content-Type: application/pgp-encrypted',
      '',
      'Version: 1',
      '--b',
      'Content-Type: application/octet-stream',
      '',
      `${more}-----BEGIN PGP MESSAGE-----`,
      '',
      Buffer.from([...octets, ...Buffer.from('the first line')]).toString('base64'),
      '-----END PGP MESSAGE-----',
      '--b--',
      '',
    ].join('\r\n')
  const noKeys = { keysOf: async () => ({ certificates: [], issuers: [] }) }

  test('with OpenPGP is left as it is, by its first packet', async (t) => {
    // RFC 9580 §4.2: a session key, in the present and the old form of packets.
    for (const first of [0xc1, 0x84, 0x85]) {
      const { hop, leaver } = await leaving(t, noKeys)
      await enqueue(leaver.queue, { recipients: [bob.address] }, pgp([first, 3]))
      await leaver.turn()
      assert.equal(hop.got.length, 1, `${first}`)
    }
  })

  /** The encrypted entity of a sealed message, without the header around it. */
  const encryptedPart = async () => {
    const sealed = await sealedFor(bob)
    return sealed.slice(sealed.indexOf('Content-Type: application/pkcs7-mime'))
  }
  const AROUND = 'From: alice@acme.example\r\nContent-Type:'
  const CASES: readonly (readonly [string, () => Promise<string>])[] = [
    ['armor around what is in clear', async () => pgp([0xcb, 3])],
    ['armor around what is only signed', async () => pgp([0xc4, 3])],
    ['armor around a session key that a password opens', async () => pgp([0xc3, 3])],
    ['armor behind a text', async () => pgp([0xc1, 3], 'the first line\r\n')],
    ['armor of a signature', async () => pgp([0xc1, 3]).replace('BEGIN PGP MESSAGE', 'BEGIN PGP SIGNATURE')],
    [
      'another first part',
      async () => pgp([0xc1, 3]).replace('Content-Type: application/pgp-encrypted', 'Content-Type: text/plain'),
    ],
    [
      'a type of S/MIME around a text',
      async () => `${AROUND} application/pkcs7-mime; smime-type=authEnveloped-data\r\n\r\nthe first line\r\n`,
    ],
    [
      'a type of S/MIME around what is signed',
      async () =>
        `${AROUND} application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(signature('the first line')).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`,
    ],
    [
      'an encrypted part beside a text',
      async () =>
        `${AROUND} multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe first line\r\n--b\r\n${await encryptedPart()}\r\n--b--\r\n`,
    ],
    [
      'an encrypted part within what nobody signs',
      async () => `${AROUND} multipart/mixed; boundary=b\r\n\r\n--b\r\n${await encryptedPart()}\r\n--b--\r\n`,
    ],
  ]
  for (const [what, make] of CASES)
    test(`is not what only looks so: ${what}`, async (t) => {
      const { hop, leaver } = await leaving(t, noKeys)
      const id = await enqueue(leaver.queue, { recipients: [bob.address] }, await make())
      await leaver.turn()
      assert.deepEqual(
        hop.got.filter(({ from }) => from !== ''),
        [],
      )
      assert.equal(leaver.queue.find(id)?.recipients[0]?.state, 'held')
    })
})

/** As the sealer of a person signs, with the header or without it. */
async function signedBy(holder: Holder, letter: string, protect: boolean): Promise<string> {
  if (protect) {
    const [copy] = await sealMessage(sourceOf(Buffer.from(letter)), {
      sealerFor: async () => sealer(holder),
      signerAddresses: [holder.address],
      keyOf: async () => undefined,
      profile: 'modern',
      signOnly: 'smime',
      now: NOON,
    })
    assert.ok(copy)
    return Buffer.concat(await Array.fromAsync(copy.message)).toString('latin1')
  }
  const [header = '', body = ''] = letter.split('\r\n\r\n', 2)
  const part = Buffer.from(`Content-Type: text/plain\r\n\r\n${body}`)
  const { fields, body: signed } = await sealer(holder).seal(
    (async function* () {
      yield part
    })(),
    { profile: 'modern', recipients: [], now: NOON },
  )
  return `${header}\r\nMIME-Version: 1.0\r\n${fields.join('')}\r\n${Buffer.concat(await Array.fromAsync(signed)).toString('latin1')}`
}
