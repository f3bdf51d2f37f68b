// The address for the operator's own tools, on this machine alone.
import { createServer } from 'node:http'
import type { Listen } from '../config/model.ts'

/** What is served, by path. */
export type LocalPages = Readonly<Record<string, { readonly type: string; text(): Promise<string> }>>

/** Serves `pages`. @throws (rejects) the system's error where the address cannot be listened on. */
export async function openLocalServer(
  listen: Listen,
  pages: LocalPages,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 8 * 1024, requestTimeout: 5_000 }, (request, response) => {
    response.setHeader('Connection', 'close')
    const { method, url, headers } = request
    // A page on the web may lead its own name here; a name that is not this machine's is not for us.
    if (!/^(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?$/.test(headers.host ?? ''))
      return void response.writeHead(421).end()
    const page = Object.hasOwn(pages, url ?? '') ? pages[url ?? ''] : undefined
    if (page === undefined) return void response.writeHead(404).end()
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    void page.text().then((text) => response.writeHead(200, { 'Content-Type': page.type }).end(text))
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(listen, () => resolve())
  await promise
  const address = server.address()
  // It listens on a host and a port.
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${host}:${address.port}`,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      await closed
    },
  }
}
