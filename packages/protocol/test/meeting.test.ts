import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  drawMeeting,
  explainMeeting,
  type Meeting,
  MOST_TROUBLES,
  parseReference,
  publicMeeting,
  type RefusalCode,
  readMeeting,
  referenceOf,
  ShapeError,
  type Step,
  writeBriefMeeting,
  writeMeeting,
} from '@countersign/protocol'

const at = Temporal.Instant.from('2026-11-24T12:00:00Z')
const summary = (subject: string, days: number) => ({
  sha256: 'ab'.repeat(32),
  spkiSha256: 'cd'.repeat(32),
  serialNumber: '0f',
  subject,
  issuer: 'CN=Acme Issuing 1',
  issuerCommonName: 'Acme Issuing 1',
  notBefore: at,
  notAfter: at.add({ hours: 24 * days + 1 }),
})
const alice = summary('alice', 6)
const hello = summary('hello.localhost', 11)
const reference = parseReference('M-7F3K-92QD') ?? assert.fail('the reference of the design')
const notReached: Step = { by: 'both', outcome: 'not reached' }

const revoked: Meeting = {
  reference,
  door: 'hello',
  seenBy: 'callee',
  at,
  resumed: false,
  caller: { name: 'alice', party: 'alice', identities: [], certificate: alice },
  callee: { name: 'hello.localhost', identities: [], certificate: hello },
  steps: [
    { by: 'caller', outcome: 'proved', evidence: { kind: 'clientHello', randomSha256: '00' }, at },
    { by: 'callee', outcome: 'proved', evidence: { kind: 'certificate', certificate: hello } },
    {
      by: 'caller',
      outcome: 'proved',
      evidence: {
        kind: 'verdict',
        anchor: 'CN=Acme Root',
        anchorSpkiSha256: 'ef'.repeat(32),
        status: 'not revoked, by CRL 7',
        knownAt: at.subtract({ seconds: 2 }),
      },
    },
    { by: 'caller', outcome: 'proved', evidence: { kind: 'certificate', certificate: alice } },
    { by: 'callee', outcome: 'refused' },
    notReached,
  ],
  outcome: {
    ok: false,
    refusal: {
      code: 'ERR_CALLER_REVOKED',
      note: 'for the operator',
      detail: {
        code: 'ERR_VERIFY_REVOKED',
        clause: 'RFC 5280 §6.3.3',
        depth: 0,
        detail: 'revoked',
        revocation: { at: at.subtract({ minutes: 3 }), reason: 'keyCompromise' },
      },
    },
  },
}

