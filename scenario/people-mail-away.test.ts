// The server for notices is away, then hangs, then is there: people open accounts and sign in all the while, the end of the
// house does not wait for it, and each notice arrives once.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type NetworkCustomer, openLine, provePasswordOver, signInOver } from './support/customer.ts'
import { type MailPlace, openMailbox } from './support/mailbox.ts'
import { startNetworkBank } from './support/network-bank.ts'
import { movableClock } from './support/wrong-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The library by itself gives up after 30,000. */
const QUICK_MS = 15_000

test(
  'notices wait while their server is away or hangs, and nobody else does',
  needs('faketime', 'faketime'),
  async () => {
    await using stack = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'countersign-mail-away-'))
    stack.defer(() => rm(directory, { recursive: true, force: true }))
    const clock = await movableClock(directory)
    const place = await freePlace()
    const start = async () =>
      startNetworkBank({
        ...{ directory, env: clock.env },
        door: { people: { mail: { url: `smtp://${place.host}:${place.port}`, from: 'bank@acme.example' } } },
      })
    const customer = (account: string) =>
      network.customer(account, { email: `${account}@acme.example`, now: () => Date.now() + clock.ahead })
    /** Nonces of before are too old, or of the house before. */
    const signInLater = (customer: NetworkCustomer) => {
      customer.line.at(network.bank)
      return signInOver(customer)
    }

    // Refused.
    let network = stack.use(await start())
    const carol = await customer('carol')
    const waits = await network.house.event(({ event, account }) => event === 'notice.waits' && account === 'carol')
    assert.match(String(waits['cause']), /ECONNREFUSED/)
    assert.equal(waits['kind'], 'opened')
    await signInOver(carol)
    const stranger = await openLine(network.bank)
    const { signIn, finish } = await provePasswordOver(stranger, carol)
    assert.equal((await stranger.ask('finish', { signIn, finish })).next, 'confirm')
    await network.house.event(({ event, kind }) => event === 'notice.waits' && kind === 'attempt')
    stranger.close()

    // Hung: it greets, and says nothing any more.
    const hung = stack.use(await openHung(place))
    await clock.setAhead(5 * MINUTE_MS)
    await hung.reached
    await signInLater(carol)
    assert.equal((await carol.line.load('/accounts/current')).status, 200)
    await clock.setAhead(10 * MINUTE_MS)
    const dave = await customer('dave')
    await clock.setAhead(15 * MINUTE_MS)
    await signInLater(dave)
    await hung.holds()
    for (const { line } of [carol, dave]) line.close()
    const began = performance.now()
    assert.deepEqual(await network.house.stop(), { code: 0, signal: null })
    assert.ok(performance.now() - began < QUICK_MS, `${performance.now() - began} ms`)
    await hung[Symbol.asyncDispose]()

    // There.
    const mailbox = stack.use(await openMailbox(place))
    await clock.setAhead(HOUR_MS)
    network = stack.use(await start())
    const expected = [
      ['Your account is open', 'carol@acme.example'],
      ['Somebody has your password on a new device', 'carol@acme.example'],
      ['Your account is open', 'dave@acme.example'],
    ] as const
    for (const [subject, to] of expected) await mailbox.letter(subject, to)
    await signInLater(carol)
    // Longer than any wait; what is told then comes after whatever else were due.
    await clock.setAhead(8 * HOUR_MS)
    const erin = await customer('erin')
    await mailbox.letter('Your account is open', 'erin@acme.example')
    for (const { line } of [carol, erin]) line.close()
    assert.deepEqual(await network.house.stop(), { code: 0, signal: null })
    const told = mailbox.letters.map(({ to, text }) => `${to} ${/^Subject: (.*?)\r?$/m.exec(text)?.[1]}`)
    assert.deepEqual(
      told.toSorted(),
      [...expected.map(([subject, to]) => `${to} ${subject}`), 'erin@acme.example Your account is open'].toSorted(),
    )
  },
)

/** A port that nobody listens at, and that nobody is given: at an address which no other test has. */
async function freePlace(): Promise<MailPlace> {
  const host = `127.8.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { host, port }
}

/** A server of RFC 5321 up to its greeting. */
async function openHung({ host, port }: MailPlace) {
  const open = new Set<Socket>()
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    // Who is cut off resets it.
    socket.on('error', () => open.delete(socket))
    socket.on('data', () => resolve())
    socket.write('220 mail.acme.example ESMTP\r\n')
  }).listen(port, host)
  await once(server, 'listening')
  return {
    /** Somebody has spoken to it. */
    reached,
    /** Somebody waits for it, or comes back to. */
    async holds() {
      if (open.size === 0) await once(server, 'connection')
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
