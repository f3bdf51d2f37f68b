// The calls of a bank over a connection that is kept, as its pages make them.
import { type ClientRequest, Agent as InClear, type RequestOptions, request as requestInClear } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { AnswerOf, BodyOf, CallName } from '@countersign/login'
import type { BenchDevice } from './device.ts'

/** One connection to a bank. */
export interface BankConnection {
  /** As in `bank.localhost:8444`. */
  readonly authority: string
  begin(options: RequestOptions): ClientRequest
  close(): void
}

/** Makes one call, with a proof where there is a device. Rejects where the bank says no. */
export type Ask = <Name extends CallName>(name: Name, body: BodyOf<Name>) => Promise<AnswerOf<Name>>

/** Through a door. @param trust PEM of its root. @param localAddress Each address may begin so many sign-ins a minute. */
export function throughDoor(authority: string, trust: string, localAddress: string): BankConnection {
  const { hostname, port } = new URL(`https://${authority}`)
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: trust })
  return {
    authority,
    begin: (options) => request({ ...options, agent, host: '127.0.0.1', port, servername: hostname, localAddress }),
    close: () => agent.destroy(),
  }
}

/** To login itself, as the door before it asks. @param address Whom the door heard it from. */
export function asDoor(
  { url, secret }: { readonly url: string; readonly secret: string },
  authority: string,
  address: string,
): BankConnection {
  const { hostname: host, port } = new URL(url)
  const agent = new InClear({ keepAlive: true, maxSockets: 1 })
  const fields = { 'Countersign-Door': secret, 'X-Forwarded-For': address }
  return {
    authority,
    begin: ({ headers, ...options }) =>
      requestInClear({ ...options, agent, host, port, headers: { ...headers, ...fields } as Record<string, string> }),
    close: () => agent.destroy(),
  }
}

/** The calls over a connection. Each answer brings the nonce of the next proof. */
export function callsOver({ authority, begin }: BankConnection, device?: BenchDevice): Ask {
  const origin = `https://${authority}`
  let nonce: string | undefined
  const send = async (name: CallName, body: unknown, proof?: string): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const sent = begin({
      method: 'POST',
      path: `/login/api/${name}`,
      headers: {
        ...{ Host: authority, Origin: origin, 'Content-Type': 'application/json' },
        ...(proof !== undefined && { DPoP: proof }),
      },
    })
    sent.on('response', (answer) => {
      nonce = answer.headers['dpop-nonce']?.toString() ?? nonce
      text(answer).then((said) => (answer.statusCode === 200 ? resolve(said) : reject(new Error(said))), reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
    return promise
  }
  return async (name, body) => {
    if (device !== undefined && nonce === undefined) await send('nonce', {})
    const proof = await device?.prove({ method: 'POST', uri: `${origin}/login/api/${name}` }, nonce ?? '')
    return JSON.parse(await send(name, body, proof))
  }
}
