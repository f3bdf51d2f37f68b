// An operator at a queue that a door works on: what is tried again, what is given up, and what is left alone.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Treat } from '../../src/door/model.ts'
import { operateQueue } from '../../src/door/queue/operate.ts'
import { openQueue } from '../../src/door/queue/queue.ts'
import { asItStands, enqueue, NOON, openLeaver, openTestHop, scratch } from './support.ts'

/** Held for all but erin, and for our own reports never. */
const holding: Treat = async function* (source, envelope) {
  const { recipients, sender } = envelope
  const free = recipients.filter((address) => sender === '' || address.startsWith('erin'))
  const held = recipients.filter((address) => !free.includes(address))
  if (free.length > 0) yield* asItStands(source, { ...envelope, recipients: free })
  if (held.length > 0) yield { kind: 'held', recipients: held, code: 'ERR_MAIL_MUST_ENCRYPT', text: 'no key is known' }
}

suite('an operator', () => {
  test('sees what waits, with why; nothing where there is no queue', async (t) => {
    const directory = await scratch(t)
    assert.equal(operateQueue(directory), undefined)
    const hop = await openTestHop(t)
    const leaver = await openLeaver(t, hop.next, { directory, treat: holding })
    const id = await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'erin@partner.example'] })
    await leaver.turn()
    using operated = operateQueue(directory)
    assert.deepEqual(
      operated
        ?.list()
        .map(({ sender }) => sender)
        .sort(),
      ['', 'alice@acme.example'],
      'and the report to her',
    )
    assert.deepEqual(
      operated?.find(id)?.recipients.map(({ address, state, why }) => [address, state, why?.code]),
      [['bob@partner.example', 'held', 'ERR_MAIL_MUST_ENCRYPT']],
    )
    assert.equal(operated?.find('another'), undefined)
  })

  test('has it tried again at once', async (t) => {
    const directory = await scratch(t)
    const hop = await openTestHop(t)
    let has = false
    const treat: Treat = (source, envelope) => (has ? asItStands : holding)(source, envelope)
    const leaver = await openLeaver(t, hop.next, { directory, treat })
    const id = await enqueue(leaver.queue)
    await leaver.turn()
    await leaver.turn()
    has = true
    await leaver.turn()
    assert.equal(hop.got.filter(({ from }) => from !== '').length, 0, 'not before its time')
    using operated = operateQueue(directory)
    assert.deepEqual(operated?.retry(id, NOON), ['bob@partner.example'])
    assert.deepEqual(operated?.retry('another', NOON), [])
    await leaver.turn()
    assert.equal(hop.got.filter(({ from }) => from !== '').length, 1)
    assert.deepEqual(operated?.list(), [])
  })

  test('gives it up, for one or all, and its sender is told the reason and not what it said', async (t) => {
    const directory = await scratch(t)
    const hop = await openTestHop(t)
    const leaver = await openLeaver(t, hop.next, { directory, treat: holding })
    const id = await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'carol@partner.example'] })
    await leaver.turn()
    await leaver.turn()
    using operated = operateQueue(directory)
    assert.deepEqual(operated?.drop(id, 'written by a script', NOON, 'carol@partner.example'), [
      'carol@partner.example',
    ])
    assert.deepEqual(operated?.drop(id, 'again', NOON, 'carol@partner.example'), [], 'once')
    await leaver.turn()
    await leaver.turn()
    const [, report] = hop.got
    assert.deepEqual([report?.from, report?.to], ['', ['alice@acme.example']])
    assert.match(report?.text ?? '', /^Action: failed\r$/m)
    assert.match(
      report?.text ?? '',
      /carol@partner\.example\r\n {4}an administrator has taken .* \(ERR_MAIL_DROPPED\)\r\n {4}written by a script\r\n/,
    )
    assert.doesNotMatch(report?.text ?? '', /secret plan|the first line/)
    assert.deepEqual(
      operated?.find(id)?.recipients.map(({ address }) => address),
      ['bob@partner.example'],
    )
    assert.deepEqual(operated?.drop(id, 'all of it', NOON), ['bob@partner.example'])
    await leaver.turn()
    await leaver.turn()
    assert.deepEqual(operated?.list(), [])
    assert.equal(
      hop.got.every(({ from }) => from === ''),
      true,
      'nothing of it was sent',
    )
  })

  test('leaves alone whom it is being sent to, and what has left', async (t) => {
    const directory = await scratch(t)
    await using queue = await openQueue({ directory })
    const id = await enqueue(queue, { recipients: ['bob@partner.example', 'carol@partner.example'] })
    assert.deepEqual(queue.begin(id, ['bob@partner.example'], NOON), ['bob@partner.example'])
    using operated = operateQueue(directory)
    assert.deepEqual(operated?.drop(id, 'too late for one', NOON), ['carol@partner.example'])
    // Who was dropped between being looked at and being sent to is not sent to.
    assert.deepEqual(queue.begin(id, ['carol@partner.example'], NOON), [])
    await queue.settle(
      id,
      new Map([
        [
          'carol@partner.example',
          { kind: 'held', why: { code: 'ERR_MAIL_MUST_ENCRYPT', status: '4.7.1', note: 'no' }, nextAt: NOON },
        ],
      ]),
      NOON,
    )
    assert.deepEqual(
      queue.find(id)?.recipients.map(({ address, state, why }) => [address, state, why?.code]),
      [
        ['bob@partner.example', 'trying', undefined],
        ['carol@partner.example', 'failed', 'ERR_MAIL_DROPPED'],
      ],
    )
    await queue.settle(id, new Map([['bob@partner.example', { kind: 'sent' }]]), NOON)
    assert.deepEqual(operated?.drop(id, 'too late', NOON, 'bob@partner.example'), [])
    assert.deepEqual(operated?.retry(id, NOON), [], 'what was given up is not tried')
  })

  test('drops while a message is treated: it is not sent', async (t) => {
    const directory = await scratch(t)
    const hop = await openTestHop(t)
    const treat: Treat = async function* (source, envelope) {
      if (envelope.sender !== '') {
        using operated = operateQueue(directory)
        for (const { id } of operated?.list() ?? []) operated?.drop(id, 'just now', NOON)
      }
      yield* asItStands(source, envelope)
    }
    const leaver = await openLeaver(t, hop.next, { directory, treat })
    await enqueue(leaver.queue)
    await leaver.turn()
    await leaver.turn()
    assert.deepEqual(
      hop.got.map(({ from, to }) => [from, ...to]),
      [['', 'alice@acme.example']],
    )
  })
})
