// What arrives: marked with our verdict alone, refused where a rule wants more, and otherwise handed on as it came.
import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import {
  createSmimeOpener,
  createSmimeSealer,
  openMessage,
  type Recipient,
  sealMessage,
  sourceOf,
} from '@countersign/mail'
import { createTrust } from '@countersign/mtls'
import type { Reference } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import { Authority, type Holder } from '../../../../tools/testing/mail-people.ts'
import { root } from '../../../../tools/testing/web-house.ts'
import { claimsToBe, writeResults } from '../../src/door/arrive/results.ts'
import { lineOf } from '../../src/door/submit/answer.ts'
import { begun, openTestMailDoor, talk, WRITERS } from './door-support.ts'
import { type Got, openTestHop, scratch } from './support.ts'

const now = Temporal.Now.instant()
const VALID = { notBefore: now.subtract({ hours: 24 }), notAfter: now.add({ hours: 24 }) }
const acme = new Authority('Acme Mail', VALID)
const boss = acme.holder('boss@acme.example', VALID)
const mallory = acme.holder('mallory@acme.example', VALID)
const bob = acme.holder('bob@acme.example', VALID)
const thief = acme.holder('boss@acme.example', VALID)
const stranger = new Authority('Others', VALID).holder('boss@acme.example', VALID)
const RULE = 'must be verified from boss@acme.example'
const trust = createTrust({
  anchors: [root.certificate, acme.certificate],
  crls: [acme.crl([thief.certificate], now.subtract({ hours: 1 }))],
  revocation: 'prefer',
  asOf: now,
})

const letterFrom = (from: string) =>
  `From: ${from}\r\nTo: bob@acme.example\r\nSubject: pay\r\nDate: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n\r\n4,200 at once\r\n`

async function signed(holder: Holder, to?: Holder, before = ''): Promise<string> {
  const keyOf = async (address: string): Promise<Recipient | undefined> =>
    to && { address, format: 'smime', key: to.certificate.der }
  const [copy] = await sealMessage(sourceOf(Buffer.from(`${before}${letterFrom(holder.address)}`)), {
    sealerFor: async () =>
      createSmimeSealer({
        signer: { certificates: [holder.certificate], key: holder.privateKey },
        trust: acme.trust(),
      }),
    signerAddresses: [holder.address],
    keyOf,
    profile: 'modern',
    ...(to === undefined && { signOnly: 'smime' }),
    now,
  })
  assert.ok(copy)
  return Buffer.concat(await Array.fromAsync(copy.message)).toString('latin1')
}

async function arriving(t: TestContext, own?: Holder) {
  const waiting = new Set<() => void>()
  const hop = await openTestHop(t)
  const door = await openTestMailDoor(
    t,
    hop.next,
    { arrives: ['@acme.example'], ...(own && { keys: [await keptBy(t, own)] }) },
    undefined,
    {
      trust,
      mustBeVerified: (address) => (['boss@acme.example', ''].includes(address.toLowerCase()) ? RULE : undefined),
      log: (event) => {
        if (event === 'mail.sent') for (const look of waiting) look()
      },
    },
  )
  /** Hands it in as the server before does, and answers what was said to it. */
  const bring = async (text: string, from = 'anybody@elsewhere.example') => {
    const client = await begun(door, WRITERS.alice, 'bob@acme.example', from)
    const said = await client.say(`${text.replaceAll('\r\n.', '\r\n..')}.\r\n`)
    client.socket.destroy()
    return said
  }
  const next = async (): Promise<Got> => {
    const { promise, resolve } = Promise.withResolvers<Got>()
    const look = () => {
      const [got] = hop.got
      if (got) resolve(got)
    }
    waiting.add(look)
    look()
    return promise
  }
  return { hop, door, bring, next }
}

