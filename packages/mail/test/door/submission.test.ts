// Submission over mutual TLS: what a caller hears, what is recorded, and that nothing refused is in the queue.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { steadyAccess } from '@countersign/mtls'
import { CALLERS, until } from '../../../../tools/testing/web-house.ts'
import type { MailDoorConfig } from '../../src/door/model.ts'
import { begun, openTestMailDoor, type TestMailDoor, talk, WRITERS } from './door-support.ts'
import { openTestHop, type TestHop } from './support.ts'

const HEADER = 'From: Alice <alice@acme.example>\r\nTo: bob@partner.example\r\nSubject: hello\r\n'

async function openBoth(
  t: TestContext,
  more: Partial<MailDoorConfig> = {},
): Promise<{ readonly door: TestMailDoor; readonly hop: TestHop }> {
  const hop = await openTestHop(t)
  return { door: await openTestMailDoor(t, hop.next, more), hop }
}

suite('a caller who has proved their address', () => {
  test('hands in a message; it leaves with a trace, and without what says who else gets it', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await begun(door, WRITERS.alice)
    const said = await client.say(
      `${HEADER}Bcc: carol@partner.example\r\nReturn-Path: <x@y.example>\r\nauthentication-RESULTS: mail-in.acme.example;\r\n smime=pass\r\n\r\nhi\r\n..\r\n.\r\n`,
    )
    assert.match(said, /^250 /)
    assert.match(await client.say('QUIT\r\n'), /^221 /)
    await until(() => hop.got.length === 1, 'it leaves')
    const [got] = hop.got
    assert.deepEqual([got?.from, got?.to], ['alice@acme.example', ['bob@partner.example']])
    const { reference } = door.records[0] ?? {}
    assert.match(
      got?.text ?? '',
      /^Received: from client\.example \(M-[^)]+\)\r\n\tby mail\.localhost with ESMTPS id \S+;\r\n/,
    )
    assert.ok(got?.text.includes(`(${reference})`), 'the trace names the meeting')
    assert.doesNotMatch(got?.text ?? '', /Bcc|Return-Path|Authentication-Results|smime=pass|127\.0\.0\.1/i)
    // RFC 6409 §8.1, §8.2
    assert.match(got?.text ?? '', /^Message-ID: <\S+@mail\.localhost>\r$/m)
    assert.match(got?.text ?? '', /^Date: /m)
    assert.ok(got?.text.endsWith('\r\n\r\nhi\r\n.\r\n'), 'a doubled dot is one')
    assert.equal(door.records[0]?.outcome.ok, true)
  })

  test('several messages in one session, in pieces of one octet', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await talk(door, WRITERS.alice)
    assert.match(await client.hear(), /^220 mail\.localhost ESMTP/)
    assert.match(await client.say('EHLO client.example\r\n'), /SIZE/)
    for (let i = 0; i < 2; i++) {
      assert.match(await client.say('MAIL FROM:<alice@acme.example>\r\n'), /^250 /)
      assert.match(await client.say('RCPT TO:<bob@partner.example>\r\n'), /^250 /)
      assert.match(await client.say('DATA\r\n'), /^354 /)
      for (const octet of `${HEADER}\r\nnumber ${i}\r\n.\r`) client.socket.write(octet)
      assert.match(await client.say('\n'), /^250 /)
    }
    await until(() => hop.got.length === 2, 'both leave')
  })

  test('writes in UTF-8 where SMTPUTF8 is said, and not where it is not', async (t) => {
    const { door } = await openBoth(t)
    const client = await talk(door, WRITERS.alice)
    await client.hear()
    await client.say('EHLO client.example\r\n')
    await client.say('MAIL FROM:<alice@acme.example>\r\n')
    assert.match(await client.say('RCPT TO:<bjørn@partner.example>\r\n'), /^553 5\.6\.7 .*ERR_MAIL_NOT_ASCII/)
    await client.say('RCPT TO:<bob@partner.example>\r\n')
    await client.say('DATA\r\n')
    assert.match(await client.say(`${HEADER}X-Name: Bjørn\r\n\r\nhi\r\n.\r\n`), /^553 5\.6\.7 .*ERR_MAIL_NOT_ASCII/)
    assert.match(await client.say('MAIL FROM:<alice@acme.example> SMTPUTF8 BODY=8BITMIME\r\n'), /^250 /)
    assert.match(await client.say('RCPT TO:<bjørn@partner.example>\r\n'), /^250 /)
    await client.say('DATA\r\n')
    assert.match(await client.say(`${HEADER}X-Name: Bjørn\r\n\r\nhej, Bjørn\r\n.\r\n`), /^250 /)
  })
})

