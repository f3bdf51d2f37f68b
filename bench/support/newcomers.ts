// Newcomers who enroll over TLS, in a process of their own: each its own connection, key and request.
// Usage: newcomers.ts AT_ONCE ADDRESS NAME; one token a line on standard input. Prints the milliseconds it took.
import { createHmac, hash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import { enrollmentMacInput, parseToken, TOKEN_ID_LABEL, TOKEN_MAC_KEY_LABEL } from '@countersign/protocol'
import { newKey, requestFor } from '../../tools/testing/keys.ts'

const [atOnce, address, name] = process.argv.slice(2)
if (!atOnce || !address || !name) throw new Error('usage: newcomers AT_ONCE ADDRESS NAME')
const [host = '', port = ''] = address.split(':')
// A newcomer's own work is not what is measured.
const newcomers = (await text(process.stdin))
  .trim()
  .split('\n')
  .map((token) => ({ token, request: requestFor(newKey()) }))
let next = 0

const before = performance.now()
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    for (let newcomer = newcomers[next++]; newcomer !== undefined; newcomer = newcomers[next++]) await enroll(newcomer)
  }),
)
process.stdout.write(`${performance.now() - before}\n`)

async function enroll({ token, request }: { token: string; request: Uint8Array }): Promise<void> {
  const socket = connect({
    host,
    port: Number(port),
    servername: name as string,
    // Whom it meets is not what is measured.
    checkServerIdentity: () => undefined,
    ca: [],
    rejectUnauthorized: false,
  })
  const { promise: secure, resolve, reject } = Promise.withResolvers<void>()
  socket.once('secureConnect', resolve).once('error', reject)
  await secure
  const exporter = new Uint8Array(socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)))
  const answer = Promise.withResolvers<void>()
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const sent = httpRequest({ createConnection: () => socket, method: 'POST', path: '/enroll', headers }, (response) => {
    text(response).then((body) => {
      if (response.statusCode === 201) answer.resolve()
      else answer.reject(new Error(`${response.statusCode}: ${body}`))
    }, answer.reject)
  })
  sent.on('error', answer.reject)
  sent.end(JSON.stringify(enrollmentBody(token, request, exporter)))
  await answer.promise
}

/** docs/protocols/enrollment.md: the secret stays here, what is made of it goes. */
function enrollmentBody(token: string, request: Uint8Array, exporter: Uint8Array): Record<string, string> {
  const { secret } = parseToken(token)
  const hmac = (key: Uint8Array, input: string | Uint8Array) => createHmac('sha256', key).update(input).digest()
  const input = enrollmentMacInput(exporter, hash('sha256', request, 'buffer'))
  return {
    token: hmac(secret, TOKEN_ID_LABEL).toString('base64url'),
    request: Buffer.from(request).toString('base64'),
    mac: hmac(hmac(secret, TOKEN_MAC_KEY_LABEL), input).toString('base64url'),
  }
}
