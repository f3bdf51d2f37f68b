// kill -9 at every failpoint of the queue, and a full disk: no mail is lost, none is sent twice without its mark, none in clear.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { makeSmallDisk, NEEDS_MOUNT } from '../../../../tools/testing/small-disk.ts'
import { type Queue, QueueError } from '../../src/door/queue/model.ts'
import { openQueue } from '../../src/door/queue/queue.ts'
import { answer, enqueue, MESSAGE, NOON, openLeaver, openTestHop, scratch, type TestHop } from './support.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')

/** How it ended: its exit code, or the signal that ended it; and what it said. */
function work(directory: string, hop: TestHop, what: 'enqueue' | 'leave', failpoint = '', recipient = '') {
  const { promise, resolve } = Promise.withResolvers<{ readonly ended: number | string; readonly said: string }>()
  const given = [directory, String(hop.next.port), what, failpoint, ...(recipient === '' ? [] : [recipient])]
  execFile(process.execPath, ['--conditions=source', WORKER, ...given], (error, stdout, stderr) => {
    const ended = error?.signal ?? error?.code ?? 0
    if (ended !== 0 && ended !== 'SIGKILL') throw new Error(stderr)
    resolve({ ended, said: stdout })
  })
  return promise
}

async function contentsOf(directory: string): Promise<readonly string[]> {
  return readdir(join(directory, 'content'))
}

async function place(t: TestContext): Promise<{ readonly directory: string; readonly hop: TestHop }> {
  const hop = await openTestHop(t, {
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('nobody') ? done(answer(550, '5.1.1 no such user')) : done(),
  })
  return { directory: await scratch(t), hop }
}

suite('kill -9', () => {
  test('before a message is in the queue: it was not taken, and nothing of it stays', async (t) => {
    const { directory, hop } = await place(t)
    const first = await work(directory, hop, 'enqueue', 'mail.after-content')
    assert.deepEqual(first, { ended: 'SIGKILL', said: '' })
    assert.equal((await contentsOf(directory)).length, 1)
    assert.equal((await work(directory, hop, 'leave')).ended, 0)
    assert.deepEqual(hop.got, [])
    assert.deepEqual(await contentsOf(directory), [])
  })

  const AFTERWARDS = [
    ['enqueue', 'mail.after-commit', [false], 'it is in the queue, though nobody was told'],
    ['leave', 'mail.after-seal', [false], 'it was sealed, and nobody asked'],
    ['leave', 'mail.after-begin', [true], 'nobody knows whether it was handed over'],
    ['leave', 'mail.before-settle', [false, true], 'it was handed over, and that was not kept'],
    ['leave', 'mail.after-settle', [false], 'it was handed over, and that was kept'],
    ['leave', 'mail.before-remove', [false], 'only its content is left'],
  ] as const
  for (const [what, failpoint, marks, meaning] of AFTERWARDS)
    test(`at ${failpoint}: ${meaning}`, async (t) => {
      const { directory, hop } = await place(t)
      if (what === 'leave') assert.equal((await work(directory, hop, 'enqueue')).said, '250\n')
      assert.equal((await work(directory, hop, what, failpoint)).ended, 'SIGKILL')
      assert.equal((await work(directory, hop, 'leave')).ended, 0)
      assert.deepEqual(
        hop.got.map(({ text }) => text.startsWith('Countersign-Possible-Duplicate: ')),
        marks,
      )
      for (const { text } of hop.got) {
        assert.match(text, /^Message-ID: <1@acme\.example>\r$/m)
        assert.match(text, /^Content-Type: application\/pkcs7-mime; smime-type=authEnveloped-data;/m)
        assert.doesNotMatch(text, /secret/)
      }
      assert.deepEqual(await contentsOf(directory), [])
    })

  for (const failpoint of ['mail.before-settle', 'mail.after-settle', 'mail.before-tell', 'mail.after-tell'])
    test(`at ${failpoint}: what has no key stays held, its sender is told once, and nothing of it is sent`, async (t) => {
      const { directory, hop } = await place(t)
      await work(directory, hop, 'enqueue', '', 'nokey@partner.example')
      assert.equal((await work(directory, hop, 'leave', failpoint)).ended, 'SIGKILL')
      assert.equal((await work(directory, hop, 'leave')).ended, 0)
      assert.deepEqual(
        hop.got.map(({ from, to }) => [from, ...to]),
        [['', 'alice@acme.example']],
      )
      assert.match(hop.got[0]?.text ?? '', /ERR_MAIL_MUST_ENCRYPT/)
      assert.doesNotMatch(hop.got[0]?.text ?? '', /secret/)
      assert.equal((await contentsOf(directory)).length, 1)
    })

  for (const failpoint of ['mail.before-tell', 'mail.after-tell'])
    test(`at ${failpoint}: the sender is told once of what was given up`, async (t) => {
      const { directory, hop } = await place(t)
      await work(directory, hop, 'enqueue', '', 'nobody@partner.example')
      assert.equal((await work(directory, hop, 'leave', failpoint)).ended, 'SIGKILL')
      assert.equal((await work(directory, hop, 'leave')).ended, 0)
      assert.deepEqual(
        hop.got.map(({ from, to }) => [from, ...to]),
        [['', 'alice@acme.example']],
      )
      assert.deepEqual(await contentsOf(directory), [])
    })
})

