// Clients that ask an authority for certificates, in a process of their own: each keeps one connection, and asks again when
// it has its answer. Usage: requesters.ts; one JSON object on standard input. Prints the milliseconds that all of it took.
import { readFile } from 'node:fs/promises'
import { Agent, request as httpsRequest } from 'node:https'
import { json, text } from 'node:stream/consumers'

/** What they ask. */
export interface Asking {
  readonly host: string
  readonly port: number
  readonly path: string
  /** PEM of whom they expect. */
  readonly trust: string
  /** Files of whom they are, where they show it. */
  readonly identity?: { readonly key: string; readonly certificate: string }
  readonly clients: number
  /** Each is asked once. */
  readonly bodies: readonly string[]
}

const asking = (await json(process.stdin)) as Asking
const { host, port, path, trust, identity, clients, bodies } = asking
const agent = new Agent({
  keepAlive: true,
  maxSockets: clients,
  host: '127.0.0.1',
  servername: host,
  ca: trust,
  ...(identity && { key: await readFile(identity.key), cert: await readFile(identity.certificate) }),
})

/** @throws {Error} (rejects) where it is not granted. */
function ask(body: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), host }
  const sent = httpsRequest({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (answer) => {
    text(answer).then((said) => {
      if (answer.statusCode === 201) resolve()
      else reject(new Error(`${answer.statusCode}: ${said}`))
    }, reject)
  })
  sent.on('error', reject)
  sent.end(body)
  return promise
}

// Their connections stand before the time begins.
const first = bodies.slice(0, clients)
await Promise.all(first.map(ask))
let next = clients
const before = performance.now()
await Promise.all(
  Array.from({ length: clients }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await ask(body)
  }),
)
process.stdout.write(`${performance.now() - before}\n`)
agent.destroy()