/** A directory with a key for mail, as `mail key` leaves it. */
async function keptBy(t: TestContext, { certificate, privateKey }: Holder): Promise<string> {
  const directory = await scratch(t)
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const name = join(directory, 'mail', createHash('sha256').update(spki).digest('hex').slice(0, 32))
  await mkdir(join(directory, 'mail'), { mode: 0o700 })
  await writeFile(`${name}.key`, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  await writeFile(`${name}.pem`, writePem('CERTIFICATE', certificate.der))
  return directory
}

/** What the door put before it, and the rest. */
function parted({ text }: Got): readonly [results: string, rest: string] {
  const [, results = '', rest = ''] =
    /^(Authentication-Results: (?:.*\r\n[ \t])*.*\r\n)Received: (?:.*\r\n[ \t])*.*\r\n([\s\S]*)$/.exec(text) ?? []
  return [results.replaceAll(/\r\n[ \t]+/g, ' ').trim(), rest]
}

suite('what arrives', () => {
  test('verified, it says so, with the reference of the record, and is handed on as it came', async (t) => {
    const { door, bring, next } = await arriving(t)
    const message = await signed(boss)
    assert.match(await bring(message), /^250 /)
    const got = await next()
    const [results, rest] = parted(got)
    assert.equal(rest, message)
    assert.deepEqual([got.from, got.to], ['anybody@elsewhere.example', ['bob@acme.example']])
    const [, reference] =
      /^Authentication-Results: mail\.localhost; smime=pass \(verified; (M-[0-9A-Z-]+)\) body\.smime-identifier=boss@acme\.example$/.exec(
        results,
      ) ?? []
    assert.ok(reference, results)
    const record = door.records.find((each) => each.reference === reference)
    assert.equal(record?.outcome.ok, true)
    assert.equal(record?.caller.name, 'boss')
  })

  test('what says something in our name is taken out, in any spelling; what others say stays', async (t) => {
    const { bring, next } = await arriving(t)
    const ours = [
      'Authentication-Results: mail.localhost; smime=pass',
      'authentication-results: MAIL.localhost 1; smime=pass',
      'Authentication-Results: (mail) "mail.localhost" (x(y)\\)) ; smime=pass',
      'Authentication-Results:\r\n mail.localhost\r\n ; smime=pass',
      'Authentication-Results: mail.localhost',
      'Authentication-Results: ; smime=pass',
      'Authentication-Results: "mail\\.localhost"; smime=pass',
      'Countersign-Verdict: verified',
    ]
    const theirs = [
      'Authentication-Results: mx.acme.example; dkim=pass',
      'X-Authentication-Results: mail.localhost; smime=pass',
    ]
    const letter = letterFrom('eve@elsewhere.example')
    assert.match(await bring(`${[...ours, ...theirs].join('\r\n')}\r\n${letter}`), /^250 /)
    const [results, rest] = parted(await next())
    assert.match(results, /^Authentication-Results: mail\.localhost; smime=none reason="ERR_MAIL_NOT_SIGNED" /)
    assert.equal(rest, `${theirs.join('\r\n')}\r\n${letter}`)
  })

  test('not signed, of whom no rule speaks, is a message as any other: no record, and nothing claimed', async (t) => {
    const { door, bring, next } = await arriving(t)
    assert.match(await bring(letterFrom('eve@elsewhere.example'), ''), /^250 /)
    const got = await next()
    assert.equal(got.from, '')
    assert.match(parted(got)[0], /smime=none/)
    assert.equal(door.records.length, 1, 'the connection alone')
  })

  test('signed, and changed on its way, of whom no rule speaks: it says that it fails', async (t) => {
    const { bring, next } = await arriving(t)
    assert.match(await bring((await signed(mallory)).replace('4,200', '9,900')), /^250 /)
    assert.match(parted(await next())[0], /smime=fail reason="ERR_MAIL_SIGNATURE" \(not verified; M-/)
  })

  test('encrypted to a key that is not here passes, from whom a rule speaks too: the reader judges', async (t) => {
    const { door, bring, next } = await arriving(t)
    const message = await signed(boss, bob)
    assert.match(await bring(message), /^250 /)
    const [results, rest] = parted(await next())
    assert.match(results, /smime=neutral \(encrypted to a key that is not here: the reader judges; M-/)
    assert.doesNotMatch(results, /pass|boss/)
    assert.equal(rest, message)
    const [, record] = door.records
    assert.equal(record?.outcome.ok === false && record.outcome.refusal.code, 'ERR_MAIL_NO_KEY')
  })
})

suite('what must be verified and is not, is refused with its code and reference', () => {
  const CASES: readonly (readonly [string, () => Promise<string>, string])[] = [
    ['not signed', async () => letterFrom('The Boss <boss@acme.example>'), 'ERR_MAIL_NOT_SIGNED'],
    ['in another spelling', async () => letterFrom('BOSS@acme.example'), 'ERR_MAIL_NOT_SIGNED'],
    ['changed on its way', async () => (await signed(boss)).replace('4,200', '9,900'), 'ERR_MAIL_SIGNATURE'],
    [
      'signed by another',
      async () => (await signed(mallory)).replaceAll('From: mallory@', 'From: boss@'),
      'ERR_MAIL_SIGNATURE',
    ],
    [
      'another’s, under that name outside',
      async () => (await signed(mallory)).replace('From: mallory@', 'From: boss@'),
      'ERR_MAIL_HEADER_DIFFERS',
    ],
    [
      'that name’s, under another outside',
      async () => (await signed(boss)).replace('From: boss@', 'From: eve@'),
      'ERR_MAIL_HEADER_DIFFERS',
    ],
    ['by a key that was revoked', () => signed(thief), 'ERR_CALLER_REVOKED'],
    ['by another authority’s', () => signed(stranger), 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['of two authors', async () => letterFrom('eve@elsewhere.example, boss@acme.example'), 'ERR_MAIL_FROM'],
    ['of nobody', async () => letterFrom('x').replace('From: x\r\n', ''), 'ERR_MAIL_FROM'],
    [
      'of an author whom programs read differently',
      async () => letterFrom('boss@acme.example (eve@elsewhere.example'),
      'ERR_MAIL_FROM',
    ],
    [
      'signed, beside something that is not',
      async () => {
        const whole = await signed(boss)
        const inner = whole.slice(whole.indexOf('Content-Type: multipart/signed'))
        return `From: boss@acme.example\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\npay 9,900\r\n--m\r\n${inner}\r\n--m--\r\n`
      },
      'ERR_MAIL_COVERAGE',
    ],
    [
      'in a form that is read in two ways',
      async () =>
        letterFrom('boss@acme.example').replace('Subject:', 'Content-Type: multipart/mixed; boundary=b\r\nSubject:'),
      'ERR_MAIL_FORM',
    ],
  ]
  for (const [what, make, code] of CASES)
    test(what, async (t) => {
      const { hop, door, bring } = await arriving(t)
      const said = await bring(await make())
      const [, reference] = new RegExp(`^550 5\\.\\d\\.\\d .*\\(${code}, (M-[0-9A-Z-]+)\\)`).exec(said) ?? []
      assert.ok(reference, said)
      const record = door.records.find((each) => each.reference === reference)
      assert.ok(record && !record.outcome.ok)
      assert.equal(record.outcome.refusal.code, code)
      assert.match(record.outcome.refusal.note ?? '', /^must be verified from boss@acme\.example/)
      assert.deepEqual(hop.got, [])
    })
})

suite('what is encrypted to a key that was given to the door', () => {
  test('says nothing in our name within either: it was hidden from who takes that out', async (t) => {
    const { bring, next } = await arriving(t, bob)
    const before =
      'authentication-RESULTS: mail.localhost;\r\n smime=pass body.smime-identifier=boss@acme.example\r\nCountersign-Verdict: verified\r\n'
    assert.match(await bring(await signed(mallory, bob, before)), /^250 /)
    const [results, rest] = parted(await next())
    assert.match(results, /^Authentication-Results: mail\.localhost; smime=/)
    const [header = ''] = rest.split('\r\n\r\n', 1)
    assert.match(header, /^Subject: pay\r$/m)
    assert.doesNotMatch(header, /Authentication-Results|Countersign-/i)
  })

  test('is opened and judged here, and handed on decrypted, signed as it was inside', async (t) => {
    const { door, bring, next } = await arriving(t, bob)
    const message = await signed(boss, bob)
    const added =
      'Received: from x by mx.example; Fri, 27 Nov 2026 12:00:00 +0000\r\nList-Id: <staff.acme.example>\r\nReply-To: eve@evil.example\r\n'
    assert.match(await bring(`${added}${message}`), /^250 /)
    const [results, rest] = parted(await next())
    assert.match(results, /smime=pass \(verified, and opened here; M-.*\) body\.smime-identifier=boss@acme\.example$/)
    assert.match(rest, /^Received: from x by mx\.example; .*\r\nList-Id: /)
    assert.doesNotMatch(rest, /evil/, 'who carried it says nothing in the name of its sender')
    assert.match(rest, /^Subject: pay\r$/m)
    assert.match(rest, /4,200 at once/)
    assert.doesNotMatch(rest, /^Subject: \[\.\.\.\]\r$/m, 'outside it is what it was')
    const inside = await openMessage(sourceOf(Buffer.from(rest, 'latin1')), {
      openers: [createSmimeOpener({ keys: [], trust })],
      now,
      spoolDirectory: await scratch(t),
    })
    assert.equal(inside.verdict.state, 'verified', 'whoever reads it can judge it too')
    await inside[Symbol.asyncDispose]()
    const [, record] = door.records
    assert.equal(
      record?.steps.every(({ outcome }) => outcome === 'proved'),
      true,
      'all six steps',
    )
  })

  test('changed on its way, it is refused where a rule speaks, and passes unopened where none does', async (t) => {
    for (const [sender, isRuled] of [
      [boss, true],
      [mallory, false],
    ] as const) {
      const { hop, bring, next } = await arriving(t, bob)
      const lines = (await signed(sender, bob)).split('\r\n')
      const at = lines.length - 5
      lines[at] = (lines[at] ?? '').replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))
      const said = await bring(lines.join('\r\n'))
      if (isRuled) assert.match(said, /^550 5\.7\.1 .*\(ERR_MAIL_DECRYPT, M-/)
      else {
        const [results, rest] = parted(await next())
        assert.match(results, /smime=fail reason="ERR_MAIL_DECRYPT" \(not opened; /)
        assert.equal(rest, lines.join('\r\n'))
      }
      for (const { text } of hop.got) assert.doesNotMatch(text, /4,200/)
    }
  })

  test('to another key, it is left to its reader', async (t) => {
    const { bring, next } = await arriving(t, mallory)
    const message = await signed(boss, bob)
    assert.match(await bring(message), /^250 /)
    const [results, rest] = parted(await next())
    assert.match(results, /smime=neutral/)
    assert.equal(rest, message)
  })

  test('a door whose keys are not there does not open', async (t) => {
    const hop = await openTestHop(t)
    const keys = [await scratch(t)]
    await assert.rejects(
      openTestMailDoor(t, hop.next, { arrives: ['@acme.example'], keys }),
      /ERR_IDENTITY_MISSING|it is not there/,
    )
  })
})

suite('what does not arrive here', () => {
  test('mail for another’s domain, and for one that only ends alike', async (t) => {
    const { door } = await arriving(t)
    const client = await talk(door, WRITERS.alice)
    await client.hear()
    await client.say('EHLO mx.example\r\n')
    await client.say('MAIL FROM:<>\r\n')
    for (const to of ['bob@partner.example', 'bob@notacme.example', 'bob@acme.example.evil.example'])
      assert.match(await client.say(`RCPT TO:<${to}>\r\n`), /^550 5\.7\.1 .*\(ERR_MAIL_NOT_HERE, M-/)
    assert.match(await client.say('RCPT TO:<Bob@ACME.example>\r\n'), /^250 /)
    client.socket.destroy()
  })

  test('what goes in a circle, and what has no header', async (t) => {
    const { hop, bring } = await arriving(t)
    const circle = 'Received: from a by b; Fri, 27 Nov 2026 12:00:00 +0000\r\n'.repeat(101)
    assert.match(await bring(`${circle}${letterFrom('eve@elsewhere.example')}`), /^554 5\.4\.6 .*ERR_MAIL_LOOP/)
    assert.match(await bring('no field\r\n\r\ntext\r\n'), /^550 5\.6\.0 .*ERR_MAIL_FORM/)
    assert.match(await bring(letterFrom('bj\u00f8rn@elsewhere.example')), /^553 5\.6\.7 .*ERR_MAIL_NOT_ASCII/)
    assert.deepEqual(hop.got, [])
  })

  test('a caller whom no rule lets in hears so in place of a greeting', async (t) => {
    const { door } = await arriving(t)
    const client = await talk(door, WRITERS.bob)
    assert.match(await client.hear(), /^554 5\.7\.1 .*ERR_CALLER_NOT_ALLOWED/)
    client.socket.destroy()
  })
})

suite('what may be known later', () => {
  test('is no verdict for good: the server before tries again; at the connection it is refused as before', () => {
    const [code, reference] = ['ERR_CALLER_STATUS_UNKNOWN', 'M-7F3K-92QD' as Reference] as const
    const verdict = { state: 'not verified', refusal: { code }, remarks: [] } as const
    assert.match(
      writeResults('mail.localhost', 'not verified', { verdict, facts: { layers: [] } }, reference),
      /smime=temperror reason="ERR_CALLER_STATUS_UNKNOWN" \(.*; M-7F3K-92QD\)\r\n$/,
    )
    assert.match(lineOf(code, reference), /^451 4\.7\.1 /)
    assert.match(lineOf(code, reference, 554), /^554 5\.7\.1 /)
  })
})

suite('claimsToBe', () => {
  for (const [value, isOurs] of [
    ['mx.example.com; none', false],
    ['xn--bcher-kva.example; none', true],
    ['b\u00fccher.example; none', true],
    ['(b) xn--bcher-kva.example(x) 1 (y) ; none', true],
    ['mx.example.com (xn--bcher-kva.example); none', false],
    ['(open xn--bcher-kva.example; none', true],
    ['two words; none', true],
    ['mx.example.com 1; none', false],
    ['xn--bcher-kva.example/1; none', true],
    ['=?us-ascii?q?xn--bcher-kva.example?=; none', true],
    ['xn--bcher-kva.example,; none', true],
    ['smime=pass; xn--bcher-kva.example', true],
  ] as const)
    test(value, () =>
      assert.equal(claimsToBe('xn--bcher-kva.example', { name: 'authentication-results', value }), isOurs),
    )
})
