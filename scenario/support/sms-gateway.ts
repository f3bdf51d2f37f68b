// An operator's gateway for SMS: a server of bare `node:https`, with a certificate of the house, that hears nobody but the bank.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import type { RunningHouse } from './house.ts'
import { enrolled } from './peers.ts'

const NAME = 'sms.localhost'

/** What came. */
export interface SmsTaken {
  readonly to: string
  readonly text: string
  /** Who gave it, by their certificate. */
  readonly from: string
}

/** The gateway, from before its house starts. */
export interface SmsPlace extends AsyncDisposable {
  /** For `people.sms` of a door. */
  readonly url: string
  /** All that came, to whomever. */
  readonly taken: readonly SmsTaken[]
  /** How it answers from now on. At first: 202. */
  answers: (response: ServerResponse) => void
  /** Gets its certificate from this house, which has started meanwhile, and hears whoever has one of it. */
  join(house: RunningHouse): Promise<void>
  /** The last message: its lines, and the code of the last of them. */
  last(): { readonly to: string; readonly lines: readonly string[]; readonly code: string }
  /** Nobody listens any more, until it listens again at the same place. */
  stop(): Promise<void>
  listen(): Promise<void>
}

/** Opens it: it listens, and proves itself to nobody yet. */
export async function openSmsPlace(): Promise<SmsPlace> {
  const taken: SmsTaken[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ requestCert: true, rejectUnauthorized: true }, (request, response) => {
    textOf(request).then(
      (body) => {
        const { to, text } = JSON.parse(body) as Omit<SmsTaken, 'from'>
        taken.push({ to, text, from: (request.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '' })
        place.answers(response)
      },
      () => undefined,
    )
  })
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))))
  // Whoever is not believed has been told so by TLS.
  server.on('tlsClientError', () => undefined)
  let port = 0
  const listen = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const stop = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen()
  const place: SmsPlace = {
    url: `https://${NAME}:${port}/send`,
    taken,
    answers: (response) => void response.writeHead(202).end(),
    async join(house) {
      const { key, certificate, trust } = await enrolled(house, 'sms', ['--san', NAME, '--profile', 'server'])
      const [theKey, cert, ca] = await Promise.all([key, certificate, trust].map((path) => readFile(path)))
      server.setSecureContext({ key: theKey, cert, ca })
    },
    last() {
      const { to, text } = taken.at(-1) ?? assert.fail('nothing came')
      const lines = text.split('\n')
      const [, code] = /^If you want exactly this: (\d{6})\. /.exec(lines.at(-1) ?? '') ?? assert.fail(text)
      return { to, lines, code: code ?? '' }
    },
    stop,
    listen,
    async [Symbol.asyncDispose]() {
      if (server.listening) await stop()
    },
  }
  return place
}
