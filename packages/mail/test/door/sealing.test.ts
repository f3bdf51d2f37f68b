// What leaves by a rule: sealed for whom it is, each in Bcc apart, left as it is where it is encrypted already, or held.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  createSmimeOpener,
  createSmimeSealer,
  type OpenedMessage,
  openMessage,
  sealMessage,
  sourceOf,
} from '@countersign/mail'
import { createTrust } from '@countersign/mtls'
import { OID } from '@countersign/x509'
import { Authority, type Holder, house } from '../../../../tools/testing/mail-people.ts'
import { createSealing, type SealingOptions } from '../../src/door/leave/sealing.ts'
import { signature } from '../smime/messages.ts'
import { enqueue, type Got, type Leaver, NOON, openLeaver, openTestHop, scratch } from './support.ts'

const alice = house.holder('alice@acme.example')
const bob = house.holder('bob@partner.example')
const carol = house.holder('carol@partner.example')
const dave = house.holder('dave@partner.example')
const PEOPLE = [bob, carol, dave]
const LETTER = [
  'From: Alice <alice@acme.example>',
  'To: bob@partner.example, Carol <carol@partner.example>',
  'Subject: The secret plan',
  'Message-ID: <1@acme.example>',
  'Date: Fri, 27 Nov 2026 12:00:00 +0000',
  '',
  'the first line',
  '',
].join('\r\n')

async function leaving(t: TestContext, more: Partial<SealingOptions> = {}) {
  const hop = await openTestHop(t)
  const treat = createSealing({
    mustEncrypt: (address) => (address.endsWith('@partner.example') ? 'must encrypt to *@partner.example' : undefined),
    keysOf: async (address) => ({
      certificates: PEOPLE.filter((one) => one.address === address).map(({ certificate }) => certificate),
      issuers: [],
    }),
    trust: house.trust(),
    door: 'mail',
    clock: () => NOON,
    log: () => undefined,
    spoolDirectory: await scratch(t),
    ...more,
  })
  return { hop, leaver: await openLeaver(t, hop.next, { treat }) }
}

async function open(t: TestContext, text: string, ...holders: readonly Holder[]): Promise<OpenedMessage> {
  const opener = createSmimeOpener({ keys: holders, trust: house.trust() })
  const opened = await openMessage(sourceOf(Buffer.from(text, 'latin1')), {
    openers: [opener],
    now: NOON,
    spoolDirectory: await scratch(t),
  })
  t.after(() => opened[Symbol.asyncDispose]())
  return opened
}

async function textOf({ payload }: OpenedMessage): Promise<string> {
  assert.ok(payload)
  const { source, entity } = payload
  return Buffer.concat(await Array.fromAsync(source.read(entity.start, entity.end))).toString('latin1')
}

const subjectOf = ({ payload }: OpenedMessage) => payload?.fields.find(({ name }) => name === 'Subject')?.value
const toOf = (got: readonly Got[]) => got.map(({ to }) => to)
const why = (leaver: Leaver, id: string) =>
  leaver.queue.find(id)?.recipients.map(({ state, why }) => [state, why?.code, why?.note])

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
      for (const other of PEOPLE.filter((each) => each !== one))
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

