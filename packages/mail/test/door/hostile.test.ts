// Whoever means harm over the wire, with a certificate and without: others are answered meanwhile, and what is logged and kept has
// bounds.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { until } from '../../../../tools/testing/web-house.ts'
import { begun, openTestMailDoor, type TestMailDoor, talk, WRITERS } from './door-support.ts'
import { openTestHop, type TestHop } from './support.ts'

const HEADER = 'From: alice@acme.example\r\nTo: bob@partner.example\r\n'

async function openBoth(t: TestContext): Promise<{ readonly door: TestMailDoor; readonly hop: TestHop }> {
  const hop = await openTestHop(t)
  return { door: await openTestMailDoor(t, hop.next), hop }
}

/** Up to where MAIL is said, or would be. */
async function greeted(door: TestMailDoor) {
  const client = await talk(door, WRITERS.alice)
  await client.hear()
  await client.say('EHLO client.example\r\n')
  return client
}

const MAIL = 'MAIL FROM:<alice@acme.example>\r\n'
const logged = ({ logs }: TestMailDoor, event: string) => logs.filter((each) => each.event === event)

suite('without a certificate', () => {
  for (const [what, first] of [
    ['nothing', Buffer.alloc(0)],
    ['half of a handshake', Buffer.from('1603010200010001fc0303', 'hex')],
  ] as const)
    test(`1,500 connections that say ${what} keep nobody out, and the oldest give way`, async (t) => {
      const { door, hop } = await openBoth(t)
      const held: Socket[] = []
      t.after(() => held.forEach((socket) => void socket.destroy()))
      let ended = 0
      for (let i = 0; i < 1_500; i++) {
        const socket = connect(door.port, '127.0.0.1')
        socket.on('error', () => undefined).once('close', () => ended++)
        held.push(socket)
        await once(socket, 'connect')
        if (first.length > 0) socket.write(first)
      }
      const client = await begun(door, WRITERS.alice)
      assert.match(await client.say(`${HEADER}\r\nhi\r\n.\r\n`), /^250 /)
      await until(() => hop.got.length === 1, 'it leaves')
      // 1,024 handshakes are under way at most.
      await until(() => ended >= 1_500 - 1_024, 'the oldest are gone')
    })
})

