// Revocation reaches open connections: a response that streams, a reader that is slow, a WebSocket. What left is read off the wire.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import WebSocket from 'ws'
import { needs } from '../interop/peer.ts'
import { revokeNow, type TimedReceipt } from './support/administer.ts'
import { type Capture, readServerPackets, startCapture } from './support/capture.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

/** The goal: the last octet leaves within this time after `revoke` is called. */
const LAST_OCTET_MS = 100

suite('revoked while open', { ...needs('curl', 'curl'), ...needs('tshark', 'tshark') }, () => {
  let house: RunningHouse
  let scratch: string
  let port: number
  let capture: Capture

  before(async () => {
    house = await startHouse()
    scratch = await mkdtemp(join(tmpdir(), 'countersign-revocation-'))
    port = Number(new URL(house.ready.doors[0]?.url ?? '').port)
    capture = await startCapture(port, join(scratch, 'wire.pcapng'))
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  /** What the wire must show for a client that was cut. */
  const cuts: { readonly name: string; readonly clientPort: number; readonly receipt: TimedReceipt }[] = []

  function assertReceipt(receipt: TimedReceipt, party: string): void {
    assert.equal(receipt.cuts.length, 1, 'one session was cut')
    assert.equal(receipt.cuts[0]?.party, party)
    assert.ok(receipt.confirmed.includes('hello'))
    assert.deepEqual(receipt.unconfirmed, [])
    const lastOctet = receipt.cuts[0]?.lastOctetAt.epochMilliseconds ?? Number.POSITIVE_INFINITY
    assert.ok(
      lastOctet - receipt.calledAt < LAST_OCTET_MS,
      `last octet ${lastOctet - receipt.calledAt} ms after the call`,
    )
  }

  test('curl, while a response streams', async () => {
    const alice = await enrolled(house, 'alice')
    const args = ['--no-buffer', '--silent', '--show-error', '--cacert', alice.trust, '--cert', alice.certificate]
    const child = spawn('curl', [
      ...args,
      '--key',
      alice.key,
      '--write-out',
      '%{stderr}%{local_port}',
      `https://127.0.0.1:${port}/stream`,
    ])
    let seen = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    while (!seen.includes('line 3')) await once(child.stdout, 'data')
    const closed = once(child, 'close')
    const receipt = await revokeNow(house, 'alice')
    const atReceipt = seen
    assertReceipt(receipt, 'alice')
    const [code] = await closed
    assert.notEqual(code, 0, 'curl says that the answer is not whole')
    assert.equal(seen, atReceipt, 'nothing arrived after the receipt')
    const clientPort = /(\d+)\s*$/.exec(said)?.[1] ?? assert.fail(said)
    cuts.push({ name: 'curl', clientPort: Number(clientPort), receipt })
    // The reason can be asked for on a new connection.
    const again = await curl(alice, [], { url: `https://127.0.0.1:${port}/` })
    assert.match(again.body, /ERR_CALLER_REVOKED/)
    await house.event((e) => e['event'] === 'revoke.done')
  })

  test('a slow reader with megabytes under way', async () => {
    const slow = await enrolled(house, 'slow')
    const socket = await open(slow)
    const clientPort = socket.localPort ?? 0
    const gone = closing(socket)
    socket.write('GET /big?octets=200000000 HTTP/1.1\r\nHost: hello.localhost\r\n\r\n')
    await once(socket, 'readable')
    socket.read(1024)
    // The kernel's buffers fill, and the door waits for this reader.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const receipt = await revokeNow(house, 'slow')
    assertReceipt(receipt, 'slow')
    let late = 0
    socket.on('data', (chunk: Buffer) => {
      late += chunk.length
    })
    await gone
    assert.ok(late < 200_000_000)
    cuts.push({ name: 'slow reader', clientPort, receipt })
  })

  test('a WebSocket', async () => {
    const wendy = await enrolled(house, 'wendy')
    const files = await identityOf(wendy)
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, files)
    await once(socket, 'open')
    socket.send('hello')
    const [echo] = await once(socket, 'message')
    assert.equal(String(echo), 'hello')
    // biome-ignore lint/suspicious/noExplicitAny: ws does not declare the socket that it stands on
    const clientPort = (socket as any)._socket.localPort as number
    const closed = once(socket, 'close')
    const receipt = await revokeNow(house, 'wendy')
    assertReceipt(receipt, 'wendy')
    const [code] = await closed
    // RFC 6455 §7.1.5: closed without a Close frame.
    assert.equal(code, 1006)
    cuts.push({ name: 'WebSocket', clientPort, receipt })
  })

  test('somebody else’s open connection stays', async () => {
    const other = await open(await enrolled(house, 'other'))
    const victim = await open(await enrolled(house, 'victim'))
    // Read, or an end that comes before the reset is never seen.
    const gone = closing(victim.resume())
    await revokeNow(house, 'victim')
    await gone
    other.write('GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n')
    const [answer] = await once(other, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 200/)
    other.destroy()
  })

  test('on the wire: the last octet within 100 ms of the call, a reset, and nothing after the receipt', async () => {
    await capture.stop()
    const packets = await readServerPackets(join(scratch, 'wire.pcapng'), port)
    assert.equal(cuts.length, 3)
    for (const { name, clientPort, receipt } of cuts) {
      const sent = packets.filter((packet) => packet.clientPort === clientPort)
      const last = sent.findLast(({ octets }) => octets > 0) ?? assert.fail(`${name} got nothing`)
      assert.ok(
        last.at - receipt.calledAt < LAST_OCTET_MS,
        `${name}: last octet ${last.at - receipt.calledAt} ms after the call`,
      )
      assert.ok(last.at <= receipt.answeredAt, `${name}: an octet ${last.at - receipt.answeredAt} ms after the receipt`)
      assert.ok(
        sent.some(({ reset }) => reset),
        `${name} was reset`,
      )
    }
  })

  async function open(party: PartyFiles): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port, servername: 'hello.localhost', ...(await identityOf(party)) })
    await once(socket, 'secureConnect')
    return socket
  }
})

/** Resolves when the socket is closed, by a reset too. A socket closes only once what arrived was read. */
function closing(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => socket.destroy()).on('close', () => resolve())
  })
}

async function identityOf(party: PartyFiles): Promise<{ cert: Buffer; key: Buffer; ca: Buffer }> {
  const [cert, key, ca] = await Promise.all([party.certificate, party.key, party.trust].map((file) => readFile(file)))
  if (!cert || !key || !ca) throw new Error('three files were asked for')
  return { cert, key, ca }
}