suite('what cannot be sealed is held, and nothing of it is sent', () => {
  const revoked = house.holder('bob@partner.example')
  const stranger = new Authority('Mallory').holder('bob@partner.example')
  const expired = house.holder('bob@partner.example', { notAfter: NOON.subtract({ hours: 1 }) })
  const signing = house.holder('bob@partner.example', { usage: ['digitalSignature'] })
  const keys = (one: Holder) => ({ keysOf: async () => ({ certificates: [one.certificate], issuers: [] }) })
  const CASES: readonly (readonly [string, Partial<SealingOptions>, string, RegExp])[] = [
    [
      'no key is known',
      { keysOf: async () => ({ certificates: [], issuers: [] }) },
      'ERR_MAIL_MUST_ENCRYPT',
      /no key of bob@partner\.example is known/,
    ],
    [
      'only a key of OpenPGP is known, and the package for them is not there',
      {
        keysOf: async () => ({
          certificates: [],
          issuers: [],
          openPgp: { authorities: [], keys: [{ fingerprint: 'ab', key: new Uint8Array(), isCurrent: true }] },
        }),
      },
      'ERR_MAIL_MUST_ENCRYPT',
      /only a key of OpenPGP is known, and the package for it is not installed at this door: a person seals it/,
    ],
    [
      'the authority is away',
      { keysOf: async () => Promise.reject(new Error('ECONNREFUSED')) },
      'ERR_MAIL_MUST_ENCRYPT',
      /cannot be asked now/,
    ],
    [
      'the key was revoked',
      {
        ...keys(revoked),
        trust: createTrust({
          anchors: [house.certificate],
          crls: [house.crl([revoked.certificate])],
          revocation: 'require',
          asOf: NOON,
        }),
      },
      'ERR_CALLEE_REVOKED',
      /./,
    ],
    [
      'whether it was revoked is not known',
      { trust: createTrust({ anchors: [house.certificate], crls: [], revocation: 'require', asOf: NOON }) },
      'ERR_CALLEE_STATUS_UNKNOWN',
      /./,
    ],
    ['the key has expired', keys(expired), 'ERR_CALLEE_EXPIRED', /./],
    ['it is another authority’s', keys(stranger), 'ERR_CALLEE_UNKNOWN_ISSUER', /./],
    ['it is another address’s', keys(carol), 'ERR_CALLEE_WRONG_NAME', /./],
    ['it only signs', keys(signing), 'ERR_MAIL_RECIPIENT_KEY', /keyUsage/],
    [
      'it is for legacy readers',
      { keysOf: async () => ({ certificates: [legacyOf(bob)], issuers: [] }) },
      'ERR_MAIL_LEGACY',
      /legacy/,
    ],
  ]
  for (const [what, more, code, note] of CASES)
    test(what, async (t) => {
      const { hop, leaver } = await leaving(t, more)
      const id = await enqueue(leaver.queue, { recipients: [bob.address] }, LETTER)
      await leaver.turn()
      const [[state, found, said] = []] = why(leaver, id) ?? []
      assert.deepEqual([state, found], ['held', code])
      assert.match(said ?? '', /^must encrypt to \*@partner\.example: /)
      assert.match(said ?? '', note)
      await leaver.turn()
      assert.deepEqual(
        hop.got.map(({ from, to }) => [from, ...to]),
        [['', alice.address]],
      )
      const report = hop.got[0]?.text ?? ''
      assert.match(report, /^Action: delayed\r$/m)
      const told = report.indexOf(`(${code})`)
      assert.ok(told > 0)
      assert.match(report.slice(told), /must encrypt to \*@partner\.example: .*\r\n +next: \w/)
      assert.doesNotMatch(report, /secret plan|the first line/)
      assert.ok(leaver.queue.find(id), 'it is kept')
    })

  for (const [what, letter, code] of [
    [
      'a header that says of itself that it is protected',
      LETTER.replace('Subject:', 'Content-Type: text/plain; hp="clear"\r\nSubject:'),
      'ERR_MAIL_FORM',
    ],
    [
      'a message that is read in two ways',
      LETTER.replace('Subject:', 'Content-Type: multipart/mixed; boundary=b\r\nSubject:'),
      'ERR_MAIL_FORM',
    ],
    [
      'a message of too many parts',
      `From: alice@acme.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n\r\n'.repeat(1_001)}--b--\r\n`,
      'ERR_MAIL_BUDGET',
    ],
  ] as const)
    test(what, async (t) => {
      const { hop, leaver } = await leaving(t)
      const id = await enqueue(leaver.queue, { recipients: [bob.address] }, letter)
      await leaver.turn()
      assert.deepEqual(hop.got, [])
      assert.deepEqual(
        why(leaver, id)?.map(([state, found]) => [state, found]),
        [['held', code]],
      )
    })

  test('a key comes, and then it leaves, sealed', async (t) => {
    let has = false
    const { hop, leaver } = await leaving(t, {
      keysOf: async () => ({ certificates: has ? [bob.certificate] : [], issuers: [] }),
    })
    await enqueue(leaver.queue, { recipients: [bob.address] }, LETTER)
    await leaver.turn()
    has = true
    leaver.pass(1)
    await leaver.turn()
    const [, sealed] = hop.got.toSorted((one, other) => one.from.length - other.from.length)
    assert.equal((await open(t, sealed?.text ?? '', bob)).verdict.encryption?.outcome.ok, true)
    assert.doesNotMatch(sealed?.text ?? '', /secret|the first line/)
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('a rule that comes later counts for what waits', async (t) => {
    let rule: string | undefined
    const { hop, leaver } = await leaving(t, { mustEncrypt: () => rule })
    await hop.close()
    await enqueue(leaver.queue, { recipients: ['erin@partner.example'] }, LETTER)
    assert.equal(await leaver.turn(), false)
    rule = 'must encrypt to *'
    const again = await openTestHop(t, {}, hop.next.port)
    leaver.pass(1)
    await leaver.turn()
    assert.equal(
      again.got.some(({ text }) => text.includes('the first line')),
      false,
    )
    assert.equal(leaver.queue.list()[0]?.recipients[0]?.state, 'held')
  })

  test('one that is held keeps nobody else waiting', async (t) => {
    const { hop, leaver } = await leaving(t)
    await enqueue(leaver.queue, { recipients: ['erin@partner.example', bob.address] }, LETTER)
    await enqueue(leaver.queue, { recipients: [carol.address] }, LETTER)
    await leaver.turn()
    assert.deepEqual(
      toOf(hop.got.filter(({ from }) => from !== ''))
        .flat()
        .sort(),
      [bob.address, carol.address],
    )
  })
})

function sealer({ certificate, privateKey }: Holder) {
  return createSmimeSealer({
    signer: { certificates: [certificate], key: privateKey },
    trust: house.trust(),
  })
}

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

/** The same key, of a holder who reads AES-256-CBC and no more. @see RFC 4262 §2 */
function legacyOf(holder: Holder) {
  return house.holder(holder.address, { capabilities: [OID['id-aes256-CBC']] }).certificate
}
