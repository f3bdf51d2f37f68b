import assert from 'node:assert/strict'
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { runLeaving } from '../../src/door/leave/run.ts'
import type { Treat } from '../../src/door/model.ts'
import { answer, asItStands, enqueue, MESSAGE, openLeaver, openTestHop, scratch } from './support.ts'

suite('mail leaves', () => {
  test('as it stands, once, and nothing of it stays', async (t) => {
    const hop = await openTestHop(t)
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'carol@partner.example'] })
    assert.equal(await leaver.turn(), true)
    assert.equal(await leaver.turn(), true)
    assert.deepEqual(hop.got, [
      { from: 'alice@acme.example', to: ['bob@partner.example', 'carol@partner.example'], text: MESSAGE },
    ])
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('several messages by one connection', async (t) => {
    const hop = await openTestHop(t)
    const leaver = await openLeaver(t, hop.next)
    for (let i = 0; i < 5; i++) await enqueue(leaver.queue)
    await leaver.turn()
    assert.equal(hop.got.length, 5)
    assert.equal(hop.connections, 1)
  })

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

  test('what is refused for now is tried again at the times of RFC 5321 §4.5.4.1', async (t) => {
    let isBusy = true
    const hop = await openTestHop(t, {
      onRcptTo: (_address, _session, done) => (isBusy ? done(answer(451, '4.7.1 greylisted')) : done()),
    })
    const leaver = await openLeaver(t, hop.next)
    const id = await enqueue(leaver.queue)
    const attempts = () => leaver.queue.find(id)?.recipients[0]?.attempts
    await leaver.turn()
    assert.equal(attempts(), 1)
    leaver.pass(0.4)
    await leaver.turn()
    assert.equal(attempts(), 1, 'not within 30 minutes')
    leaver.pass(0.1)
    await leaver.turn()
    leaver.pass(0.5)
    await leaver.turn()
    assert.equal(attempts(), 3, 'two more in the first hour')
    leaver.pass(2.9)
    await leaver.turn()
    assert.equal(attempts(), 3)
    leaver.pass(0.1)
    isBusy = false
    await leaver.turn()
    assert.deepEqual(leaver.queue.list(), [])
    assert.equal(hop.got.length, 1)
    assert.doesNotMatch(hop.got[0]?.text ?? '', /Possible-Duplicate/, 'it was refused, so it is not there')
  })

  test('the next hop is away for a day: nothing is lost, and nothing is sent twice', async (t) => {
    const first = await openTestHop(t)
    const { port } = first.next
    await first.close()
    const leaver = await openLeaver(t, first.next)
    for (let i = 0; i < 3; i++) await enqueue(leaver.queue, { messageId: `<${i}@acme.example>` })
    const attempts: number[] = []
    for (let hour = 0; hour < 24; hour++) {
      const found = await leaver.turn()
      const [made = 0, ...others] = leaver.queue.list().map(({ recipients }) => recipients[0]?.attempts)
      assert.deepEqual(others, [made, made], 'all of them were tried, though one was asked for')
      assert.equal(found, made === attempts.at(-1), 'nobody is asked where nothing is due')
      attempts.push(made)
      leaver.pass(1)
    }
    assert.deepEqual(attempts.slice(0, 8), [1, 2, 3, 3, 3, 4, 4, 4])
    assert.equal(leaver.queue.list().length, 3)
    const again = await openTestHop(t, {}, port)
    leaver.pass(3)
    await leaver.turn()
    assert.equal(again.got.length, 3)
    for (const { text } of again.got) assert.equal(text, MESSAGE)
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('a next hop that is there again gets at once what waits for it, and not what waits for another reason', async (t) => {
    const first = await openTestHop(t)
    const { port } = first.next
    await first.close()
    const leaver = await openLeaver(t, first.next)
    await enqueue(leaver.queue)
    const leaving = runLeaving(leaver)
    t.after(() => leaving.close())
    while (!leaver.logs.some(({ event }) => event === 'mail.later')) await setTimeout(10)
    const hop = await openTestHop(
      t,
      {
        onRcptTo: ({ address }, _session, done) => (address.startsWith('full') ? done(answer(452, 'full')) : done()),
      },
      port,
    )
    await enqueue(leaver.queue, { recipients: ['full@partner.example'] })
    while (leaver.queue.list().length > 1) await setTimeout(10)
    assert.deepEqual(
      hop.got.map(({ to, text }) => [to, text]),
      [[['bob@partner.example'], MESSAGE]],
    )
    await leaving.close()
    leaver.queue.wake(leaver.clock())
    assert.equal(await leaver.turn(), true)
    assert.deepEqual(
      leaver.queue.list().map(({ recipients }) => recipients.map(({ address, attempts }) => [address, attempts])),
      [[['full@partner.example', 1]]],
    )
  })

  test('a server that breaks off within one message gets the others, and it alone waits', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo({ address }, session, done) {
        if (!address.startsWith('poison')) return done()
        for (const { _socket: socket } of hopServer(this).connections) socket.destroy()
        void session
      },
    })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue, { recipients: ['poison@partner.example'] })
    await enqueue(leaver.queue, { recipients: ['bob@partner.example'] })
    assert.equal(await leaver.turn(), true)
    assert.deepEqual(
      hop.got.map(({ to }) => to),
      [['bob@partner.example']],
    )
    const [left] = leaver.queue.list().map(({ recipients }) => recipients[0])
    assert.deepEqual([left?.state, left?.mayBeThere, left?.why?.code], ['waiting', false, 'ERR_MAIL_DELAYED'])
    leaver.queue.wake(leaver.clock())
    await leaver.turn()
    assert.equal(leaver.queue.list()[0]?.recipients[0]?.attempts, 1, 'it does not come before the others each time')
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

  test('a message that nobody may have is no fault of the next one', async (t) => {
    const hop = await openTestHop(t, {
      onRcptTo: ({ address }, _session, done) => (address.startsWith('full') ? done(answer(452, 'full')) : done()),
    })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue, { recipients: ['full@partner.example'] })
    await enqueue(leaver.queue, { recipients: ['bob@partner.example'] })
    await leaver.turn()
    assert.deepEqual(
      hop.got.map(({ to }) => to),
      [['bob@partner.example']],
    )
    assert.deepEqual(
      leaver.queue.list().map(({ recipients }) => recipients.map(({ address, state }) => [address, state])),
      [[['full@partner.example', 'waiting']]],
    )
  })

  test('a clock that jumps by a day, forwards and back, gives nothing up and stops nothing', async (t) => {
    let isBusy = true
    const hop = await openTestHop(t, {
      onMailFrom: (_address, _session, done) => (isBusy ? done(answer(450, 'not now')) : done()),
    })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue)
    leaver.pass(200)
    await leaver.turn()
    assert.equal(leaver.queue.list()[0]?.sender, 'alice@acme.example', 'it was tried once')
    leaver.pass(-224)
    isBusy = false
    await leaver.turn()
    assert.equal(hop.got.length, 1)
  })

  test('the answer to the end of a message is lost: it is sent again, and says so', async (t) => {
    let isLost = true
    const hop = await openTestHop(t, {
      onData(stream, session, done) {
        stream.resume()
        stream.on('end', () => {
          if (!isLost) return done()
          isLost = false
          // smtp-server has no other way to leave without a word.
          const { connections } = hopServer(this)
          for (const { _socket: socket } of connections) socket.destroy()
          void session
        })
      },
    })
    const leaver = await openLeaver(t, hop.next)
    const id = await enqueue(leaver.queue)
    await leaver.turn()
    assert.equal(leaver.queue.find(id)?.recipients[0]?.mayBeThere, true)
    assert.equal(
      leaver.logs.some(({ event }) => event === 'mail.unknown'),
      true,
    )
    const other = await openTestHop(t)
    const elsewhere = await openLeaver(t, other.next, { queue: leaver.queue })
    elsewhere.pass(1)
    await elsewhere.turn()
    const [got] = other.got
    assert.match(
      got?.text ?? '',
      /^Countersign-Possible-Duplicate: an attempt at Fri, 27 Nov 2026 12:00:00 \+0000 ended without an answer\r\nFrom: /,
    )
    assert.match(got?.text ?? '', /^Message-ID: <1@acme\.example>\r$/m, 'the same message')
  })

  test('what the next server has not offered is not sent to it', async (t) => {
    const hop = await openTestHop(t, { hide8BITMIME: true, hideSMTPUTF8: true })
    const leaver = await openLeaver(t, hop.next)
    await enqueue(leaver.queue, { isEightBit: true })
    await enqueue(leaver.queue, { recipients: ['bjørn@partner.example'] })
    await enqueue(leaver.queue)
    await leaver.turn()
    assert.equal(hop.got.length, 1)
    await leaver.turn()
    const reports = hop.got.slice(1).map(({ text }) => text)
    assert.equal(reports.length, 2)
    const [eightBit, utf8] = ['5.6.3', '5.6.7'].map((status) =>
      reports.find((text) => text.includes(`Status: ${status}\r`)),
    )
    assert.match(eightBit ?? '', /^Final-Recipient: rfc822; bob@partner\.example\r$/m)
    assert.match(utf8 ?? '', /^Final-Recipient: utf-8; bj\\x\{F8\}rn@partner\.example\r$/m, 'RFC 6533 §3')
    for (const text of reports) assert.doesNotMatch(text, /[\x80-\xff]/, 'a report can be carried by any server')
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

suite('what may not leave as it stands', () => {
  test('is held, the sender is told once, and it leaves when it can', async (t) => {
    const hop = await openTestHop(t)
    let hasKey = false
    const treat: Treat = async function* (source, envelope) {
      const { recipients, sender } = envelope
      if (hasKey || sender === '') return yield* asItStands(source, envelope)
      const withKey = recipients.filter((one) => one.startsWith('bob'))
      const without = recipients.filter((one) => !one.startsWith('bob'))
      if (withKey.length > 0) yield* asItStands(source, { ...envelope, recipients: withKey })
      yield { kind: 'held', recipients: without, code: 'ERR_MAIL_MUST_ENCRYPT', text: 'carol has no key yet' }
    }
    const leaver = await openLeaver(t, hop.next, { treat })
    const id = await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'carol@partner.example'] })
    for (let i = 0; i < 4; i++) {
      await leaver.turn()
      leaver.pass(4)
    }
    assert.deepEqual(
      hop.got.map(({ from, to }) => [from, ...to]),
      [
        ['alice@acme.example', 'bob@partner.example'],
        ['', 'alice@acme.example'],
      ],
    )
    const notice = hop.got[1]?.text ?? ''
    assert.match(notice, /^Action: delayed\r$/m)
    assert.match(notice, /^Status: 4\.7\.1\r$/m)
    assert.match(notice, /ERR_MAIL_MUST_ENCRYPT/)
    assert.match(notice, /next: get the key of the recipient/)
    assert.doesNotMatch(notice, /secret plan/)
    const [held] = leaver.queue.find(id)?.recipients ?? []
    assert.equal(held?.state, 'held')
    assert.equal(held?.wasTold, true)
    hasKey = true
    leaver.pass(4)
    await leaver.turn()
    assert.deepEqual(hop.got[2]?.to, ['carol@partner.example'])
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('is given up after five days, and was never sent', async (t) => {
    const hop = await openTestHop(t)
    const treat: Treat = async function* (source, envelope) {
      if (envelope.sender === '') return yield* asItStands(source, envelope)
      yield { kind: 'held', recipients: envelope.recipients, code: 'ERR_MAIL_MUST_ENCRYPT', text: 'no key' }
    }
    const leaver = await openLeaver(t, hop.next, { treat })
    await enqueue(leaver.queue)
    for (let hours = 0; hours < 130; hours += 3) {
      await leaver.turn()
      leaver.pass(3)
    }
    assert.deepEqual(
      hop.got.map(({ text }) => /^Action: (\w+)/m.exec(text)?.[1]),
      ['delayed', 'failed'],
    )
    for (const { text } of hop.got) assert.doesNotMatch(text, /the first line/)
    assert.deepEqual(leaver.queue.list(), [])
  })

  test('a treatment for somebody else is a bug, and sends nothing', async (t) => {
    const hop = await openTestHop(t)
    const leaver = await openLeaver(t, hop.next, {
      treat: (source, envelope) => asItStands(source, { ...envelope, recipients: ['mallory@elsewhere.example'] }),
    })
    await enqueue(leaver.queue)
    await assert.rejects(leaver.turn(), /whom the message is not for/)
    assert.deepEqual(hop.got, [])
    assert.equal(leaver.queue.list().length, 1)
  })
})

/** What `smtp-server` keeps of its connections. */
function hopServer(server: unknown): { readonly connections: ReadonlySet<{ readonly _socket: { destroy(): void } }> } {
  return server as never
}

test('a message whose file was taken away or cut waits, keeps nobody waiting, and is given up, told', async (t) => {
  for (const cut of [(path: string) => rm(path), (path: string) => truncate(path, 30)]) {
    const hop = await openTestHop(t)
    const directory = await scratch(t)
    // As what looks into a message does, before anything is sent.
    const treat: Treat = async function* (source, envelope) {
      for await (const _octets of source.read(0, source.length));
      yield* asItStands(source, envelope)
    }
    const leaver = await openLeaver(t, hop.next, { directory, treat })
    const id = await enqueue(leaver.queue)
    await enqueue(leaver.queue, { messageId: '<2@acme.example>' })
    await cut(join(directory, 'content', id))
    await assert.rejects(leaver.turn())
    assert.equal(hop.got.length, 1, 'the other has left')
    assert.equal(leaver.queue.find(id)?.recipients[0]?.why?.code, 'ERR_MAIL_QUEUE')
    assert.equal(await leaver.turn(), true, 'it is not due again at once')
    for (let i = 0; i < 8; i++) {
      leaver.pass(20)
      await leaver.turn().catch(() => undefined)
    }
    await leaver.turn()
    const reports = hop.got.filter(({ from }) => from === '').map(({ text }) => /^Action: (\w+)\r$/m.exec(text)?.[1])
    assert.deepEqual(reports, ['delayed', 'failed'])
    assert.equal(leaver.queue.find(id), undefined)
  }
})
