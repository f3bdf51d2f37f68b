// What the sender hears of mail that is late or given up: a report of RFC 3464, and nothing that the message says.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answer, enqueue, openLeaver, openTestHop } from './support.ts'

suite('the sender is told', () => {
  test('a recipient who is refused is told to the sender, the others have it', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('nobody') ? done(answer(550, '5.1.1 no such user')) : done(),
    })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'nobody@partner.example'] })
    await leaver.turn()
    assert.deepEqual(
      hop.got.map(({ to }) => to),
      [['bob@partner.example']],
    )
    await leaver.turn()
    const report = hop.got[1]
    assert.equal(report?.from, '', 'RFC 5321 §4.5.5: a null return path')
    assert.deepEqual(report?.to, ['alice@acme.example'])
    // RFC 3464 §2.3
    assert.match(report?.text ?? '', /^Content-Type: multipart\/report; report-type=delivery-status;/m)
    assert.match(report?.text ?? '', /^Final-Recipient: rfc822; nobody@partner\.example\r$/m)
    assert.match(report?.text ?? '', /^Action: failed\r$/m)
    assert.match(report?.text ?? '', /^Status: 5\.1\.1\r$/m)
    assert.match(report?.text ?? '', /^Diagnostic-Code: smtp; 550 5\.1\.1 no such user\r$/m)
    assert.match(report?.text ?? '', /^Auto-Submitted: auto-replied\r$/m)
    assert.match(report?.text ?? '', /ERR_MAIL_REJECTED/)
    assert.match(report?.text ?? '', /M-7F3K-92QD/)
    assert.doesNotMatch(report?.text ?? '', /secret plan|first line/, 'neither the subject nor the content')
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('given up after five days, with a report; a report of our own is given up without one', async (t) => {
    const hop = await openTestHop(t)
    await hop.close()
    const leaver = await openLeaver(t, hop.next)
    const id = await enqueue(leaver.queue)
    for (let hours = 0; hours < 119; hours += 3) {
      await leaver.turn()
      leaver.pass(3)
    }
    assert.deepEqual(
      leaver.queue.list().map((message) => message.id),
      [id],
      'not before five days',
    )
    leaver.pass(3)
    await leaver.turn()
    const [report, ...others] = leaver.queue.list()
    assert.deepEqual(others, [])
    assert.equal(report?.sender, '')
    assert.deepEqual(
      report?.recipients.map(({ address }) => address),
      ['alice@acme.example'],
    )
    for (let hours = 0; hours < 126; hours += 3) {
      await leaver.turn()
      leaver.pass(3)
    }
    assert.deepEqual(leaver.queue.list(), [])
    assert.equal(leaver.logs.filter(({ event }) => event === 'mail.lost').length, 1)
    assert.deepEqual(hop.got, [])
  })

  test('answered for four hours that it is not now, its sender is told once, and again when it is given up', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo: ({ address }, _session, done) =>
        address === 'bob@partner.example' ? done(answer(452, '4.2.2 his mailbox is full')) : done(),
    })
    const leaver = await openLeaver(t, hop.next)
    const id = await enqueue(leaver.queue)
    for (const hours of [0.5, 0.5, 2.9]) {
      await leaver.turn()
      leaver.pass(hours)
    }
    await leaver.turn()
    assert.equal(hop.got.length, 0, 'not before')
    for (let hours = 0; hours < 114; hours += 3) {
      leaver.pass(3)
      await leaver.turn()
    }
    const reports = hop.got.map(({ text }) => text)
    assert.deepEqual(
      reports.map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1]),
      ['Not delivered yet'],
    )
    // RFC 3464 §2.3
    const [delayed = ''] = reports
    for (const line of [
      'Final-Recipient: rfc822; bob@partner\\.example',
      'Action: delayed',
      'Status: 4\\.2\\.2',
      'Remote-MTA: dns; .*',
      'Diagnostic-Code: smtp; 452 4\\.2\\.2 his mailbox is full',
      'Last-Attempt-Date: Fri, 27 Nov 2026 .*',
    ])
      assert.match(delayed, new RegExp(`^${line}\r$`, 'm'))
    assert.doesNotMatch(delayed, /secret plan|the first line/)
    assert.equal(leaver.queue.find(id)?.recipients[0]?.wasTold, true)
    for (const hours of [3, 0]) {
      leaver.pass(hours)
      await leaver.turn()
    }
    assert.match(hop.got[1]?.text ?? '', /^Action: failed\r\nStatus: 5\.2\.2\r$/m)
    assert.equal(hop.got.length, 2)
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('a report is one that any server takes, whatever name its message has', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('nobody') ? done(answer(550, '5.1.1 no such user')) : done(),
    })
    const leaver = await openLeaver(t, hop.next)
    const names = [
      '<long@acme.example>'.padStart(5000, '<'),
      '<jörg@acme.example>',
      '<a b@acme.example>',
      '<c@acme.example>',
    ]
    for (const messageId of names) await enqueue(leaver.queue, { recipients: ['nobody@partner.example'], messageId })
    await leaver.turn()
    await leaver.turn()
    assert.equal(hop.got.length, names.length)
    // RFC 5321 §4.5.3.1.6, §2.3.1: neither long lines nor other octets without a word for them.
    for (const { text } of hop.got) assert.match(text, /^(?:[\x20-\x7e]{0,998}\r\n)*$/)
    assert.deepEqual(
      hop.got.flatMap(({ text }) => /^In-Reply-To: (.*)\r$/m.exec(text)?.[1] ?? []),
      ['<c@acme.example>'],
    )
  })

  test('what the next server says is for people: nothing of it moves a line or a terminal', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo: (_address, session, done) =>
        session.envelope.mailFrom === false || session.envelope.mailFrom.address === ''
          ? done()
          : done(answer(550, `no\u202esuch\u001b[31m`)),
    })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue)
    await leaver.turn()
    await leaver.turn()
    assert.match(hop.got[0]?.text ?? '', /^Diagnostic-Code: smtp; 550 no such {1,2}\[31m\r$/m)
  })
})