suite('the picture', () => {
  const lines = drawMeeting(explainMeeting(revoked, at), { width: 80 }).split('\n')
  test('has the two names, six rows and the reference', () => {
    assert.equal(lines.length, 8)
    assert.match(lines[0] ?? '', /^ {2}alice +hello\.localhost$/)
    assert.match(lines[7] ?? '', /^ {2}reference M-7F3K-92QD {3}next: ask your administrator for a new invitation$/)
  })
  test('draws what was sent with arrows and what was judged with marks', () => {
    assert.match(lines[1] ?? '', /^ {2}1 ask {7}─+▶$/)
    assert.match(lines[2] ?? '', /^ {2}2 present {3}◀─+ {2}hello\.localhost, issued by Acme Issuing 1, 11 days left$/)
    assert.match(lines[3] ?? '', /^ {2}3 verify {4}✔ path · name · not revoked \(known 2 s ago\)$/)
    assert.match(lines[4] ?? '', /^ {2}4 present {3}alice, issued by Acme Issuing 1, 6 days left {2}─+▶$/)
    assert.equal(lines[5], '  5 verify    ✘ refused: alice was revoked 3 minutes ago (key compromise)')
    assert.equal(lines[6], '  6 channel     –')
  })
  test('names what a person has shown beside a certificate, where it does, and reads it back', () => {
    const beside = [
      { kind: 'password', binding: 'none' },
      { kind: 'totp', binding: 'none' },
    ] as const
    const [, , , show] = revoked.steps
    const both = { kind: 'certificate', certificate: alice, beside } as const
    const meeting: Meeting = { ...revoked, steps: revoked.steps.with(3, { ...show, evidence: both }) as never }
    const [, , , row] = explainMeeting(meeting, at).rows
    assert.equal(row?.text, 'alice, issued by Acme Issuing 1, 6 days left · password · one-time password')
    assert.deepEqual(readMeeting(JSON.parse(JSON.stringify(writeMeeting(meeting)))), meeting)
  })
  test('is no wider than asked', () => {
    for (const line of drawMeeting(explainMeeting(revoked, at), { width: 100 }).split('\n').slice(0, 7))
      assert.ok([...line].length <= 100, line)
  })
  test('is as wide as 60 to 120 columns, whatever the terminal', () => {
    for (const [width, columns] of [
      [10, 60],
      [400, 120],
    ] as const) {
      const [first = ''] = drawMeeting(explainMeeting(revoked, at), { width }).split('\n')
      assert.equal([...first].length, columns)
    }
  })
  test('claims a checked name for the caller alone, who knew whom it wanted to meet', () => {
    const [ask, present, verify, identify] = revoked.steps
    const steps = [ask, present, verify, identify, { ...verify, by: 'callee' }, notReached] as const
    const outcome = { ok: true, decision: { ok: true, rule: 'allow alice' } } as const
    const { rows } = explainMeeting({ ...revoked, steps, outcome }, at)
    assert.equal(rows[2]?.text, 'path · name · not revoked (known 2 s ago)')
    assert.equal(rows[4]?.text, 'path · not revoked (known 2 s ago) · allowed by “allow alice”')
  })
  test('no name moves the cursor, breaks the line or turns the text around', () => {
    const hostile = 'alice\u001b[2K\r\n\u202eecila\u2028'
    const named = { ...revoked.caller, name: hostile, certificate: { ...alice, issuerCommonName: hostile } }
    const [, , , step] = revoked.steps
    const steps = revoked.steps.with(3, { ...step, evidence: { kind: 'certificate', certificate: named.certificate } })
    const picture = drawMeeting(
      explainMeeting({ ...revoked, caller: named, steps: steps as unknown as Meeting['steps'] }, at),
    )
    for (const character of ['\u001b', '\r', '\u202e', '\u2028']) assert.ok(!picture.includes(character))
    assert.equal(picture.split('\n').length, 8)
    assert.ok(picture.startsWith('  alice\\u{1b}[2K\\u{d}\\u{a}\\u{202e}ecila\\u{2028}'), picture)
    assert.ok(picture.includes('refused: alice\\u{1b}[2K'), picture)
  })
  test('a caller that was not answered has no reference that the other side knows', () => {
    const [, ...rest] = revoked.steps
    const unanswered: Meeting = { ...revoked, seenBy: 'caller', steps: [{ by: 'caller', outcome: 'proved' }, ...rest] }
    assert.doesNotMatch(drawMeeting(explainMeeting(unanswered, at)), /M-7F3K-92QD|reference/)
    for (const meeting of [
      { ...revoked, seenBy: 'caller' },
      { ...unanswered, seenBy: 'callee' },
    ] as const)
      assert.match(drawMeeting(explainMeeting(meeting, at)), /^ {2}reference M-7F3K-92QD {3}next: /m)
  })
  test('colours the refused row only when asked', () => {
    assert.ok(!lines.join('').includes('\u001b'))
    const colored = drawMeeting(explainMeeting(revoked, at), { color: true }).split('\n')
    assert.ok(colored[5]?.startsWith('\u001b[31m'))
    assert.ok(colored[6]?.startsWith('\u001b[90m'))
  })
})