suite('with one', () => {
  test('more than 100 sessions of one caller: the next hears so, until one has ended', async (t) => {
    const { door } = await openBoth(t)
    const clients = await Promise.all(Array.from({ length: 100 }, () => talk(door, WRITERS.alice)))
    for (const client of clients) assert.match(await client.hear(), /^220 /)
    const late = await talk(door, WRITERS.alice)
    assert.match(await late.hear(), /^421 4\.7\.0 .*\(ERR_MAIL_SESSIONS, M-/)
    assert.equal(await late.hear(), '')
    assert.match((await clients[0]?.say('QUIT\r\n')) ?? '', /^221 /)
    await until(() => door.sessions.size === 99, 'one has ended')
    assert.match(await (await talk(door, WRITERS.alice)).hear(), /^220 /)
  })

  test('a thousand recipients: the first hundred, and not a word in the log', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await greeted(door)
    await client.say(MAIL)
    const recipients = Array.from({ length: 1_000 }, (_, i) => `RCPT TO:<r${i}@partner.example>\r\n`)
    client.socket.write(recipients.join(''))
    for (let i = 0; i < 1_000; i++) assert.match(await client.hear(), i < 100 ? /^250 / : /^452 4\.5\.3 /)
    assert.match(await client.say('DATA\r\n'), /^354 /)
    assert.match(await client.say(`${HEADER}\r\nhi\r\n.\r\n`), /^250 /)
    await until(() => hop.got.length === 1, 'it leaves')
    assert.equal(hop.got[0]?.to.length, 100)
    assert.deepEqual(logged(door, 'request.refused'), [])
  })

  for (const [what, command, before] of [
    ['senders', 'MAIL FROM:<eve@acme.example>\r\n', undefined],
    ['recipients', 'RCPT TO:<björn@partner.example>\r\n', MAIL],
  ] as const)
    test(`a thousand ${what} that are refused: the hundredth ends the session`, async (t) => {
      const { door } = await openBoth(t)
      const client = await greeted(door)
      if (before) await client.say(before)
      client.socket.write(command.repeat(1_000))
      for (let i = 0; i < 99; i++) assert.match(await client.hear(), /^55\d 5\.\d\.\d .*ERR_MAIL_/)
      assert.match(await client.hear(), /^421 4\.\d\.\d .*\(ERR_MAIL_\w+, M-/)
      assert.equal(await client.hear(), '')
      assert.equal(logged(door, 'request.refused').length, 100)
      assert.ok((door.amended.at(-1)?.troubles?.length ?? 0) <= 8)
      // And it is nobody else's.
      assert.match(await (await greeted(door)).say(MAIL), /^250 /)
    })

  test('a message that is taken ends the row of refusals', async (t) => {
    const { door } = await openBoth(t)
    const client = await greeted(door)
    for (let turn = 0; turn < 2; turn++) {
      client.socket.write('MAIL FROM:<eve@acme.example>\r\n'.repeat(99))
      for (let i = 0; i < 99; i++) assert.match(await client.hear(), /^550 /)
      await client.say(MAIL)
      await client.say('RCPT TO:<bob@partner.example>\r\n')
      await client.say('DATA\r\n')
      assert.match(await client.say(`${HEADER}\r\nhi\r\n.\r\n`), /^250 /)
    }
  })

  test('a field of 200,000 octets is not all in the log, nor in the record', async (t) => {
    const { door } = await openBoth(t)
    const client = await begun(door, WRITERS.alice)
    const sender = `Sender: ${'"x"\r\n '.repeat(33_000)}<eve@acme.example>\r\n`
    assert.match(await client.say(`${HEADER}${sender}\r\nhi\r\n.\r\n`), /^550 5\.7\.1 .*ERR_MAIL_SENDER/)
    const [line] = logged(door, 'request.refused')
    assert.ok(JSON.stringify(line).length < 1_000)
    assert.ok((door.amended[0]?.troubles?.[0]?.note?.length ?? 0) <= 400)
  })

  test('two whose addresses differ in case alone are two', async (t) => {
    const said: string[] = []
    const hop = await openTestHop(t, {
      onRcptTo({ address }, _session, done) {
        said.push(address)
        done()
      },
    })
    const door = await openTestMailDoor(t, hop.next)
    const client = await greeted(door)
    await client.say(MAIL)
    for (const address of ['Bob@partner.example', 'bob@partner.example', 'bob@PARTNER.example'])
      assert.match(await client.say(`RCPT TO:<${address}>\r\n`), /^250 /)
    await client.say('DATA\r\n')
    assert.match(await client.say(`${HEADER}\r\nhi\r\n.\r\n`), /^250 /)
    await until(() => hop.got.length === 1, 'it leaves')
    assert.deepEqual(said.toSorted(), ['Bob@partner.example', 'bob@partner.example'])
  })

  test('a recipient of a message that was given up is none of the next', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await greeted(door)
    await client.say(MAIL)
    await client.say('RCPT TO:<carol@partner.example>\r\n')
    await client.say('RSET\r\n')
    await client.say(MAIL)
    await client.say('RCPT TO:<bob@partner.example>\r\n')
    await client.say('DATA\r\n')
    assert.match(await client.say(`${HEADER}\r\nhi\r\n.\r\n`), /^250 /)
    await until(() => hop.got.length === 1, 'it leaves')
    assert.deepEqual(hop.got[0]?.to, ['bob@partner.example'])
  })

  // RFC 5321 §4.1.1.11: silence would be a yes to what is not done here.
  for (const command of [
    'MAIL FROM:<alice@acme.example> REQUIRETLS\r\n',
    'MAIL FROM:<alice@acme.example> HOLDFOR=86400\r\n',
    'MAIL FROM:<alice@acme.example> RET=HDRS ENVID=1\r\n',
    'RCPT TO:<bob@partner.example> NOTIFY=NEVER\r\n',
    'RCPT TO:<bob@partner.example> SMTPUTF8\r\n',
  ])
    test(`a parameter that is not offered: ${command.trim()}`, async (t) => {
      const { door } = await openBoth(t)
      const client = await greeted(door)
      if (command.startsWith('RCPT')) await client.say(MAIL)
      assert.match(await client.say(command), /^555 5\.5\.4 /)
    })

  test('BDAT is not spoken, and what follows it is no message', async (t) => {
    const { door, hop } = await openBoth(t)
    const client = await greeted(door)
    await client.say(MAIL)
    await client.say('RCPT TO:<bob@partner.example>\r\n')
    const chunk = `${HEADER}\r\nhi\r\n`
    assert.match(await client.say(`BDAT ${chunk.length} LAST\r\n${chunk}`), /^500 /)
    // The two fields, the empty line and the text are no commands.
    for (let i = 0; i < 4; i++) assert.match(await client.hear(), /^500 /)
    assert.match(await client.say('QUIT\r\n'), /^221 /)
    assert.deepEqual([logged(door, 'mail.queued'), hop.got], [[], []])
  })
})
