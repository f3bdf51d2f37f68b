// Both ends of a mail door in a bench: people who hand in mail over mutual TLS, and a next server that takes all and keeps none.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import type { PartyFiles } from '../../scenario/support/peers.ts'

/** A next server on loopback. */
export interface Sink {
  readonly port: number
  /** Waits until it has taken so many messages since it was opened. */
  taken(count: number): Promise<void>
  close(): void
}

/** Opens it. It reads no more of SMTP than who sends to it needs. */
export async function openSink(): Promise<Sink> {
  let taken = 0
  const waiting = new Set<() => void>()
  const onMessage = () => {
    taken++
    for (const look of [...waiting]) look()
  }
  const server = createServer((socket) => takeAll(socket, onMessage)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken(count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (taken < count) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
    close: () => void server.close(),
  }
}

function takeAll(socket: Socket, onMessage: () => void): void {
  let held = ''
  let isData = false
  socket.on('error', () => socket.destroy())
  socket.setEncoding('latin1').on('data', (text: string) => {
    held += text
    for (;;) {
      const end = isData ? held.indexOf('\r\n.\r\n') : held.indexOf('\r\n')
      if (end < 0) return
      const line = held.slice(0, end)
      held = held.slice(end + (isData ? 5 : 2))
      if (isData) {
        isData = false
        onMessage()
        socket.write('250 2.0.0 ok\r\n')
      } else if (/^DATA$/i.test(line)) {
        isData = true
        socket.write('354 go on\r\n')
      } else if (/^EHLO /i.test(line)) socket.write('250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n')
      else if (/^QUIT$/i.test(line)) socket.end('221 2.0.0 bye\r\n')
      else socket.write('250 2.0.0 ok\r\n')
    }
  })
  socket.write('220 sink ESMTP\r\n')
}

/** What is handed in. */
export interface Load {
  readonly port: number
  readonly servername: string
  readonly people: readonly { readonly address: string; readonly files: PartyFiles }[]
  readonly to: string
  /** Of each person. */
  readonly messages: number
  readonly text: Buffer
}

/** Each person connects once and hands in their messages one after the other, all people at once. @throws where one is not taken */
export async function handIn({ port, servername, people, to, messages, text }: Load): Promise<void> {
  await Promise.all(
    people.map(async ({ address, files }) => {
      const [key, cert, ca] = [files.key, files.certificate, files.trust].map((path) => readFileSync(path))
      const socket = connect({ host: '127.0.0.1', port, servername, ...{ key, cert, ca } })
      const replies = repliesOf(socket)
      const say = async (line: string | Buffer, code: number) => {
        socket.write(line)
        await expect(code)
      }
      const expect = async (code: number) => {
        const { value: reply = 'the end' } = await replies.next()
        if (!reply.startsWith(`${code} `)) throw new Error(`${address}: ${reply}`)
      }
      await expect(220)
      await say('EHLO client.example\r\n', 250)
      const message = Buffer.concat([Buffer.from(`From: ${address}\r\nTo: ${to}\r\n`), text, Buffer.from('.\r\n')])
      for (let i = 0; i < messages; i++) {
        await say(`MAIL FROM:<${address}>\r\n`, 250)
        await say(`RCPT TO:<${to}>\r\n`, 250)
        await say('DATA\r\n', 354)
        await say(message, 250)
      }
      await say('QUIT\r\n', 221)
      socket.destroy()
    }),
  )
}

/** The last line of each reply. */
async function* repliesOf(socket: Socket): AsyncGenerator<string, undefined> {
  let held = ''
  for await (const piece of socket.setEncoding('latin1') as AsyncIterable<string>) {
    held += piece
    for (let end = held.indexOf('\r\n'); end >= 0; end = held.indexOf('\r\n')) {
      const line = held.slice(0, end)
      held = held.slice(end + 2)
      if (line[3] !== '-') yield line
    }
  }
  return undefined
}
