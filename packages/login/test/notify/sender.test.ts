// Notices and a real SMTP server: what is sent, what waits while it is away, and that nobody waits for it.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { type Facts, NOTICES, type NoticeKind, writeNotice } from '../../src/notify/notices.ts'
import { backOff, openNoticeSender } from '../../src/notify/sender.ts'
import { transportOptions } from '../../src/notify/transport.ts'
import { addAccount, NOW, type TestBank, testBank, until } from '../support/bank.ts'
import { testDoor } from '../support/browser.ts'
import { setUp } from '../support/customer.ts'

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
}

/** An SMTP server of the test. */
async function smtp(t: TestContext, options: SMTPServerOptions = {}) {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, callback) {
      let text = ''
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        text += chunk
      })
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
        callback()
      })
    },
    ...options,
  })
  // A client that leaves is an error of the server's.
  const errors: Error[] = []
  server.on('error', (error) => void errors.push(error))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  t.after(close)
  return { mails, errors, port, close }
}

function sender(t: TestContext, bank: TestBank, port: number, protocol = 'smtp') {
  const mail = { url: `${protocol}://127.0.0.1:${port}`, from: 'notices@bank.example' }
  const opened = openNoticeSender(bank.ground, mail)
  t.after(() => opened.close())
  return opened
}

const notice = (bank: TestBank, kind: NoticeKind, facts: Facts = {}, now = bank.time.now()) =>
  bank.store.commit((tx) => writeNotice(bank.ground, tx, { account: 'carol', kind, facts, now }))
const rows = (bank: TestBank) => bank.store.db.selectFrom('login_notice').selectAll().execute()

