// Mail leaves: what is due is handed to the next hop, once, and what may not leave as it stands is held.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Treat } from '../../src/door/model.ts'
import { asItStands, enqueue, MESSAGE, openLeaver, openTestHop } from './support.ts'

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
