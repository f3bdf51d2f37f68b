// An operator's gateway for SMS: a server of bare `node:https` that hears nobody but the door, and keeps what it is given.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { createIdentity, createTrust } from '@countersign/mtls'
import { chainOf, createIssuer, type Holder, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import type { SmsOptions } from '../../src/sms/gateway.ts'

const GATEWAY = 'sms.localhost'
const root: Holder = createIssuer('Acme Root')
const gateway = issueLeaf(root, GATEWAY, { names: [{ kind: 'dNSName', value: GATEWAY }], purpose: 'serverAuth' })
const doorName = 'bank.example'
const door = issueLeaf(root, doorName, { names: [{ kind: 'dNSName', value: doorName }], purpose: 'clientAuth' })

/** What came. */
export interface TakenMessage {
  readonly id: string
  readonly to: string
  readonly text: string
}

/** The gateway of a test. */
export interface TestGateway {
  readonly options: SmsOptions
  readonly taken: readonly TakenMessage[]
  /** How it answers from now on. Default: 202. */
  answers: (response: ServerResponse) => void
  /** The six digits of the last message. */
  code(): string
  /** Nobody listens any more. */
  stop(): Promise<void>
}

/** Starts one. @param by Of whom the door is: of another root, the gateway does not believe it. */
export async function testGateway(
  t: TestContext,
  by: 'ours' | 'unknown gateway' | 'unknown door' = 'ours',
): Promise<TestGateway> {
  const taken: TakenMessage[] = []
  const other = createIssuer('Other Root')
  const ca = by === 'unknown door' ? other : root
  const sockets = new Set<Socket>()
  const made: TestGateway = {
    taken,
    answers: (response) => void response.writeHead(202).end(),
    options: {
      url: '',
      identity: {
        ...createIdentity({ certificates: chainOf(door), privateKey: door.privateKey }),
        trust: createTrust({
          anchors: [(by === 'unknown gateway' ? other : root).certificate],
          revocation: 'prefer',
          asOf: Temporal.Now.instant(),
        }),
      },
    },
    code: () => /: (\d{6})\. /.exec(taken.at(-1)?.text ?? '')?.[1] ?? assert.fail('no code came'),
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
  const options = {
    ...pemOf(gateway),
    ca: pemOf(ca).cert,
    requestCert: true,
    rejectUnauthorized: true,
  }
  const server = createServer(options, (request, response) => {
    textOf(request).then(
      (text) => {
        assert.deepEqual(
          [request.method, request.url, request.headers['content-type']],
          ['POST', '/send', 'application/json'],
        )
        taken.push(JSON.parse(text) as TakenMessage)
        made.answers(response)
      },
      () => undefined,
    )
  })
  server.on('connection', (socket: Socket) => sockets.add(socket.once('close', () => sockets.delete(socket))))
  // Whoever is not believed has been told so by TLS.
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    if (server.listening) await made.stop()
  })
  Object.assign(made.options, { url: `https://${GATEWAY}:${(server.address() as AddressInfo).port}/send` })
  return made
}
