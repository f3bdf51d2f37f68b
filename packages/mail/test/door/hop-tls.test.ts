// The next hop proves its name, or nothing is sent to it: neither a message nor an address.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { writePem } from '@countersign/x509'
import type { SMTPServerOptions } from 'smtp-server'
import { createIssuer, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import type { NextHop } from '../../src/door/model.ts'
import { answer, enqueue, openLeaver, openTestHop, scratch, type TestHop } from './support.ts'

const root = createIssuer('Relay Root')
const stranger = createIssuer('Elsewhere Root')
const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
const relay = issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth' })
const late = issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth', from: -48, to: -24 })
const foreign = issueLeaf(stranger, 'relay.acme.example', { names, purpose: 'serverAuth' })

/** Everything that a server was told before its connection ended. */
async function sendTo(t: TestContext, server: SMTPServerOptions, next: Omit<NextHop, 'host' | 'port'>) {
  const senders: string[] = []
  const hop = await openTestHop(t, {
    hideSTARTTLS: false,
    onMailFrom({ address }, _session, done) {
      senders.push(address)
      done()
    },
    ...server,
  })
  const anchors = join(await scratch(t), 'anchors.pem')
  await writeFile(anchors, writePem('CERTIFICATE', root.certificate.der))
  const leaver = await openLeaver(t, { ...hop.next, anchors, ...next })
  const id = await enqueue(leaver.queue)
  const isThere = await leaver.turn()
  return { hop, senders, isThere, left: leaver.queue.find(id)?.recipients[0] }
}

function assertNothingSent({ hop, senders, isThere, left }: Awaited<ReturnType<typeof sendTo>>): string {
  assert.deepEqual(senders, [])
  assert.deepEqual((hop satisfies TestHop).got, [])
  assert.equal(isThere, false)
  assert.equal(left?.state, 'waiting', 'it is tried again')
  assert.equal(left.mayBeThere, false)
  assert.equal(left.why?.code, 'ERR_MAIL_NEXT_HOP')
  return left.why.note
}

suite('the next hop', () => {
  const tests = [
    ['starttls', { ...pemOf(relay) }],
    ['implicit', { ...pemOf(relay), secure: true }],
  ] as const
  for (const [tls, server] of tests) {
    test(`${tls}: who proves the name that is meant, gets the message`, async (t) => {
      const { hop, isThere } = await sendTo(t, server, { tls, name: 'relay.acme.example' })
      assert.equal(isThere, true)
      assert.equal(hop.got.length, 1)
    })

    test(`${tls}: another name`, async (t) => {
      const note = assertNothingSent(await sendTo(t, server, { tls, name: 'other.acme.example' }))
      assert.match(note, /other\.acme\.example/)
    })

    test(`${tls}: no name is given, and the certificate is for none that is called`, async (t) => {
      assertNothingSent(await sendTo(t, server, { tls }))
    })

    test(`${tls}: another authority`, async (t) => {
      assertNothingSent(await sendTo(t, { ...server, ...pemOf(foreign) }, { tls, name: 'relay.acme.example' }))
    })

    test(`${tls}: expired`, async (t) => {
      const note = assertNothingSent(
        await sendTo(t, { ...server, ...pemOf(late) }, { tls, name: 'relay.acme.example' }),
      )
      assert.match(note, /expired/)
    })

    test(`${tls}: the file of anchors is away`, async (t) => {
      const next = { tls, name: 'relay.acme.example', anchors: '/nowhere/anchors.pem' }
      assert.match(assertNothingSent(await sendTo(t, server, next)), /ENOENT/)
    })
  }

  test('starttls that is not offered, as where somebody between takes it out', async (t) => {
    assertNothingSent(
      await sendTo(
        t,
        { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] },
        { tls: 'starttls', name: 'relay.acme.example' },
      ),
    )
  })

  // RFC 3207 §4.2: "The client MUST discard any knowledge obtained from the server … which was not obtained from the TLS negotiation itself".
  test('starttls with answers that somebody between puts behind it, in clear: the server’s own count', async (t) => {
    const hop = await openTestHop(t, {
      ...pemOf(relay),
      hideSTARTTLS: false,
      onRcptTo: (_address, _session, done) => done(answer(550, '5.1.1 no such user')),
    })
    const sockets: Socket[] = []
    const between = createServer((client) => {
      const server = connect(hop.next.port, '127.0.0.1')
      sockets.push(client, server)
      for (const socket of [client, server]) socket.on('error', () => undefined)
      client.pipe(server)
      server.on('data', (octets: Buffer) => {
        const isReady = /^220 .*TLS/i.test(octets.toString('latin1'))
        client.write(isReady ? Buffer.concat([octets, Buffer.from('250 taken\r\n'.repeat(6))]) : octets)
      })
      server.on('end', () => client.end())
    }).listen(0, '127.0.0.1')
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      between.close()
    })
    await once(between, 'listening')
    const { port } = between.address() as AddressInfo
    const anchors = join(await scratch(t), 'anchors.pem')
    await writeFile(anchors, writePem('CERTIFICATE', root.certificate.der))
    const leaver = await openLeaver(t, { ...hop.next, port, tls: 'starttls', name: 'relay.acme.example', anchors })
    await enqueue(leaver.queue)
    await leaver.turn()
    assert.deepEqual(
      leaver.logs.map(({ event }) => event).filter((event) => /^mail\.(?:sent|later|failed)$/.test(event)),
      ['mail.failed'],
    )
  })

  test('the authorities of the system do not know a root of ours', async (t) => {
    const hop = await openTestHop(t, { ...pemOf(relay), hideSTARTTLS: false })
    const leaver = await openLeaver(t, { ...hop.next, tls: 'starttls', name: 'relay.acme.example' })
    await enqueue(leaver.queue)
    assert.equal(await leaver.turn(), false)
    assert.deepEqual(hop.got, [])
  })
})
