// Somebody who has a name of their own, a certificate for it that browsers trust, and a page or a relay behind it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as httpsRequest, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { writePem } from '@countersign/x509'
import { createIssuer, issueLeaf, pemOf } from '../../tools/testing/pki.ts'
import type { Bank } from './people.ts'

/** A site of the attacker's. */
export interface Site extends AsyncDisposable {
  /** As in `https://my-bank.localhost:40123`. */
  readonly origin: string
  /** What was asked for, in order. */
  readonly asked: readonly { readonly method: string; readonly path: string; readonly body: string }[]
}

/** An authority that gives anybody a certificate of the name that is theirs, as those of the world do. */
export interface World {
  /** The root in PEM. */
  readonly root: string
  /** Opens a site. */
  open(name: string, answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void): Promise<Site>
}

/** Makes it. */
export function createWorld(): World {
  const root = createIssuer('An authority of the world')
  return {
    root: writePem('CERTIFICATE', root.certificate.der),
    async open(name, answer) {
      const leaf = issueLeaf(root, name, { names: [{ kind: 'dNSName', value: name }], purpose: 'serverAuth' })
      const asked: { method: string; path: string; body: string }[] = []
      const server: Server = createServer(pemOf(leaf), async (request, response) => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk)
        const body = Buffer.concat(chunks)
        asked.push({ method: request.method ?? '', path: request.url ?? '', body: body.toString() })
        answer(request, body, response)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        origin: `https://${name}:${(server.address() as AddressInfo).port}`,
        asked,
        async [Symbol.asyncDispose]() {
          server.close()
          server.closeAllConnections()
        },
      }
    },
  }
}

/**
 * Passes everything on to the bank, both ways, as programs for it do: the names of both sides are put in place of each other in
 * every field, and so is what `alter` changes of the bodies of answers.
 */
export function relayTo(
  { origin }: Pick<Bank, 'origin'>,
  root: string,
  alter: (body: string, own: string) => string = (body) => body,
): (request: IncomingMessage, body: Buffer, response: ServerResponse) => void {
  const { host, port } = new URL(origin)
  return (request, body, response) => {
    const own = `https://${request.headers.host}`
    const { 'accept-encoding': _, ...fields } = request.headers
    const headers = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, String(value).replaceAll(own, origin)]),
    )
    const passed = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        servername: new URL(origin).hostname,
        ca: root,
        method: request.method,
        path: request.url,
        headers: { ...headers, host },
        agent: false,
      },
      async (answer) => {
        const chunks: Buffer[] = []
        for await (const chunk of answer) chunks.push(chunk)
        const { 'content-length': __, 'transfer-encoding': ___, ...rest } = answer.headers
        const isText = /javascript|html|json/.test(rest['content-type'] ?? '')
        const whole = Buffer.concat(chunks)
        const altered = isText ? Buffer.from(alter(whole.toString(), own)) : whole
        const back = Object.fromEntries(
          Object.entries(rest).map(([name, value]) => [
            name,
            Array.isArray(value) ? value : String(value).replaceAll(origin, own),
          ]),
        )
        response.writeHead(answer.statusCode ?? 502, { ...back, 'content-length': altered.length })
        response.end(altered)
      },
    )
    passed.on('error', () => response.destroy())
    passed.end(body)
  }
}