suite('a notice', () => {
  test('of each kind is sent once, as plain text, with no link', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    const { mails, port } = await smtp(t)
    for (const kind of Object.keys(NOTICES) as NoticeKind[])
      await notice(bank, kind, {
        device: 'Firefox on Windows',
        address: '198.51.100.7',
        until: 'tomorrow',
        how: 'passkey',
        passkey: 'key',
      })
    const mailer = sender(t, bank, port)
    // There are more kinds than a round takes.
    await until(async () => {
      await mailer.send()
      return mails.length >= Object.keys(NOTICES).length
    })
    await mailer.send()
    assert.equal(mails.length, Object.keys(NOTICES).length)
    for (const { from, to, text } of mails) {
      assert.deepEqual([from, to], ['notices@bank.example', ['carol@mail.example']])
      assert.match(text, /^Content-Type: text\/plain; charset=utf-8$/im)
      assert.doesNotMatch(text, /https?:|href|\{\w+\}/)
      assert.match(text, /^Account: carol/m)
    }
    await until(async () => (await rows(bank)).every(({ sent_at }) => sent_at !== null))
  })

  test('waits while the server is away, longer each time, and nobody waits for it', async (t) => {
    const door = await testDoor(t)
    const { close, port, mails } = await smtp(t)
    await close()
    const mailer = sender(t, door, port)
    // An account is opened all the same.
    await setUp(door, 'carol', { email: 'carol@mail.example' })
    assert.equal(await mailer.send(), 0)
    const [waits] = await rows(door)
    assert.deepEqual([waits?.sent_at, waits?.tries], [null, 1])
    assert.equal(waits!.next_at, door.time.now().epochMilliseconds + backOff(1))
    // Not before its time.
    await mailer.send()
    assert.equal((await rows(door))[0]?.tries, 1)
    assert.ok(door.logged.some(({ event }) => event === 'notice.waits'))

    const back = await smtp(t)
    const other = sender(t, door, back.port)
    door.time.pass({ minutes: 2 })
    assert.equal(await other.send(), 1)
    assert.deepEqual([mails.length, back.mails.length], [0, 1])
  })

  test('that nobody takes is given up after five days', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    await notice(bank, 'opened')
    const { port } = await smtp(t, {
      onRcptTo: (_address, _session, callback) => callback(new Error('no such mailbox')),
    })
    const mailer = sender(t, bank, port)
    let rounds = 0
    for (; rounds < 100 && (await rows(bank))[0]?.sent_at === null; rounds++) {
      await mailer.send()
      bank.time.pass({ hours: 6 })
    }
    assert.equal(rounds, 22)
    assert.ok(bank.logged.some(({ event }) => event === 'notice.lost'))
  })

  test('is sent by one of two processes', async (t) => {
    const one = await testBank(t)
    const other = await testBank(t, one)
    await addAccount(one, 'carol', [])
    for (let i = 0; i < 5; i++) await notice(one, 'new device', { device: `device ${i}` })
    const { mails, port } = await smtp(t)
    const mailers = [sender(t, one, port), sender(t, other, port)]
    await Promise.all(mailers.map((mailer) => mailer.send()))
    await until(async () => (await rows(one)).every(({ sent_at }) => sent_at !== null))
    await Promise.all(mailers.map((mailer) => mailer.send()))
    assert.equal(mails.length, 5)
  })

  test('does not fill a mailbox: of an attempt one in an hour', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    for (const minutes of [0, 1, 59, 60]) await notice(bank, 'attempt', {}, NOW.add({ minutes }))
    assert.equal((await rows(bank)).length, 2)
  })

  test('is undone with its act, and not written where there is no address', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    bank.store.failsAfter = 0
    await assert.rejects(notice(bank, 'opened'), /full/)
    await bank.store.db.updateTable('login_account').set({ email: null }).execute()
    await notice(bank, 'opened')
    assert.deepEqual(await rows(bank), [])
  })

  test('has no line that somebody else has typed, and one receiver', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    const email = 'carol@mail.example, mallory@evil.example'
    await bank.store.db.updateTable('login_account').set({ email }).execute()
    await notice(bank, 'new device', {
      device: 'x\r\nBcc: mallory@evil.example\r\n\r\nCall us:\u2028now\u202e',
      how: 'passkey',
    })
    await bank.store.db.updateTable('login_account').set({ email: 'carol@mail.example' }).execute()
    await notice(bank, 'new device', {
      device: 'x\r\nBcc: mallory@evil.example\r\n\r\nCall us:\u2028now\u202e',
      how: 'passkey',
    })
    const { mails, port } = await smtp(t)
    await sender(t, bank, port).send()
    assert.deepEqual(
      mails.flatMap(({ to }) => to).filter((to) => to === 'mallory@evil.example'),
      [],
    )
    for (const { text } of mails) assert.doesNotMatch(text, /^(?:Bcc|Call us)/m)
  })

  test('of before there was a server goes nowhere when it is old', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    await notice(bank, 'opened')
    bank.time.pass({ hours: 24 * 5 + 1 })
    await notice(bank, 'new device')
    const { mails, port } = await smtp(t)
    sender(t, bank, port)
    await until(async () => (await rows(bank)).every(({ sent_at }) => sent_at !== null))
    assert.deepEqual(
      mails.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]),
      [NOTICES['new device'][0]],
    )
  })

  test('is not given to a server that proves nothing', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    await notice(bank, 'opened')
    // With a certificate of nobody's that smtp-server brings for tests.
    const { mails, errors, port } = await smtp(t, { secure: true })
    sender(t, bank, port, 'smtps')
    await until(async () => (await rows(bank)).some(({ tries }) => tries > 0))
    await until(() => bank.logged.some(({ event }) => event === 'notice.waits'))
    await until(() => errors.length > 0)
    assert.deepEqual(mails, [])
  })

  test('goes on after the clock was stepped back', async (t) => {
    const bank = await testBank(t)
    await addAccount(bank, 'carol', [])
    bank.time.pass({ hours: 24 })
    await notice(bank, 'opened')
    bank.time.pass({ hours: -24 })
    const { mails, port } = await smtp(t)
    sender(t, bank, port)
    await until(() => mails.length === 1)
  })
})

suite('the way to a server', () => {
  const of = (url: string, password?: string) =>
    transportOptions({ url, from: 'notices@bank.example', ...(password !== undefined && { password }) })

  test('is encrypted, but on this machine', () => {
    for (const [url, secure, requireTLS, ignoreTLS, port] of [
      ['smtps://mail.bank.example', true, false, false, 465],
      ['smtps://127.0.0.1:1465', true, false, false, 1465],
      ['smtp://mail.bank.example', false, true, false, 587],
      ['smtp://192.0.2.1:25', false, true, false, 25],
      ['smtp://127.example:25', false, true, false, 25],
      ['smtp://localhost:25', false, false, true, 25],
      ['smtp://127.0.0.1:25', false, false, true, 25],
      ['smtp://[::1]:25', false, false, true, 25],
    ] as const) {
      const options = of(url)
      assert.deepEqual(
        [options.secure, options.requireTLS, options.ignoreTLS, options.port],
        [secure, requireTLS, ignoreTLS, port],
        url,
      )
    }
    assert.equal(of('smtp://[::1]:25').host, '::1')
  })

  test('has a user where the address names one', () => {
    assert.equal(of('smtps://mail.bank.example', 'x').auth, undefined)
    assert.deepEqual(of('smtps://notices%40bank@mail.bank.example', 'pass').auth, {
      user: 'notices@bank',
      pass: 'pass',
    })
  })
})