suite('refused', () => {
  const REFUSED = [
    ['another sender', 'MAIL FROM:<bob@acme.example>\r\n', /^550 5\.7\.1 .*ERR_MAIL_SENDER, M-/],
    ['no sender', 'MAIL FROM:<>\r\n', /^550 5\.7\.1 .*ERR_MAIL_SENDER/],
    ['a sender who differs in case', 'MAIL FROM:<Alice@acme.example>\r\n', /^550 5\.7\.1 .*ERR_MAIL_SENDER/],
    ['STARTTLS within TLS', 'STARTTLS\r\n', /^5\d\d /],
    ['AUTH', 'AUTH PLAIN AGEAYg==\r\n', /^5\d\d /],
    ['what the engine knows of old', 'WIZ x\r\n', /^5\d\d /],
    ['a recipient before a sender', 'RCPT TO:<bob@partner.example>\r\n', /^503 /],
    ['more than is taken', 'MAIL FROM:<alice@acme.example> SIZE=99999999999\r\n', /^552 /],
  ] as const
  for (const [what, command, answer] of REFUSED)
    test(what, async (t) => {
      const { door } = await openBoth(t)
      const client = await talk(door, WRITERS.alice)
      await client.hear()
      await client.say('EHLO client.example\r\n')
      const said = await client.say(command)
      assert.match(said, answer)
      if (said.includes('ERR_'))
        assert.ok(said.includes(String(door.records[0]?.reference)), 'the reference is the same')
    })

  const MESSAGES = [
    ['From of another', 'From: bob@acme.example\r\n\r\nhi\r\n', /^550 5\.7\.1 .*ERR_MAIL_SENDER/],
    [
      'a display name that is an address of the caller',
      'From: "alice@acme.example" <bob@acme.example>\r\n\r\n',
      /ERR_MAIL_SENDER/,
    ],
    ['two in From', 'From: alice@acme.example, bob@acme.example\r\n\r\n', /^550 5\.6\.0 .*ERR_MAIL_FROM/],
    ['From twice', 'From: alice@acme.example\r\nFrom: bob@acme.example\r\n\r\n', /ERR_MAIL_FROM/],
    [
      'From twice, folded away',
      'From: alice@acme.example\r\nX: y\r\nfrom\r\n : bob@acme.example\r\n\r\n',
      /ERR_MAIL_FORM/,
    ],
    ['no From', 'To: bob@partner.example\r\n\r\nhi\r\n', /ERR_MAIL_FROM/],
    ['a comment in From', 'From: (bob@acme.example) alice@acme.example\r\n\r\n', /ERR_MAIL_FROM/],
    ['Sender of another', 'From: alice@acme.example\r\nSender: bob@acme.example\r\n\r\n', /ERR_MAIL_SENDER/],
    ['white space before a colon', 'From : alice@acme.example\r\n\r\nhi\r\n', /ERR_MAIL_FORM/],
    [
      'another From behind a vertical tab',
      'X: y\x0bFrom: bob@acme.example\r\nFrom: alice@acme.example\r\n\r\n',
      /^550 5\.6\.0 .*ERR_MAIL_FORM/,
    ],
    ['a line of white space in its header', 'X: y\r\n \r\nFrom: alice@acme.example\r\n\r\nhi\r\n', /ERR_MAIL_FORM/],
    ['no header', '\r\nhi\r\n', /ERR_MAIL_FROM/],
    [
      'a header without end',
      `From: alice@acme.example\r\n${'X: y\r\n'.repeat(50_000)}`,
      /^552 5\.3\.4 .*ERR_MAIL_BUDGET/,
    ],
  ] as const
  for (const [what, message, answer] of MESSAGES)
    test(`a message with ${what}`, async (t) => {
      const { door, hop } = await openBoth(t)
      const client = await begun(door, WRITERS.alice)
      const said = await client.say(`${message}.\r\n`)
      assert.match(said, answer)
      assert.ok(said.includes(String(door.records[0]?.reference)))
      assert.equal(door.amended[0]?.troubles?.[0]?.code, /ERR_\w+/.exec(said)?.[0], 'and it is in the record')
      // The session goes on, and the next message is judged by itself.
      await client.say('MAIL FROM:<alice@acme.example>\r\n')
      await client.say('RCPT TO:<bob@partner.example>\r\n')
      await client.say('DATA\r\n')
      assert.match(await client.say(`${HEADER}\r\ngood\r\n.\r\n`), /^250 /)
      await until(() => hop.got.length === 1, 'the good one leaves')
      assert.match(hop.got[0]?.text ?? '', /good/)
    })

  const SMUGGLED = [
    ['LF . LF', `${HEADER}\r\nhi\n.\nMAIL FROM:<alice@acme.example>\r\n`],
    ['CR . CR', `${HEADER}\r\nhi\r.\rMAIL FROM:<alice@acme.example>\r\n`],
    ['LF . CRLF', `${HEADER}\r\nhi\n.\r\nMAIL FROM:<alice@acme.example>\r\n`],
    ['CRLF . CR', `${HEADER}\r\nhi\r\n.\rMAIL FROM:<alice@acme.example>\r\n`],
    ['NUL', `${HEADER}\r\nh\0i\r\n.\r\n`],
    ['a line of 1,002 octets', `${HEADER}\r\n${'x'.repeat(1000)}\r\n.\r\n`],
  ] as const
  for (const [what, octets] of SMUGGLED)
    test(`smuggling: ${what}`, async (t) => {
      const { door, hop } = await openBoth(t)
      const client = await begun(door, WRITERS.alice)
      assert.match(await client.say(octets), /^550 5\.5\.2 .*ERR_MAIL_LINES/)
      assert.equal(await client.hear(), '', 'and the session ends')
      await until(() => door.sessions.size === 0, 'the session ends')
      assert.deepEqual(hop.got, [])
      assert.equal(
        door.logs.some(({ event }) => event === 'mail.queued'),
        false,
      )
    })

  test('a bare LF in a command, after one that was answered', async (t) => {
    const { door } = await openBoth(t)
    const client = await talk(door, WRITERS.alice)
    await client.hear()
    assert.match(await client.say('EHLO client.example\r\nNOOP\n'), /^250/)
    assert.match(await client.hear(), /^550 5\.5\.2 .*ERR_MAIL_LINES/)
  })

  test('more messages in a minute than one caller may', async (t) => {
    const { door } = await openBoth(t, { maxMessagesPerMinute: 1 })
    const client = await talk(door, WRITERS.alice)
    await client.hear()
    await client.say('EHLO client.example\r\n')
    assert.match(await client.say('MAIL FROM:<alice@acme.example>\r\n'), /^250 /)
    await client.say('RSET\r\n')
    assert.match(await client.say('MAIL FROM:<alice@acme.example>\r\n'), /^450 4\.7\.1 .*ERR_MAIL_RATE/)
  })

  test('more octets than a message may have', async (t) => {
    const { door, hop } = await openBoth(t, { maxMessageOctets: 10_000 })
    const client = await begun(door, WRITERS.alice)
    assert.match(await client.say(`${HEADER}\r\n${`${'x'.repeat(70)}\r\n`.repeat(200)}.\r\n`), /^552 /)
    assert.deepEqual(hop.got, [])
  })
})

