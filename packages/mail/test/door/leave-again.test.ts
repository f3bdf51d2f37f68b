// Mail that did not leave at first: tried again when it is due, whatever was in the way, and sent once.
import assert from 'node:assert/strict'
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { runLeaving } from '../../src/door/leave/run.ts'
import type { Treat } from '../../src/door/model.ts'
import { answer, asItStands, enqueue, MESSAGE, openLeaver, openTestHop, scratch } from './support.ts'

suite('mail that did not leave at first', () => {
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
})

/** What `smtp-server` keeps of its connections. */
function hopServer(server: unknown): { readonly connections: ReadonlySet<{ readonly _socket: { destroy(): void } }> } {
  return server as never
}