suite('a refusal', () => {
  const refused = (code: RefusalCode) =>
    explainMeeting({ ...revoked, outcome: { ok: false, refusal: { code } } }, at).refusal ?? assert.fail(code)
  test('speaks to the refused party, and names it to everybody else', () => {
    const { why, cause } = explainMeeting(revoked, at).refusal ?? assert.fail('it is refused')
    assert.equal(why, 'your certificate was revoked 3 minutes ago (key compromise)')
    assert.equal(cause, 'alice was revoked 3 minutes ago (key compromise)')
    assert.equal(refused('ERR_CALLER_EXPIRED').cause, "alice's certificate has expired")
    assert.equal(refused('ERR_CALLER_NOT_ALLOWED').cause, 'alice is not on the list of this door')
    assert.equal(refused('ERR_CALLEE_WRONG_NAME').cause, "the server's certificate is for another name")
    assert.equal(refused('ERR_CALLEE_REVOKED').cause, 'hello.localhost was revoked')
    assert.equal(refused('ERR_CALLER_NO_CERTIFICATE').cause, 'no client certificate was presented')
  })
  test('says no reason where none was given', () => {
    const { refusal } = revoked.outcome.ok ? assert.fail('it is refused') : revoked.outcome
    const revocation = { at, reason: 'unspecified' } as const
    const detail = { code: 'ERR_VERIFY_REVOKED', clause: 'RFC 5280 §6.3.3', detail: 'revoked', revocation } as const
    const told = explainMeeting({ ...revoked, outcome: { ok: false, refusal: { ...refusal, detail } } }, at)
    assert.equal(told.rows[4]?.text, 'refused: alice was revoked just now')
  })
})