suite('the gate stands before', () => {
  const OUTSIDE = [
    ['nobody', undefined, 'ERR_CALLER_NO_CERTIFICATE'],
    ['whom another authority vouches for', CALLERS.foreign, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['whose certificate has expired', WRITERS.late, 'ERR_CALLER_EXPIRED'],
    ['who is not on the list', WRITERS.bob, 'ERR_CALLER_NOT_ALLOWED'],
  ] as const
  for (const [who, holder, code] of OUTSIDE)
    test(`${who} hears why in place of a greeting, and no more of SMTP`, async (t) => {
      const { door } = await openBoth(t)
      const client = await talk(door, holder)
      const said = await client.hear()
      assert.match(said, /^554 5\.7\.1 /)
      const [record] = door.records
      assert.ok(said.includes(`(${code}, ${record?.reference})`), said)
      assert.equal(record?.outcome.ok === false && record.outcome.refusal.code, code)
      client.socket.write('EHLO x\r\n')
      assert.equal(await client.hear(), '')
    })

  test('who is revoked within a message is cut, and the message is not in the queue', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await begun(door, WRITERS.alice)
    client.socket.write(`${HEADER}\r\nhalf of`)
    await Promise.all(door.sessions.list().map((session) => session.cut('ERR_CALLER_REVOKED')))
    assert.equal(await client.hear(), '')
    await until(() => door.logs.some(({ event }) => event === 'session.done'), 'its end is told')
    assert.equal(door.logs.find(({ event }) => event === 'session.done')?.fields['code'], 'ERR_CALLER_REVOKED')
    assert.deepEqual(hop.got, [])
    assert.equal(
      door.logs.some(({ event }) => event === 'mail.queued'),
      false,
    )
  })

  test('who leaves within a message leaves nothing behind', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await begun(door, WRITERS.alice)
    client.socket.end(`${HEADER}\r\nhalf of\r\n`)
    await until(() => door.sessions.size === 0, 'the session ends')
    assert.deepEqual(hop.got, [])
    assert.equal(
      door.logs.some(({ event }) => event === 'gate.fault'),
      false,
    )
  })

  test('a door that drains lets a message end, and says 421 to who is in none', async (t) => {
    const { door, hop } = await openBoth(t)
    const idle = await talk(door, WRITERS.alice)
    await idle.hear()
    const other = await talk(door, WRITERS.alice)
    await other.hear()
    for (const command of ['EHLO client.example', 'MAIL FROM:<alice@acme.example>', 'RSET'])
      assert.match(await other.say(`${command}\r\n`), /^250/)
    const client = await begun(door, WRITERS.alice)
    const drained = door.door.drain(5_000)
    for (const each of [idle, other]) assert.match(await each.hear(), /^421 4\.3\.2 .*ERR_DOOR_DRAINING/)
    assert.match(await client.say(`${HEADER}\r\nthe last\r\n.\r\n`), /^250 /)
    await drained
    assert.equal(hop.got.length <= 1, true)
  })
})