suite('a full disk', () => {
  test(
    'what cannot be kept is not taken; what is there stays, and leaves when there is room',
    NEEDS_MOUNT,
    async (t) => {
      const disk = makeSmallDisk(2048)
      t.after(() => disk[Symbol.dispose]())
      const hop = await openTestHop(t)
      await using queue = await openQueue({ directory: join(disk.directory, 'queue') })
      await enqueue(queue)
      disk.fill(0)
      const full = (error: unknown) => error instanceof QueueError && error.code === 'ERR_MAIL_QUEUE_FULL'
      const incoming = await queue.receive(NOON)
      await assert.rejects(async () => {
        for (let i = 0; i < 100; i++) await incoming.write(Buffer.alloc(65_536, 'x'))
        await incoming.enqueue({ sender: '', recipients: ['a@b.example'], isUtf8: false, isEightBit: false, at: NOON })
      }, full)
      await incoming.discard()
      // What is written of an attempt may find room for a while; then it finds none, and nothing is sent.
      const leaver = await openLeaver(t, { ...hop.next, port: 1 }, { queue })
      await assert.rejects(async () => {
        for (let i = 0; i < 2_000; i++) {
          await leaver.turn()
          leaver.pass(3)
          if (i % 8 === 7) leaver.pass(-24)
        }
      }, full)
      assert.equal(queue.list().length, 1)
      disk.empty()
      const there = await openLeaver(t, hop.next, { queue })
      there.pass(4)
      await there.turn()
      assert.equal(hop.got.length, 1)
      assert.equal(hop.got[0]?.text.endsWith(MESSAGE), true)
      assert.deepEqual(queue.list(), [])
    },
  )

  /** A next hop whose answer finds no room: `fill` is called when it has a message. */
  const fillingHop = (t: TestContext, fill: () => unknown) =>
    openTestHop(t, {
      onRcptTo: ({ address }, _session, done) =>
        address.startsWith('nobody') ? done(answer(550, '5.1.1 no such user')) : done(),
      onData(stream, { envelope }, done) {
        let text = ''
        stream.setEncoding('latin1').on('data', (piece: string) => {
          text += piece
        })
        stream.on('end', () => {
          received.push({ to: envelope.rcptTo.map(({ address }) => address), text })
          fill()
          done()
        })
      },
    })
  let received: { readonly to: readonly string[]; readonly text: string }[] = []

  test('while a message leaves: whoever has it gets it no second time, and is not reported', NEEDS_MOUNT, async (t) => {
    received = []
    const disk = makeSmallDisk(2048)
    t.after(() => disk[Symbol.dispose]())
    const hop = await fillingHop(t, () => received.length === 1 && disk.fill(0))
    const directory = join(disk.directory, 'queue')
    const leaver = await openLeaver(t, hop.next, { directory })
    const id = await enqueue(leaver.queue, { recipients: ['bob@partner.example', 'nobody@partner.example'] })
    const full = { code: 'ERR_MAIL_QUEUE_FULL' }
    await assert.rejects(leaver.turn(), full)
    leaver.pass(24)
    for (let i = 0; i < 5; i++) await assert.rejects(leaver.turn(), full)
    assert.deepEqual(
      received.map(({ to }) => to),
      [['bob@partner.example']],
    )
    assert.deepEqual(
      leaver.queue.find(id)?.recipients.map(({ state }) => state),
      ['trying', 'trying'],
    )
    assert.deepEqual(await contentsOf(directory), [id])
    disk.empty()
    await leaver.turn()
    assert.equal(leaver.queue.find(id), undefined, 'bob has it, and alice is told of nobody')
    await leaver.turn()
    assert.deepEqual(
      received.map(({ to }) => to),
      [['bob@partner.example'], ['alice@acme.example']],
    )
    assert.match(received[1]?.text ?? '', /^Final-Recipient: rfc822; nobody@partner\.example\r$/m)
    for (const { text } of received) assert.doesNotMatch(text, /Possible-Duplicate/)
  })

  test('and the process ends before there is room: it is sent again, and says so', NEEDS_MOUNT, async (t) => {
    received = []
    const disk = makeSmallDisk(2048)
    t.after(() => disk[Symbol.dispose]())
    const hop = await fillingHop(t, () => received.length === 1 && disk.fill(0))
    const directory = join(disk.directory, 'queue')
    {
      await using queue = await openQueue({ directory })
      const leaver = await openLeaver(t, hop.next, { queue })
      await enqueue(queue)
      await assert.rejects(leaver.turn(), { code: 'ERR_MAIL_QUEUE_FULL' })
    }
    disk.empty()
    const leaver = await openLeaver(t, hop.next, { directory })
    await leaver.turn()
    assert.deepEqual(
      received.map(({ text }) => text.startsWith('Countersign-Possible-Duplicate: ')),
      [false, true],
    )
    assert.deepEqual(leaver.queue.list(), [])
  })

  test(
    'while a sender is told: nothing of the report stays, and it is told when there is room',
    NEEDS_MOUNT,
    async (t) => {
      received = []
      const disk = makeSmallDisk(2048)
      t.after(() => disk[Symbol.dispose]())
      const directory = join(disk.directory, 'queue')
      const hop = await fillingHop(t, () => undefined)
      const opened = await openQueue({ directory })
      t.after(() => opened[Symbol.asyncDispose]())
      // The disk is full from the moment on that the refusal is kept.
      const queue: Queue = {
        ...opened,
        async settle(...settled) {
          await opened.settle(...settled)
          disk.fill(8)
        },
      }
      const leaver = await openLeaver(t, hop.next, { queue })
      const id = await enqueue(queue, { recipients: ['nobody@partner.example'] })
      for (let i = 0; i < 5; i++) await assert.rejects(leaver.turn(), { code: 'ERR_MAIL_QUEUE_FULL' })
      assert.deepEqual(await contentsOf(directory), [id])
      disk.empty()
      const there = await openLeaver(t, hop.next, { queue: opened })
      await there.turn()
      await there.turn()
      assert.deepEqual(
        received.map(({ to }) => to),
        [['alice@acme.example']],
      )
      assert.deepEqual(opened.list(), [])
    },
  )
})

suite('a queue', () => {
  test('is of one process: another is told so, and may have it afterwards', async (t) => {
    const { directory, hop } = await place(t)
    {
      await using queue = await openQueue({ directory })
      await enqueue(queue)
      await assert.rejects(openQueue({ directory }), /another process works on this queue/)
      const { promise, resolve } = Promise.withResolvers<string>()
      execFile(process.execPath, ['--conditions=source', WORKER, directory, '1', 'leave'], (_error, _out, stderr) =>
        resolve(stderr),
      )
      assert.match(await promise, /another process works on this queue/)
    }
    assert.equal((await work(directory, hop, 'leave')).ended, 0)
    assert.equal(hop.got.length, 1)
  })

  test('what was not put into it is not in it', async (t) => {
    const directory = await scratch(t)
    await using queue = await openQueue({ directory })
    const incoming = await queue.receive(NOON)
    await incoming.write(Buffer.from('half of'))
    await incoming.discard()
    assert.deepEqual(queue.list(), [])
    assert.deepEqual(await contentsOf(directory), [])
  })
})