const device = { kind: 'device', keySha256: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', known: true } as const
const shown = [
  { kind: 'password', binding: 'device' },
  { kind: 'totp', binding: 'device' },
] as const
/** A sign-in on a known device, as the design says it. */
const signedIn: Meeting = {
  ...revoked,
  caller: { name: 'alice', party: 'alice', identities: [{ kind: 'account', value: 'alice' }] },
  callee: { ...revoked.callee, name: 'bank.example' },
  steps: [
    { by: 'caller', outcome: 'proved', evidence: device, at },
    { by: 'callee', outcome: 'proved', evidence: { kind: 'picture', sealedTo: 'device' }, at },
    { by: 'caller', outcome: 'proved', evidence: { kind: 'opaque' }, at },
    { by: 'caller', outcome: 'proved', evidence: { kind: 'proofs', proofs: shown }, at },
    { by: 'callee', outcome: 'proved', evidence: { kind: 'proofs', proofs: shown }, at },
    { by: 'both', outcome: 'proved', evidence: { kind: 'bound', to: 'device', keySha256: device.keySha256 }, at },
  ],
  outcome: { ok: true, decision: { ok: true, rule: 'customers reach the bank' } },
}

const body = 'ab'.repeat(32)
/** A message that was signed and encrypted by OpenPGP. */
const mailed: Meeting = {
  ...signedIn,
  door: 'mail',
  caller: { name: 'alice', identities: [{ kind: 'rfc822Name', value: 'alice@acme.example' }] },
  callee: { name: 'bob', identities: [] },
  steps: [
    { by: 'caller', outcome: 'proved', evidence: { kind: 'message', bodySha256: body }, at },
    {
      by: 'callee',
      outcome: 'proved',
      evidence: { kind: 'openpgpKey', fingerprint: 'CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9' },
      at,
    },
    { by: 'caller', outcome: 'proved', evidence: { kind: 'finished' }, at },
    {
      by: 'caller',
      outcome: 'proved',
      evidence: { kind: 'openpgpKey', fingerprint: '6B188E8EE57FFEB3F6D8D4B8B0E6D5D4D5D4D5D4' },
      at,
    },
    { by: 'callee', outcome: 'proved', evidence: { kind: 'vouched', by: 'Acme' }, at },
    {
      by: 'both',
      outcome: 'proved',
      evidence: { kind: 'sealed', format: 'openpgp', cipher: 'AES-256-OCB', transport: 'X25519', recipients: 2 },
      at,
    },
  ],
  outcome: { ok: true, decision: { ok: true, rule: 'mail is signed by its From' } },
}

suite('a message', () => {
  test('reads as any other meeting', () => {
    assert.deepEqual(
      explainMeeting(mailed, at).rows.map(({ text }) => text),
      [
        '',
        'bob, OpenPGP key 6525EC27BAD9ACC9',
        'alice went on after seeing it',
        'alice, OpenPGP key B0E6D5D4D5D4D5D4',
        'vouched for by Acme · allowed by “mail is signed by its From”',
        'OpenPGP · AES-256-OCB · X25519',
      ],
    )
  })

  test('goes by way of JSON and is the same', () => {
    assert.deepEqual(readMeeting(JSON.parse(JSON.stringify(writeMeeting(mailed)))), mailed)
  })

  for (const [what, evidence] of [
    ['a digest of another length', { kind: 'message', bodySha256: 'ab' }],
    ['a fingerprint longer than any', { kind: 'openpgpKey', fingerprint: 'A'.repeat(65) }],
    ['another format', { kind: 'sealed', format: 'pem', cipher: 'AES-256-GCM', recipients: 1 }],
    [
      'more recipients than a header may name',
      { kind: 'sealed', format: 'smime', cipher: 'AES-256-GCM', recipients: 100_001 },
    ],
  ] as const)
    test(`with ${what} is refused`, () => {
      const json = JSON.parse(JSON.stringify(writeMeeting(mailed))) as { steps: object[] }
      json.steps[0] = { by: 'caller', outcome: 'proved', evidence }
      assert.throws(() => readMeeting(json), ShapeError)
    })
})

suite('a person’s meeting', () => {
  const textsOf = (meeting: Meeting) => explainMeeting(meeting, at).rows.map(({ text }) => text)
  test('reads as any other: who proved what to whom', () => {
    assert.equal(
      drawMeeting(explainMeeting(signedIn, at), { width: 100 }),
      [
        `  alice${' '.repeat(81)}bank.example`,
        `  1 ask       signed by a device of this account  ${'─'.repeat(49)}▶`,
        `  2 present   ◀${'─'.repeat(35)}  picture and phrase, which only this device opens`,
        '  3 verify    ✔ bank.example has proved that it keeps this account (OPAQUE)',
        `  4 present   password · one-time password, on this device  ${'─'.repeat(39)}▶`,
        '  5 verify    ✔ password · one-time password · allowed by “customers reach the bank”',
        '  6 channel   ✔ bound to the key of the device',
        '  reference M-7F3K-92QD',
      ].join('\n'),
    )
  })
  test('a passkey answers one site alone', () => {
    const site = { kind: 'site', name: 'bank.example' } as const
    const proofs = { kind: 'proofs', proofs: [{ kind: 'passkey', binding: 'device' }] } as const
    const [ask, present, verify, show, , channel] = signedIn.steps
    const steps = [
      { ...ask, evidence: { ...device, known: false } },
      { ...present, evidence: site },
      { ...verify, evidence: site },
      { ...show, evidence: proofs },
      { by: 'callee', outcome: 'proved', evidence: proofs },
      { ...channel, evidence: { kind: 'bound', to: 'certificate', keySha256: 'ab'.repeat(32) } },
    ] as const
    const meeting: Meeting = { ...signedIn, steps }
    assert.deepEqual(textsOf(meeting), [
      'signed by a device that is not known here',
      'bank.example',
      'the passkey is for bank.example alone',
      'passkey, on this device',
      'passkey · allowed by “customers reach the bank”',
      'bound to the certificate of the connection',
    ])
    assert.deepEqual(readMeeting(JSON.parse(JSON.stringify(writeMeeting(meeting)))), meeting)
  })
  test('one that was refused says it at its step, to everybody in the same words', () => {
    const [ask, present, verify, show] = signedIn.steps
    const refused = (code: RefusalCode) =>
      textsOf({
        ...signedIn,
        steps: [ask, present, verify, show, { by: 'callee', outcome: 'refused' }, notReached],
        outcome: { ok: false, refusal: { code } },
      })[4]
    assert.equal(refused('ERR_PERSON_CREDENTIALS'), 'refused: name, password or code is not right')
    assert.equal(refused('ERR_PERSON_DENIED'), 'refused: a known device of alice has said no to this sign-in')
    assert.equal(refused('ERR_POLICY_LOCKED'), 'refused: alice is locked out here')
  })
  test('comes back as it went', () =>
    assert.deepEqual(readMeeting(JSON.parse(JSON.stringify(writeMeeting(signedIn)))), signedIn))
  for (const [name, evidence, path] of [
    ['a device without a key', { kind: 'device', known: true }, 'keySha256'],
    ['a key in hexadecimal', { ...device, keySha256: 'ab'.repeat(32) }, 'keySha256'],
    ['a device that may be known', { ...device, known: 'maybe' }, 'known'],
    ['a picture for everybody', { kind: 'picture', sealedTo: 'nobody' }, 'sealedTo'],
    ['a site of a megabyte', { kind: 'site', name: 'x'.repeat(1_000_000) }, 'name'],
    ['a proof by a word', { kind: 'proofs', proofs: [{ kind: 'word', binding: 'none' }] }, 'proofs[0].kind'],
    [
      'a word beside a certificate',
      { kind: 'certificate', certificate: alice, beside: [{ kind: 'word', binding: 'none' }] },
      'beside[0].kind',
    ],
    ['a proof bound to hope', { kind: 'proofs', proofs: [{ kind: 'totp', binding: 'hope' }] }, 'proofs[0].binding'],
    ['nine proofs', { kind: 'proofs', proofs: Array.from({ length: 9 }, () => shown[0]) }, 'proofs'],
    ['a session bound to nothing', { kind: 'bound', to: 'nothing', keySha256: device.keySha256 }, 'to'],
    ['a session bound to a text', { kind: 'bound', to: 'certificate', keySha256: device.keySha256 }, 'keySha256'],
    ['evidence of another kind', { kind: 'hearsay' }, 'kind'],
  ] as const)
    test(`${name} is refused and named`, () => {
      const json = JSON.parse(JSON.stringify(writeMeeting(signedIn))) as { steps: object[] }
      json.steps[0] = { ...json.steps[0], evidence }
      assert.throws(
        () => readMeeting(json),
        (error: unknown) => error instanceof ShapeError && error.path === `steps[0].evidence.${path}`,
      )
    })
})

suite('meeting as JSON', () => {
  const json = () => JSON.parse(JSON.stringify(writeMeeting(revoked))) as Record<string, unknown>
  test('comes back as it went', () => assert.deepEqual(readMeeting(json()), revoked))

  const at = Temporal.Instant.from('2026-11-24T12:00:00Z')
  for (const decision of [
    { ok: true, rule: 'ops reach the database' },
    { ok: true, rule: 'by day', until: at, recheckAt: at.add({ hours: 1 }), labels: ['group:ops', 'device:managed'] },
    { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [] },
    { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: ['group:ops'], lock: 'lost on the train' },
    { ok: false, code: 'ERR_POLICY_PROOF', missing: ['totp (desk)'], unproved: [['totp'], ['passkey', 'password']] },
  ] as const)
    test(`so does a decision: ${JSON.stringify(decision)}`, () => {
      const outcome: Meeting['outcome'] = decision.ok
        ? { ok: true, decision }
        : { ok: false, refusal: { code: decision.code, detail: decision } }
      assert.deepEqual(readMeeting(writeMeeting({ ...revoked, outcome })).outcome, outcome)
    })
  test('whatever a stranger claims, what is written can be read: the rest is cut off, and seen to be', () => {
    const value = `https://x.example/${'a'.repeat(100_000)}`
    const identities = Array.from({ length: 2_000 }, () => ({ kind: 'uniformResourceIdentifier', value }) as const)
    const certificate = { ...alice, subject: value, issuer: value, issuerCommonName: value }
    const side = { name: value, party: value, authority: value, identities, certificate }
    const [, , , ...rest] = revoked.steps
    const detail = {
      code: 'ERR_VERIFY_NAME',
      clause: 'RFC 9525 §6',
      detail: value,
      facts: { found: Array.from({ length: 2_000 }, () => value), wanted: value },
    } as const
    const read = readMeeting(
      writeMeeting({
        ...revoked,
        door: value,
        address: value,
        caller: side,
        callee: side,
        steps: [
          { by: 'caller', outcome: 'proved', evidence: { kind: 'clientHello', randomSha256: '00', serverName: value } },
          { by: 'callee', outcome: 'proved', evidence: { kind: 'certificate', certificate } },
          { by: 'callee', outcome: 'proved', evidence: { kind: 'forwarded', by: value, certificate } },
          ...rest,
        ],
        outcome: { ok: false, refusal: { code: 'ERR_CALLEE_WRONG_NAME', note: value, detail } },
      }),
    )
    assert.equal(read.caller.identities.length, 256)
    assert.ok(read.caller.identities.every((one) => one.value === `${value.slice(0, 2047)}…`))
    assert.equal(read.caller.name, `${value.slice(0, 255)}…`)
    const missing = Array.from({ length: 2_000 }, () => value)
    const refused = { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', lock: value, missing } as const
    readMeeting(writeMeeting({ ...revoked, outcome: { ok: false, refusal: { code: refused.code, detail: refused } } }))
  })
  test('the other side does not see the operator’s note', () => {
    const text = JSON.stringify(writeMeeting(publicMeeting(revoked)))
    assert.ok(!text.includes('for the operator'))
    assert.ok(text.includes('ERR_CALLER_REVOKED'))
  })
  test('what went wrong later is read again; the other side sees the code alone', () => {
    const upstreamReference = referenceOf(new Uint8Array([1, 2, 3, 4, 5]))
    const trouble = { at: revoked.at, code: 'ERR_DOOR_UPSTREAM', note: 'at 10.0.0.7', upstreamReference } as const
    const troubled: Meeting = { ...revoked, troubles: [trouble] }
    assert.deepEqual(readMeeting(writeMeeting(troubled)), troubled)
    assert.deepEqual(publicMeeting(troubled).troubles, [{ at: revoked.at, code: 'ERR_DOOR_UPSTREAM' }])
    const many = Array.from({ length: 100 }, () => trouble)
    assert.equal(readMeeting(writeMeeting({ ...revoked, troubles: many })).troubles?.length, MOST_TROUBLES)
    assert.throws(() => readMeeting({ ...json(), troubles: JSON.parse(JSON.stringify(many)) }), ShapeError)
    assert.throws(
      () => readMeeting({ ...json(), troubles: [{ at: '2026-07-01T12:00:00Z', code: 'ERR_NO_SUCH' }] }),
      (error: unknown) => error instanceof ShapeError && error.path === 'troubles[0].code',
    )
  })
  test('nor why it was locked out', () => {
    const detail = { ok: false, code: 'ERR_POLICY_LOCKED', missing: [], lock: 'lost on the train' } as const
    const locked = { ...revoked, outcome: { ok: false, refusal: { code: detail.code, detail } } } as const
    const { outcome } = publicMeeting(locked)
    assert.ok(JSON.stringify(writeMeeting(locked)).includes('lost on the train'))
    assert.deepEqual(outcome, {
      ok: false,
      refusal: { code: detail.code, detail: { ok: false, code: detail.code, missing: [] } },
    })
  })
  test('kept briefly: as it is, or where a stranger claims much, with what can be read', () => {
    const kept = (meeting: Meeting) => writeBriefMeeting(meeting, 8_192)
    assert.deepEqual(readMeeting(JSON.parse(kept(revoked))), revoked)
    const claimed = Array.from(
      { length: 300 },
      () => ({ kind: 'uniformResourceIdentifier', value: '\u0001'.repeat(2_048) }) as const,
    )
    const certificate = { ...alice, subject: '\u{1f600}'.repeat(4_096), issuer: '\u0001'.repeat(4_096) }
    const side = { name: '\u0001'.repeat(300), identities: claimed, certificate }
    const found = claimed.map(({ value }) => value)
    const detail = {
      code: 'ERR_VERIFY_NAME',
      clause: 'c',
      detail: '\u0001'.repeat(5_000),
      facts: { found },
    } as const
    const [ask, , verify, , , end] = revoked.steps
    const shown: Step = { by: 'callee', outcome: 'proved', evidence: { kind: 'certificate', certificate } }
    const much: Meeting = {
      ...revoked,
      caller: side,
      callee: side,
      steps: [ask, shown, verify, shown, end, end],
      outcome: { ok: false, refusal: { code: 'ERR_CALLEE_WRONG_NAME', detail } },
    }
    const octets = new TextEncoder().encode(kept(much)).length
    assert.ok(octets <= 20_000, String(octets))
    const read = readMeeting(JSON.parse(kept(much)))
    assert.deepEqual([read.reference, read.caller.certificate?.sha256], [revoked.reference, alice.sha256])
    assert.equal(read.caller.identities.length, 4)
  })
  const steps = () => json()['steps'] as unknown[]
  const caller = () => json()['caller'] as { readonly certificate: object }
  for (const [name, change, path] of [
    ['five steps', () => ({ steps: steps().slice(1) }), 'steps'],
    ['seven steps', () => ({ steps: [...steps(), steps()[0]] }), 'steps'],
    ['a reference that is none', () => ({ reference: 'hello' }), 'reference'],
    ['a time that is none', () => ({ at: 'yesterday' }), 'at'],
    ['a side without a name', () => ({ caller: { identities: [] } }), 'caller.name'],
    ['an unknown code', () => ({ outcome: { ok: false, refusal: { code: 'ERR_NO_SUCH' } } }), 'outcome.refusal.code'],
    ['a text for a boolean', () => ({ resumed: 'no' }), 'resumed'],
    ['a door of a megabyte', () => ({ door: 'x'.repeat(1_000_000) }), 'door'],
    ['a door with NUL', () => ({ door: 'a\0' }), 'door'],
    ['an address with NUL', () => ({ address: '\0' }), 'address'],
    ['an authority with NUL', () => ({ caller: { ...caller(), authority: '\0' } }), 'caller.authority'],
    ...(['sha256', 'spkiSha256', 'subject', 'issuer', 'serialNumber'] as const).map(
      (key) =>
        [
          `${key} of another form`,
          () => ({ caller: { ...caller(), certificate: { ...caller().certificate, [key]: 'zz\0' } } }),
          `caller.certificate.${key}`,
        ] as const,
    ),
    [
      'an unknown step outcome',
      () => ({ steps: [{ by: 'both', outcome: 'maybe' }, ...steps().slice(1)] }),
      'steps[0].outcome',
    ],
  ] as const)
    test(`${name} is refused and named`, () => {
      assert.throws(
        () => readMeeting({ ...json(), ...change() }),
        (error: unknown) => error instanceof ShapeError && error.path === path,
      )
    })
  for (const value of [null, undefined, 7, 'text', [], {}])
    test(`${JSON.stringify(value)} is no meeting`, () => assert.throws(() => readMeeting(value), ShapeError))
})