suite('a recipient to whom no rule lets the caller write', () => {
  const recipients = [{ to: '@partner.example', service: 'partners' }]
  const access = (mayWrite: boolean) =>
    steadyAccess(({ what }) =>
      what === 'service:partners' && !mayWrite
        ? { ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [] }
        : { ok: true, rule: 'staff' },
    )
  const rcpt = async (t: TestContext, address: string, mayWrite: boolean) => {
    const hop = await openTestHop(t)
    const client = await talk(await openTestMailDoor(t, hop.next, { recipients }, access(mayWrite)), WRITERS.alice)
    await client.hear()
    await client.say('EHLO client.example\r\n')
    await client.say('MAIL FROM:<alice@acme.example>\r\n')
    return client.say(`RCPT TO:<${address}>\r\n`)
  }
  for (const address of [
    'bob@partner.example',
    'bob@PARTNER.Example',
    '"bob"@partner.example',
    'bob@partner.example.',
    'bob@[192.0.2.1]',
    '@relay.example:bob@partner.example',
    'bob@partner\u3002example',
  ])
    test(`is refused in any spelling: ${address}`, async (t) => {
      assert.match(await rcpt(t, address, false), /^5\d\d /)
    })
  test('is others alone', async (t) => {
    assert.match(await rcpt(t, 'bob@acme.example', false), /^250 /)
    assert.match(await rcpt(t, 'bob@partner.example', true), /^250 /)
  })
})
